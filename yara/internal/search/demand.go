package search

import "bytes"

// Found reports whether the pattern occurs.
func (s *Searcher) Found(id int32) bool {
	p := s.patterns.At(id)
	switch {
	case p.OnDemand && p.Anchor >= 0:
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
	st := &s.states[id]
	s.settle(&st.matches, s.patterns.At(id).Greedy)
	return st.matches.sorted
}

// Count gives the number of matches from offset low to high, both included.
func (s *Searcher) Count(id int32, low, high int64) int {
	s.Matches(id)
	l := &s.states[id].matches
	from, _ := l.find(low)
	to, ok := l.find(high)
	if ok {
		to++
	}
	return max(to-from, 0)
}

// At reports whether the pattern occurs at an offset.
func (s *Searcher) At(id int32, offset int64) bool {
	p := s.patterns.At(id)
	switch {
	case p.Anchor >= 0 && offset != p.Anchor, offset < 0, offset >= int64(len(s.data)):
		return false
	case p.OnDemand:
		return s.tryAt(id, int(offset))
	}
	s.Matches(id)
	_, ok := s.states[id].matches.find(offset)
	return ok
}

// tryAt matches an on-demand pattern, which is never cut, at one offset. Only
// an anchored one keeps the match: others may be asked at many offsets.
func (s *Searcher) tryAt(id int32, offset int) bool {
	p := s.patterns.At(id)
	forms := p.Links[0].Forms
	for i := range forms {
		form := &forms[i]
		if !s.spend(costCandidate) {
			return false
		}
		s.tried(id)
		end, key, ok := s.matchForm(id, form, offset)
		if !ok || !p.accepts(s.data, form, offset, end, key) {
			continue
		}
		s.hit(id)
		if p.Anchor >= 0 {
			s.add(id, Match{Offset: int64(offset), Length: int32(end - offset), Key: key})
		}
		return true
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
	st.whole = true
	forms := s.patterns.At(id).Links[0].Forms
	for f := range forms {
		form := &forms[f]
		for at := 0; at < len(s.data) && !st.full; at++ {
			next := form.next(s.data, at)
			if !s.spend(costCandidate + (next-at)/16) {
				return
			}
			at = next
			s.tried(id)
			s.verifyAt(id, 0, form, at)
		}
	}
}

// next gives a place from at on before which the form does not stand, a
// little further on at most.
func (f *Form) next(data []byte, at int) int {
	if f.Literal == nil || f.NoCase || f.Xor {
		return at
	}
	end := min(len(data), at+pieceLen+len(f.Literal))
	if i := bytes.Index(data[at:end], f.Literal); i >= 0 {
		return at + i
	}
	// It may begin here and end behind the end.
	return max(at, end-len(f.Literal)+1)
}

// searchSlow tries a form without a literal at every position that one of its
// first bytes stands at.
func (s *Searcher) searchSlow(r Slow) error {
	form := s.patterns.At(r.Pattern).form(r.Link, r.Form)
	if form == nil || form.Program == nil {
		return nil
	}
	first := &form.Program.First
	for from := 0; from < len(s.data); from += pieceLen {
		if s.look() != nil {
			break
		}
		for at := from; at < min(from+pieceLen, len(s.data)); at++ {
			if !first.Has(s.data[at]) {
				continue
			}
			if s.states[r.Pattern].full || !s.spend(costCandidate) {
				return s.err
			}
			s.tried(r.Pattern)
			s.verifyAt(r.Pattern, uint16(r.Link), form, at)
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
