package guard

import (
	"fmt"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
)

// breaker notices that no verdict comes any more, whatever the reason. Without
// it every program that is not known would start later by a whole deadline, for
// as long as that lasts, and be let through all the same.
type breaker struct {
	mu     sync.Mutex
	streak int       // deadlines that have passed since the last verdict
	next   time.Time // when one question may wait again, to find out
}

const (
	mostMissed = 8
	probeEvery = time.Second
)

// open reports whether a question need not wait.
func (b *breaker) open(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.streak < mostMissed {
		return false
	}
	if now.Before(b.next) {
		return true
	}
	b.next = now.Add(probeEvery)
	return false
}

// missed counts a deadline; true when it opens the breaker.
func (b *breaker) missed(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streak++
	b.next = now.Add(probeEvery)
	return b.streak == mostMissed
}

// came counts a verdict; true when it closes the breaker.
func (b *breaker) came() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.streak >= mostMissed
	b.streak = 0
	return was
}

// giveUp is told after a deadline. A guard that refuses what was not looked at
// goes on waiting.
func (g *Guard) giveUp(now time.Time) {
	if g.breaker.missed(now) && !g.config.DenyOnTimeout {
		g.emit(event.Event{Kind: event.Degraded, Severity: event.High, Count: mostMissed,
			Message: fmt.Sprintf("no verdict came in time for %d files in a row: until one comes, files are looked at after they were let through", mostMissed)})
	}
}

// goOn is told after a verdict.
func (g *Guard) goOn() {
	if g.breaker.came() && !g.config.DenyOnTimeout {
		g.emit(event.Event{Kind: event.Degraded, Severity: event.Info, Message: "verdicts come again: files are looked at before they are let through"})
	}
}
