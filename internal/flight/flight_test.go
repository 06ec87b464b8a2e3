package flight_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/flight"
)

func TestCallersShareOneWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, int]
		var calls atomic.Int32
		release := make(chan struct{})
		work := func(context.Context) (int, error) {
			calls.Add(1)
			<-release
			return 7, errors.New("and an error")
		}
		hasty, leave := context.WithCancel(t.Context())
		results := make(chan error, 21)
		go func() {
			_, err := g.Do(hasty, "a", work)
			results <- err
		}()
		for range 20 {
			go func() {
				v, err := g.Do(t.Context(), "a", work)
				if v != 7 {
					err = nil
				}
				results <- err
			}()
		}
		synctest.Wait()
		require.Equal(t, 21, g.Waiting("a"))
		require.Zero(t, g.Waiting("b"))
		leave()
		require.ErrorIs(t, <-results, context.Canceled, "one leaves, the work goes on")
		close(release)
		for range 20 {
			require.EqualError(t, <-results, "and an error")
		}
		require.EqualValues(t, 1, calls.Load())

		release = make(chan struct{})
		close(release)
		_, err := g.Do(t.Context(), "a", work)
		require.Error(t, err)
		require.EqualValues(t, 2, calls.Load(), "what is done is done anew")
	})
}

func TestWorkEndsWithItsLastCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[int, struct{}]
		ended := false
		work := func(ctx context.Context) (struct{}, error) {
			<-ctx.Done()
			ended = true
			return struct{}{}, ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
		}()
		_, err := g.Do(ctx, 1, work)
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		require.True(t, ended)
		_, err = g.Do(ctx, 1, work)
		require.ErrorIs(t, err, context.Canceled, "nothing is begun for a caller who left")
		require.Zero(t, g.Waiting(1))
	})
}
