package rar

import (
	"errors"
	"io"

	"vitrine/internal/engine/codec/ppmd"
)

// Sizes of the codes of RAR 3.
const (
	main29   = 299
	dist29   = 60
	low29    = 17
	repeat29 = 28
	pre29    = 20
	total29  = main29 + dist29 + low29 + repeat29
)

// lz29 is the state of RAR 3's packing.
type lz29 struct {
	main, dist, low, rep code
	lengths              [total29]uint8 // of the codes, which the next ones build on
	tables               bool           // the block's codes were read
	old                  [4]int
	length               int
	lowDist, lowRepeat   int
	ppm                  bool // the block is coded by PPMd
	escape               byte
	vm                   filters29
}

func (z *lz29) start(solid bool) {
	if !solid {
		*z = lz29{escape: 2}
	}
	z.vm.start(solid)
}

// decode29 decodes up to the place end of the ring.
func (u *unpacker) decode29(end int) error {
	z, b, w := &u.lz29, &u.bits, &u.ring
	if !z.tables {
		if err := u.tables29(); err != nil {
			return err
		}
	}
	for w.pos < end {
		var err error
		if z.ppm {
			err = u.ppm29(end)
		} else if s := z.main.decode(b); s < 256 {
			w.put(byte(s))
		} else {
			err = u.symbol29(s, end)
		}
		if err != nil {
			return err
		}
		if err := b.over(); err != nil {
			return err
		}
	}
	return nil
}

// tables29 reads the header of a block.
func (u *unpacker) tables29() error {
	z, b := &u.lz29, &u.bits
	b.align()
	if z.ppm = b.peek(1) == 1; z.ppm {
		z.tables = true
		return u.startPPM()
	}
	z.lowDist, z.lowRepeat = 0, 0
	if b.take(2)&1 == 0 {
		z.lengths = [total29]uint8{}
	}
	var pre [pre29]uint8
	for i := 0; i < pre29; i++ {
		n := b.take(4)
		if n == 15 {
			if zeros := b.take(4); zeros != 0 {
				i += int(zeros) + 1
				continue
			}
		}
		pre[i] = uint8(n)
	}
	var c code
	c.build(pre[:])
	for i := 0; i < total29; {
		s := c.decode(b)
		if s < 16 {
			z.lengths[i] = (z.lengths[i] + uint8(s)) & 15
			i++
			continue
		}
		n, v, ok := run(b, s-16, z.lengths[:i])
		if !ok {
			return errMalformed
		}
		for ; n > 0 && i < total29; n-- {
			z.lengths[i] = v
			i++
		}
	}
	z.main.build(z.lengths[:main29])
	z.dist.build(z.lengths[main29 : main29+dist29])
	z.low.build(z.lengths[main29+dist29 : main29+dist29+low29])
	z.rep.build(z.lengths[main29+dist29+low29:])
	z.tables = true
	return b.over()
}

// lengthSlot is the base of a length and the bits that follow: 28 slots.
func lengthSlot(slot int) (base int, bits uint) {
	if slot < 8 {
		return slot, 0
	}
	bits = uint(slot/4 - 1)
	return (4 | slot&3) << bits, bits
}

// distSlot is the base of a distance and the bits that follow. They double
// every second slot up to 16 bits; slots from 48 on have 18.
func distSlot(slot int) (base int, bits uint) {
	switch {
	case slot < 4:
		return slot, 0
	case slot < 34:
		bits = uint(slot/2 - 1)
		return (2 | slot&1) << bits, bits
	case slot < 48:
		return 0x20000 + (slot-34)<<16, 16
	}
	return 0x100000 + (slot-48)<<18, 18
}

// shortSlot is a distance of matches of two bytes.
func shortSlot(slot int) (base int, bits uint) {
	return [8]int{0, 4, 8, 16, 32, 64, 128, 192}[slot], [8]uint{2, 2, 3, 4, 5, 6, 6, 6}[slot]
}

func (z *lz29) keep(d int) {
	copy(z.old[1:], z.old[:3])
	z.old[0] = d
}

func (u *unpacker) symbol29(s, end int) error {
	z, b := &u.lz29, &u.bits
	switch {
	case s >= 271:
		base, bits := lengthSlot(s - 271)
		n := base + 3 + int(b.take(bits))
		d := z.distance(b)
		if d >= 0x2000 {
			n++
			if d >= 0x40000 {
				n++
			}
		}
		z.keep(d)
		z.length = n
	case s >= 263:
		base, bits := shortSlot(s - 263)
		z.keep(base + 1 + int(b.take(bits)))
		z.length = 2
	case s >= 259:
		which := s - 259
		d := z.old[which]
		copy(z.old[1:which+1], z.old[:which])
		z.old[0] = d
		base, bits := lengthSlot(z.rep.decode(b))
		z.length = base + 2 + int(b.take(bits))
	case s == 258:
		if z.length == 0 {
			return nil
		}
	case s == 257:
		return u.filter29(func() (byte, error) { return byte(b.take(8)), b.over() })
	default:
		return u.endOfBlock29()
	}
	return u.ring.match(z.old[0], z.length, end)
}

// lowRepeats is how often the low bits of a distance come again at once.
const lowRepeats = 15

func (z *lz29) distance(b *bitReader) int {
	slot := z.dist.decode(b)
	base, bits := distSlot(slot)
	d := base + 1
	if slot <= 9 {
		return d + int(b.take(bits))
	}
	if bits > 4 {
		d += int(b.take(bits-4)) << 4
	}
	if z.lowRepeat > 0 {
		z.lowRepeat--
		return d + z.lowDist
	}
	if low := z.low.decode(b); low < 16 {
		z.lowDist = low
	} else {
		z.lowRepeat = lowRepeats
	}
	return d + z.lowDist
}

// endOfBlock29 tells whether another block follows, and whether it has codes
// of its own. In a solid archive the member after this one may need them.
func (u *unpacker) endOfBlock29() error {
	z, b := &u.lz29, &u.bits
	if b.take(1) == 1 {
		z.tables = false
		return u.tables29()
	}
	z.tables = b.take(1) == 0
	return io.EOF
}

// startPPM reads the header of a block coded by PPMd.
func (u *unpacker) startPPM() error {
	b := &u.bits
	flags := b.take(8)
	if u.ppm == nil {
		u.ppm = ppmd.New(u.budget)
	}
	order, memory := 0, int64(0)
	if flags&0x20 != 0 {
		memory = int64(b.take(8)+1) << 20
		if order = int(flags&0x1f) + 1; order > 16 {
			order = 16 + (order-16)*3
		}
	}
	if flags&0x40 != 0 {
		u.lz29.escape = byte(b.take(8))
	}
	if err := b.over(); err != nil {
		return err
	}
	if memory > 0 {
		if err := u.ppm.Start(order, memory); err != nil {
			return err
		}
	} else if !u.ppm.Started() {
		return errMalformed
	}
	return u.ppm.InitRAR(b)
}

// ppm29 decodes one symbol of a block coded by PPMd: a byte, or behind the
// escape byte something else.
func (u *unpacker) ppm29(end int) error {
	c, err := u.ppm.Byte()
	if err != nil || c != u.lz29.escape {
		if err == nil {
			u.ring.put(c)
		}
		return ppmError(err)
	}
	what, err := u.ppm.Byte()
	if err != nil {
		return ppmError(err)
	}
	switch what {
	case 0:
		return u.tables29()
	case 2:
		u.lz29.tables = true
		return io.EOF
	case 3:
		return u.filter29(u.ppm.Byte)
	case 4:
		return u.ppmMatch(3, 32, 2, end)
	case 5:
		return u.ppmMatch(0, 4, 1, end)
	}
	u.ring.put(c)
	return nil
}

// ppmMatch reads a distance of some bytes and a length.
func (u *unpacker) ppmMatch(bytes, length, dist, end int) error {
	d := 0
	for range bytes {
		c, err := u.ppm.Byte()
		if err != nil {
			return ppmError(err)
		}
		d = d<<8 | int(c)
	}
	n, err := u.ppm.Byte()
	if err != nil {
		return ppmError(err)
	}
	return u.ring.match(d+dist, int(n)+length, end)
}

func ppmError(err error) error {
	if errors.Is(err, ppmd.ErrEnd) {
		return errMalformed
	}
	return err
}
