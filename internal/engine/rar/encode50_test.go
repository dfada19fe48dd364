package rar

import "math/rand/v2"

// encoder50 packs as RAR 5 does; large as RAR 7.
type encoder50 struct {
	bitWriter
	history
	rnd                  *rand.Rand
	large                bool
	main, dist, low, rep table
	packed               []byte // the blocks that are closed
	tables               bool
}

func newEncoder50(rnd *rand.Rand, large bool) *encoder50 {
	e := &encoder50{rnd: rnd, large: large}
	e.open(true)
	return e
}

// open begins a block.
func (e *encoder50) open(tables bool) {
	e.out, e.n, e.tables = nil, 0, tables
	if !tables {
		return
	}
	distances := dist50
	if e.large {
		distances = dist70
	}
	e.main, e.dist = randomTable(e.rnd, main50), randomTable(e.rnd, distances)
	e.low, e.rep = randomTable(e.rnd, low50), randomTable(e.rnd, repeat50)
	var lengths []uint8
	for _, t := range []table{e.main, e.dist, e.low, e.rep} {
		lengths = append(lengths, t.lengths...)
	}
	writeTables(&e.bitWriter, pre50, lengths, nil)
}

// close ends the block.
func (e *encoder50) close(last bool) {
	bits := (len(e.out)-1)*8 + int(e.n)
	if e.n == 0 {
		bits += 8
	}
	flags := byte((bits-1)%8) | 1<<3 // two bytes of size
	if len(e.out) >= 1<<16 {
		flags += 1 << 3
	}
	if last {
		flags |= 0x40
	}
	if e.tables {
		flags |= 0x80
	}
	size := []byte{byte(len(e.out)), byte(len(e.out) >> 8), byte(len(e.out) >> 16)}[:flags>>3&3+1]
	check := 0x5a ^ flags
	for _, b := range size {
		check ^= b
	}
	e.packed = append(append(append(e.packed, flags, check), size...), e.out...)
}

func (e *encoder50) literal(c byte) {
	e.main.write(&e.bitWriter, int(c))
	e.plain = append(e.plain, c)
}

func slot50(slot int) (int, uint) {
	if slot < 8 {
		return slot, 0
	}
	bits := uint(slot/4 - 1)
	return (4 | slot&3) << bits, bits
}

func distSlot50(slot int) (int, uint) {
	if slot < 4 {
		return slot, 0
	}
	bits := uint(slot/2 - 1)
	return (2 | slot&1) << bits, bits
}

func (e *encoder50) match(d, n int) {
	coded := n - 2
	for _, far := range []int{0x100, 0x2000, 0x40000} {
		if d > far {
			coded--
		}
	}
	if coded < 0 {
		return
	}
	s, x, bits := slotOf(coded, 44, slot50)
	e.main.write(&e.bitWriter, 262+s)
	e.bits(x, bits)
	s, x, bits = slotOf(d-1, len(e.dist.lengths), distSlot50)
	e.dist.write(&e.bitWriter, s)
	if bits >= 4 {
		e.bits(x>>4, bits-4)
		e.low.write(&e.bitWriter, int(x&15))
	} else {
		e.bits(x, bits)
	}
	e.keep(d)
	e.last = n
	e.copy(d, n)
}

func (e *encoder50) repeat(which, n int) {
	s, x, bits := slotOf(n-2, 44, slot50)
	e.main.write(&e.bitWriter, 258+which)
	e.rep.write(&e.bitWriter, s)
	e.bits(x, bits)
	d := e.old[which]
	copy(e.old[1:which+1], e.old[:which])
	e.old[0], e.last = d, n
	e.copy(d, n)
}

func (e *encoder50) again() {
	e.main.write(&e.bitWriter, 257)
	if e.last > 0 {
		e.copy(e.old[0], e.last)
	}
}

// filter announces one that begins offset bytes from here.
func (e *encoder50) filter(kind filterKind, offset, size, channels int) {
	e.main.write(&e.bitWriter, 256)
	for _, v := range []int{offset, size} {
		e.bits(3, 2)
		for i := range 4 {
			e.bits(uint64(v>>(8*i)&0xff), 8)
		}
	}
	e.bits(uint64(kind), 3)
	if kind == filterDelta {
		e.bits(uint64(channels-1), 5)
	}
}

func (e *encoder50) random(n, reach int) {
	for range n {
		far := min(len(e.plain), reach)
		switch k := e.rnd.IntN(12); {
		case k < 5 || far == 0:
			e.literal(byte(e.rnd.IntN(1 << (1 + e.rnd.IntN(8)))))
		case k < 8:
			e.match(1+e.rnd.IntN(far), 6+e.rnd.IntN(1<<e.rnd.IntN(12)))
		case k < 9 && e.old[3] > 0:
			e.repeat(e.rnd.IntN(4), 2+e.rnd.IntN(200))
		case k < 10 && e.old[0] > 0:
			e.again()
		case k == 11 && e.rnd.IntN(40) == 0 && len(e.out) > 0:
			e.close(false)
			e.open(e.rnd.IntN(2) == 0)
		}
	}
}

// end closes the member.
func (e *encoder50) end() []byte {
	if len(e.out) == 0 {
		e.bits(0, 1)
	}
	e.close(true)
	out := e.packed
	e.packed = nil
	return out
}
