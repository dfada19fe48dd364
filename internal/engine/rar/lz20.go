package rar

import "io"

// Sizes of the codes of RAR 2.
const (
	main20    = 298
	dist20    = 48
	repeat20  = 28
	channel20 = 257
	pre20     = 19
	total20   = main20 + dist20 + repeat20
)

// lz20 is the state of RAR 2's packing, which has no mark at its end: the size
// of the member is one.
type lz20 struct {
	main, dist, rep code
	lengths         [4 * channel20]uint8 // of the codes, which the next ones build on
	tables          bool
	old             [4]int
	length          int
	size            int64 // of the member; negative: not known

	audio    bool // the block is sound
	channels int
	channel  int
	sound    [4]code
	voices   [4]voice
	delta    int // of the channel before
}

func (z *lz20) start(solid bool) {
	if !solid {
		*z = lz20{channels: 1}
	}
}

// decode20 decodes up to the place end of the ring.
func (u *unpacker) decode20(end int) error {
	z, b, w := &u.lz20, &u.bits, &u.ring
	if z.size >= 0 {
		end = int(min(int64(end), int64(w.pos)+z.size-u.decoded()))
	}
	for w.pos < end {
		var err error
		if !z.tables {
			err = u.tables20()
		} else if z.audio {
			u.sound20()
		} else if s := z.main.decode(b); s < 256 {
			w.put(byte(s))
		} else {
			err = u.symbol20(s, end)
		}
		if err == nil {
			err = b.over()
		}
		if err != nil {
			return err
		}
	}
	if z.size >= 0 && u.decoded() >= z.size {
		return u.lastTables20()
	}
	return nil
}

// lastTables20 reads the tables that may stand behind a member, for the next
// one of a solid archive.
func (u *unpacker) lastTables20() error {
	z, b := &u.lz20, &u.bits
	saved := *b
	c, mark := &z.main, 269
	if z.audio {
		c, mark = &z.sound[z.channel], 256
	}
	if z.tables && c.decode(b) == mark && b.over() == nil {
		if u.tables20() == nil {
			return io.EOF
		}
		z.tables = false
	}
	*b = saved
	return io.EOF
}

func (u *unpacker) tables20() error {
	z, b := &u.lz20, &u.bits
	z.audio = b.take(1) == 1
	if b.take(1) == 0 {
		z.lengths = [4 * channel20]uint8{}
	}
	total := total20
	if z.audio {
		z.channels = int(b.take(2)) + 1
		if z.channel >= z.channels {
			z.channel = 0
		}
		total = channel20 * z.channels
	}
	var pre [pre20]uint8
	for i := range pre {
		pre[i] = uint8(b.take(4))
	}
	var c code
	c.build(pre[:])
	for i := 0; i < total; {
		s := c.decode(b)
		if s < 16 {
			z.lengths[i] = (z.lengths[i] + uint8(s)) & 15
			i++
			continue
		}
		n, v, ok := run20(b, s, z.lengths[:i])
		if !ok {
			return errMalformed
		}
		for ; n > 0 && i < total; n-- {
			z.lengths[i] = v
			i++
		}
	}
	z.build()
	return b.over()
}

// run20 reads how often a code length comes again, or that of zeros.
func run20(b *bitReader, s int, before []uint8) (n uint32, v uint8, ok bool) {
	switch {
	case s > 16:
		return run(b, s-17+2, nil)
	case len(before) == 0:
		return 0, 0, false
	}
	return b.take(2) + 3, before[len(before)-1], true
}

func (z *lz20) build() {
	z.tables = true
	if z.audio {
		for i := range z.channels {
			z.sound[i].build(z.lengths[i*channel20 : (i+1)*channel20])
		}
		return
	}
	z.main.build(z.lengths[:main20])
	z.dist.build(z.lengths[main20 : main20+dist20])
	z.rep.build(z.lengths[main20+dist20 : total20])
}

func (u *unpacker) symbol20(s, end int) error {
	z, b := &u.lz20, &u.bits
	d := z.old[0]
	switch {
	case s >= 270:
		base, bits := lengthSlot(s - 270)
		z.length = base + 3 + int(b.take(bits))
		base, bits = distSlot(z.dist.decode(b))
		d = base + 1 + int(b.take(bits))
		z.length += far(d, 0x2000)
	case s == 269:
		z.tables = false
		return nil
	case s >= 261:
		base, bits := shortSlot(s - 261)
		d, z.length = base+1+int(b.take(bits)), 2
	case s >= 257:
		d = z.old[s-257]
		base, bits := lengthSlot(z.rep.decode(b))
		z.length = base + 2 + int(b.take(bits)) + far(d, 0x101)
		if d >= 0x101 {
			z.length += far(d, 0x2000)
		}
	}
	copy(z.old[1:], z.old[:3])
	z.old[0] = d
	return u.ring.match(d, z.length, end)
}

// far is how much longer a match is meant to be because its distance is at
// least first; from 0x40000 on, one more when first is 0x2000.
func far(d, first int) int {
	n := 0
	if d >= first {
		n++
	}
	if first == 0x2000 && d >= 0x40000 {
		n++
	}
	return n
}

// sound20 decodes one byte of sound.
func (u *unpacker) sound20() {
	z := &u.lz20
	s := z.sound[z.channel].decode(&u.bits)
	if s == 256 {
		z.tables = false
		return
	}
	v := &z.voices[z.channel]
	var b byte
	b, z.delta = v.next(s, z.delta)
	u.ring.put(b)
	z.channel = (z.channel + 1) % z.channels
}

// voice predicts one channel of sound, as audioChannel does but from four
// differences of its own and one of the channel before.
type voice struct {
	last, delta int
	d           [4]int
	k           [5]int
	missed      [11]int
	decoded     int
}

func (v *voice) next(stored, other int) (byte, int) {
	v.decoded++
	v.d[3], v.d[2] = v.d[2], v.d[1]
	v.d[1] = v.delta - v.d[0]
	v.d[0] = v.delta
	terms := [5]int{v.d[0], v.d[1], v.d[2], v.d[3], other}
	guess := 8 * v.last
	for i, t := range terms {
		guess += v.k[i] * t
	}
	b := byte(guess>>3 - stored)
	miss := int(int8(stored)) << 3
	v.missed[0] += abs(miss)
	for i, t := range terms {
		v.missed[2*i+1] += abs(miss - t)
		v.missed[2*i+2] += abs(miss + t)
	}
	v.delta = int(int8(int(b) - v.last))
	v.last = int(b)
	if v.decoded&0x1f == 0 {
		v.adapt()
	}
	return b, v.delta
}

func (v *voice) adapt() {
	best := 0
	for i, m := range v.missed {
		if m < v.missed[best] {
			best = i
		}
	}
	v.missed = [11]int{}
	if best == 0 {
		return
	}
	k := &v.k[(best-1)/2]
	if best%2 == 1 {
		if *k >= -16 {
			*k--
		}
	} else if *k < 16 {
		*k++
	}
}
