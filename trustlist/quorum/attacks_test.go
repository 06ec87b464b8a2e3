package quorum_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// The attacks that The Update Framework lists (TUF 1.0.31, section 1.5.2), one
// test each. Slow retrieval and endless data on the way are for whoever fetches.

func TestReleaseIsOpened(t *testing.T) {
	w := newWorld(t)
	raw := w.sign(w.release(1, w.list("ID", "SA")), w.id, w.sa)
	l, held, err := w.open(raw, nil, quorum.Held{})
	require.NoError(t, err)
	require.Equal(t, []string{"IDN", "SAU"}, authorities(l))
	require.Equal(t, []trustlist.Info{{Name: listID, Issued: now.Add(-time.Hour), Expires: now.AddDate(0, 0, 7)}}, l.Infos())
	require.Equal(t, listID, l.Entries()[0].List)
	require.True(t, l.Entries()[0].ListExpires.Equal(now.AddDate(0, 0, 7)))

	again, err := quorum.ParseHeld(held.Bytes())
	require.NoError(t, err)
	require.Equal(t, held, again)
	_, _, err = w.open(raw, nil, held)
	require.NoError(t, err, "the same again")
}

// Arbitrary software: a list that strangers signed.
func TestPromiseArbitraryListIsRefused(t *testing.T) {
	w := newWorld(t)
	rel := w.release(1, w.list("ID"))
	x, y := signer(t, "CH", "", testnet.P256), signer(t, "CH", "2", testnet.Ed25519)
	for name, raw := range map[string][]byte{
		"nobody":        w.sign(rel),
		"strangers":     w.sign(rel, x, y),
		"one and other": w.sign(rel, w.id, x),
		"for a root":    relabel(t, w.sign(w.next(nil), w.id, w.my, w.sa), w.sign(rel)),
	} {
		_, _, err := w.open(raw, nil, quorum.Held{})
		require.ErrorIs(t, err, quorum.ErrThreshold, name)
	}
	_, _, err := w.open(w.raw, nil, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrFormat, "a root is no release")

	other := rel
	other.Network = "did:web:other.example"
	_, _, err = w.open(w.sign(other, w.id, w.my), nil, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrNetwork)
	// A signature for one role is none for another.
	limited := w.next(func(r *quorum.Root) {
		r.Members[0].Roles = []quorum.Role{quorum.RoleRoot}
		r.Thresholds.Removal = 0
	})
	p, err := w.pinned.Update(w.sign(limited, w.id, w.my))
	require.NoError(t, err)
	_, err = p.Open(w.sign(rel, w.id, w.my), nil, now, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrThreshold)
	_, err = p.Open(w.sign(rel, w.sa, w.my), w.sign(w.removals(1, "a"), w.id, w.my, w.sa), now, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrThreshold, "the root provides for no removals")
}

// relabel puts the signatures of one document on another.
func relabel(t testing.TB, from, onto []byte) []byte {
	return edit(t, onto, func(_, doc object) {
		var all []any
		for _, s := range sigs(t, from) {
			all = append(all, s)
		}
		doc["signatures"] = all
	})
}

// Key compromise below the threshold: with one member's key, and the channel in
// the attacker's hands, nothing new is believed.
func TestPromiseOneStolenKeyChangesNothing(t *testing.T) {
	w := newWorld(t)
	raw := w.sign(w.release(1, w.list("ID")), w.id, w.my)
	_, held, err := w.open(raw, nil, quorum.Held{})
	require.NoError(t, err)

	forged := w.release(2, w.list("ID", "KP"))
	_, _, err = w.open(w.sign(forged, w.my), nil, held)
	require.ErrorIs(t, err, quorum.ErrThreshold)
	_, err = w.pinned.Update(w.sign(w.next(func(r *quorum.Root) { r.Thresholds = quorum.Thresholds{Root: 1, Release: 1} }), w.my))
	require.ErrorIs(t, err, quorum.ErrThreshold)
	_, _, err = w.open(edit(t, raw, func(signed, doc object) {
		f := signed["files"].([]any)[0].(object)
		f["sha256"] = hexOf(nil)
	}), nil, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrThreshold)
}

// Rollback: an older release, whatever its number, is refused.
func TestPromiseRollbackIsRefused(t *testing.T) {
	w := newWorld(t)
	old, newer := w.sign(w.release(1, w.list("ID", "KP")), w.id, w.my), w.sign(w.release(2, w.list("ID")), w.id, w.my)
	_, held, err := w.open(newer, nil, quorum.Held{})
	require.NoError(t, err)
	_, _, err = w.open(old, nil, held)
	require.ErrorIs(t, err, quorum.ErrRollback)
	_, _, err = w.open(old, nil, quorum.Held{})
	require.NoError(t, err, "without a memory nobody can tell")
	// Nor another of the same number, equally approved.
	other := w.release(2, w.list("ID"))
	other.Reason = "another"
	_, _, err = w.open(w.sign(other, w.sa, w.my), nil, held)
	require.ErrorIs(t, err, quorum.ErrRollback)

	// Nor an older root, or a state of another network.
	r2, err := w.pinned.Update(w.sign(w.next(nil), w.id, w.my))
	require.NoError(t, err)
	a, err := r2.Open(newer, nil, now, held)
	require.NoError(t, err, "a release may be made under the root before")
	_, err = w.pinned.Open(newer, nil, now, a.Held())
	require.ErrorIs(t, err, quorum.ErrRollback)
	held.Network = "did:web:other.example"
	_, _, err = w.open(newer, nil, held)
	require.ErrorIs(t, err, quorum.ErrNetwork)
	ahead := w.release(3, w.list("ID"))
	ahead.Root = 2
	_, _, err = w.open(w.sign(ahead, w.id, w.my), nil, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrRollback, "its root is withheld")
}

// Indefinite freeze: what has expired decides nothing, and is not a refusal.
func TestPromiseFreezeEnds(t *testing.T) {
	w := newWorld(t)
	rel := w.release(1, w.list("ID"))
	raw := w.sign(rel, w.id, w.my)
	a, err := w.pinned.Open(raw, nil, rel.Expires, quorum.Held{})
	require.NoError(t, err)
	_, err = w.pinned.Open(raw, nil, rel.Expires.Add(time.Second), quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrExpired)
	require.ErrorIs(t, err, proof.ErrUnavailable)

	// The list that was opened in time ends with it.
	l, err := a.List(w.folder, parse)
	require.NoError(t, err)
	e := l.Entries()[0]
	q := trustlist.Query{Key: e.Keys[0], Issuer: "ID", Role: trustlist.RoleStatus, Signed: now, Now: rel.Expires.Add(time.Second)}
	_, err = l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrStale)

	// And with its root.
	rel.Expires = w.root.Expires.AddDate(1, 0, 0)
	raw = w.sign(rel, w.id, w.my)
	_, err = w.pinned.Open(raw, nil, w.root.Expires.Add(time.Second), quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrExpired)
	l, _, err = w.open(raw, nil, quorum.Held{})
	require.NoError(t, err)
	require.True(t, l.Expires().Equal(w.root.Expires))
	// An expired root can still be replaced.
	renewed := w.next(func(r *quorum.Root) { r.Expires = now.AddDate(5, 0, 0) })
	p, err := w.pinned.Update(w.sign(renewed, w.id, w.my))
	require.NoError(t, err)
	_, err = p.Open(raw, nil, w.root.Expires.Add(time.Second), quorum.Held{})
	require.NoError(t, err)
}

// Mix and match: files of two releases, or each in the other's place.
func TestPromiseMixAndMatchIsRefused(t *testing.T) {
	w := newWorld(t)
	first, second := w.list("ID"), w.list("ID", "SA")
	rel := w.release(1, first)
	raw := w.sign(rel, w.id, w.my)
	one := w.folder[first.Path()].Data
	for name, data := range map[string][]byte{
		"of another release": w.folder[second.Path()].Data,
		"changed":            bytes.Replace(one, []byte("IDN"), []byte("IRN"), 1),
		"cut":                one[:len(one)-1],
		"longer":             append(bytes.Clone(one), ' '),
		"empty":              nil,
	} {
		w.folder[first.Path()] = &fstest.MapFile{Data: data}
		_, _, err := w.open(raw, nil, quorum.Held{})
		require.ErrorIs(t, err, quorum.ErrFile, name)
	}
	delete(w.folder, first.Path())
	_, _, err := w.open(raw, nil, quorum.Held{})
	require.ErrorIs(t, err, fs.ErrNotExist)

	// Two files of one release can't stand in for each other either.
	second.Name = "DDCC/did.json"
	rel.Files = append(rel.Files, second)
	w.folder[first.Path()] = &fstest.MapFile{Data: one}
	l, _, err := w.open(w.sign(rel, w.id, w.my), nil, quorum.Held{})
	require.NoError(t, err)
	require.Equal(t, []string{"IDN", "IDN", "SAU"}, authorities(l))
	a, err := w.pinned.Open(w.sign(rel, w.id, w.my), nil, now, quorum.Held{})
	require.NoError(t, err)
	l, err = a.List(w.folder, parse, first.Name)
	require.NoError(t, err)
	require.Equal(t, []string{"IDN"}, authorities(l))
	_, err = a.List(w.folder, parse, "IPS/did.json")
	require.ErrorIs(t, err, quorum.ErrFile)
	w.folder[first.Path()], w.folder[second.Path()] = w.folder[second.Path()], w.folder[first.Path()]
	_, _, err = w.open(w.sign(rel, w.id, w.my), nil, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrFile)
}

// Whichever byte of a release is changed, what is believed is what was approved.
func TestPromiseChangedReleaseIsRefused(t *testing.T) {
	w := newWorld(t)
	rel := w.release(1, w.list("ID"))
	raw := w.sign(rel, w.id, w.my)
	refused := 0
	for i := range raw {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			changed := bytes.Clone(raw)
			changed[i] ^= bit
			a, err := w.pinned.Open(changed, nil, now, quorum.Held{})
			if err != nil {
				refused++
				continue
			}
			require.Equal(t, rel, a.Release(), "byte %d", i)
		}
	}
	require.Equal(t, 3*len(raw), refused, "two are needed, and two signed")
}

// The parser is asked about the bytes that it reads, and about no others.
func TestPromiseParserReadsWhatWasApproved(t *testing.T) {
	w := newWorld(t)
	a, err := w.pinned.Open(w.sign(w.release(1, w.list("ID")), w.id, w.my), nil, now, quorum.Held{})
	require.NoError(t, err)
	forged := w.folder[w.list("KP").Path()].Data
	_, err = a.List(w.folder, func(f quorum.File, _ []byte, v trustlist.Voucher) (*trustlist.List, error) {
		return parse(f, forged, v)
	})
	require.ErrorIs(t, err, gdhcn.ErrProof)
	require.ErrorIs(t, err, quorum.ErrFile)
	_, err = a.List(w.folder, func(f quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
		stranger := signer(t, "CH", "", testnet.P256).Key()
		l, _, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v, Signers: []proof.Key{stranger}})
		return l, err
	})
	require.ErrorIs(t, err, gdhcn.ErrProof, "both are needed where both are asked for")
	_, _, err = gdhcn.Parse(forged, gdhcn.Options{})
	require.ErrorIs(t, err, gdhcn.ErrProof)
}

// endless never ends.
type endless struct{ read int64 }

func (e *endless) Open(string) (fs.File, error) { return endlessFile{fs.File(nil), e}, nil }

type endlessFile struct {
	fs.File
	e *endless
}

func (f endlessFile) Read(p []byte) (int, error) { f.e.read += int64(len(p)); return len(p), nil }
func (f endlessFile) Close() error               { return nil }

// Endless data: no more is read than was approved.
func TestPromiseEndlessDataIsNotRead(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID")
	a, err := w.pinned.Open(w.sign(w.release(1, f), w.id, w.my), nil, now, quorum.Held{})
	require.NoError(t, err)
	var e endless
	_, err = a.List(&e, parse)
	require.ErrorIs(t, err, quorum.ErrFile)
	require.LessOrEqual(t, e.read, f.Length+1)

	long := bytes.Repeat([]byte(" "), limits.NetworkDocument+1)
	_, err = w.pinned.Open(long, nil, now, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrFormat)
	_, err = quorum.ParseHeld(long)
	require.ErrorIs(t, err, quorum.ErrFormat)
	huge := w.release(1, f, f)
	huge.Files[1].Name, huge.Files[1].Length = "other", limits.TrustList
	_, err = quorum.New(huge)
	require.ErrorIs(t, err, quorum.ErrFormat)
}

// Fast-forward: with enough stolen keys somebody used up the numbers. The root
// is replaced, and counting begins anew; what the thieves made is behind.
func TestPromiseFastForwardIsRecoveredFrom(t *testing.T) {
	w := newWorld(t)
	evil := w.sign(w.release(1<<53-1, w.list("KP")), w.id, w.my)
	_, held, err := w.open(evil, nil, quorum.Held{})
	require.NoError(t, err)
	honest := w.release(2, w.list("ID"))
	_, _, err = w.open(w.sign(honest, w.id, w.my), nil, held)
	require.ErrorIs(t, err, quorum.ErrRollback)

	id2, my2 := signer(t, "ID", "new", testnet.P256), signer(t, "MY", "new", testnet.P256)
	w.pinned, err = w.pinned.Update(w.sign(w.next(func(r *quorum.Root) {
		r.Members[0], r.Members[1] = member(id2, "ID"), member(my2, "MY")
	}), w.id, w.my, w.sa, id2))
	require.NoError(t, err)
	_, _, err = w.open(evil, nil, held)
	require.ErrorIs(t, err, quorum.ErrThreshold)
	honest.Root, honest.Version = 2, 1
	_, held, err = w.open(w.sign(honest, id2, my2), nil, held)
	require.NoError(t, err)
	_, _, err = w.open(relabel(t, w.sign(honest, id2, my2), evil), nil, held)
	require.Error(t, err)
	// Even where enough members keep their keys, the old release is behind.
	_, _, err = w.open(w.sign(w.release(1<<53-1, w.list("KP")), id2, my2), nil, held)
	require.ErrorIs(t, err, quorum.ErrRollback)
}

func TestReleaseRefusals(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID")
	for name, spoil := range map[string]func(*quorum.Release){
		"no network":                     func(r *quorum.Release) { r.Network = "" },
		"no reason":                      func(r *quorum.Release) { r.Reason = "" },
		"a reason that prints elsewhere": func(r *quorum.Release) { r.Reason = "adds nothing\x1b[2K" },
		"a long reason":                  func(r *quorum.Release) { r.Reason = strings.Repeat("a", 3000) },
		"root 0":                         func(r *quorum.Release) { r.Root = 0 },
		"version 0":                      func(r *quorum.Release) { r.Version = 0 },
		"no date":                        func(r *quorum.Release) { r.Issued = time.Time{} },
		"no end":                         func(r *quorum.Release) { r.Expires = time.Time{} },
		"end before begin":               func(r *quorum.Release) { r.Expires = r.Issued },
		"removals 2^53":                  func(r *quorum.Release) { r.Removals = 1 << 53 },
		"no files":                       func(r *quorum.Release) { r.Files = nil },
		"a file twice":                   func(r *quorum.Release) { r.Files = append(r.Files, f) },
		"a path upwards":                 func(r *quorum.Release) { r.Files[0].Name = "../did.json" },
		"a path from /":                  func(r *quorum.Release) { r.Files[0].Name = "/did.json" },
		"a negative length":              func(r *quorum.Release) { r.Files[0].Length = -1 },
	} {
		r := w.release(1, f)
		spoil(&r)
		_, err := quorum.New(r)
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
	for name, change := range map[string]func(signed object){
		"base":    func(s object) { s["base"] = "00" },
		"capital": func(s object) { s["files"].([]any)[0].(object)["sha256"] = strings.ToUpper(hexOf(nil)) },
		"files":   func(s object) { s["files"] = object{} },
		"length":  func(s object) { s["files"].([]any)[0].(object)["length"] = "1" },
		"more":    func(s object) { s["files"].([]any)[0].(object)["url"] = "https://health.example" },
	} {
		_, err := quorum.Parse(edit(t, w.sign(w.release(1, f)), func(s, _ object) { change(s) }))
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
	based := w.release(2, f)
	based.Base = digest(w.document(w.release(1, f)))
	d, err := quorum.Parse(w.sign(based))
	require.NoError(t, err)
	require.Equal(t, based, d.Content())
	_, err = quorum.ParseHeld([]byte(`{"network":"a"}`))
	require.ErrorIs(t, err, quorum.ErrFormat)
	_, err = quorum.ParseHeld([]byte(`{`))
	require.ErrorIs(t, err, quorum.ErrFormat)
}

func TestInsecureList(t *testing.T) {
	w := newWorld(t)
	rel := w.release(1, w.list("ID"))
	l, err := rel.InsecureList(w.folder, parse)
	require.NoError(t, err)
	require.Equal(t, []string{"IDN"}, authorities(l))
	rel.Files[0].Length++
	_, err = rel.InsecureList(w.folder, parse)
	require.ErrorIs(t, err, quorum.ErrFile)
	_, err = rel.InsecureList(fstest.MapFS{}, parse)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestPromiseQuorumIsConcurrent(t *testing.T) {
	w := newWorld(t)
	f := w.list("ID", "SA")
	raw, removals := w.sign(w.release(1, f), w.id, w.my), w.sign(w.removals(1, "SAU"), w.id)
	next := w.sign(w.next(nil), w.id, w.my)
	verify := func() error {
		p, err := w.pinned.Update(next)
		if err != nil {
			return err
		}
		a, err := p.Open(raw, removals, now, quorum.Held{})
		if err != nil {
			return err
		}
		l, err := a.List(w.folder, parse)
		if err == nil && len(l.Entries()) != 1 {
			err = errors.New("a removed signer is there")
		}
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { errs[i] = verify() })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
}
