package pattern

// blockLen is how many offsets All decides on at once, and effortPerByte how
// many bytes of vain matching per offset it takes before it looks for the
// possible starts first.
const (
	blockLen      = 1 << 14
	effortPerByte = 4
)

// All tries a program at every offset from from up to but without to, and
// yields the matches in rising order of start until yield returns false. It is
// for patterns that have no atoms. yield may use the Machine, but not for All.
//
// reverse is the same pattern compiled with Reverse; it may be nil. With it,
// data in which many starts go far and fail, as [a-z]*1 does in a text, are
// searched once backwards for the places where matches really start.
//
// limit and cut are those of Forward; where reverse was used for a pattern of
// unbounded length, cut also tells that some match may reach past the limit.
func (m *Machine) All(p, reverse *Program, data []byte, from, to, limit int, yield func(start, end int) bool) (cut bool) {
	if p.Anchored {
		to = min(to, 1)
	}
	for at := from; at < to; {
		stop := min(to, at+blockLen)
		next, more, blockCut := m.allInBlock(p, reverse, data, at, stop, limit, yield)
		cut = cut || blockCut
		if !more {
			break
		}
		at = next
	}
	return cut
}

// allInBlock works on [at, stop) and gives the first offset it did not do.
func (m *Machine) allInBlock(p, reverse *Program, data []byte, at, stop, limit int, yield func(start, end int) bool) (next int, more, cut bool) {
	effort, filtered, base := effortPerByte*(stop-at), false, at
	for ; at < stop; at++ {
		if !p.First.Has(data[at]) || filtered && !m.isPossible(at-base) {
			continue
		}
		end, ok, c := m.Forward(p, data, at, limit)
		cut = cut || c
		if ok {
			if !yield(at, end) {
				return at + 1, false, cut
			}
			continue
		}
		if effort -= m.spent; effort < 0 && !filtered && reverse != nil && !p.Straight {
			filtered, base = true, at+1
			m.findPossible(reverse, data, base, stop, limit)
			cut = cut || p.FixedLen < 0 && limit > 0 && stop+limit < len(data)
		}
	}
	return stop, true, cut
}

func (m *Machine) isPossible(i int) bool { return m.possible[i>>6]&(1<<(i&63)) != 0 }

// findPossible marks the offsets of [from, to) at which a match starts that
// ends within limit bytes of to: no other offset can start a match that
// Forward would find.
func (m *Machine) findPossible(reverse *Program, data []byte, from, to, limit int) {
	m.possible = append(m.possible[:0], make([]uint64, (to-from+63)/64)...)
	stop := len(data)
	if limit > 0 && limit < stop-to {
		stop = to + limit
	}
	reverse = reverse.ready()
	m.prepare(reverse)
	cur, next := m.cur[:0], m.next[:0]
	for pos := stop; pos >= from; pos-- {
		if m.halted(1 + len(cur)) {
			break
		}
		if pos == 0 || reverse.First.Has(data[pos-1]) {
			cur = m.add(reverse, cur, 0, data, pos)
		}
		m.advance()
		next = next[:0]
		for _, pc := range cur {
			in := &reverse.Insts[pc]
			switch {
			case in.Op == OpMatch:
				if pos < to {
					m.possible[(pos-from)>>6] |= 1 << ((pos - from) & 63)
				}
			case pos > from && reverse.matches(in, data[pos-1]):
				next = m.step(reverse, next, pc+1, data, pos-1)
			}
		}
		cur, next = next, cur
	}
	m.cur, m.next = cur, next
}
