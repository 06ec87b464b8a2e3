package quorum_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// removals take the signers of authorities off the list; what is no authority is
// a key of nobody.
func (w *world) removals(version uint64, whose ...string) quorum.Removals {
	r := quorum.Removals{Network: listID, Root: 1, Version: version, Issued: now, Reason: "key stolen"}
	for _, a := range whose {
		id := strings.Repeat(a[:1], 43)
		if code := trustlist.Territory(a); code != "" {
			var err error
			id, err = quorum.KeyID(w.documentSigner(code).Cert.PublicKey)
			require.NoError(w.t, err)
		}
		r.Keys = append(r.Keys, id)
	}
	return r
}

// One member removes a signer at once; the list stays as it is otherwise.
func TestPromiseRemovalOnlyRemoves(t *testing.T) {
	w := newWorld(t)
	raw := w.sign(w.release(1, w.list("ID", "SA", "MY")), w.id, w.my)
	l, _, err := w.open(raw, nil, quorum.Held{})
	require.NoError(t, err)
	require.Equal(t, w.removals(1, "SAU").Keys[0], keyID(t, l, "SAU"))

	l, held, err := w.open(raw, w.sign(w.removals(1, "SAU", "x"), w.sa), quorum.Held{})
	require.NoError(t, err)
	require.Equal(t, []string{"IDN", "MYS"}, authorities(l), "without keys, nothing is left of an entry")
	require.EqualValues(t, 1, held.Removals)

	a, err := w.pinned.Open(raw, w.sign(w.removals(1, "SAU"), w.sa), now, quorum.Held{})
	require.NoError(t, err)
	require.Equal(t, "key stolen", a.Removals().Reason)
	for name, removals := range map[string][]byte{
		"nobody's":                  w.sign(w.removals(1, "SAU")),
		"a stranger's":              w.sign(w.removals(1, "SAU"), signer(t, "CH", "", testnet.P256)),
		"signatures over a release": relabel(t, raw, w.sign(w.removals(1, "SAU"))),
	} {
		_, _, err := w.open(raw, removals, quorum.Held{})
		require.ErrorIs(t, err, quorum.ErrThreshold, name)
	}
	_, _, err = w.open(raw, raw, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrFormat, "a release is no removal")
	_, _, err = w.open(w.sign(w.removals(1, "SAU"), w.id, w.my), nil, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrFormat, "nor a removal a release")
	other := w.removals(1, "SAU")
	other.Network = "did:web:other.example"
	_, _, err = w.open(raw, w.sign(other, w.id), quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrNetwork)
	ahead := w.removals(1, "SAU")
	ahead.Root = 2
	_, _, err = w.open(raw, w.sign(ahead, w.id), quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrRollback)
}

// What was removed stays removed until as many members as a release needs have
// decided on it: not by withholding, by an older document, by one member who
// leaves the key out, nor by a release that was approved before.
func TestPromiseRemovalIsNotUndone(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID", "SA")
	raw := w.sign(w.release(1, f), w.id, w.my)
	first, second := w.sign(w.removals(1, "SAU"), w.sa), w.sign(w.removals(2, "SAU", "x"), w.sa)
	_, held, err := w.open(raw, second, quorum.Held{})
	require.NoError(t, err)

	before := w.release(2, f) // knows of no removal
	for name, c := range map[string][2][]byte{
		"withheld":            {raw, nil},
		"an older one":        {raw, first},
		"left out":            {raw, w.sign(w.removals(2, "x"), w.sa)},
		"left out by a later": {raw, w.sign(w.removals(3, "SAU"), w.sa)},
		"a pending release":   {w.sign(before, w.id, w.my), nil},
	} {
		_, _, err := w.open(c[0], c[1], held)
		require.ErrorIs(t, err, quorum.ErrRollback, name)
	}
	l, _, err := w.open(w.sign(before, w.id, w.my), second, held)
	require.NoError(t, err, "a release approved meanwhile does not strand anybody")
	require.Equal(t, []string{"IDN"}, authorities(l))

	// The members decide that it was a mistake. The document that still lies
	// there has no effect, even if its signer lost the role.
	after := w.release(3, f)
	after.Removals = 2
	for name, removals := range map[string][]byte{"gone": nil, "still there": second, "unsigned": w.sign(w.removals(2, "SAU"))} {
		l, h, err := w.open(w.sign(after, w.id, w.my), removals, held)
		require.NoError(t, err, name)
		require.Equal(t, []string{"IDN", "SAU"}, authorities(l), name)
		require.EqualValues(t, 2, h.Removals)
		require.Empty(t, h.Removed)
	}
	// And removals go on from there.
	l, _, err = w.open(w.sign(after, w.id, w.my), w.sign(w.removals(3, "IDN"), w.my), held)
	require.NoError(t, err)
	require.Equal(t, []string{"SAU"}, authorities(l))
}

// A removal works on a verifier's current release, and needs no new one: freeze
// and rollback of releases don't stand in its way. Nor can its numbers be used up.
func TestRemovalNumbersCannotBeUsedUp(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID", "SA")
	raw := w.sign(w.release(1, f), w.id, w.my)
	_, held, err := w.open(raw, w.sign(w.removals(limits.RemovalLead, "x"), w.sa), quorum.Held{})
	require.NoError(t, err)
	_, _, err = w.open(raw, w.sign(w.removals(limits.RemovalLead+1, "x"), w.sa), held)
	require.ErrorIs(t, err, quorum.ErrFormat)
	next := w.release(2, f)
	next.Removals = limits.RemovalLead
	_, held, err = w.open(w.sign(next, w.id, w.my), nil, held)
	require.NoError(t, err)
	l, _, err := w.open(w.sign(next, w.id, w.my), w.sign(w.removals(limits.RemovalLead+1, "SAU"), w.id), held)
	require.NoError(t, err)
	require.Equal(t, []string{"IDN"}, authorities(l))
}

func TestRemovalsRefusals(t *testing.T) {
	w := newWorld(t)
	for name, spoil := range map[string]func(*quorum.Removals){
		"no network":  func(r *quorum.Removals) { r.Network = "" },
		"no reason":   func(r *quorum.Removals) { r.Reason = "" },
		"root 0":      func(r *quorum.Removals) { r.Root = 0 },
		"version 0":   func(r *quorum.Removals) { r.Version = 0 },
		"no date":     func(r *quorum.Removals) { r.Issued = time.Time{} },
		"no keys":     func(r *quorum.Removals) { r.Keys = nil },
		"a key twice": func(r *quorum.Removals) { r.Keys = append(r.Keys, r.Keys...) },
		"a kid":       func(r *quorum.Removals) { r.Keys[0] = "AAAAAAAAAAE=" },
		"many":        func(r *quorum.Removals) { r.Keys = make([]string, limits.NetworkRemovals+1) },
	} {
		r := w.removals(1, "SAU")
		spoil(&r)
		_, err := quorum.New(r)
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
	_, err := quorum.Parse(edit(t, w.sign(w.removals(1, "SAU")), func(s, _ object) { s["keys"] = []any{1} }))
	require.ErrorIs(t, err, quorum.ErrFormat)
}
