package sweep

import "sync"

// sequence knows up to where everything is done of what is done in any order.
type sequence struct {
	mu    sync.Mutex
	given int              // turns handed out
	upTo  int              // turns before it are all done
	done  map[int]position // done at or behind upTo
}

// begin gives the next turn.
func (s *sequence) begin() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given++
	return s.given - 1
}

// end says that a turn is done, and gives the last position up to which all
// are, if there is a new one.
func (s *sequence) end(turn int, at position) (last position, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = map[int]position{}
	}
	s.done[turn] = at
	for {
		p, done := s.done[s.upTo]
		if !done {
			return last, ok
		}
		delete(s.done, s.upTo)
		s.upTo++
		last, ok = p, true
	}
}
