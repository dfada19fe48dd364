package search

import "vitrine/yara/internal/pattern"

// A Searcher asks Config.Stop whenever it has done about a millisecond of
// work. Work is counted in units of roughly two nanoseconds: what it takes to
// compare a byte.

// workPerLook is how much is done between two looks at the clock.
const workPerLook = 1 << 18

// What things cost. Programs with branches are looked after by the Machine,
// which counts the steps it takes.
const (
	costCandidate = 16
	costJoin      = 32 // one match of a link, searched for its neighbour
	costProgram   = 64
)

func costOf(p *pattern.Program) int { return costProgram + p.MinLen }

// spend counts work and looks at the clock when it is time. It reports
// whether the search may go on.
func (s *Searcher) spend(units int) bool {
	if s.work += units; s.work >= workPerLook {
		s.look()
	}
	return s.err == nil
}

// look asks whether to stop.
func (s *Searcher) look() error {
	s.work = 0
	if s.err == nil {
		s.err = s.config.Stop()
	}
	return s.err
}
