package search

import "slices"

// addPart keeps a match of one link of a cut pattern.
func (s *Searcher) addPart(id int32, link uint16, m Match) {
	if anchor := s.patterns.At(id).Anchor; link == 0 && anchor >= 0 && m.Offset != anchor {
		return
	}
	s.slot(id)
	k := linkKey{id, link}
	l := s.parts[k]
	if l == nil {
		l = new(list)
		s.parts[k] = l
	}
	if !s.store(l, m, false) {
		s.cutBy(id, CutMatches)
	}
}

// part gives the matches of a link.
func (s *Searcher) part(id int32, link int) []Match {
	l := s.parts[linkKey{id, uint16(link)}]
	if l == nil {
		return nil
	}
	s.settle(l, false)
	return l.sorted
}

// chainAll joins the links of every cut pattern that has a match of its first.
func (s *Searcher) chainAll() error {
	var heads []int32
	for k := range s.parts {
		if k.link == 0 {
			heads = append(heads, k.pattern)
		}
	}
	slices.Sort(heads)
	for _, id := range heads {
		if err := s.look(); err != nil {
			return err
		}
		s.chain(id)
	}
	return s.err
}

// chain finds for each match of the first link the nearest end of a match of
// the whole pattern. It walks the links from the last to the first; ends[i] is
// where the whole pattern ends at the earliest when link i is at parts[i], or -1.
func (s *Searcher) chain(id int32) {
	p := s.patterns.At(id)
	last := len(p.Links) - 1
	next := s.part(id, last)
	ends := make([]int64, len(next))
	for i, m := range next {
		ends[i] = m.Offset + int64(m.Length)
	}
	for l := last - 1; l >= 0; l-- {
		here := s.part(id, l)
		ends = s.join(here, next, ends, &p.Links[l+1])
		next = here
	}
	for i, m := range next {
		if ends[i] >= 0 && s.spend(costCandidate) {
			s.add(id, Match{Offset: m.Offset, Length: int32(ends[i] - m.Offset)})
		}
	}
}

// joinPart is how many matches are joined between two counts of the work.
const joinPart = 1 << 10

// join gives for each match of a link the earliest whole end through a match of
// the next link that begins within the gap. next is in order of offset, and
// the first of next that fits is the nearest. A search that is stopped leaves
// the rest without ends.
func (s *Searcher) join(here, next []Match, ends []int64, gap *Link) []int64 {
	good := firstGood(ends)
	out := make([]int64, len(here))
	for i, m := range here {
		out[i] = -1
		if i%joinPart == 0 && !s.spend(costJoin*joinPart) {
			continue
		}
		low := m.Offset + int64(m.Length) + int64(gap.GapMin)
		j, _ := slices.BinarySearchFunc(next, low, func(n Match, t int64) int { return compareInt(n.Offset, t) })
		if j = good[j]; j < len(next) && (gap.GapMax < 0 || next[j].Offset <= m.Offset+int64(m.Length)+int64(gap.GapMax)) {
			out[i] = ends[j]
		}
	}
	return out
}

// firstGood gives for each i the first j >= i with an end, or the length.
func firstGood(ends []int64) []int {
	good := make([]int, len(ends)+1)
	good[len(ends)] = len(ends)
	for i := len(ends) - 1; i >= 0; i-- {
		good[i] = good[i+1]
		if ends[i] >= 0 {
			good[i] = i
		}
	}
	return good
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
