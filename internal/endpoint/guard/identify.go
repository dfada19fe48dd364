package guard

import (
	"os"
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

// identify fills in who did it, and whose root its path is seen from, once.
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
	s.root = g.rootOf(h)
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

// rootOf opens the root that a process's paths are seen from, when it lives in
// another mount namespace than the guard; nil otherwise, or when it has ended.
func (g *Guard) rootOf(h *process.Handle) (root *os.File) {
	g.config.Processes.Visit(h.PID, func(r process.Running) bool {
		if theirs := r.MountNamespace(); theirs != 0 && theirs != g.own.namespace && h.Alive() {
			root, _ = r.Root() // what has ended has none
		}
		return true
	})
	return root
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
