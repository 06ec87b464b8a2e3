package quorum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// Whatever is read is written again in one form that says the same.
func FuzzParse(f *testing.F) {
	w := newWorld(f)
	file := w.list("ID")
	f.Add(w.raw)
	f.Add(w.sign(w.next(nil), w.id, w.my, w.sa))
	f.Add(w.sign(w.release(1, file), w.id, w.sa))
	f.Add(w.sign(w.removals(1, "SAU", "x"), w.sa))
	f.Add([]byte(`{"signatures":[],"signed":{"kind":"sanad root v1"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := quorum.Parse(raw)
		if err != nil {
			require.True(t, isOurs(err), err)
			return
		}
		again, err := quorum.Parse(d.Bytes())
		require.NoError(t, err)
		require.Equal(t, d.Bytes(), again.Bytes())
		require.Equal(t, d.Digest(), again.Digest())
		made, err := quorum.New(d.Content())
		require.NoError(t, err)
		require.Equal(t, d.Digest(), made.Digest(), "the content says all that is signed")
		by, need := w.root.Approvals(d)
		require.LessOrEqual(t, len(by), len(w.root.Members))
		require.Positive(t, need)
		if a, err := w.pinned.Open(raw, nil, now, quorum.Held{}); err == nil {
			require.GreaterOrEqual(t, len(by), w.root.Thresholds.Release)
			require.Equal(t, listID, a.Release().Network)
		}
	})
}

func FuzzParseHeld(f *testing.F) {
	f.Add(quorum.Held{Network: listID, Root: 2, ReleaseRoot: 1, Release: 7, Digest: hexOf(nil), Removals: 1, Removed: []string{"a"}}.Bytes())
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := quorum.ParseHeld(raw)
		if err != nil {
			require.ErrorIs(t, err, quorum.ErrFormat)
			return
		}
		again, err := quorum.ParseHeld(h.Bytes())
		require.NoError(t, err)
		require.Equal(t, h.Bytes(), again.Bytes())
	})
}

func FuzzParseBundle(f *testing.F) {
	w := newWorld(f)
	raw, err := w.bundle().Bytes()
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(`{"kind":"sanad network v1","roots":[{}],"release":{},"files":{"a":"AAAA"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := quorum.ParseBundle(raw)
		if err != nil {
			require.ErrorIs(t, err, quorum.ErrFormat)
			return
		}
		l, held, err := b.List(w.pinned, now, quorum.Held{}, parse)
		if err == nil {
			require.Equal(t, listID, held.Network)
			require.NotNil(t, l)
		}
	})
}
