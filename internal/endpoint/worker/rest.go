package worker

import "time"

// Scanners hold their rules in memory, each for itself. So there are only as many as
// have something to do, and a few that wait; the others rest, and are started when
// there is more. Rules that take long to load keep all of them: then nobody could
// wait for a start.

// slow is how long rules may take to load for scanners to rest.
const slow = 2 * time.Second

// stay is how many scanners do not rest. Holding the lock.
func (p *Pool) stay() int {
	switch {
	case p.slow:
		return len(p.slots)
	case p.config.Idle > 0:
		return p.config.Idle
	}
	return 1
}

// rest waits until a slot without a scanner is needed. It gives false when it never
// will be.
func (p *Pool) rest(s *slot, epoch int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.resting = true
	defer func() { s.resting = false }()
	for {
		switch {
		case p.closed || s.epoch != epoch:
			return false
		case p.present() < p.stay() || p.short():
			p.starting++
			return true
		}
		p.wake.Wait()
	}
}

// started is said when a start has ended, well or not.
func (p *Pool) started() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	p.wake.Broadcast()
}

// present counts the scanners that are there, or are being started.
func (p *Pool) present() int {
	n := p.starting
	for _, s := range p.slots {
		if w := s.worker; w != nil && !w.dead && !w.retired && !w.resting {
			n++
		}
	}
	return n
}

// short tells whether more wait than there are scanners free for.
func (p *Pool) short() bool {
	free := p.free() + p.starting
	urgent := 0
	for class := range p.queue.waiting {
		if Class(class) != Background {
			urgent += len(p.queue.waiting[class])
		}
	}
	return urgent > free || len(p.queue.waiting[Background]) > 0 && free < 2
}

// idled tells whether a scanner that has nothing to do is to rest.
func (p *Pool) idled(w *worker, since time.Time) bool {
	return p.config.Now().Sub(since) >= p.config.Linger && p.present() > p.stay()
}

// tick wakes those that wait, so that they see how long they have.
func (p *Pool) tick() {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.config.After(p.config.Linger / 2):
			p.mu.Lock()
			p.wake.Broadcast()
			p.mu.Unlock()
		}
	}
}
