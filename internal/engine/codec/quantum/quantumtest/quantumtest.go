// Package quantumtest compresses with Quantum, for tests only: greedily, with
// the models of the decoder written a second time, as sums kept in a plain way.
package quantumtest

import "sort"

const (
	frameSize = 32 << 10
	maxMatch  = 259
)

// Frames compresses data for a window of 2^size bytes: one element for each
// 32 KiB of it.
func Frames(data []byte, size uint) [][]byte {
	e := &encoder{data: data, window: 1 << size, last: map[[3]byte]int{}}
	slots := 2 * int(size)
	e.selector = newModel(0, 7)
	for i := range e.literal {
		e.literal[i] = newModel(64*i, 64)
	}
	e.three, e.four, e.long, e.length = newModel(0, min(slots, 24)), newModel(0, min(slots, 36)), newModel(0, slots), newModel(0, 27)
	var out [][]byte
	for at := 0; at < len(data); at += frameSize {
		out = append(out, e.frame(at, min(at+frameSize, len(data))))
	}
	return out
}

// entry is a symbol and how often it came.
type entry struct{ symbol, count int }

// model is a list of symbols in their order.
type model struct {
	list  []entry
	sorts int
}

func newModel(first, n int) *model {
	m := &model{sorts: 4}
	for i := range n {
		m.list = append(m.list, entry{first + i, 1})
	}
	return m
}

// below is the sum of all counts from place i on.
func (m *model) below(i int) int {
	sum := 0
	for _, e := range m.list[i:] {
		sum += e.count
	}
	return sum
}

func (m *model) learn(i int) {
	if m.list[i].count += 8; m.below(0) <= 3800 {
		return
	}
	if m.sorts--; m.sorts > 0 {
		sums := make([]int, len(m.list)+1)
		for k := len(m.list) - 1; k >= 0; k-- {
			sums[k] = m.below(k)
		}
		for k := len(m.list) - 1; k >= 0; k-- {
			sums[k] = max(sums[k]/2, sums[k+1]+1)
			m.list[k].count = sums[k] - sums[k+1]
		}
		return
	}
	m.sorts = 50
	for k := range m.list {
		m.list[k].count = (m.list[k].count + 1) / 2
	}
	for i := range m.list { // exchanging, as the decoder must
		for j := i + 1; j < len(m.list); j++ {
			if m.list[i].count < m.list[j].count {
				m.list[i], m.list[j] = m.list[j], m.list[i]
			}
		}
	}
}

type encoder struct {
	data                       []byte
	window                     int
	last                       map[[3]byte]int
	selector, three, four      *model
	long, length               *model
	literal                    [4]*model
	low, high, pending, shifts int
	code                       []byte // bits of the coder
	raw                        []rawBits
}

// rawBits are bits that come before a bit of the coder.
type rawBits struct {
	before int
	bits   []byte
}

func (e *encoder) frame(at, end int) []byte {
	e.low, e.high, e.pending, e.shifts = 0, 0xffff, 0, 0
	e.code, e.raw = nil, nil
	for at < end {
		n, offset := e.find(at, min(end-at, maxMatch))
		if n == 0 {
			n = 1
			c := int(e.data[at])
			e.encode(e.selector, c>>6)
			e.encode(e.literal[c>>6], c)
		} else {
			e.match(n, offset)
		}
		for i := at; i < at+n && i+3 <= len(e.data); i++ {
			e.last[[3]byte(e.data[i:])] = i
		}
		at += n
	}
	return e.flush()
}

func (e *encoder) find(at, most int) (n, offset int) {
	if at+3 > len(e.data) || most < 3 {
		return 0, 0
	}
	from, ok := e.last[[3]byte(e.data[at:])]
	if !ok || at-from > e.window {
		return 0, 0
	}
	for n < most && e.data[from+n] == e.data[at+n] {
		n++
	}
	for _, short := range []struct{ n, slots int }{{3, len(e.three.list)}, {4, len(e.four.list)}} {
		if n == short.n && slot(at-from-1, offsets(short.slots)) >= short.slots {
			return 0, 0
		}
	}
	return n, at - from
}

// span is a symbol's lowest value and the bits that follow it.
type span struct{ base, extra int }

func offsets(n int) []span {
	var out []span
	for base, s := 0, 0; s < n; s++ {
		extra := max(s/2-1, 0)
		out = append(out, span{base, extra})
		base += 1 << extra
	}
	return out
}

func lengthSpans() []span {
	var out []span
	base := 0
	for s := range 26 {
		extra := 0
		if s >= 6 {
			extra = (s - 2) / 4
		}
		out = append(out, span{base, extra})
		base += 1 << extra
	}
	return append(out, span{254, 0})
}

// slot finds the symbol of a value; too many when it has none.
func slot(v int, list []span) int {
	i := sort.Search(len(list), func(i int) bool { return list[i].base > v }) - 1
	if v >= list[i].base+1<<list[i].extra {
		return len(list)
	}
	return i
}

func (e *encoder) match(n, offset int) {
	where := e.long
	switch n {
	case 3:
		e.encode(e.selector, 4)
		where = e.three
	case 4:
		e.encode(e.selector, 5)
		where = e.four
	default:
		e.encode(e.selector, 6)
		e.value(e.length, n-5, lengthSpans())
	}
	e.value(where, offset-1, offsets(len(where.list)))
}

func (e *encoder) value(m *model, v int, list []span) {
	s := slot(v, list)
	e.encode(m, s)
	rest := v - list[s].base
	r := rawBits{before: 16 + e.shifts}
	for k := list[s].extra - 1; k >= 0; k-- {
		r.bits = append(r.bits, byte(rest>>k&1))
	}
	e.raw = append(e.raw, r)
}

func (e *encoder) encode(m *model, symbol int) {
	i := 0
	for m.list[i].symbol != symbol {
		i++
	}
	width, total := e.high-e.low+1, m.below(0)
	e.high = e.low + m.below(i)*width/total - 1
	e.low += m.below(i+1) * width / total
	m.learn(i)
	for {
		switch {
		case (e.low^e.high)&0x8000 == 0:
			e.put(e.low >> 15)
		case e.low&0x4000 != 0 && e.high&0x4000 == 0:
			e.pending++
			e.low &= 0x3fff
			e.high |= 0x4000
		default:
			return
		}
		e.low, e.high = e.low<<1&0xffff, (e.high<<1|1)&0xffff
		e.shifts++
	}
}

// put writes a bit, and those that waited for it.
func (e *encoder) put(bit int) {
	e.code = append(e.code, byte(bit))
	for ; e.pending > 0; e.pending-- {
		e.code = append(e.code, byte(1-bit))
	}
}

func (e *encoder) flush() []byte {
	e.pending++
	e.put(e.low >> 14 & 1)
	for len(e.code) < 16+e.shifts {
		e.code = append(e.code, 0)
	}
	var bits []byte
	for i, c := range e.code {
		for len(e.raw) > 0 && e.raw[0].before <= i {
			bits, e.raw = append(bits, e.raw[0].bits...), e.raw[1:]
		}
		bits = append(bits, c)
	}
	for _, r := range e.raw {
		bits = append(bits, r.bits...)
	}
	out := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		out[i/8] |= b << (7 - i%8)
	}
	return out
}
