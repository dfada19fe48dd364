package worker

import (
	"time"

	"vitrine/internal/endpoint/verdict"
)

// poison remembers the files that scanners died of, so that none is tried in a
// loop. A file is tried again after a while, since a scanner may also have been killed
// by somebody else; each time that it proves to be poisonous, the while is longer.
type poison struct {
	first time.Duration
	files map[verdict.File]poisoned
}

type poisoned struct {
	why   string
	until time.Time
	wait  time.Duration
}

const (
	maxPoisoned = 4096
	longest     = time.Hour
)

func newPoison(first time.Duration) poison {
	return poison{first, map[verdict.File]poisoned{}}
}

// add remembers a file.
func (p *poison) add(f verdict.File, why string, now time.Time) {
	wait := p.first
	if before, ok := p.files[f]; ok {
		wait = min(before.wait*8, max(longest, p.first))
	} else if len(p.files) >= maxPoisoned {
		p.makeRoom(now)
	}
	p.files[f] = poisoned{why, now.Add(wait), wait}
}

// makeRoom forgets what is long over, or else anything.
func (p *poison) makeRoom(now time.Time) {
	for f, x := range p.files {
		if now.After(x.until.Add(longest)) {
			delete(p.files, f)
		}
	}
	for f := range p.files {
		if len(p.files) < maxPoisoned {
			return
		}
		delete(p.files, f)
	}
}

// why says why a file is not tried now.
func (p *poison) why(f verdict.File, now time.Time) (string, bool) {
	x, ok := p.files[f]
	if !ok || !now.Before(x.until) {
		return "", false
	}
	return "not tried again so soon: a scanner " + x.why, true
}

// fine forgets a file that came through.
func (p *poison) fine(f verdict.File) { delete(p.files, f) }
