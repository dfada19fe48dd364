package rar

import (
	"io"

	"vitrine/internal/engine/limit"
)

// Sizes of the codes of RAR 5 and 7: literals and matches, distances, low bits
// of distances, lengths of repeated matches.
const (
	main50   = 306
	dist50   = 64
	dist70   = 80
	low50    = 16
	repeat50 = 44
	pre50    = 20 // the code of the code lengths
)

// lz50 is the state of RAR 5's packing.
type lz50 struct {
	main, dist, low, rep code
	large                bool // RAR 7: longer distances
	tables               bool
	old                  [4]int
	length               int
	blockEnd             int64 // in bits of the packed data
	last                 bool  // the block is the member's last
	inBlock              bool
}

func (z *lz50) start(solid, large bool) {
	z.inBlock, z.last, z.large = false, false, large
	if !solid {
		z.old, z.length, z.tables = [4]int{}, 0, false
	}
}

// decode50 decodes up to the place end of the ring.
func (u *unpacker) decode50(end int) error {
	z, b, w := &u.lz50, &u.bits, &u.ring
	for w.pos < end {
		for !z.inBlock || b.used() >= z.blockEnd {
			if z.inBlock && z.last {
				return io.EOF
			}
			if err := u.block50(); err != nil {
				return err
			}
		}
		s := z.main.decode(b)
		if s < 256 {
			w.put(byte(s))
			continue
		}
		if err := u.symbol50(s, end); err != nil {
			return err
		}
		if err := b.over(); err != nil {
			return err
		}
	}
	return nil
}

// block50 reads the header of a block and its tables.
func (u *unpacker) block50() error {
	z, b := &u.lz50, &u.bits
	b.align()
	flags := b.take(8)
	sum := b.take(8)
	n := flags>>3&3 + 1
	if n == 4 {
		return errMalformed
	}
	var size, check uint32 = 0, 0x5a ^ flags
	for i := range n {
		v := b.take(8)
		size |= v << (8 * i)
		check ^= v
	}
	if err := b.over(); err != nil {
		return err
	}
	if byte(check) != byte(sum) {
		return errMalformed
	}
	// The size counts whole bytes; of the last one some bits are used.
	z.blockEnd = b.used() + int64(size)*8 - 8 + int64(flags&7) + 1
	z.last, z.inBlock = flags&0x40 != 0, true
	if flags&0x80 != 0 {
		return u.tables50()
	}
	if !z.tables {
		return errMalformed
	}
	return nil
}

func (u *unpacker) tables50() error {
	z, b := &u.lz50, &u.bits
	var pre [pre50]uint8
	for i := 0; i < pre50; i++ {
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
	var lengths [main50 + dist70 + low50 + repeat50]uint8
	distances := dist50
	if z.large {
		distances = dist70
	}
	total := main50 + distances + low50 + repeat50
	for i := 0; i < total; {
		s := c.decode(b)
		if s < 16 {
			lengths[i] = uint8(s)
			i++
			continue
		}
		n, v, ok := run(b, s-16, lengths[:i])
		if !ok {
			return errMalformed
		}
		for ; n > 0 && i < total; n-- {
			lengths[i] = v
			i++
		}
	}
	z.main.build(lengths[:main50])
	z.dist.build(lengths[main50 : main50+distances])
	z.low.build(lengths[main50+distances : main50+distances+low50])
	z.rep.build(lengths[main50+distances+low50 : total])
	z.tables = true
	return b.over()
}

// run reads how often a code length comes again: 0 and 1 repeat the one
// before, 2 and 3 are zeros.
func run(b *bitReader, kind int, before []uint8) (n uint32, v uint8, ok bool) {
	if kind < 2 {
		if len(before) == 0 {
			return 0, 0, false
		}
		v = before[len(before)-1]
	}
	if kind&1 == 0 {
		return b.take(3) + 3, v, true
	}
	return b.take(7) + 11, v, true
}

// length50 is the length that a slot and the bits behind it mean.
func length50(b *bitReader, slot int) int {
	if slot < 8 {
		return 2 + slot
	}
	bits := uint(slot/4 - 1)
	return 2 + (4|slot&3)<<bits + int(b.take(bits))
}

func (u *unpacker) symbol50(s, end int) error {
	z, b := &u.lz50, &u.bits
	switch {
	case s >= 262:
		n := length50(b, s-262)
		d := z.distance(b)
		for _, far := range []int{0x100, 0x2000, 0x40000} {
			if d > far {
				n++
			}
		}
		copy(z.old[1:], z.old[:3])
		z.old[0], z.length = d, n
	case s == 256:
		return u.filter50()
	case s == 257:
		if z.length == 0 {
			return nil
		}
	default:
		which := s - 258
		d := z.old[which]
		copy(z.old[1:which+1], z.old[:which])
		z.old[0] = d
		z.length = length50(b, z.rep.decode(b))
	}
	return u.ring.match(z.old[0], z.length, end)
}

func (z *lz50) distance(b *bitReader) int {
	slot := z.dist.decode(b)
	if slot < 4 {
		return slot + 1
	}
	bits := uint(slot/2 - 1)
	d := 1 + (2|slot&1)<<bits
	if bits < 4 {
		return d + int(b.take(bits))
	}
	if bits > 36 {
		d += int(b.take(bits-36)) << 36
		bits = 36
	}
	if bits > 4 {
		d += int(b.take(bits-4)) << 4
	}
	return d + z.low.decode(b)
}

// filter50 reads a filter and queues it.
func (u *unpacker) filter50() error {
	b := &u.bits
	number := func() int64 {
		n := b.take(2) + 1
		var v int64
		for i := range n {
			v |= int64(b.take(8)) << (8 * i)
		}
		return v
	}
	f := filter{start: number(), size: number(), kind: filterKind(b.take(3))}
	if f.kind == filterDelta {
		f.channels = int(b.take(5)) + 1
	}
	if f.kind > filterARM {
		return limit.Errorf(limit.Method, "rar: filter %d", f.kind)
	}
	f.start += u.decoded()
	return u.stage.queue(f)
}

// decoded is how many bytes of the member were decoded so far.
func (u *unpacker) decoded() int64 { return u.stage.pos + int64(u.ring.pos-u.ring.out) }
