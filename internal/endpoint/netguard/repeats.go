package netguard

import (
	"fmt"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
)

// A program that is refused tries again, some thousand times a second. Its like
// is told once, and then how often, at the end of the window.
const (
	repeatWindow = 30 * time.Second
	repeatMost   = 4096 // different ones held at once; more are told each
)

type repeatKey struct {
	pid             int
	uid             uint32
	by, to          string
	port            int
	protocol, where string
}

type repeated struct {
	until time.Time
	more  int64
	last  time.Time
	told  event.Event
}

type repeats struct {
	now  func() time.Time
	mu   *sync.Mutex
	held map[repeatKey]*repeated
}

func newRepeats(now func() time.Time) repeats {
	return repeats{now: now, mu: new(sync.Mutex), held: map[repeatKey]*repeated{}}
}

func keyOf(e event.Event) repeatKey {
	c := e.Connection
	k := repeatKey{by: c.By, to: c.Address + c.Name, port: c.Port, protocol: c.Protocol, where: c.Direction}
	if e.Process != nil {
		k.pid, k.uid = e.Process.PID, e.Process.UID
	}
	return k
}

// again says whether the like of an event was told a moment ago, and counts it.
func (r *repeats) again(k repeatKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, now := r.held[k], r.now()
	if h == nil || h.more == 0 && !now.Before(h.until) {
		return false
	}
	h.more, h.last = h.more+1, now
	return true
}

// tell keeps in mind that an event was told.
func (r *repeats) tell(k repeatKey, e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[k] != nil || len(r.held) < repeatMost {
		r.held[k] = &repeated{until: r.now().Add(repeatWindow), told: e}
	}
}

// due gives what was held back and whose time has come.
func (r *repeats) due() []event.Event { return r.take(r.now()) }

// all gives everything that was held back.
func (r *repeats) all() []event.Event { return r.take(time.Time{}) }

func (r *repeats) take(now time.Time) (out []event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, h := range r.held {
		if !now.IsZero() && now.Before(h.until) {
			continue
		}
		if h.more > 0 {
			e := h.told
			e.Time, e.Count = h.last, h.more
			e.Message += fmt.Sprintf(" (%d times more)", h.more)
			out = append(out, e)
		}
		delete(r.held, k)
	}
	return out
}
