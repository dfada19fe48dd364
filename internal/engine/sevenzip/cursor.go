package sevenzip

import (
	"encoding/binary"
	"errors"
	"io"
)

// errHeader is the cause of most failures; what was being read is put before.
var errHeader = errors.New("malformed header")

// cursor reads a header. After the first failure everything reads as zero and
// err stays.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = nil
}

func (c *cursor) bytes(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.fail(io.ErrUnexpectedEOF)
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uint32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// number reads 7z's number: the leading ones of the first byte tell how many
// bytes follow, the rest of it is the highest part.
func (c *cursor) number() uint64 {
	first := c.byte()
	var v uint64
	for i := range uint(8) {
		mask := byte(0x80) >> i
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(c.byte()) << (8 * i)
	}
	return v
}

// size is a number that is a length or a position of bytes.
func (c *cursor) size() int64 {
	v := c.number()
	if v > 1<<62 {
		c.fail(errHeader)
		return 0
	}
	return int64(v)
}

// count is a number of things, or the index of one; more than most is an
// error.
func (c *cursor) count(most int) int {
	v := c.number()
	if v > uint64(most) {
		c.fail(errHeader)
		return 0
	}
	return int(v)
}

// bits reads n bits, highest first. They are copied, n is bounded by what is
// left.
func (c *cursor) bits(n int) []bool {
	b := c.bytes(uint64(n+7) / 8)
	if b == nil && n > 0 {
		return nil
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = b[i/8]>>(7-i%8)&1 == 1
	}
	return out
}

// optionalBits reads bits after a byte that says whether all are set.
func (c *cursor) optionalBits(n int) []bool {
	if c.byte() == 0 {
		return c.bits(n)
	}
	if c.err != nil {
		return nil
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
}

// digest is a CRC-32 that may not be there.
type digest struct {
	sum     uint32
	defined bool
}

func (c *cursor) digests(n int) []digest {
	defined := c.optionalBits(n)
	if c.err != nil {
		return nil
	}
	out := make([]digest, n)
	for i, d := range defined {
		if d {
			out[i] = digest{c.uint32(), true}
		}
	}
	return out
}
