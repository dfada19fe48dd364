package rar

import (
	"errors"
	"io"
)

// bitReader reads bits, the highest of each byte first. Behind the end of its
// source it gives zeros; over tells when one of those was used.
type bitReader struct {
	src    io.Reader
	buf    [4 << 10]byte
	at     int
	end    int
	hold   uint64 // the next bits, highest first
	n      uint   // bits in hold
	pad    uint   // of those, zeros from behind the end
	loaded int64  // bits taken from src
	err    error
}

func (b *bitReader) reset(src io.Reader) {
	b.src, b.at, b.end = src, 0, 0
	b.hold, b.n, b.pad, b.loaded, b.err = 0, 0, 0, 0, nil
}

// fill makes at least 32 bits available.
func (b *bitReader) fill() {
	for b.n <= 56 {
		if b.at == b.end && b.err == nil {
			b.at = 0
			b.end, b.err = b.src.Read(b.buf[:])
		}
		if b.at == b.end {
			if b.err == nil {
				continue
			}
			b.n += 8
			b.pad += 8
			continue
		}
		b.hold |= uint64(b.buf[b.at]) << (56 - b.n)
		b.at++
		b.n += 8
		b.loaded += 8
	}
}

// peek gives the next n bits, at most 32, without taking them.
func (b *bitReader) peek(n uint) uint32 {
	if b.n < 32 {
		b.fill()
	}
	return uint32(b.hold >> 32 >> (32 - n))
}

func (b *bitReader) skip(n uint) {
	b.hold <<= n
	b.n -= n
}

func (b *bitReader) take(n uint) uint32 {
	if n == 0 {
		return 0
	}
	v := b.peek(n)
	b.skip(n)
	return v
}

// align goes on to the next whole byte.
func (b *bitReader) align() { b.skip(b.n & 7) }

// used is how many bits were taken.
func (b *bitReader) used() int64 { return b.loaded + int64(b.pad) - int64(b.n) }

// over returns an error when more was taken than there is.
func (b *bitReader) over() error {
	if b.n >= b.pad {
		return nil
	}
	if errors.Is(b.err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return b.err
}

// ReadByte gives eight bits, for the PPM decoder.
func (b *bitReader) ReadByte() (byte, error) {
	v := b.take(8)
	return byte(v), b.over()
}

// code is a canonical Huffman code of up to 15 bits.
type code struct {
	limit  [17]uint32 // the first code of 16 bits that is longer than the index
	first  [17]uint32 // place in symbol of the first code of a length
	symbol []uint16
	fast   [1 << fastBits]uint16 // symbol<<4 | length; 0: longer
}

const (
	maxBits  = 15
	fastBits = 9
)

// build makes the code of the lengths given, which need not be complete.
func (c *code) build(lengths []uint8) {
	var count [17]uint32
	for _, n := range lengths {
		count[n&15]++
	}
	count[0] = 0
	c.symbol = append(c.symbol[:0], make([]uint16, len(lengths))...)
	clear(c.fast[:])
	var next uint32
	var place uint32
	for n := 1; n <= maxBits; n++ {
		c.first[n] = place
		next += count[n] << (16 - n)
		c.limit[n] = next
		place += count[n]
	}
	at := c.first
	for s, n := range lengths {
		if n &= 15; n > 0 {
			c.symbol[at[n]] = uint16(s)
			at[n]++
		}
	}
	c.fillFast(count)
}

func (c *code) fillFast(count [17]uint32) {
	var code uint32
	for n := uint(1); n <= fastBits; n++ {
		for i := range count[n] {
			from := code >> (16 - fastBits)
			code += 1 << (16 - n)
			entry := c.symbol[c.first[n]+i]<<4 | uint16(n)
			for j := from; j < code>>(16-fastBits) && j < uint32(len(c.fast)); j++ {
				c.fast[j] = entry
			}
		}
	}
}

// decode reads one symbol. Bits that are no code give an arbitrary one.
func (c *code) decode(b *bitReader) int {
	v := b.peek(16)
	if e := c.fast[v>>(16-fastBits)]; e != 0 {
		b.skip(uint(e & 15))
		return int(e >> 4)
	}
	for n := uint(1); n < maxBits; n++ {
		if v < c.limit[n] {
			b.skip(n)
			prev := uint32(0)
			if n > 1 {
				prev = c.limit[n-1]
			}
			return c.at(c.first[n] + (v-prev)>>(16-n))
		}
	}
	b.skip(maxBits)
	return c.at(c.first[maxBits] + (v-c.limit[maxBits-1])>>1)
}

func (c *code) at(i uint32) int {
	if i >= uint32(len(c.symbol)) {
		return 0
	}
	return int(c.symbol[i])
}
