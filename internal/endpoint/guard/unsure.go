package guard

import (
	"sync"
	"time"

	"vitrine/internal/endpoint/verdict"
)

// unsure remembers files that could not be looked at, or not wholly, so that a
// file that scanners die of is not handed to one at every use. What is on it is
// let through and was told once; after a while it is tried again.
type unsure struct {
	clock Clock
	mu    sync.Mutex
	until map[verdict.File]time.Time
}

const (
	unsureFor  = 5 * time.Minute
	mostUnsure = 4096
)

func newUnsure(c Clock) *unsure {
	return &unsure{clock: c, until: map[verdict.File]time.Time{}}
}

func (u *unsure) has(f verdict.File) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	until, ok := u.until[f]
	return ok && u.clock.Now().Before(until)
}

// put makes room by dropping what has expired, and any one when nothing has.
func (u *unsure) put(f verdict.File) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock.Now()
	if len(u.until) >= mostUnsure {
		for old, until := range u.until {
			if !now.Before(until) {
				delete(u.until, old)
			}
		}
	}
	for old := range u.until {
		if len(u.until) < mostUnsure {
			break
		}
		delete(u.until, old)
	}
	u.until[f] = now.Add(unsureFor)
}

func (u *unsure) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.until)
}
