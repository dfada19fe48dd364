package rar

import (
	"math/rand/v2"
)

// bitWriter writes bits, the highest of each byte first.
type bitWriter struct {
	out []byte
	n   uint // bits of the last byte in use
}

func (w *bitWriter) bits(v uint64, n uint) {
	for i := n; i > 0; i-- {
		if w.n == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(v>>(i-1)&1) << (7 - w.n)
		w.n = (w.n + 1) % 8
	}
}

// table is a Huffman code to write with.
type table struct {
	lengths []uint8
	codes   []uint64
}

// randomTable gives n symbols the lengths of a complete code, in random order.
func randomTable(rnd *rand.Rand, n int) table {
	// Short codes for some, then two lengths for the rest.
	lengths := make([]uint8, 0, n)
	left, at := 1<<15, 1<<15 // of the code space
	for len(lengths) < n {
		rest := n - len(lengths)
		// Every symbol must still get at least one code of 15 bits.
		at = left
		for at > 1 && (at&(at-1) != 0 || at > left-(rest-1)) {
			at--
			for at&(at-1) != 0 {
				at &= at - 1
			}
		}
		if rest > 1 && left/rest >= 2 && rnd.IntN(4) > 0 {
			for at > 2*left/rest {
				at /= 2
			}
		}
		if rest == 1 {
			at = left
			for at&(at-1) != 0 {
				at &= at - 1
			}
		}
		bits := uint8(15)
		for v := at; v > 1; v /= 2 {
			bits--
		}
		bits = max(bits, 1)
		lengths = append(lengths, bits)
		left -= 1 << (15 - bits)
	}
	rnd.Shuffle(n, func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
	return tableOf(lengths)
}

func tableOf(lengths []uint8) table {
	t := table{lengths: lengths, codes: make([]uint64, len(lengths))}
	var next uint64
	for n := uint8(1); n <= maxBits; n++ {
		next <<= 1
		for s, l := range lengths {
			if l == n {
				t.codes[s] = next
				next++
			}
		}
	}
	return t
}

func (t *table) write(w *bitWriter, s int) { w.bits(t.codes[s], uint(t.lengths[s])) }

// history is what was packed so far, and what it means.
type history struct {
	plain []byte
	old   [4]int
	last  int
}

func (h *history) copy(dist, n int) {
	for range n {
		h.plain = append(h.plain, h.plain[len(h.plain)-dist])
	}
}

func (h *history) keep(d int) {
	copy(h.old[1:], h.old[:3])
	h.old[0] = d
}

// slotOf finds the slot whose range has v.
func slotOf(v int, slots int, of func(int) (int, uint)) (slot int, extra uint64, bits uint) {
	for s := slots - 1; s >= 0; s-- {
		if base, bits := of(s); base <= v {
			return s, uint64(v - base), bits
		}
	}
	panic("no slot")
}

// writeTables writes code lengths with a pre-code of equal lengths. build says
// whether lengths are differences to old ones.
func writeTables(w *bitWriter, pre int, lengths, old []uint8) {
	for range pre {
		w.bits(5, 4)
	}
	p := make([]uint8, pre)
	for i := range p {
		p[i] = 5
	}
	t := tableOf(p)
	for i := 0; i < len(lengths); {
		run := 1
		for i+run < len(lengths) && lengths[i+run] == lengths[i] {
			run++
		}
		switch {
		case pre == pre20 && lengths[i] == 0 && run >= 3:
			run = min(run, 10)
			t.write(w, 17)
			w.bits(uint64(run-3), 3)
		case pre == pre20 && i > 0 && lengths[i] == lengths[i-1] && run >= 3:
			run = min(run, 6)
			t.write(w, 16)
			w.bits(uint64(run-3), 2)
		case pre != pre20 && lengths[i] == 0 && run >= 11:
			run = min(run, 138)
			t.write(w, 19)
			w.bits(uint64(run-11), 7)
		case pre != pre20 && i > 0 && lengths[i] == lengths[i-1] && run >= 3:
			run = min(run, 10)
			t.write(w, 16)
			w.bits(uint64(run-3), 3)
		default:
			run = 1
			v := lengths[i]
			if old != nil {
				v = (v - old[i]) & 15
			}
			t.write(w, int(v))
		}
		i += run
	}
}

// encoder29 packs as RAR 3 does.
type encoder29 struct {
	bitWriter
	history
	rnd                  *rand.Rand
	main, dist, low, rep table
	lengths              [total29]uint8
	lowDist              int
}

func newEncoder29(rnd *rand.Rand) *encoder29 { return &encoder29{rnd: rnd} }

func (e *encoder29) block(fresh bool) {
	for e.n != 0 {
		e.bits(0, 1)
	}
	e.main, e.dist = randomTable(e.rnd, main29), randomTable(e.rnd, dist29)
	e.low, e.rep = randomTable(e.rnd, low29), randomTable(e.rnd, repeat29)
	var lengths []uint8
	for _, t := range []table{e.main, e.dist, e.low, e.rep} {
		lengths = append(lengths, t.lengths...)
	}
	e.lowDist = 0
	if fresh {
		e.bits(0, 2)
		e.lengths = [total29]uint8{}
	} else {
		e.bits(1, 2)
	}
	writeTables(&e.bitWriter, pre29, lengths, e.lengths[:])
	copy(e.lengths[:], lengths)
}

func (e *encoder29) literal(c byte) {
	e.main.write(&e.bitWriter, int(c))
	e.plain = append(e.plain, c)
}

func (e *encoder29) match(d, n int) {
	coded := n - 3
	if d >= 0x2000 {
		coded--
	}
	if d >= 0x40000 {
		coded--
	}
	if coded < 0 {
		return
	}
	s, x, bits := slotOf(coded, 28, lengthSlot)
	e.main.write(&e.bitWriter, 271+s)
	e.bits(x, bits)
	e.distance(d)
	e.keep(d)
	e.last = n
	e.copy(d, n)
}

func (e *encoder29) distance(d int) {
	s, x, bits := slotOf(d-1, dist29, distSlot)
	e.dist.write(&e.bitWriter, s)
	if s <= 9 {
		e.bits(x, bits)
		return
	}
	e.bits(x>>4, bits-4)
	e.low.write(&e.bitWriter, int(x&15))
	e.lowDist = int(x & 15)
}

func (e *encoder29) repeat(which, n int) {
	s, x, bits := slotOf(n-2, 28, lengthSlot)
	e.main.write(&e.bitWriter, 259+which)
	e.rep.write(&e.bitWriter, s)
	e.bits(x, bits)
	d := e.old[which]
	copy(e.old[1:which+1], e.old[:which])
	e.old[0], e.last = d, n
	e.copy(d, n)
}

func (e *encoder29) short(d int) {
	s, x, bits := slotOf(d-1, 8, shortSlot)
	e.main.write(&e.bitWriter, 263+s)
	e.bits(x, bits)
	e.keep(d)
	e.last = 2
	e.copy(d, 2)
}

func (e *encoder29) again() {
	e.main.write(&e.bitWriter, 258)
	if e.last > 0 {
		e.copy(e.old[0], e.last)
	}
}

// end closes the member; more says that the next one has codes of its own.
func (e *encoder29) end(more bool) []byte {
	e.main.write(&e.bitWriter, 256)
	if more {
		e.bits(1, 2)
	} else {
		e.bits(0, 2)
	}
	out := e.out
	e.out, e.n = nil, 0
	return out
}

func (e *encoder29) another(fresh bool) {
	e.main.write(&e.bitWriter, 256)
	e.bits(1, 1)
	e.block(fresh)
}

// random packs n random symbols whose matches reach at most reach back.
func (e *encoder29) random(n, reach int) {
	for range n {
		far := min(len(e.plain), reach)
		switch k := e.rnd.IntN(12); {
		case k < 4 || far == 0:
			e.literal(byte(e.rnd.IntN(1 << (1 + e.rnd.IntN(8)))))
		case k < 7:
			e.match(1+e.rnd.IntN(far), 6+e.rnd.IntN(1<<e.rnd.IntN(8)))
		case k < 8:
			e.short(1 + e.rnd.IntN(min(far, 256)))
		case k < 9 && e.old[3] > 0:
			e.repeat(e.rnd.IntN(4), 2+e.rnd.IntN(200))
		case k < 10 && e.old[0] > 0:
			e.again()
		case k == 11 && e.rnd.IntN(40) == 0:
			e.another(e.rnd.IntN(2) == 0)
		}
	}
}
