package search

import "vitrine/yara/internal/pattern"

// A Searcher asks Config.Stop whenever it has done about a millisecond of
// work. Work is counted in units of roughly two nanoseconds: what it takes to
// compare a byte.

// workPerLook is how much is done between two looks at the clock.
const workPerLook = 1 << 18

// What things cost.
const (
	costCandidate = 16
	costJoin      = 32 // one match of a link, searched for its neighbour
	costStraight  = 32
	costBranches  = workPerLook / 16
	branchesInsts = 64
)

// costOf is what one run of a program costs. One with branches may cost a
// hundred times as much as usual, so few of them run between two looks, and
// the fewer the longer they are.
func costOf(p *pattern.Program) int {
	if p.Straight {
		return costStraight + p.MinLen
	}
	return min(costBranches*(1+len(p.Insts)/branchesInsts), workPerLook)
}

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
