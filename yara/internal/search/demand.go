package search

import "slices"

// Found reports whether the pattern occurs.
func (s *Searcher) Found(id int32) bool {
	p := s.patterns[id]
	switch {
	case p.Anchor >= 0:
		return s.At(id, p.Anchor)
	case p.OnDemand:
		s.searchWhole(id)
	}
	return s.states[id].found
}

// Matches gives the matches in order of offset. They are complete when the
// pattern needs a list or Config.Lists is set.
func (s *Searcher) Matches(id int32) []Match {
	s.Found(id)
	return s.states[id].matches
}

// At reports whether the pattern occurs at an offset.
func (s *Searcher) At(id int32, offset int64) bool {
	p, st := s.patterns[id], &s.states[id]
	if p.Anchor >= 0 && offset != p.Anchor || offset < 0 || offset > int64(len(s.data)) {
		return false
	}
	if p.OnDemand && !st.whole && len(p.Links) == 1 {
		return s.tryAt(id, int(offset))
	}
	s.Found(id)
	_, ok := slices.BinarySearchFunc(st.matches, offset, func(m Match, t int64) int { return compareInt(m.Offset, t) })
	return ok
}

// tryAt matches an on-demand pattern at one offset.
func (s *Searcher) tryAt(id int32, offset int) bool {
	forms := s.patterns[id].Links[0].Forms
	for i := range forms {
		if s.verifyAt(id, 0, &forms[i], offset) {
			return true
		}
	}
	return false
}

// searchWhole looks for an on-demand pattern everywhere: the way out for the
// rare question that its offset does not answer.
func (s *Searcher) searchWhole(id int32) {
	st := s.slot(id)
	if st.whole {
		return
	}
	st.whole, st.full, st.found, st.matches = true, false, false, st.matches[:0]
	p := s.patterns[id]
	for l := range p.Links {
		for f := range p.Links[l].Forms {
			for at := 0; at <= len(s.data) && !st.full && s.tick(); at++ {
				s.verifyAt(id, uint16(l), &p.Links[l].Forms[f], at)
			}
		}
	}
	if len(p.Links) > 1 {
		s.chain(id)
	}
}

// searchSlow tries a form without a literal at every position that one of its
// first bytes stands at.
func (s *Searcher) searchSlow(r slowRef) error {
	form := &s.patterns[r.pattern].Links[r.link].Forms[r.form]
	first := &form.Program.First
	for from := 0; from < len(s.data); from += pieceLen {
		if s.look() != nil {
			break
		}
		for at := from; at < min(from+pieceLen, len(s.data)); at++ {
			if !first.Has(s.data[at]) {
				continue
			}
			if s.states[r.pattern].full || !s.tick() {
				return s.err
			}
			s.verifyAt(r.pattern, r.link, form, at)
		}
	}
	return s.err
}

// CutOf says which limits cut the search for a pattern.
func (s *Searcher) CutOf(id int32) Cut { return s.states[id].cut }

// Touched lists the patterns of which anything is known: matches or cuts.
func (s *Searcher) Touched() []int32 { return s.dirty }

// Err is the error that ended the search early, from Config.Stop.
func (s *Searcher) Err() error { return s.err }

// Data gives the bytes of a match.
func (s *Searcher) Data(m Match) []byte { return s.data[m.Offset : m.Offset+int64(m.Length)] }
