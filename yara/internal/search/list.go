package search

import "slices"

// list keeps matches in order of offset, one for each offset: the shortest, or
// with longest the longest, so that the order in which they are found does not
// tell. Most matches come in order. Those that do not
// wait in late until they are worth a merge, so that n matches cost
// O(n log n) in whatever order they come.
type list struct {
	sorted []Match
	late   []Match // none of them at an offset of sorted; maybe twice the same
}

// lateMin and lateMax are how many matches wait before they are merged, at
// least and at most: sorting more takes too long between two looks at the clock.
const (
	lateMin = 256
	lateMax = 1 << 14
)

// meet takes another match at the same offset and keeps one of the two.
func (m *Match) meet(other Match, longest bool) {
	if longest == (other.Length > m.Length) && other.Length != m.Length {
		*m = other
	}
}

// known takes a match of an offset that is in the list already.
func (l *list) known(m Match, longest bool) bool {
	n := len(l.sorted)
	if n == 0 || l.sorted[n-1].Offset < m.Offset {
		return false
	}
	i, ok := l.find(m.Offset)
	if !ok {
		return l.waits(m, longest)
	}
	l.sorted[i].meet(m, longest)
	return true
}

// waits is known for the match that came late last: one text is often found
// through two literals in a row.
func (l *list) waits(m Match, longest bool) bool {
	n := len(l.late)
	if n == 0 || l.late[n-1].Offset != m.Offset {
		return false
	}
	l.late[n-1].meet(m, longest)
	return true
}

// find gives the place of the first merged match at offset or behind it.
func (l *list) find(offset int64) (i int, ok bool) {
	return slices.BinarySearchFunc(l.sorted, offset, func(m Match, t int64) int { return compareInt(m.Offset, t) })
}

// add takes a match that is not known.
func (l *list) add(m Match) {
	if n := len(l.sorted); n == 0 || l.sorted[n-1].Offset < m.Offset {
		l.sorted = append(l.sorted, m)
		return
	}
	l.late = append(l.late, m)
}

// crowded tells that a merge is due.
func (l *list) crowded() bool { return len(l.late) >= min(lateMin+len(l.sorted)/4, lateMax) }

// size counts the matches, those that came late twice counted twice.
func (l *list) size() int { return len(l.sorted) + len(l.late) }

// settle merges what came late. It tells how many matches were there twice.
func (l *list) settle(longest bool) (twice int) {
	if len(l.late) == 0 {
		return 0
	}
	before := l.size()
	slices.SortStableFunc(l.late, func(a, b Match) int { return compareInt(a.Offset, b.Offset) })
	late := unique(l.late, longest)
	i, j := len(l.sorted)-1, len(late)-1
	l.sorted = append(l.sorted, late...)
	for at := len(l.sorted) - 1; j >= 0; at-- {
		if i >= 0 && l.sorted[i].Offset > late[j].Offset {
			l.sorted[at] = l.sorted[i]
			i--
			continue
		}
		l.sorted[at] = late[j]
		j--
	}
	l.late = l.late[:0]
	return before - len(l.sorted)
}

// unique leaves one match for each offset of a sorted list.
func unique(m []Match, longest bool) []Match {
	out := m[:1]
	for _, x := range m[1:] {
		last := &out[len(out)-1]
		if x.Offset != last.Offset {
			out = append(out, x)
			continue
		}
		last.meet(x, longest)
	}
	return out
}

// reset empties the list. It keeps the memory when there is room for that
// much, and tells how much it has now in matches.
func (l *list) reset(room int) int {
	has := cap(l.sorted) + cap(l.late)
	if has > room {
		*l = list{}
		return 0
	}
	l.sorted, l.late = l.sorted[:0], l.late[:0]
	return has
}
