package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/wire"
)

// Pool is a number of scanners that are kept running.
type Pool struct {
	config Config
	ctx    context.Context // ends when the pool is closed
	cancel func()
	group  sync.WaitGroup
	reload sync.Mutex // one change of rules at a time

	mu        sync.Mutex
	wake      *sync.Cond // something of the below has changed
	closed    bool
	rules     wire.Rules // what is to be loaded
	compiled  *compiled  // the same, compiled; nil: it is not
	identity  string     // of what was loaded last
	queue     queue
	slots     []*slot
	processes map[*child.Process]bool // all that run, also those that load or are about to end
	poison    poison
	told      map[string]bool // of what is degraded
	starting  int             // scanners that are being started since they are needed
	slow      bool            // the rules take long to load
	next      uint64          // id of the next job
	scans     uint64
	failures  uint64
}

// slot is the place of one scanner, whichever process that is.
type slot struct {
	number   int
	backoff  child.Backoff
	worker   *worker // nil: none has loaded yet
	epoch    int     // counts the processes that were put here from outside
	restarts int
	waiting  string // between two: why
	resting  bool   // it has none since none is needed
}

// New starts the scanners, and returns as soon as the first is ready. The pool
// ends with Close, not with ctx.
func New(ctx context.Context, c Config) (*Pool, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	p := &Pool{config: c, rules: c.Rules, processes: map[*child.Process]bool{}, told: map[string]bool{}}
	p.poison = newPoison(c.Poison)
	p.wake = sync.NewCond(&p.mu)
	p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for i := range c.Workers {
		p.slots = append(p.slots, &slot{number: i + 1, backoff: c.Backoff})
	}
	first, err := p.anew(ctx, c.Rules, false)
	if err != nil {
		p.Close()
		return nil, err
	}
	p.identity, p.compiled = first.ready.Rules, first.rules
	p.spawn(p.tick)
	for i, s := range p.slots {
		if i > 0 {
			first = nil
		}
		p.keep(s, 0, first)
	}
	return p, nil
}

// keep runs the scanners of a slot until another is put there.
func (p *Pool) keep(s *slot, epoch int, w *worker) {
	if w != nil {
		p.put(s, epoch, w)
	}
	p.spawn(func() {
		for {
			if w == nil {
				if !p.rest(s, epoch) {
					return
				}
				w = p.again(s, epoch)
				p.started()
				if w == nil {
					return
				}
			}
			p.tell(w)
			reason := p.serve(s, w)
			switch {
			case reason != "":
				p.restart(s, epoch, w, reason)
			case p.leaves(s, w):
				w.end()
			default:
				w.end()
				return
			}
			w = nil
		}
	})
}

// leaves takes a worker out of its slot that is to rest. It gives false for one that
// ends for good.
func (p *Pool) leaves(s *slot, w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.worker == w && w.resting {
		s.worker = nil
	}
	return w.resting
}

// spawn runs f beside, unless the pool is closed: Close waits for it.
func (p *Pool) spawn(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.group.Go(f)
	}
}

// put makes a worker that of its slot, if that is still waiting for it.
func (p *Pool) put(s *slot, epoch int, w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || s.epoch != epoch {
		return false
	}
	s.worker, s.waiting = w, ""
	p.slow = p.config.Now().Sub(w.begun) > slow
	p.wake.Broadcast()
	if !p.processes[w.process] {
		w.dead = true
	}
	if w.ready.Rules != p.identity { // what was named is no longer what it was
		p.group.Go(func() { p.follow(s.number) })
	}
	return true
}

// follow has all scanners load what one has found to have changed.
func (p *Pool) follow(number int) {
	if err := p.Reload(p.ctx); err != nil && p.ctx.Err() == nil {
		p.degraded(fmt.Sprintf("scanner %d has other rules than the others, which cannot load them: %v", number, err), event.High)
	}
}

// again starts a scanner for a slot, and tries until it has one. It gives nil when
// there is no more need.
func (p *Pool) again(s *slot, epoch int) *worker {
	for {
		p.mu.Lock()
		rules, from, over := p.rules, p.compiled, p.closed || s.epoch != epoch
		p.mu.Unlock()
		if over {
			return nil
		}
		begun := p.config.Now()
		w, err := p.launch(p.ctx, rules, from, false)
		if err == nil {
			if p.put(s, epoch, w) {
				return w
			}
			w.process.Kill()
			w.end()
			return nil
		}
		if p.ctx.Err() != nil || !p.pause(s, epoch, p.config.Now().Sub(begun), err.Error()) {
			return nil
		}
	}
}

// restart tells that a scanner has ended, and waits until the next may be started.
func (p *Pool) restart(s *slot, epoch int, w *worker, reason string) {
	p.mu.Lock()
	if s.worker == w {
		s.worker = nil
	}
	s.restarts++
	p.mu.Unlock()
	p.pause(s, epoch, p.config.Now().Sub(w.begun), reason)
}

// pause waits as long as the slot has to wait. It gives false when there is no more
// need for what comes after.
func (p *Pool) pause(s *slot, epoch int, ran time.Duration, reason string) bool {
	p.mu.Lock()
	wait := s.backoff.After(ran)
	s.waiting = reason
	over := p.closed || s.epoch != epoch
	p.mu.Unlock()
	if over {
		return false
	}
	p.config.Sink.Emit(event.Event{
		Kind: event.Worker, Severity: event.Medium, Actions: []event.Action{event.Reported}, Duration: wait,
		Message: fmt.Sprintf("scanner %d %s; the next is started in %v", s.number, reason, wait),
	})
	select {
	case <-p.ctx.Done():
		return false
	case <-p.config.After(wait):
		return true
	}
}

// Rules is the identity of the rules in use, in hexadecimal. It changes when they
// do.
func (p *Pool) Rules() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.identity
}

// Reload loads the rules anew, as Use does.
func (p *Pool) Reload(ctx context.Context) error {
	p.mu.Lock()
	rules := p.rules
	p.mu.Unlock()
	return p.Use(ctx, rules)
}

// Use loads other rules into new scanners, and ends the old ones one by one as
// the new are ready, each after the file it is at. When the rules cannot be loaded as
// they are named, that is the error, and all stays as it is.
func (p *Pool) Use(ctx context.Context, rules wire.Rules) error {
	p.reload.Lock()
	defer p.reload.Unlock()
	w, err := p.anew(ctx, rules, true)
	if err != nil {
		return err
	}
	before, now, from := p.Rules(), w.ready.Rules, w.rules
	for _, s := range p.slots {
		if w == nil && p.rests(s) {
			continue // it loads what there is when it is needed
		}
		if w == nil {
			w = p.same(ctx, rules, from, now) // nil: its slot tries until it has one
		}
		if !p.replace(s, w, rules, from) {
			return ErrClosed
		}
		w = nil
	}
	after := p.Rules()
	p.config.Sink.Emit(event.Event{
		Kind: event.Change, Severity: event.Info, Rules: after,
		Message: fmt.Sprintf("the scanners have loaded their rules anew: %.12s, before %.12s", after, before),
	})
	return nil
}

func (p *Pool) rests(s *slot) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.resting
}

// same starts a scanner that loads just what another has.
func (p *Pool) same(ctx context.Context, rules wire.Rules, from *compiled, identity string) *worker {
	w, err := p.launch(ctx, rules, from, true)
	if err != nil {
		return nil
	}
	if w.ready.Rules != identity {
		w.end()
		return nil
	}
	return w
}

// replace puts a worker in a slot from outside; the one there ends when it is done.
func (p *Pool) replace(s *slot, w *worker, rules wire.Rules, from *compiled) bool {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		if w != nil {
			w.process.Kill()
			w.end()
		}
		return false
	}
	p.rules, p.compiled = rules, from
	s.epoch++
	epoch := s.epoch
	old := s.worker
	if w != nil {
		p.identity = w.ready.Rules
	}
	p.mu.Unlock()
	if w == nil && old != nil {
		// Better the old rules than none: it stays until the new one is there.
		p.spawn(func() {
			if next := p.again(s, epoch); next != nil {
				p.retire(old)
				p.keep(s, epoch, next)
			}
		})
		return true
	}
	p.keep(s, epoch, w)
	p.retire(old)
	return true
}

// retire lets a worker end when it is done with its file.
func (p *Pool) retire(w *worker) {
	if w == nil {
		return
	}
	p.mu.Lock()
	w.retired = true
	p.wake.Broadcast()
	p.mu.Unlock()
}

// Close ends all scanners. Who waits for a verdict gets ErrClosed.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.queue.fail(ErrClosed)
	for process := range p.processes {
		process.Kill()
	}
	p.wake.Broadcast()
	p.mu.Unlock()
	p.cancel()
	p.group.Wait()
}

// tell tells what a scanner lacks, once for each thing.
func (p *Pool) tell(w *worker) {
	report := append(sandbox.Report{}, w.process.Report()...)
	for _, part := range append(report, w.ready.Sandbox...).Missing() {
		p.degraded(fmt.Sprintf("scanners run without %s (%s): %s", part.Name, part.Detail, part.Without), event.Medium)
	}
	for _, text := range w.ready.Warnings {
		p.degraded("scanners: "+text, event.High)
	}
}

func (p *Pool) degraded(text string, severity event.Severity) {
	p.mu.Lock()
	known := p.told[text]
	if len(p.told) < 1000 {
		p.told[text] = true
	}
	p.mu.Unlock()
	if !known {
		p.config.Sink.Emit(event.Event{Kind: event.Degraded, Severity: severity, Message: text})
	}
}
