package refresh

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Run refreshes each source at once and then about every Options.Interval, until
// ctx ends or Close is called. How it goes is in [Refresher.State].
func (r *Refresher) Run(ctx context.Context) {
	r.ending.Lock()
	if r.closing.Err() != nil {
		r.ending.Unlock()
		return
	}
	r.running.Add(1)
	r.ending.Unlock()
	defer r.running.Done()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.closing, cancel)()
	var wg sync.WaitGroup
	for _, s := range r.sources {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
}

func (s *source) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		failures++
		if s.refresh(ctx) == nil {
			failures = 0
		}
		timer := time.NewTimer(delay(s.r.o.Interval, failures, rand.Float64()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// firstRetry is about how long after a failure a source is asked again.
const firstRetry = 30 * time.Second

// delay is how long to wait after so many failures in a row. chance, from 0 to 1,
// keeps thousands of verifiers from asking at the same second: after a success it
// moves the interval by a tenth either way, after a failure it takes up to a half
// off, and more than the interval it never is then.
func delay(interval time.Duration, failures int, chance float64) time.Duration {
	if failures == 0 {
		return time.Duration(float64(interval) * (0.9 + 0.2*chance))
	}
	wait := interval
	if shift := failures - 1; shift < 20 {
		wait = min(interval, firstRetry<<shift)
	}
	return time.Duration(float64(wait) * (0.5 + 0.5*chance))
}
