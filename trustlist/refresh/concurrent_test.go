package refresh_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// Two Refreshers that share a folder, asked by many at once while the source
// moves on, hold nothing older than what they held, answer from one moment, and
// are closed in the middle of it.
func TestPromiseListsGoForwardUnderLoad(t *testing.T) {
	o := serve(t, version(1).signed())
	options := o.options()
	options.Dir = t.TempDir()
	both := []*refresh.Refresher{mustNew(t, options), mustNew(t, options)}
	for _, r := range both {
		require.NoError(t, r.Refresh(ctx))
	}
	var done atomic.Bool
	var wg, readers sync.WaitGroup
	for _, r := range both {
		readers.Go(func() {
			var last time.Time
			for !done.Load() {
				l := r.List()
				if l.Issued().Before(last) {
					t.Error("a list went back")
				}
				last = l.Issued()
				n := int(last.Sub(now)/day) + 10
				if keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: fmt.Sprintf("key %d", n)}); err != nil || len(keys) != 1 {
					t.Error("a list of two moments")
				}
				r.State()
				time.Sleep(time.Millisecond)
			}
		})
		for range 3 {
			wg.Go(func() {
				for range 8 {
					_ = r.Refresh(ctx) // closed, at last
				}
			})
		}
		wg.Go(func() { r.Run(ctx) })
	}
	for n := 2; n <= 9; n++ {
		o.put(version(n).signed())
		for _, r := range both {
			require.NoError(t, r.Refresh(ctx))
		}
	}
	for _, r := range both {
		wg.Go(r.Close)
	}
	wg.Wait()
	done.Store(true)
	readers.Wait()
	requireHolds(t, both[0], "key 9")
	requireHolds(t, both[1], "key 9")
	requireHolds(t, mustNew(t, options), "key 9")
}
