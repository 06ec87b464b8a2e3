package quorum_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// source is a network that is fetched: the parse function remembers what it saw,
// and the refresher's snapshot remembers it across restarts.
func (w *world) source(url string) refresh.Source {
	var lock sync.Mutex
	var held quorum.Held
	return refresh.Source{Name: "network", URL: url, Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
		b, err := quorum.ParseBundle(d.Raw)
		if err != nil {
			return nil, nil, err
		}
		lock.Lock()
		defer lock.Unlock()
		var skipped []trustlist.Skipped
		l, saw, err := b.List(w.pinned, now, held, func(_ quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
			l, s, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v})
			skipped = append(skipped, s...)
			return l, err
		})
		held = saw
		return l, skipped, err
	}}
}

// A network that is fetched: a removal arrives with the next refresh, and does
// not go again, not even when the verifier starts anew.
func TestPromiseNetworkIsRefreshed(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "network.json")
	serve := func(b *quorum.Bundle) {
		raw, err := b.Bytes()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, raw, 0o600))
	}
	start := func() *refresh.Refresher {
		r, err := refresh.New(refresh.Options{Sources: []refresh.Source{w.source("file://" + file)}, Dir: dir, Now: func() time.Time { return now }})
		require.NoError(t, err)
		t.Cleanup(r.Close)
		return r
	}
	removed := w.bundle()
	whole := *removed
	whole.Removals = nil
	serve(&whole)
	r := start()
	require.NoError(t, r.Refresh(ctx))
	require.Equal(t, []string{"IDN", "SAU"}, authorities(r.List()))

	serve(removed)
	require.NoError(t, r.Refresh(ctx))
	require.Equal(t, []string{"IDN"}, authorities(r.List()))
	serve(&whole)
	require.ErrorIs(t, r.Refresh(ctx), quorum.ErrRollback)
	require.Equal(t, []string{"IDN"}, authorities(r.List()))

	r.Close()
	r = start()
	require.Equal(t, []string{"IDN"}, authorities(r.List()), "from the snapshot")
	require.ErrorIs(t, r.Refresh(ctx), quorum.ErrRollback)
	require.Equal(t, []string{"IDN"}, authorities(r.List()))
}
