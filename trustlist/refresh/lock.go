package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lockWait is how long a process waits for another to write its snapshot.
const lockWait = 30 * time.Second

var errLocked = errors.New("held by another process")

// lock keeps other processes, and other Refreshers of this one, from writing the
// same snapshot. The system gives the lock back when its process dies. Where it
// has no such locks, nothing is locked.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		unlock, err := tryLock(path)
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", errLocked, ctx.Err())
		}
	}
}
