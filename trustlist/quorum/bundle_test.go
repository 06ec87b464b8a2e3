package quorum_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// bundle is the network after a rotation, with a removal.
func (w *world) bundle() *quorum.Bundle {
	rel := w.release(1, w.list("ID", "SA"))
	rel.Root = 2
	return &quorum.Bundle{
		Roots: [][]byte{w.raw, w.sign(w.next(nil), w.id, w.my)}, Release: w.sign(rel, w.id, w.sa),
		Removals: w.sign(w.removals(1, "SAU"), w.my), Folder: w.folder,
	}
}

func TestBundle(t *testing.T) {
	w := newWorld(t)
	b := w.bundle()
	raw, err := b.Bytes()
	require.NoError(t, err)
	again, err := quorum.ParseBundle(raw)
	require.NoError(t, err)
	l, held, err := again.List(w.pinned, now, quorum.Held{}, parse)
	require.NoError(t, err)
	require.Equal(t, []string{"IDN"}, authorities(l))
	require.EqualValues(t, 2, held.Root)
	twice, err := again.Bytes()
	require.NoError(t, err)
	require.Equal(t, raw, twice)

	// Who pinned the second root has no use for the first two.
	p, err := w.pinned.Update(b.Roots[1])
	require.NoError(t, err)
	_, _, err = again.List(p, now, held, parse)
	require.NoError(t, err)
	again.Removals = nil
	_, _, err = again.List(p, now, held, parse)
	require.ErrorIs(t, err, quorum.ErrRollback)
	l, _, err = again.List(p, now, quorum.Held{}, parse)
	require.NoError(t, err)
	require.Equal(t, []string{"IDN", "SAU"}, authorities(l))
}

// The list with removals comes after the one without, which does not come back,
// and its entries are as old as they are.
func TestRemovalsOrderTheList(t *testing.T) {
	w := newWorld(t)
	b := w.bundle()
	with, _, err := b.List(w.pinned, now, quorum.Held{}, parse)
	require.NoError(t, err)
	b.Removals = nil
	without, _, err := b.List(w.pinned, now, quorum.Held{}, parse)
	require.NoError(t, err)
	require.NoError(t, with.Supersedes(without))
	require.ErrorIs(t, without.Supersedes(with), trustlist.ErrRollback)
	require.True(t, with.Entries()[0].ListIssued.Equal(now.Add(-time.Hour)))
}

// A bundle is not signed, and need not be.
func TestPromiseBundleIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	b := w.bundle()
	raw, err := b.Bytes()
	require.NoError(t, err)
	stranger := w.sign(w.next(nil), w.sa)
	for name, change := range map[string]func(doc object){
		"a root less":        func(d object) { d["roots"] = d["roots"].([]any)[:1] },
		"a root of one":      func(d object) { d["roots"] = []any{json.RawMessage(stranger)} },
		"a root twice":       func(d object) { r := d["roots"].([]any); d["roots"] = append(r, r[1]) },
		"no root":            func(d object) { d["roots"] = []any{object{}} },
		"a release as root":  func(d object) { d["roots"] = []any{d["release"]} },
		"a root as release":  func(d object) { d["release"] = json.RawMessage(w.raw) },
		"no such file":       func(d object) { d["files"] = object{} },
		"a file changed":     func(d object) { d["files"] = object{w.list("ID", "SA").Path(): "AAAA"} },
		"removals by nobody": func(d object) { d["removals"] = json.RawMessage(w.sign(w.removals(2, "IDN"))) },
	} {
		var doc object
		require.NoError(t, json.Unmarshal(raw, &doc))
		change(doc)
		changed, err := json.Marshal(doc)
		require.NoError(t, err)
		parsed, err := quorum.ParseBundle(changed)
		require.NoError(t, err, name)
		_, _, err = parsed.List(w.pinned, now, quorum.Held{}, parse)
		require.Error(t, err, name)
	}
	for name, text := range map[string]string{
		"nothing":      "",
		"another kind": strings.Replace(string(raw), "sanad network v1", "sanad network v2", 1),
		"a member":     strings.Replace(string(raw), `"kind"`, `"other":1,"kind"`, 1),
		"no files":     `{"kind":"sanad network v1","roots":[],"release":{},"files":[]}`,
		"no base64":    `{"kind":"sanad network v1","roots":[],"release":{},"files":{"a":"?"}}`,
		"many files":   `{"kind":"sanad network v1","roots":[],"release":{},"files":{` + many(limits.NetworkFiles+1) + `}}`,
	} {
		_, err := quorum.ParseBundle([]byte(text))
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
	_, err = quorum.ParseBundle(bytes.Repeat([]byte(" "), limits.TrustList+1))
	require.ErrorIs(t, err, quorum.ErrFormat)
	b.Folder = fstest.MapFS{}
	_, err = b.Bytes()
	require.Error(t, err)
	b.Release = w.raw
	_, err = b.Bytes()
	require.ErrorIs(t, err, quorum.ErrFormat)
}

// many are members with names of their own.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d":""`, i)
	}
	return b.String()[1:]
}
