package fetch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sanad-credentials/sanad/proof"
)

// flights are the requests under way. Callers who want the same wait for the
// same one.
type flights struct {
	mu       sync.Mutex
	underway map[Request]*flight
}

type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int // under flights.mu
	resp    *Response
	err     error
}

// do calls get, unless that is being done for the same request, and waits for
// the answer as long as ctx lets it. The call belongs to no one caller: it goes
// on until it ends, its time is up, or nobody waits any more.
func (f *flights) do(ctx context.Context, r Request, timeout time.Duration, get func(context.Context) (*Response, error)) (*Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", proof.ErrUnavailable, err)
	}
	f.mu.Lock()
	fl := f.underway[r]
	if fl == nil {
		if f.underway == nil {
			f.underway = map[Request]*flight{}
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		fl = &flight{done: make(chan struct{}), cancel: cancel}
		f.underway[r] = fl
		go func() {
			defer cancel()
			fl.resp, fl.err = get(own)
			f.mu.Lock()
			f.leave(r, fl)
			f.mu.Unlock()
			close(fl.done)
		}()
	}
	fl.waiting++
	f.mu.Unlock()

	select {
	case <-fl.done:
		if fl.err != nil {
			return nil, fl.err
		}
		resp := *fl.resp
		return &resp, nil
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		if fl.waiting--; fl.waiting == 0 {
			f.leave(r, fl)
			fl.cancel()
		}
		return nil, fmt.Errorf("%w: %w", proof.ErrUnavailable, ctx.Err())
	}
}

// leave makes room for another flight, unless one has taken it.
func (f *flights) leave(r Request, fl *flight) {
	if f.underway[r] == fl {
		delete(f.underway, r)
	}
}
