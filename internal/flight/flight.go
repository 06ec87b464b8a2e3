// Package flight lets callers who want the same thing at the same time share one
// piece of work.
package flight

import (
	"context"
	"sync"
)

// Group is the work under way, by what it is for. The zero value is ready.
type Group[K comparable, V any] struct {
	mu       sync.Mutex
	underway map[K]*work[V]
}

type work[V any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int // under Group.mu
	value   V
	err     error
}

// Do calls f, unless that is being done for the same k, and waits for what it
// returns as long as ctx lets it; else the error is that of ctx. The call belongs
// to no one caller: it goes on until it ends or nobody waits any more, in which
// case its context is cancelled.
func (g *Group[K, V]) Do(ctx context.Context, k K, f func(context.Context) (V, error)) (V, error) {
	var zero V
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	g.mu.Lock()
	w := g.underway[k]
	if w == nil {
		w = g.start(ctx, k, f)
	}
	w.waiting++
	g.mu.Unlock()

	select {
	case <-w.done:
		return w.value, w.err
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		if w.waiting--; w.waiting == 0 {
			g.leave(k, w)
			w.cancel()
		}
		return zero, ctx.Err()
	}
}

// start begins the work; g.mu is held.
func (g *Group[K, V]) start(ctx context.Context, k K, f func(context.Context) (V, error)) *work[V] {
	if g.underway == nil {
		g.underway = map[K]*work[V]{}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w := &work[V]{done: make(chan struct{}), cancel: cancel}
	g.underway[k] = w
	go func() {
		defer cancel()
		w.value, w.err = f(own)
		g.mu.Lock()
		g.leave(k, w)
		g.mu.Unlock()
		close(w.done)
	}()
	return w
}

// leave makes room for other work, unless that has begun.
func (g *Group[K, V]) leave(k K, w *work[V]) {
	if g.underway[k] == w {
		delete(g.underway, k)
	}
}

// Waiting is how many callers wait for what is done for k.
func (g *Group[K, V]) Waiting(k K) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.underway[k]; w != nil {
		return w.waiting
	}
	return 0
}
