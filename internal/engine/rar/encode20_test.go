package rar

import "math/rand/v2"

// encoder20 packs as RAR 2 does.
type encoder20 struct {
	bitWriter
	history
	rnd             *rand.Rand
	main, dist, rep table
	lengths         [4 * channel20]uint8

	sound    []table // when the block is sound
	voices   [4]voice
	channel  int
	channels int
	delta    int
}

func (e *encoder20) block(fresh bool, channels int) {
	e.sound = nil
	e.bits(uint64(min(channels, 1)), 1)
	e.bits(map[bool]uint64{true: 0, false: 1}[fresh], 1)
	if fresh {
		e.lengths = [4 * channel20]uint8{}
	}
	var lengths []uint8
	if channels > 0 {
		e.bits(uint64(channels-1), 2)
		e.channels = channels
		if e.channel >= channels {
			e.channel = 0
		}
		for range channels {
			t := randomTable(e.rnd, channel20)
			e.sound = append(e.sound, t)
			lengths = append(lengths, t.lengths...)
		}
	} else {
		e.main, e.dist, e.rep = randomTable(e.rnd, main20), randomTable(e.rnd, dist20), randomTable(e.rnd, repeat20)
		for _, t := range []table{e.main, e.dist, e.rep} {
			lengths = append(lengths, t.lengths...)
		}
	}
	writeTables(&e.bitWriter, pre20, lengths, e.lengths[:])
	copy(e.lengths[:], lengths)
}

func (e *encoder20) another(channels int) {
	if e.sound != nil {
		e.sound[e.channel].write(&e.bitWriter, 256)
	} else {
		e.main.write(&e.bitWriter, 269)
	}
	e.block(e.rnd.IntN(2) == 0, channels)
}

func (e *encoder20) literal(c byte) {
	e.main.write(&e.bitWriter, int(c))
	e.plain = append(e.plain, c)
}

// difference codes a difference of sound.
func (e *encoder20) difference(d byte) {
	e.sound[e.channel].write(&e.bitWriter, int(d))
	var b byte
	b, e.delta = e.voices[e.channel].next(int(d), e.delta)
	e.plain = append(e.plain, b)
	e.channel = (e.channel + 1) % e.channels
}

func (e *encoder20) match(d, n int) {
	coded := n - 3 - far(d, 0x2000)
	if coded < 0 {
		return
	}
	s, x, bits := slotOf(coded, 28, lengthSlot)
	e.main.write(&e.bitWriter, 270+s)
	e.bits(x, bits)
	s, x, bits = slotOf(d-1, dist20, distSlot)
	e.dist.write(&e.bitWriter, s)
	e.bits(x, bits)
	e.keep(d)
	e.last = n
	e.copy(d, n)
}

func (e *encoder20) short(d int) {
	s, x, bits := slotOf(d-1, 8, shortSlot)
	e.main.write(&e.bitWriter, 261+s)
	e.bits(x, bits)
	e.keep(d)
	e.last = 2
	e.copy(d, 2)
}

func (e *encoder20) repeat(which, n int) {
	d := e.old[which]
	coded := n - 2 - far(d, 0x101)
	if d >= 0x101 {
		coded -= far(d, 0x2000)
	}
	if coded < 0 {
		return
	}
	s, x, bits := slotOf(coded, 28, lengthSlot)
	e.main.write(&e.bitWriter, 257+which)
	e.rep.write(&e.bitWriter, s)
	e.bits(x, bits)
	e.keep(d)
	e.last = n
	e.copy(d, n)
}

func (e *encoder20) again() {
	e.main.write(&e.bitWriter, 256)
	e.keep(e.old[0])
	e.copy(e.old[0], e.last)
}

func (e *encoder20) random(n, reach int) {
	for range n {
		far := min(len(e.plain), reach)
		switch k := e.rnd.IntN(12); {
		case e.rnd.IntN(400) == 0:
			e.another(e.rnd.IntN(5))
		case e.sound != nil:
			e.difference(byte(e.rnd.IntN(256)))
		case k < 4 || far == 0:
			e.literal(byte(e.rnd.IntN(1 << (1 + e.rnd.IntN(8)))))
		case k < 7:
			e.match(1+e.rnd.IntN(far), 6+e.rnd.IntN(1<<e.rnd.IntN(8)))
		case k < 8:
			e.short(1 + e.rnd.IntN(min(far, 256)))
		case k < 10 && e.old[3] > 0:
			e.repeat(e.rnd.IntN(4), 6+e.rnd.IntN(200))
		case k < 11 && e.last > 0:
			e.again()
		}
	}
}

func (e *encoder20) end() []byte {
	out := e.out
	e.out, e.n = nil, 0
	return out
}
