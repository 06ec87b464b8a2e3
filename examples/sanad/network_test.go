package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

const networkID = "did:web:pilgrim.example:v2:trustlist"

// states run a network together: Indonesia, Malaysia and Saudi Arabia, two of
// whom must agree.
type states struct {
	t              testing.TB
	dir, net, root string
	keys           map[string]string // files
	dids           map[string]string
	kids           map[string]string // of the document signers
}

func newStates(t testing.TB) *states {
	dir := t.TempDir()
	s := &states{
		t: t, dir: dir, net: filepath.Join(dir, "net"), root: filepath.Join(dir, "root.json"),
		keys: map[string]string{}, dids: map[string]string{}, kids: map[string]string{},
	}
	args := []string{"trust", "root", "init", "--id", networkID, "--threshold", "2", "--out", s.root}
	for code, alg := range map[string]string{"ID": "EdDSA", "MY": "ES256", "SA": "ES384"} {
		s.key(code, alg)
		args = append(args, "--member", code+"="+s.dids[code])
	}
	ok(t, args...)
	require.Contains(t, ok(t, "trust", "root", "sign", "--key", s.keys["ID"], s.root), "approved by 1 of the 2")
	require.Equal(t, 1, sanad("trust", "publish", "--network", s.net, "--root", s.root, s.root).status, "one is too few")
	require.Contains(t, ok(t, "trust", "root", "sign", "--key", s.keys["MY"], s.root), "approved by 2 of the 2 that root 1 asks for: ")
	ok(t, "trust", "publish", "--network", s.net, "--root", s.root, s.root)
	return s
}

func (s *states) path(name string) string { return filepath.Join(s.dir, name) }

// key makes a member's key under a name of its own.
func (s *states) key(name, alg string) {
	s.keys[name] = s.path(name + ".key")
	s.dids[name] = ok(s.t, "keygen", "--alg", alg, "--out", s.keys[name])
}

// signer makes a document signer of a state; its certificate is NAME.pem.
func (s *states) signer(code, name string) (cert string) {
	cert = s.path(name + ".pem")
	out := ok(s.t, "keygen", "--alg", "ES256", "--out", s.path(name+"-key.pem"), "--cert", cert, "--country", code, "--name", name)
	_, s.kids[name], _ = strings.Cut(out, "kid ")
	return cert
}

// card issues a card by a document signer.
func (s *states) card(code, name string) string {
	out := s.path(name + "-card.txt")
	ok(s.t, "issue", "--format", "hcert", "--type", "dcc", "--key", s.path(name+"-key.pem"), "--cert", s.path(name+".pem"), "--issuer", code,
		"--expires", time.Now().AddDate(0, 6, 0).UTC().Format(time.DateOnly), "--out", out, file(s.t, s.dir, "dcc.json", strings.ReplaceAll(dcc, "XX", code)))
	return out
}

func (s *states) on(command ...string) []string {
	return append(append([]string{"trust"}, command...), "--network", s.net, "--root", s.root)
}

func (s *states) propose(name string, args ...string) string {
	out := s.path(name)
	ok(s.t, append(s.on("propose", "--reason", "a test of "+name, "--out", out), args...)...)
	return out
}

func (s *states) approve(document string, by ...string) {
	s.t.Helper()
	for _, who := range by {
		ok(s.t, append(s.on("approve", "--key", s.keys[who]), document)...)
	}
}

func (s *states) publish(documents ...string) {
	s.t.Helper()
	ok(s.t, append(s.on("publish"), documents...)...)
}

// verify is a verifier with a memory of its own. The folder and the one file of
// it must give the same verdict.
func (s *states) verify(card string, args ...string) result {
	s.t.Helper()
	r := s.verifyFolder(card, args...)
	if r.status != 2 {
		one := sanad(append([]string{"verify", "--trust", "network:" + filepath.Join(s.net, bundleFile), "--root", s.root, card}, args...)...)
		require.Equal(s.t, r.stdout, one.stdout)
	}
	return r
}

func (s *states) verifyFolder(card string, args ...string) result {
	return sanad(append([]string{"verify", "--trust", "network:" + s.net, "--root", s.root, card}, args...)...)
}

// list publishes a first list with a signer of Indonesia.
func (s *states) list() {
	p := s.propose("first", "--add", s.signer("ID", "jakarta"))
	s.approve(p, "ID", "SA")
	s.publish(p)
}

func TestNetworkFromKeysToRemoval(t *testing.T) {
	s := newStates(t)
	p := s.propose("first", "--add", s.signer("ID", "jakarta"), "--add", "MY="+s.signer("MY", "kl"))
	out := ok(t, append(s.on("diff"), p)...)
	require.Contains(t, out, "added: IDN (ID), signer "+s.kids["jakarta"]+" (P-256)")
	require.Contains(t, out, "note: "+networkID+":DCC:IDN:DSC#"+s.kids["jakarta"]+": gdhcn: not issued by")
	require.Contains(t, out, "approved by 0 of the 2 that root 1 asks for: nobody")
	ok(t, "keygen", "--alg", "ES384", "--out", s.path("sca-key.pem"), "--cert", s.path("sca.pem"), "--authority", "--country", "ID", "--name", "Authority")
	out = ok(t, append(s.on("propose", "--reason", "a", "--out", s.path("sca")), "--add", s.path("sca.pem"))...)
	require.Contains(t, out, "SCA", "an authority is no signer of cards")
	require.NotContains(t, out, "issue")
	card := s.card("ID", "jakarta")
	require.Equal(t, 2, s.verify(card).status, "nothing is published")

	// Approvals are made apart, and joined in any order.
	a, b := s.path("a.json"), s.path("b.json")
	ok(t, append(s.on("approve", "--key", s.keys["SA"], "--out", a), p)...)
	ok(t, append(s.on("approve", "--key", s.keys["ID"], "--out", b), p)...)
	r := sanad(append(s.on("publish"), p, a)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "too few members approved")
	s.publish(p, b, a)
	require.Contains(t, s.verify(card).stdout, "issued by    IDN, as ID")
	require.Contains(t, ok(t, "trust", "show", "--root", s.root, "network:"+s.net), "signed   by one of the keys given")

	// Malaysia's key is lost. The network's others replace it, and the verifier
	// that has the first root follows.
	s.key("MY2", "EdDSA")
	next := s.path("root2.json")
	ok(t, append(s.on("root", "rotate"), "--remove-member", "MY", "--add-member", "MY="+s.dids["MY2"], "--out", next)...)
	ok(t, "trust", "root", "sign", "--key", s.keys["MY2"], next)
	require.Equal(t, 1, sanad(append(s.on("publish"), next)...).status, "only one of the old root's")
	for _, who := range []string{"ID", "SA"} {
		ok(t, "trust", "root", "sign", "--key", s.keys[who], next)
	}
	s.publish(next)
	require.Contains(t, ok(t, "trust", "root", "show", filepath.Join(s.net, "root", "2.json")), "root     2")
	require.Equal(t, 0, s.verify(card).status, "the list is approved by two who stayed")
	p = s.propose("second", "--add", s.signer("SA", "riyadh"))
	r = sanad(append(s.on("approve", "--key", s.keys["MY"]), p)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "not a key that root 2 asks for this")
	s.approve(p, "MY2", "SA")
	s.publish(p)
	require.Equal(t, 0, s.verify(card).status)
	require.Equal(t, 0, s.verify(s.card("SA", "riyadh")).status)

	// A signer is removed by one member alone, and comes back only by two.
	gone := s.path("removals.json")
	require.Contains(t, ok(t, append(s.on("remove"), "--kid", s.kids["jakarta"], "--reason", "stolen", "--out", gone)...), "removes: IDN, signer "+s.kids["jakarta"])
	require.Equal(t, 1, sanad(append(s.on("publish"), gone)...).status, "approved by nobody")
	s.approve(gone, "ID")
	s.publish(gone)
	r = s.verify(card)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "issuer.unknown")
	p = s.propose("third", "--remove", s.kids["kl"])
	require.Contains(t, ok(t, append(s.on("diff"), p)...), "decides on emergency removals up to 1")
	s.approve(p, "ID", "SA")
	s.publish(p)
	require.Equal(t, 1, s.verify(card).status, "it stays off the list")
	require.Contains(t, ok(t, "trust", "diff", "--root", s.root, "pem:"+s.certs("jakarta", "riyadh"), "network:"+s.net), "removed: ")
}

// certs is a folder with certificates.
func (s *states) certs(names ...string) string {
	for _, n := range names {
		file(s.t, s.path("certs"), n+".pem", content(s.t, s.path(n+".pem")))
	}
	return s.path("certs")
}

func TestPromiseNetworkNeverGoesBackAcrossRuns(t *testing.T) {
	s := newStates(t)
	s.list()
	card := s.card("ID", "jakarta")
	old := s.path("old")
	require.NoError(t, os.CopyFS(old, os.DirFS(s.net)))
	require.Equal(t, 0, s.verify(card).status)

	p := s.propose("second", "--add", s.signer("MY", "kl"), "--remove", s.kids["jakarta"])
	s.approve(p, "ID", "MY")
	s.publish(p)
	require.Equal(t, 1, s.verify(card).status)
	newer := s.net
	s.net = old
	r := s.verify(card)
	require.Equal(t, 2, r.status, "the older list decides nothing any more")
	require.Contains(t, r.stderr, "goes back behind what is held")
	require.Equal(t, 0, s.verify(card, "--no-state").status)
	require.Equal(t, 0, s.verify(card, "--state", s.path("other.state")).status, "another verifier saw nothing newer")

	// A removal is remembered too, where somebody withholds it later.
	s.net = newer
	gone := s.path("removals.json")
	ok(t, append(s.on("remove"), "--kid", s.kids["kl"], "--reason", "stolen", "--out", gone)...)
	s.approve(gone, "SA")
	s.publish(gone)
	card = s.card("MY", "kl")
	require.Equal(t, 1, s.verify(card).status)
	require.NoError(t, os.Remove(filepath.Join(s.net, removalsFile)))
	require.Equal(t, 2, s.verify(card).status)

	// A state that can't be read or written is no state to go on from.
	file(t, s.dir, "broken.state", "{")
	require.Equal(t, 2, s.verify(card, "--state", s.path("broken.state")).status)
	require.Equal(t, 2, s.verify(card, "--state", s.path("no/folder.state")).status)
	lock := file(t, s.dir, "locked.state.lock", "")
	require.Equal(t, 2, s.verify(card, "--state", s.path("locked.state")).status)
	require.FileExists(t, lock)
}

// Any number of verifiers share one state.
func TestNetworkStateIsShared(t *testing.T) {
	s := newStates(t)
	s.list()
	card := s.card("ID", "jakarta")
	var all sync.WaitGroup
	got := make([]result, 8)
	for i := range got {
		all.Go(func() { got[i] = s.verifyFolder(card) })
	}
	all.Wait()
	for _, r := range got {
		require.Equal(t, 0, r.status, r.stderr)
	}
	require.NoFileExists(t, s.root+".state"+lockSuffix)
	lock := file(t, s.dir, "other.state"+lockSuffix, "")
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(lock, long, long))
	require.Equal(t, 0, s.verify(card, "--state", s.path("other.state")).status, "left by a process that was killed")
	require.NoFileExists(t, lock)
}

func TestPromiseNetworkRefusesWhatWasNotApproved(t *testing.T) {
	s := newStates(t)
	s.list()
	card := s.card("ID", "jakarta")
	spoil := func(name string, change func()) {
		t.Helper()
		saved := s.path("saved")
		require.NoError(t, os.CopyFS(saved, os.DirFS(s.net)))
		change()
		r := s.verify(card)
		require.Equal(t, 2, r.status, name)
		require.NotEmpty(t, r.stderr, name)
		require.NoError(t, os.RemoveAll(s.net))
		require.NoError(t, os.Rename(saved, s.net))
	}
	at := func(names ...string) string { return filepath.Join(append([]string{s.net}, names...)...) }
	put := func(path, text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o644)) }
	files, err := filepath.Glob(at("files", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	spoil("a file changed", func() { put(files[0], strings.Replace(content(t, files[0]), "IDN", "IRN", 1)) })
	spoil("a file missing", func() { require.NoError(t, os.Remove(files[0])) })
	spoil("a release changed", func() { put(at(releaseFile), strings.Replace(content(t, at(releaseFile)), "a test", "the test", 1)) })
	spoil("no release", func() { require.NoError(t, os.Remove(at(releaseFile))) })
	spoil("no JSON", func() { put(at(releaseFile), "<html>") })
	spoil("removals of nobody", func() { put(at(removalsFile), "{}") })
	spoil("a root of a stranger", func() {
		s.key("stranger", "EdDSA")
		ok(t, append(s.on("root", "rotate"), "--remove-member", "MY", "--add-member", "XX="+s.dids["stranger"], "--out", s.path("evil.json"))...)
		ok(t, "trust", "root", "sign", "--key", s.keys["stranger"], s.path("evil.json"))
		put(at("root", "2.json"), content(t, s.path("evil.json")))
	})
	require.Equal(t, 0, s.verify(card).status)

	// Time passes.
	r := s.verify(card, "--time", time.Now().AddDate(0, 0, 8).UTC().Format(time.DateOnly))
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "expired")
	// Another network's root.
	other := newStates(t)
	require.Equal(t, 2, sanad("verify", "--trust", "network:"+s.net, "--root", other.root, card).status)
}

// What was approved is what is published: nobody can change it in between.
func TestPromiseApprovalCoversTheResult(t *testing.T) {
	s := newStates(t)
	s.list()
	p := s.propose("second", "--add", s.signer("MY", "kl"))
	s.approve(p, "ID", "SA")
	release := filepath.Join(p, releaseFile)
	approved := content(t, release)

	other := s.propose("other", "--add", s.signer("SA", "riyadh"))
	var a, b map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(approved), &a))
	require.NoError(t, json.Unmarshal([]byte(content(t, filepath.Join(other, releaseFile))), &b))
	a["signed"] = b["signed"]
	mixed, err := json.Marshal(a)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(other, releaseFile), mixed, 0o600))
	r := sanad(append(s.on("publish"), other)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, quorum.ErrThreshold.Error())
	require.Equal(t, 1, sanad(append(s.on("publish"), p, other)...).status, "approvals of other content")

	// The files belong to it.
	files, err := filepath.Glob(filepath.Join(p, "files", "*"))
	require.NoError(t, err)
	good := content(t, files[0])
	require.NoError(t, os.WriteFile(files[0], []byte(strings.Replace(good, "MYS", "MMR", 1)), 0o600))
	for _, command := range []string{"publish", "diff"} {
		r = sanad(append(s.on(command), p)...)
		require.Equal(t, 1, r.status, command)
		require.Contains(t, r.stderr, "not the file that was approved")
	}
	require.Equal(t, 1, sanad(append(s.on("approve", "--key", s.keys["MY"]), p)...).status)
	require.NoError(t, os.WriteFile(files[0], []byte(good), 0o600))

	// Of two proposals against one list only the first can be published.
	late := s.propose("late", "--add", s.signer("SA", "jeddah"))
	s.approve(late, "ID", "SA")
	s.publish(p)
	s.publish(p) // again changes nothing
	for _, command := range []string{"publish", "diff"} {
		r = sanad(append(s.on(command), late)...)
		require.Equal(t, 1, r.status, command)
		require.Contains(t, r.stderr, "propose it anew")
	}
}

// A list that too few approved under the new root can still be changed.
func TestNetworkGoesOnAfterMembersWereReplaced(t *testing.T) {
	s := newStates(t)
	s.list() // approved by ID and SA
	card := s.card("ID", "jakarta")
	s.key("SA2", "ES256")
	next := s.path("root2.json")
	ok(t, append(s.on("root", "rotate"), "--remove-member", s.dids["SA"], "--add-member", "SA:Riyadh="+s.dids["SA2"], "--removal-threshold", "2", "--out", next)...)
	for _, who := range []string{"ID", "MY"} {
		ok(t, "trust", "root", "sign", "--key", s.keys[who], next)
	}
	r := sanad(append(s.on("publish"), next)...)
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stderr, "too few approvals under this root")
	require.Equal(t, 2, s.verify(card).status)
	p := s.propose("renewed")
	require.Contains(t, ok(t, append(s.on("diff"), p)...), "no signer changes")
	s.approve(p, "SA2", "ID")
	s.publish(p)
	require.Equal(t, 0, s.verify(card).status)

	gone := s.path("removals.json")
	ok(t, append(s.on("remove"), "--kid", s.kids["jakarta"], "--reason", "stolen", "--out", gone)...)
	s.approve(gone, "SA2")
	require.Equal(t, 1, sanad(append(s.on("publish"), gone)...).status, "two are asked for now")
	s.approve(gone, "MY")
	s.publish(gone)
	require.Equal(t, 1, s.verify(card).status)
	p = s.propose("back", "--reinstate", s.kids["jakarta"], "--add", s.path("jakarta.pem"), "--domain", "PH4H")
	require.Regexp(t, "DCC/did.json\n  added: IDN .*\nPH4H/did.json\n  added: IDN", ok(t, append(s.on("diff"), p)...), "in each domain for itself")
	s.approve(p, "SA2", "ID")
	s.publish(p)
	r = s.verify(card)
	require.Equal(t, 0, r.status, r.stderr)
}

func TestNetworkUsage(t *testing.T) {
	s := newStates(t)
	require.Equal(t, 64, sanad(s.on("propose", "--reason", "a", "--out", s.path("p"))...).status, "no list to renew")
	s.list()
	card := s.card("ID", "jakarta")
	for name, args := range map[string][]string{
		"no root":       {"--trust", "network:" + s.net},
		"two networks":  {"--trust", "network:" + s.net, "--trust", "network:" + s.net, "--root", s.root},
		"root for none": {"--trust", "pem:" + s.dir, "--root", s.root},
		"both":          {"--trust", "network:" + s.net, "--root", s.root, "--state", "a", "--no-state"},
	} {
		require.Equal(t, 64, sanad(append(append([]string{"verify"}, args...), card)...).status, name)
	}
	cert := s.path("jakarta.pem")
	for name, args := range map[string][]string{
		"there already":      append(s.on("propose", "--reason", "a", "--out", s.path("x")), "--add", cert),
		"another country's":  append(s.on("propose", "--reason", "a", "--out", s.path("x")), "--add", "MY="+cert),
		"no certificate":     append(s.on("propose", "--reason", "a", "--out", s.path("x")), "--add", s.root),
		"no such signer":     append(s.on("propose", "--reason", "a", "--out", s.path("x")), "--remove", "AAAAAAAAAAE="),
		"a clock set back":   append(s.on("propose", "--reason", "a", "--out", s.path("x")), "--issued", "2020-01-01"),
		"nothing removed":    append(s.on("propose", "--reason", "a", "--out", s.path("x")), "--reinstate", s.kids["jakarta"]),
		"a folder there":     append(s.on("propose", "--reason", "a", "--out", s.dir), "--remove", s.kids["jakarta"]),
		"no such kid":        append(s.on("remove", "--reason", "a", "--out", s.path("x")), "--kid", "AAAAAAAAAAE="),
		"no such member":     append(s.on("root", "rotate"), "--remove-member", "PK"),
		"below a threshold":  append(s.on("root", "rotate"), "--remove-member", "ID", "--remove-member", "MY"),
		"a root to approve":  append(s.on("approve", "--key", s.keys["ID"]), s.root),
		"a release as root":  {"trust", "root", "sign", "--key", s.keys["ID"], filepath.Join(s.net, releaseFile)},
		"a release to show":  {"trust", "root", "show", filepath.Join(s.net, releaseFile)},
		"an RSA member":      {"trust", "root", "init", "--id", networkID, "--threshold", "1", "--member", "ID=" + ok(t, "keygen", "--alg", "PS256", "--out", s.path("rsa"))},
		"a release unpinned": {"trust", "publish", "--network", s.net, "--root", filepath.Join(s.net, releaseFile), s.root},
	} {
		r := sanad(args...)
		require.Equal(t, 1, r.status, name)
		require.NotEmpty(t, r.stderr, name)
		require.NoFileExists(t, s.path("x"), name)
	}
	for _, args := range [][]string{{"pem:" + s.dir}, {"a", "b"}, {"--network", s.net, "a", "b"}} {
		require.Equal(t, 64, sanad(append([]string{"trust", "diff"}, args...)...).status, args)
	}
	lock := file(t, s.net, "publish.lock", "")
	require.Equal(t, 1, sanad(append(s.on("publish"), s.root)...).status)
	require.NoError(t, os.Remove(lock))
	require.Contains(t, ok(t, append(s.on("root", "rotate"), "--threshold", "3")...), `"version": 2`)
}
