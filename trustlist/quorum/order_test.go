package quorum_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// fetched is a verifier that fetches a network, and a way of publishing to it.
func (w *world) fetched() (r *refresh.Refresher, publish func(release, removals []byte, roots ...[]byte) error) {
	w.t.Helper()
	dir := w.t.TempDir()
	file := filepath.Join(dir, "network.json")
	require.NoError(w.t, os.WriteFile(file, nil, 0o600))
	r, err := refresh.New(refresh.Options{
		Sources: []refresh.Source{w.source("file://" + file)}, Dir: dir, Now: func() time.Time { return now },
	})
	require.NoError(w.t, err)
	w.t.Cleanup(r.Close)
	return r, func(release, removals []byte, roots ...[]byte) error {
		raw, err := (&quorum.Bundle{Roots: roots, Release: release, Removals: removals, Folder: w.folder}).Bytes()
		require.NoError(w.t, err)
		require.NoError(w.t, os.WriteFile(file, raw, 0o600))
		return r.Refresh(ctx)
	}
}

// What orders the documents of a network are their numbers, not the dates on
// them: a key is removed although the removal was dated before the release, and a
// release that was proposed before a removal takes the place of the one before.
func TestPromiseFetchedNetworkGoesByItsNumbers(t *testing.T) {
	w := newWorld(t)
	first, both := w.release(1, w.list("ID", "SA")), w.list("ID", "SA", "MY")
	early := w.removals(1, "SAU")
	early.Issued = first.Issued.Add(-time.Hour)
	r, publish := w.fetched()
	require.NoError(t, publish(w.sign(first, w.id, w.my), nil))
	require.NoError(t, publish(w.sign(first, w.id, w.my), w.sign(early, w.sa)))
	require.Equal(t, []string{"IDN"}, authorities(r.List()), "a removal dated before the release")

	second := w.release(2, both)
	second.Issued = first.Issued.Add(time.Minute)
	late := w.removals(2, "SAU", "x")
	require.NoError(t, publish(w.sign(first, w.id, w.my), w.sign(late, w.sa)))
	require.NoError(t, publish(w.sign(second, w.id, w.my), w.sign(late, w.sa)))
	require.Equal(t, []string{"IDN", "MYS"}, authorities(r.List()), "a release dated before the removal")

	third := w.release(3, both)
	third.Issued, third.Removals = second.Issued.Add(time.Minute), 2
	require.NoError(t, publish(w.sign(third, w.id, w.my), w.sign(late, w.sa)))
	require.Equal(t, []string{"IDN", "SAU", "MYS"}, authorities(r.List()), "decided on")
	require.Equal(t, third.Issued, r.List().Entries()[0].ListIssued, "as old as its release")
}

// A member that may remove keys must not be able to stop releases by a date.
func TestPromiseRemovalOfTheFutureStopsNoRelease(t *testing.T) {
	w := newWorld(t)
	far := w.removals(1, "x")
	far.Issued = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	r, publish := w.fetched()
	require.NoError(t, publish(w.sign(w.release(1, w.list("ID")), w.id, w.my), w.sign(far, w.sa)))
	second := w.release(2, w.list("ID", "SA"))
	second.Issued = second.Issued.Add(time.Minute)
	require.NoError(t, publish(w.sign(second, w.id, w.my), w.sign(far, w.sa)))
	require.Equal(t, []string{"IDN", "SAU"}, authorities(r.List()))
}

// A new root may let a release live longer: that is not another list of its date.
func TestRootIsReplacedUnderOneRelease(t *testing.T) {
	w := newWorld(t)
	w.root.Expires = now.Add(24 * time.Hour)
	w.raw = w.sign(w.root, w.id, w.my)
	var err error
	w.pinned, err = quorum.Pin(w.raw)
	require.NoError(t, err)
	r, publish := w.fetched()
	release := w.release(1, w.list("ID"))
	require.NoError(t, publish(w.sign(release, w.id, w.my), nil, w.raw))
	require.Equal(t, w.root.Expires, r.Expires())
	next := w.next(func(r *quorum.Root) { r.Expires = now.AddDate(1, 0, 0) })
	require.NoError(t, publish(w.sign(release, w.id, w.my), nil, w.raw, w.sign(next, w.id, w.my)))
	require.Equal(t, release.Expires, r.Expires())

	// Releases are counted anew under a new root.
	anew := w.release(1, w.list("ID", "SA"))
	anew.Root = 2
	require.NoError(t, publish(w.sign(anew, w.id, w.my), nil, w.raw, w.sign(next, w.id, w.my)))
	require.Equal(t, []string{"IDN", "SAU"}, authorities(r.List()))
}

// A missing input is told, and decides nothing.
func TestPromiseOpenNeedsATimeAndAParserItsList(t *testing.T) {
	w := newWorld(t)
	raw := w.sign(w.release(1, w.list("ID")), w.id, w.my)
	_, err := w.pinned.Open(raw, nil, time.Time{}, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrExpired, "nobody knows whether it has")
	a, err := w.pinned.Open(raw, nil, now, quorum.Held{})
	require.NoError(t, err)
	_, err = a.List(fstest.MapFS{}, parse)
	require.ErrorIs(t, err, quorum.ErrFile)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = a.List(w.folder, func(quorum.File, []byte, trustlist.Voucher) (*trustlist.List, error) { return nil, nil })
	require.ErrorIs(t, err, quorum.ErrFile)
}

// A file's own expiry counts where it is the earlier one, and does not outlive
// the release.
func TestPromiseEntriesExpireWithTheRelease(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID")
	rel := w.release(1, f)
	a, err := w.pinned.Open(w.sign(rel, w.id, w.my), nil, now, quorum.Held{})
	require.NoError(t, err)
	for name, c := range map[string]struct{ states, want time.Time }{
		"earlier": {now.Add(time.Hour), now.Add(time.Hour)},
		"later":   {rel.Expires.Add(time.Hour), rel.Expires},
		"never":   {time.Time{}, rel.Expires},
	} {
		l, err := a.List(w.folder, func(f quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
			l, err := parse(f, raw, v)
			require.NoError(t, err)
			return trustlist.New(trustlist.Info{Expires: c.states}, l.Entries()...)
		})
		require.NoError(t, err)
		require.Equal(t, c.want, l.Entries()[0].ListExpires, name)
	}
}

// An entry that is known by names alone has no key to remove, and stays.
func TestRemovalsLeaveEntriesWithoutKeys(t *testing.T) {
	w := newWorld(t)
	a, err := w.pinned.Open(w.sign(w.release(1, w.list("ID")), w.id, w.my), w.sign(w.removals(1, "IDN"), w.sa), now, quorum.Held{})
	require.NoError(t, err)
	l, err := a.List(w.folder, func(f quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
		l, err := parse(f, raw, v)
		require.NoError(t, err)
		return trustlist.New(trustlist.Info{}, append(l.Entries(), trustlist.Entry{Authority: "named", Names: []string{"did:web:a.example"}})...)
	})
	require.NoError(t, err)
	require.Equal(t, []string{"named"}, authorities(l))
}

// A release can't forget that removals were decided on, and removals of another
// network have no place in this one even if they have no effect.
func TestPromiseReleaseDoesNotForgetRemovals(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID", "SA")
	knows := w.release(1, f)
	knows.Removals = 2
	raw := w.sign(knows, w.id, w.my)
	_, held, err := w.open(raw, nil, quorum.Held{})
	require.NoError(t, err)
	forgets := w.release(2, f)
	forgets.Removals = 1
	_, _, err = w.open(w.sign(forgets, w.id, w.my), nil, held)
	require.ErrorIs(t, err, quorum.ErrRollback)

	other := w.removals(1, "SAU")
	other.Network = "did:web:other.example"
	_, _, err = w.open(raw, w.sign(other, w.id, w.my), held)
	require.ErrorIs(t, err, quorum.ErrNetwork)
}

func TestParseHeldRefuses(t *testing.T) {
	whole := quorum.Held{Network: listID, Root: 1, ReleaseRoot: 1, Release: 2, Digest: "d", Removals: 3, Removed: []string{"a"}}
	h, err := quorum.ParseHeld(whole.Bytes())
	require.NoError(t, err)
	require.Equal(t, whole, h)
	none := whole
	none.Removed = nil
	h, err = quorum.ParseHeld(none.Bytes())
	require.NoError(t, err)
	require.Equal(t, none, h)
	for name, raw := range map[string]string{
		"no JSON":          "{",
		"a number removed": string(bytes.Replace(whole.Bytes(), []byte(`["a"]`), []byte(`[1]`), 1)),
		"too large":        strings.Repeat(" ", limits.NetworkDocument) + string(whole.Bytes()),
	} {
		_, err := quorum.ParseHeld([]byte(raw))
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
}

// A root that was followed is remembered although nothing else was to be had: with
// the keys of the one before, which were stolen, nobody can hide it again.
func TestPromiseRootIsRememberedWithoutRelease(t *testing.T) {
	w := newWorld(t)
	next := w.next(func(r *quorum.Root) {
		r.Members = r.Members[1:] // Indonesia's key was stolen, and Malaysia's replaced
		r.Members[0] = member(signer(t, "MY", "new", testnet.P256), "MY")
	})
	rotated := w.sign(next, w.id, w.my, w.sa, signer(t, "MY", "new", testnet.P256))
	forged := w.sign(w.release(1, w.list("ID", "KP")), w.id, w.my)
	withheld := quorum.Bundle{Roots: [][]byte{w.raw, rotated}, Release: forged, Folder: w.folder}
	l, held, err := withheld.List(w.pinned, now, quorum.Held{}, parse)
	require.ErrorIs(t, err, quorum.ErrThreshold)
	require.Nil(t, l)
	require.Equal(t, quorum.Held{Network: listID, Root: 2}, held)

	again := quorum.Bundle{Roots: [][]byte{w.raw}, Release: forged, Folder: w.folder}
	l, after, err := again.List(w.pinned, now, held, parse)
	require.ErrorIs(t, err, quorum.ErrRollback)
	require.Nil(t, l)
	require.Equal(t, held, after)
	_, _, err = again.List(w.pinned, now, quorum.Held{}, parse)
	require.NoError(t, err, "without a memory nobody can tell")

	// Nor does an error make it forget.
	held.Release, held.ReleaseRoot, held.Digest, held.Removals = 7, 2, "d", 3
	for _, b := range []quorum.Bundle{{Roots: [][]byte{{}}}, {Roots: [][]byte{rotated, rotated}}, withheld} {
		_, after, err := b.List(w.pinned, now, held, parse)
		require.Error(t, err)
		require.Equal(t, held, after)
	}
	held.Network = "did:web:other.example"
	_, after, err = withheld.List(w.pinned, now, held, parse)
	require.ErrorIs(t, err, quorum.ErrNetwork)
	require.Equal(t, held, after)
}

// A member's key is its public key and no more, and its roles are there once:
// what is signed says one thing.
func TestMembersAreWrittenInOneWay(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(member object){
		"a kid":        func(m object) { m["key"].(object)["kid"] = "another" },
		"an algorithm": func(m object) { m["key"].(object)["alg"] = "ES256" },
		"a usage":      func(m object) { m["key"].(object)["use"] = "sig" },
	} {
		_, err := quorum.Parse(edit(t, w.raw, func(signed, _ object) { change(signed["members"].([]any)[1].(object)) }))
		require.ErrorIs(t, err, quorum.ErrKey, name)
	}
	for _, roles := range [][]quorum.Role{{quorum.RoleRoot, quorum.RoleRoot}, {"operator"}} {
		r := w.next(func(r *quorum.Root) { r.Members = append(r.Members, member(signer(t, "CH", "", testnet.P256), "CH")) })
		r.Members[3].Roles = roles
		_, err := quorum.New(r)
		require.ErrorIs(t, err, quorum.ErrFormat)
	}
}

// What somebody else hands in does not take the place of a signature that is
// there, and more signatures than a root has members are not read.
func TestJoinKeepsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	raw := w.sign(w.release(1, w.list("ID")), w.id, w.my)
	mine, err := quorum.Parse(raw)
	require.NoError(t, err)
	theirs, err := quorum.Parse(edit(t, raw, func(_, doc object) {
		for _, s := range doc["signatures"].([]any) {
			s.(object)["sig"] = "AAAA"
		}
	}))
	require.NoError(t, err)
	joined, err := mine.Join(theirs)
	require.NoError(t, err)
	by, _ := w.root.Approvals(joined)
	require.Len(t, by, 2)

	_, err = quorum.Parse(edit(t, raw, func(_, doc object) {
		var many []any
		for i := range limits.NetworkKeys + 1 {
			many = append(many, object{"keyid": fmt.Sprint(i), "sig": "AAAA"})
		}
		doc["signatures"] = many
	}))
	require.ErrorIs(t, err, quorum.ErrFormat)
}

// A release has files, and no more than are read.
func TestReleaseHasFiles(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID")
	many := make([]quorum.File, limits.NetworkFiles+1)
	for i := range many {
		many[i] = f
		many[i].Name, many[i].Length = fmt.Sprintf("%d/did.json", i), 1
	}
	here := f
	here.Name = "."
	for name, files := range map[string][]quorum.File{"none": nil, "many": many, "a folder": {here}} {
		_, err := quorum.New(w.release(1, files...))
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
	_, err := quorum.New(w.release(1, many[1:]...))
	require.NoError(t, err)
	last := w.release(1, f)
	last.Removals = 1 << 53
	_, err = quorum.New(last)
	require.ErrorIs(t, err, quorum.ErrFormat)
}
