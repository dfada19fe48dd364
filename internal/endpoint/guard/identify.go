package guard

import (
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/process"
)

// Looking at a process reads its memory, and a process can have made that last
// for as long as it likes: so it is bounded in time, and in how many looks may
// hang.
const (
	lookTime   = 200 * time.Millisecond
	maxLookers = 16
)

// identify fills in who did it, once.
func (g *Guard) identify(s *subject) {
	if s.who != nil {
		return
	}
	s.who = &event.Process{PID: s.event.PID}
	if known, ok := g.config.Table.Latest(s.event.PID); ok {
		s.who = &known
	}
	h := g.hold(s)
	if h == nil {
		return
	}
	select {
	case g.lookers <- struct{}{}:
	default: // too many hang
		h.Close()
		return
	}
	seen := make(chan *event.Process, 1)
	go func() {
		defer func() { <-g.lookers }()
		defer h.Close()
		if p, err := g.config.Processes.LookHeld(h); err == nil {
			seen <- &p
		}
		close(seen)
	}()
	late := make(chan struct{})
	defer g.clock.After(lookTime, func() { close(late) })()
	select {
	case p, ok := <-seen:
		if ok {
			s.who = p
		}
	case <-late:
	}
}

// hold takes hold of who did it; nil when it cannot be told any more. A number
// alone is believed only while its owner waits for an answer.
func (g *Guard) hold(s *subject) *process.Handle {
	var h *process.Handle
	var err error
	switch {
	case s.event.PID <= 0:
		return nil
	case s.handle != nil:
		h, err = s.handle.Again()
	case s.event.PIDFD >= 0:
		h, err = process.Hold(s.event.PID, s.event.PIDFD)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return h
}
