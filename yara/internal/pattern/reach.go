package pattern

import "math/bits"

// A straight program with gaps, as most hex strings with jumps are, is run by
// the places it may have reached: a row of bits, one for each place. A gap
// spreads them, all else leaves those where it holds. Most runs end at the first
// byte behind the first gap, for which threads took a hundred times as long.

// maxGap is the most bytes that OpGap may leave open.
const maxGap = 4096

// reach is a run. Place i is base+i, or base-i in reverse programs.
type reach struct {
	program *Program
	data    []byte
	base    int
	stop    int // no place is beyond
	set     []uint64
	lost    bool // some place would be beyond stop
}

// reach runs a straight program from instruction i on. It is false when nothing
// is left, and when it was told to stop.
func (m *Machine) reach(p *Program, i int, data []byte, at, stop int) (ok, cut bool) {
	m.places = append(m.places[:0], 1)
	r := &m.run
	*r = reach{program: p, data: data, base: at, stop: stop, set: m.places}
	for ; ; i++ {
		in := &p.Insts[i]
		left := 0
		switch in.Op {
		case OpMatch:
			ok = true
		case OpGap:
			left = r.spread(int(in.X), int(in.Y))
		case OpSkip:
			left = r.advance(int(in.X))
		default:
			left = r.filter(in)
		}
		if m.places = r.set; ok || left == 0 {
			break
		}
		if m.halted(left) {
			r.lost = true
			break
		}
	}
	r.data = nil
	edge := len(data)
	if p.Reverse {
		edge = 0
	}
	return ok, r.lost && stop != edge
}

// ahead moves a place by n bytes in the direction of the program.
func (r *reach) ahead(at, n int) int {
	if r.program.Reverse {
		return at - n
	}
	return at + n
}

// room is the number of bytes from base to stop.
func (r *reach) room() int {
	if r.program.Reverse {
		return r.base - r.stop
	}
	return r.stop - r.base
}

// spread lets least to most bytes pass. It gives the number of places left, as
// the others do.
func (r *reach) spread(least, most int) int {
	width := most - least
	words := (min(64*len(r.set)+width, max(r.room(), 0)) + 64) / 64
	if high := r.highest() + most; high > r.room() {
		r.lost = true
	}
	for len(r.set) < words {
		r.set = append(r.set, 0)
	}
	done := 1
	for ; 2*done <= width+1; done *= 2 {
		r.spill(done)
	}
	r.spill(width + 1 - done)
	return r.advance(least)
}

// spill adds to each place the one n further on.
func (r *reach) spill(n int) {
	if n == 0 {
		return
	}
	words, shift := n/64, n%64
	for i := len(r.set) - 1; i >= words; i-- {
		r.set[i] |= r.set[i-words] << shift
		if shift > 0 && i > words {
			r.set[i] |= r.set[i-words-1] >> (64 - shift)
		}
	}
}

// highest gives the number of the last place, -1 where there is none.
func (r *reach) highest() int {
	for i := len(r.set) - 1; i >= 0; i-- {
		if r.set[i] != 0 {
			return 64*i + bits.Len64(r.set[i]) - 1
		}
	}
	return -1
}

// advance moves all places by n bytes and drops those beyond the stop.
func (r *reach) advance(n int) (left int) {
	r.base = r.ahead(r.base, n)
	room := r.room()
	for i, w := range r.set {
		if valid := room + 1 - 64*i; valid < 64 {
			kept := w & (1<<max(valid, 0) - 1)
			r.lost = r.lost || kept != w
			r.set[i] = kept
		}
		left += bits.OnesCount64(r.set[i])
	}
	return left
}

// filter leaves the places where an instruction holds, and moves them behind
// what it takes.
func (r *reach) filter(in *Inst) (left int) {
	for i, w := range r.set {
		for m := w; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			if r.holds(in, r.ahead(r.base, 64*i+bit)) {
				left++
			} else {
				w &^= 1 << bit
			}
		}
		r.set[i] = w
	}
	switch in.Op {
	case OpAssert:
	case OpText:
		r.base = r.ahead(r.base, int(in.Y))
	default:
		r.base = r.ahead(r.base, 1)
	}
	return left
}

func (r *reach) holds(in *Inst, at int) bool {
	p, size := r.program, 1
	switch in.Op {
	case OpAssert:
		return holds(look(in.Val), in.Mask != 0, r.data, at)
	case OpText:
		size = int(in.Y)
	}
	from, to := at, at+size
	if p.Reverse {
		from, to = at-size, at
	}
	if p.Reverse && from < r.stop || !p.Reverse && to > r.stop {
		r.lost = true
		return false
	}
	if in.Op == OpText {
		return string(r.data[from:to]) == string(p.Text[in.X:in.X+in.Y])
	}
	return p.matches(in, r.data[from])
}

// forwardReach is forwardStraight from a gap on: the nearest end is that of the
// lazy gaps a hex string has.
func (m *Machine) forwardReach(p *Program, i int, data []byte, at, stop int) (end int, ok, cut bool) {
	ok, cut = m.reach(p, i, data, at, stop)
	if !ok {
		return 0, false, cut
	}
	if p.Longest {
		return m.run.base + m.run.highest(), true, cut
	}
	for i, w := range m.run.set {
		if w != 0 {
			return m.run.base + 64*i + bits.TrailingZeros64(w), true, false
		}
	}
	return 0, false, cut
}

// backwardReach is backwardStraight from a gap on.
func (m *Machine) backwardReach(p *Program, i int, data []byte, at, stop int) (cut bool) {
	ok, cut := m.reach(p, i, data, at, stop)
	if !ok {
		return cut
	}
	for i, w := range m.run.set {
		for ; w != 0; w &= w - 1 {
			m.starts = append(m.starts, m.run.base-64*i-bits.TrailingZeros64(w))
		}
	}
	return cut
}
