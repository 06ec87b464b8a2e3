package refresh_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// attempts is a source, a file that never changes, that notes when it is asked.
func attempts(t *testing.T, fails *atomic.Bool) (refresh.Source, func() []time.Time) {
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("a list"), 0o600))
	var times atomic.Pointer[[]time.Time]
	times.Store(&[]time.Time{})
	s := refresh.Source{Name: "list", URL: "file://" + filepath.ToSlash(path)}
	s.Parse = func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
		next := append(append([]time.Time{}, *times.Load()...), time.Now())
		times.Store(&next)
		if fails.Load() {
			return nil, nil, errors.New("not today")
		}
		// Dated by its file, and so made anew each time.
		l, err := trustlist.New(trustlist.Info{Name: "list", Issued: d.Fetched})
		return l, nil, err
	}
	return s, func() []time.Time { return *times.Load() }
}

func TestRun(t *testing.T) {
	var fails atomic.Bool
	s, asked := attempts(t, &fails)
	synctest.Test(t, func(t *testing.T) {
		r, err := refresh.New(refresh.Options{Sources: []refresh.Source{s}, Interval: time.Hour})
		require.NoError(t, err)
		require.Empty(t, asked(), "nothing goes on by itself")
		done := make(chan struct{})
		go func() {
			r.Run(t.Context())
			close(done)
		}()
		time.Sleep(24*time.Hour + time.Minute)
		n := len(asked())
		require.InDelta(t, 25, n, 3, "once, and about every hour")
		gaps := map[time.Duration]bool{}
		for i := range n - 1 {
			gap := asked()[i+1].Sub(asked()[i])
			require.GreaterOrEqual(t, gap, 54*time.Minute)
			require.LessOrEqual(t, gap, 66*time.Minute)
			gaps[gap] = true
		}
		require.Greater(t, len(gaps), 10, "never at the same distance")

		fails.Store(true)
		time.Sleep(24 * time.Hour)
		failed := asked()[n:]
		require.Greater(t, len(failed), 24, "sooner after a failure")
		for i := 1; i < len(failed)-1; i++ {
			most := min(time.Hour, 30*time.Second<<min(i-1, 10))
			gap := failed[i].Sub(failed[i-1])
			require.LessOrEqual(t, gap, most, "attempt %d", i)
			require.GreaterOrEqual(t, gap, most/2, "attempt %d", i)
		}
		require.Error(t, r.State()[0].Err)
		fails.Store(false)
		time.Sleep(2 * time.Hour)
		require.NoError(t, r.State()[0].Err)

		r.Close()
		<-done
		n = len(asked())
		time.Sleep(24 * time.Hour)
		require.Len(t, asked(), n, "closed is closed")
		r.Run(t.Context())
		require.ErrorIs(t, r.Refresh(ctx), context.Canceled)
		require.NotNil(t, r.List(), "and what was held stays in use")
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	var fails atomic.Bool
	s, _ := attempts(t, &fails)
	synctest.Test(t, func(t *testing.T) {
		r, err := refresh.New(refresh.Options{Sources: []refresh.Source{s}})
		require.NoError(t, err)
		runCtx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		r.Run(runCtx)
		require.Equal(t, time.Minute, time.Since(began))
		r.Close()
		r.Close()
	})
}
