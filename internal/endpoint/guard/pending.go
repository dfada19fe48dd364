package guard

import (
	"container/list"
	"context"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

// pending is the files that are to be looked at and that nobody waits for, in
// the order they came: each file once, however often it was written. A file that
// is being looked at and is written again comes again afterwards.
type pending struct {
	most  int
	ready chan struct{} // holds a token while there may be something to take

	mu      sync.Mutex
	order   *list.List // of *subject
	by      map[inode]*list.Element
	running map[inode]bool
	closed  bool
}

func newPending(most int) *pending {
	return &pending{most: most, ready: make(chan struct{}, 1), order: list.New(), by: map[inode]*list.Element{}, running: map[inode]bool{}}
}

// put takes s over; false when there is no room for it, and it stays the
// caller's.
func (p *pending) put(s *subject) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := inodeOf(s.id)
	if old, ok := p.by[i]; ok {
		was := old.Value.(*subject)
		if was.class < s.class { // who ran it is worth more to know than who wrote it
			s.close()
			return true
		}
		was.close()
		old.Value = s
		return true
	}
	if p.closed || p.order.Len() >= p.most {
		return false
	}
	p.by[i] = p.order.PushBack(s)
	p.wake()
	return true
}

// take waits for a file that nobody looks at now; nil when ctx has ended. done
// must be called for it.
func (p *pending) take(ctx context.Context) *subject {
	for {
		if s := p.next(); s != nil {
			return s
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.ready:
		}
	}
}

func (p *pending) next() *subject {
	p.mu.Lock()
	defer p.mu.Unlock()
	for e := p.order.Front(); e != nil; e = e.Next() {
		s := e.Value.(*subject)
		i := inodeOf(s.id)
		if p.running[i] {
			continue
		}
		p.order.Remove(e)
		delete(p.by, i)
		p.running[i] = true
		if p.order.Len() > 0 {
			p.wake()
		}
		return s
	}
	return nil
}

func (p *pending) done(i inode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, i)
	p.wake()
}

// wake lets one more goroutine look. Holding the lock.
func (p *pending) wake() {
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

func (p *pending) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order.Len()
}

// close gives back what nobody will look at any more.
func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for e := p.order.Front(); e != nil; e = e.Next() {
		e.Value.(*subject).close()
	}
	p.order.Init()
	clear(p.by)
}

// scribe looks at one pending file after the other.
func (g *Guard) scribe(ctx context.Context) {
	for {
		s := g.pending.take(ctx)
		if s == nil {
			return
		}
		i, begun := inodeOf(s.id), g.clock.Now()
		g.review(s)
		s.close()
		g.rest(i, g.clock.Now().Sub(begun))
	}
}

// A file that is written again and again, such as a log, is looked at for a tenth
// of the time at most.
const (
	restFactor = 9
	noRest     = time.Millisecond // what took no longer needs none
	longRest   = 5 * time.Second
)

// rest lets a file be looked at again after a while.
func (g *Guard) rest(i inode, took time.Duration) {
	if took < noRest {
		g.pending.done(i)
		return
	}
	g.clock.After(min(restFactor*took, longRest), func() { g.pending.done(i) })
}

// review looks at a file that was written, or run or opened without waiting.
func (g *Guard) review(s *subject) {
	if now, ok := stateOf(int(s.open().Fd())); ok {
		s.id = now // it may have been written again since
	}
	v, ok := g.config.Cache.Get(s.id)
	if !ok {
		if g.unsure.has(s.id) {
			return
		}
		g.identify(s) // while it may still be there
		v = g.look(s)
	}
	switch {
	case v.State == verdict.Malicious:
		var done []event.Action
		if s.refused {
			done = append(done, event.Blocked)
		}
		g.act(s, v, done, s.class == Exec && !s.refused)
	case v.State == verdict.Clean, g.ctx.Err() != nil:
	default:
		g.uncertain(s, v)
	}
}
