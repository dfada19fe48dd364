package child

import (
	"context"
	"sync"
	"time"
)

// Backoff says how long to wait before a child is started again: not at all the
// first time, then First, then twice as long each time, up to Most. A child that
// ran for Steady starts it anew. The zero Backoff is 100 ms, 30 s and 1 min.
type Backoff struct {
	First, Most, Steady time.Duration

	next time.Duration
	fast bool // the start without a wait is used up
}

// After gives the wait after a child that ran for so long.
func (b *Backoff) After(ran time.Duration) time.Duration {
	first, most, steady := or(b.First, 100*time.Millisecond), or(b.Most, 30*time.Second), or(b.Steady, time.Minute)
	if ran >= steady {
		b.next, b.fast = 0, false
	}
	if !b.fast {
		b.fast = true
		return 0
	}
	b.next = min(max(first, 2*b.next), most)
	return b.next
}

func or(d, instead time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return instead
}

// KeepConfig says what to keep running.
type KeepConfig struct {
	// Spec is asked before every start, so that what is handed over can be new.
	Spec    func() (Spec, error)
	Backoff Backoff
	Grace   time.Duration // between SIGTERM and SIGKILL when it is stopped; 0: 2 s

	// Started and Ended are told what happens; nil: nobody. Ended gets the error
	// of a start that failed, or how the child ended, and the wait before the next.
	Started func(*Process)
	Ended   func(exit Exit, err error, wait time.Duration)

	// After is the clock that waits; nil: time.After.
	After func(time.Duration) <-chan time.Time
}

// Kept is one child that is started again whenever it ends.
type Kept struct {
	stop func()
	done chan struct{}

	mu       sync.Mutex
	process  *Process // nil: between two
	restarts int
}

// Keep starts a child, and starts it again until it is stopped or ctx ends.
func Keep(ctx context.Context, c KeepConfig) *Kept {
	if c.After == nil {
		c.After = time.After
	}
	ctx, cancel := context.WithCancel(ctx)
	k := &Kept{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		k.run(ctx, c)
	}()
	return k
}

func (k *Kept) run(ctx context.Context, c KeepConfig) {
	for ctx.Err() == nil {
		exit, err := k.once(ctx, c)
		if ctx.Err() != nil {
			return
		}
		wait := c.Backoff.After(exit.Ran)
		if c.Ended != nil {
			c.Ended(exit, err, wait)
		}
		select {
		case <-ctx.Done():
		case <-c.After(wait):
		}
		k.mu.Lock()
		k.restarts++
		k.mu.Unlock()
	}
}

// once is one child from start to end.
func (k *Kept) once(ctx context.Context, c KeepConfig) (Exit, error) {
	spec, err := c.Spec()
	if err != nil {
		return Exit{}, err
	}
	p, err := Start(spec)
	if err != nil {
		return Exit{}, err
	}
	k.set(p)
	defer k.set(nil)
	if c.Started != nil {
		c.Started(p)
	}
	select {
	case <-ctx.Done():
		return p.Stop(or(c.Grace, 2*time.Second)), nil
	case <-p.Done():
		return p.Exit(), nil
	}
}

func (k *Kept) set(p *Process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process = p
}

// Stop ends the child for good, and waits until it is gone.
func (k *Kept) Stop() {
	k.stop()
	<-k.done
}

// Process is the child that runs now; nil: none does.
func (k *Kept) Process() *Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.process
}

// Restarts is how often it was started again.
func (k *Kept) Restarts() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.restarts
}
