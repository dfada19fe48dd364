package eventlog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vitrine/internal/endpoint/event"
)

// Whoever may run a program may run a blocked one in a loop. So that this does
// not push everything else out of what is kept, events that say the same are told
// one by one at first, and then together.
const (
	alike     = 20          // of them are told one by one
	together  = time.Minute // and the others once in this time
	maxAlikes = 4096        // different ones that are remembered; others are told one by one
)

// likeness is what events that say the same have in common.
type likeness struct {
	kind                     event.Kind
	actions, path, hash, exe string
	uid                      uint32
	address, name, message   string
	port                     int
}

// repeat counts events that say the same.
type repeat struct {
	began  time.Time
	told   int
	silent int64       // not told yet
	last   event.Event // of them
}

// repeats is who comes again and again. It belongs to one goroutine.
type repeats map[likeness]*repeat

// tellOneByOne says which kinds are told one by one however often they come:
// those that people cause, one at a time.
func tellOneByOne(k event.Kind) bool {
	return slices.Contains([]event.Kind{event.Quarantine, event.Switch, event.Gap, event.Sweep, event.Change, event.Lost}, k)
}

func likenessOf(e *event.Event) likeness {
	l := likeness{kind: e.Kind, actions: strings.Join(texts(e.Actions), ",")}
	if e.Process != nil {
		l.exe, l.uid = e.Process.Exe, e.Process.UID
	}
	switch {
	case e.File != nil:
		l.path, l.hash = e.File.Path, e.File.Hash
	case e.Connection != nil:
		l.address, l.port, l.name = e.Connection.Address, e.Connection.Port, e.Connection.Name
	default:
		l.message = e.Message
	}
	return l
}

// silence says whether an event has been told often enough for now.
func (r repeats) silence(e *event.Event, now time.Time) bool {
	if tellOneByOne(e.Kind) {
		return false
	}
	key := likenessOf(e)
	seen := r[key]
	switch {
	case seen == nil && len(r) >= maxAlikes:
		return false
	case seen == nil:
		seen = &repeat{began: now}
		r[key] = seen
	}
	if seen.told < alike {
		seen.told++
		return false
	}
	seen.silent++
	seen.last = *e
	return true
}

// due gives what there is to tell of those that were not told, and forgets what
// has not come again for as long; at the end of the log everything is due.
func (r repeats) due(now time.Time, end bool) []event.Event {
	var out []event.Event
	for key, seen := range r {
		if !end && now.Sub(seen.began) < together {
			continue
		}
		if seen.silent == 0 {
			delete(r, key)
			continue
		}
		e := seen.last
		e.Count, e.Duration = seen.silent, now.Sub(seen.began)
		e.Message = fmt.Sprintf("%s (%d more of these within %s)", e.Message, seen.silent, e.Duration.Round(time.Second))
		out = append(out, e)
		*seen = repeat{began: now, told: alike}
	}
	slices.SortFunc(out, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	return out
}
