package nsis

import (
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

// The system writes bzip2 without a header and without checksums: each block
// begins with one byte in place of six, the bit for scrambled blocks is left
// out, and one byte ends the stream. Blocks are of 900,000 bytes at most.
const (
	blockSign = 0x31
	endSign   = 0x17

	blockMost    = 900_000
	bzip2Memory  = 4*blockMost + 64<<10
	maxTables    = 6
	groupSize    = 50
	maxSelectors = 2 + blockMost/groupSize
	maxBits      = 20
)

var errBZip2 = errors.New("bzip2: malformed block")

// bzip2Reader decodes one stream.
type bzip2Reader struct {
	bits   bitReader
	budget *limit.Budget
	held   int64
	tt     []uint32 // the block: where the next byte is, above the byte

	left   int    // bytes of the block still to be gone through
	at     uint32 // the next one
	last   int    // the byte before, or negative
	same   int    // how often it came in a row
	repeat int    // how often it is still to be given
	err    error
}

func newBZip2(src io.ByteReader, b *limit.Budget) (io.ReadCloser, error) {
	if err := b.Hold(bzip2Memory); err != nil {
		return nil, err
	}
	return &bzip2Reader{bits: bitReader{src: src}, budget: b, held: bzip2Memory}, nil
}

// Close gives the memory back.
func (z *bzip2Reader) Close() error {
	z.budget.Release(z.held)
	z.held, z.tt, z.left, z.repeat, z.err = 0, nil, 0, 0, io.ErrClosedPipe
	return nil
}

// Read decodes. The error is io.EOF after the last block.
func (z *bzip2Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if z.repeat > 0 {
			p[n] = byte(z.last)
			z.repeat--
			n++
			continue
		}
		if z.left == 0 {
			if n > 0 {
				return n, nil
			}
			if z.err == nil {
				z.err = z.block()
			}
			if z.err != nil {
				return 0, z.err
			}
			continue
		}
		if c, ok := z.next(); ok {
			p[n] = c
			n++
		}
	}
	return n, nil
}

// next gives the next byte of the block. Four equal ones are followed by a
// count, for which ok is false.
func (z *bzip2Reader) next() (c byte, ok bool) {
	z.at = z.tt[z.at]
	c = byte(z.at)
	z.at >>= 8
	z.left--
	if z.same == 4 {
		z.repeat, z.same = int(c), 0
		return 0, false
	}
	if int(c) == z.last {
		z.same++
	} else {
		z.last, z.same = int(c), 1
	}
	return c, true
}

// block reads a block and turns it round.
func (z *bzip2Reader) block() error {
	switch z.bits.take(8) {
	case endSign:
		if z.bits.err == nil {
			return io.EOF
		}
	case blockSign:
	default:
		if z.bits.err == nil {
			return errBZip2
		}
	}
	origin := z.bits.take(24)
	if z.bits.err != nil {
		return z.bits.short()
	}
	var counts [256]uint32
	if err := z.symbols(&counts); err != nil {
		return err
	}
	if origin >= uint32(len(z.tt)) {
		return errBZip2
	}
	z.turn(&counts)
	z.at = z.tt[origin] >> 8
	z.left, z.last, z.same = len(z.tt), -1, 0
	return nil
}

// turn undoes the sorting: it puts above each byte where its follower is.
func (z *bzip2Reader) turn(counts *[256]uint32) {
	sum := uint32(0)
	for i, n := range counts {
		counts[i] = sum
		sum += n
	}
	for i, c := range z.tt {
		b := c & 0xff
		z.tt[counts[b]] |= uint32(i) << 8
		counts[b]++
	}
}

// symbols reads the codes and the bytes of a block, moved to the front and
// counted in runs.
func (z *bzip2Reader) symbols(counts *[256]uint32) error {
	var front [256]byte
	used := z.usedBytes(&front)
	tables := int(z.bits.take(3))
	selectors, err := z.selectors(tables)
	if err != nil || used == 0 {
		return errors.Join(err, z.bits.err, errBZip2)
	}
	trees := make([]huffman, tables)
	for i := range trees {
		if err := trees[i].read(&z.bits, used+2); err != nil {
			return err
		}
	}
	z.tt = z.tt[:0]
	run, weight := 0, 1
	for n := 0; ; n++ {
		if n/groupSize >= len(selectors) {
			return errBZip2
		}
		s, err := trees[selectors[n/groupSize]].symbol(&z.bits)
		if err != nil {
			return err
		}
		if s < 2 { // a digit of how often the first byte comes
			if run += weight << s; run > blockMost {
				return errBZip2
			}
			weight *= 2
			continue
		}
		if err := z.put(front[0], run, counts); err != nil {
			return err
		}
		run, weight = 0, 1
		if s == used+1 {
			return nil
		}
		c := front[s-1]
		copy(front[1:s], front[:s-1])
		front[0] = c
		if err := z.put(c, 1, counts); err != nil {
			return err
		}
	}
}

func (z *bzip2Reader) put(c byte, n int, counts *[256]uint32) error {
	if n > blockMost-len(z.tt) {
		return errBZip2
	}
	for range n {
		z.tt = append(z.tt, uint32(c))
	}
	counts[c] += uint32(n)
	return nil
}

// usedBytes reads which bytes there are.
func (z *bzip2Reader) usedBytes(front *[256]byte) int {
	n := 0
	rows := z.bits.take(16)
	for row := range 16 {
		if rows>>(15-row)&1 == 0 {
			continue
		}
		cells := z.bits.take(16)
		for cell := range 16 {
			if cells>>(15-cell)&1 == 1 {
				front[n] = byte(row<<4 | cell)
				n++
			}
		}
	}
	return n
}

// selectors reads which code each group of symbols has.
func (z *bzip2Reader) selectors(tables int) ([]byte, error) {
	n := int(z.bits.take(15))
	if tables < 2 || tables > maxTables || n == 0 || z.bits.err != nil {
		return nil, errBZip2
	}
	front := [maxTables]byte{0, 1, 2, 3, 4, 5}
	out := make([]byte, 0, min(n, maxSelectors))
	for range n {
		i := 0
		for z.bits.take(1) == 1 {
			if i++; i >= tables {
				return nil, errBZip2
			}
		}
		c := front[i]
		copy(front[1:i+1], front[:i])
		front[0] = c
		if len(out) < maxSelectors { // some encoders write more than are needed
			out = append(out, c)
		}
	}
	return out, z.bits.err
}
