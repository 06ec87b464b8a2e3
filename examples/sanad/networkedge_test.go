package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rotate makes and signs a next root, and returns its file.
func (s *states) rotate(name string, args []string, by ...string) string {
	out := s.path(name)
	ok(s.t, append(append(s.on("root", "rotate"), args...), "--out", out)...)
	for _, who := range by {
		ok(s.t, "trust", "root", "sign", "--key", s.keys[who], out)
	}
	return out
}

// Whoever was given the second root begins there, and so does who publishes,
// even where nobody kept the first.
func TestNetworkFromALaterRoot(t *testing.T) {
	s := newStates(t)
	s.list()
	card := s.card("ID", "jakarta")
	s.publish(s.rotate("root2.json", []string{"--threshold", "3", "--removal-threshold", "0"}, "ID", "MY", "SA"))
	require.Equal(t, 2, s.verify(card).status, "the list has two approvals, and needs three")
	p := s.propose("renewed")
	s.approve(p, "ID", "MY", "SA")
	s.publish(p)
	first := s.root
	require.NoError(t, os.Remove(filepath.Join(s.net, "root", "1.json")))
	s.root = s.path("root2.json")
	require.Equal(t, 0, s.verify(card).status)
	s.publish(s.root)
	require.Equal(t, 0, s.verify(card).status)
	s.root = first
	require.Equal(t, 0, s.verify(card).status, "the second is there still")

	// No removals under this root.
	gone := s.path("removals.json")
	ok(t, append(s.on("remove"), "--kid", s.kids["jakarta"], "--reason", "stolen", "--out", gone)...)
	require.Equal(t, 0, sanad(append(s.on("approve", "--key", s.keys["ID"]), gone)...).status)
	r := sanad(append(s.on("publish"), gone)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "provides for no removal")
	// A root that leaves out a version, or comes from elsewhere.
	require.NoError(t, os.Remove(filepath.Join(s.net, "root", "2.json")))
	require.Equal(t, 1, sanad(append(s.on("publish"), s.rotate("again.json", nil, "ID"))...).status)
	other := newStates(t)
	require.Equal(t, 1, sanad(append(s.on("publish"), other.root)...).status, "another root 1")
	require.Equal(t, 1, sanad(append(s.on("publish"), s.path("no.json"))...).status)
}

// Publishing that was interrupted is done again.
func TestNetworkPublishedInPart(t *testing.T) {
	s := newStates(t)
	s.list()
	card := s.card("ID", "jakarta")
	p := s.propose("second", "--add", s.signer("MY", "kl"), "--domain", "PH4H")
	s.approve(p, "ID", "MY")
	before := s.path("before")
	require.NoError(t, os.CopyFS(before, os.DirFS(s.net)))
	s.publish(p)
	after, err := os.ReadFile(filepath.Join(s.net, releaseFile))
	require.NoError(t, err)

	// Killed after the files: the old list is in force.
	require.NoError(t, os.WriteFile(filepath.Join(s.net, releaseFile), []byte(content(t, filepath.Join(before, releaseFile))), 0o600))
	require.Equal(t, 0, s.verifyFolder(card, "--no-state").status)
	// Killed before the one file: it has the old list still.
	require.NoError(t, os.WriteFile(filepath.Join(s.net, releaseFile), after, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(s.net, bundleFile), []byte(content(t, filepath.Join(before, bundleFile))), 0o600))
	kl := s.card("MY", "kl")
	require.Equal(t, 0, s.verifyFolder(kl).status)
	old := sanad("verify", "--trust", "network:"+filepath.Join(s.net, bundleFile), "--root", s.root, kl)
	require.Equal(t, 2, old.status, "which is older than what this verifier saw")
	s.publish(p)
	require.Equal(t, 0, s.verify(kl).status)
}

// A member approves once, with whichever of its keys.
func TestNetworkApprovals(t *testing.T) {
	s := newStates(t)
	s.list()
	s.key("ID2", "ES256")
	s.key("secretariat", "EdDSA")
	s.publish(s.rotate("root2.json", []string{"--add-member", "ID:Spare key=" + s.dids["ID2"], "--add-member", "The Secretariat=" + s.dids["secretariat"]}, "ID", "SA"))
	require.Contains(t, ok(t, "trust", "root", "show", filepath.Join(s.net, "root", "2.json")), "The Secretariat")
	p := s.propose("second", "--add", s.signer("MY", "kl"))
	s.approve(p, "ID")
	s.approve(p, "ID") // the same signature anew
	r := sanad(append(s.on("approve", "--key", s.keys["ID2"]), p)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "approved already")
	require.Equal(t, 1, sanad(append(s.on("publish"), p)...).status)
	s.approve(p, "secretariat")
	s.publish(p)

	// What is no document is refused by every command.
	for _, text := range []string{"", "[]", "{}", strings.Repeat("[", 100)} {
		broken := file(t, s.dir, "broken/release.json", text)
		for _, command := range [][]string{s.on("diff"), s.on("approve", "--key", s.keys["SA"]), s.on("publish")} {
			require.Equal(t, 1, sanad(append(command, filepath.Dir(broken))...).status, text)
		}
	}
}

// An expired list decides nothing, and is renewed like any other.
func TestNetworkExpires(t *testing.T) {
	s := newStates(t)
	p := s.propose("first", "--add", s.signer("ID", "jakarta"), "--issued", time.Now().AddDate(0, 0, -3).UTC().Format(time.RFC3339), "--days", "1")
	s.approve(p, "ID", "SA")
	r := sanad(append(s.on("publish"), p)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "expired")

	p = s.propose("second", "--add", s.path("jakarta.pem"))
	s.approve(p, "ID", "SA")
	s.publish(p)
	card := s.card("ID", "jakarta")
	later := time.Now().AddDate(0, 0, 10).UTC().Format(time.RFC3339)
	require.Equal(t, 2, s.verify(card, "--time", later).status)
	require.Equal(t, 0, s.verify(card).status)
	p = s.propose("third", "--days", "30")
	s.approve(p, "MY", "SA")
	s.publish(p)
	require.Equal(t, 0, s.verify(card, "--time", later).status)
	require.Equal(t, 64, sanad(s.on("propose", "--reason", "a", "--out", s.path("x"), "--days", "0")...).status)
	require.Equal(t, 2, s.verify(card, "--max-trust-age", "1h", "--time", later).status)
}

func TestMemberFlag(t *testing.T) {
	for text, want := range map[string]memberFlag{
		"ID=did:key:z6":                {"ID", "ID", "did:key:z6"},
		"SA:Ministry=did:key:z6":       {"SA", "Ministry", "did:key:z6"},
		"The Secretariat=did:key:z6":   {"", "The Secretariat", "did:key:z6"},
		"WHO:Geneva office=did:key:z6": {"", "WHO:Geneva office", "did:key:z6"},
	} {
		var m memberFlag
		require.NoError(t, m.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, m, text)
	}
	for _, text := range []string{"", "ID", "=did:key:z6", "ID=did:web:x", "ID=", "UK=did:key:z6", "id:Health=did:key:z6"} {
		require.Error(t, new(memberFlag).UnmarshalText([]byte(text)), text)
	}
	require.Error(t, new(signerFlag).UnmarshalText([]byte("ID=")))
}

// A root that was followed counts although the release beside it could not be
// used: who has the keys of the older root gains nothing by withholding it again.
func TestPromiseFollowedRootIsRemembered(t *testing.T) {
	s := newStates(t)
	s.list()
	card := s.card("ID", "jakarta")
	old := s.path("old")
	require.NoError(t, os.CopyFS(old, os.DirFS(s.net)))
	s.publish(s.rotate("root2.json", []string{"--threshold", "3", "--removal-threshold", "0"}, "ID", "MY", "SA"))
	require.NoError(t, os.Truncate(filepath.Join(s.net, releaseFile), 0))
	require.Equal(t, 2, s.verify(card).status)
	s.net = old
	r := s.verify(card)
	require.Equal(t, 2, r.status, "the older root decides nothing any more")
	require.Contains(t, r.stderr, "goes back behind what is held")
	require.Equal(t, 0, s.verify(card, "--no-state").status)
}
