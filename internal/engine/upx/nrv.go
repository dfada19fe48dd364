package upx

import (
	"encoding/binary"
	"errors"
	"io"
)

// bitReader reads single bits, highest first, from units of 1, 2 or 4 bytes (lowest
// byte first) that lie between the other bytes of the stream. Behind the end
// it gives zeros and says so in short.
type bitReader struct {
	src   []byte
	pos   int
	acc   uint32
	left  uint
	unit  int // bytes
	short bool
}

func (b *bitReader) bit() uint32 {
	if b.left == 0 {
		b.refill()
	}
	b.left--
	return b.acc >> (b.left & 31) & 1
}

// refill takes the next unit. It is kept apart so that bit can be inlined.
//
//go:noinline
func (b *bitReader) refill() {
	b.left = uint(8 * b.unit)
	rest := b.src[b.pos:]
	if len(rest) < b.unit {
		b.acc, b.short = 0, true
		return
	}
	b.pos += b.unit
	switch b.unit {
	case 4:
		b.acc = binary.LittleEndian.Uint32(rest)
	case 2:
		b.acc = uint32(binary.LittleEndian.Uint16(rest))
	default:
		b.acc = uint32(rest[0])
	}
}

// family is which of the three related codes a stream has.
type family uint8

const (
	nrv2b family = iota
	nrv2d
	nrv2e
)

const (
	maxOffsetCode = 0xffffff + 3
	maxLength     = 1 << 30
	endMark       = 0xffffffff
)

var (
	errReach = errors.New("a match reaches before the beginning")
	errCode  = errors.New("a number is out of range")
)

// nrv decodes a stream: literals, and matches of an offset and a length, both
// numbers of a bit code. A bit 1 goes before each literal.
type nrv struct {
	bitReader
	family  family
	last    uint32 // the last offset
	offset  int    // of the match that is being copied
	pending int    // bytes of it still to copy
	ended   bool   // the end mark was met
}

func newNRV(f family, unit int, src []byte) *nrv {
	return &nrv{bitReader: bitReader{src: src, unit: unit}, family: f, last: 1}
}

// run writes to dst from n on, until dst is full or the stream ends. What is
// before n is what matches may reach. It gives the new n.
func (z *nrv) run(dst []byte, n int) (int, error) {
	for {
		if z.pending > 0 {
			n = z.copyMatch(dst, n)
		}
		if n == len(dst) || z.ended {
			return n, nil
		}
		for z.bit() == 1 {
			if z.pos >= len(z.src) {
				return n, io.ErrUnexpectedEOF
			}
			dst[n] = z.src[z.pos]
			z.pos++
			n++
			if n == len(dst) {
				return n, nil
			}
		}
		if err := z.match(); err != nil {
			return n, err
		}
		if z.offset > n {
			return n, errReach
		}
	}
}

// atEnd tells whether nothing but the end mark follows.
func (z *nrv) atEnd() bool {
	if z.ended {
		return true
	}
	return z.pending == 0 && z.bit() == 0 && z.match() == nil && z.ended
}

func (z *nrv) copyMatch(dst []byte, n int) int {
	count := min(z.pending, len(dst)-n)
	z.pending -= count
	from := n - z.offset
	for count > 0 { // a match may reach into itself
		did := copy(dst[n:n+count], dst[from:n])
		n += did
		count -= did
	}
	return n
}

// match reads a match, or the end mark.
func (z *nrv) match() error {
	code, err := z.offsetCode()
	if err != nil {
		return err
	}
	low := uint32(0) // the first bit of the length, in the later two codes
	if code == 2 {
		code = z.last
		if z.family != nrv2b {
			low = z.bit()
		}
	} else {
		if z.pos >= len(z.src) {
			return io.ErrUnexpectedEOF
		}
		code = (code-3)<<8 | uint32(z.src[z.pos])
		z.pos++
		if code == endMark {
			z.ended = true
			return nil
		}
		if z.family != nrv2b {
			low = ^code & 1
			code >>= 1
		}
		code++
		z.last = code
	}
	length, err := z.length(low)
	if err != nil {
		return err
	}
	far := uint32(0x500)
	if z.family == nrv2b {
		far = 0xd00
	}
	if code > far {
		length++
	}
	z.offset, z.pending = int(code), int(length)+1
	return nil
}

func (z *nrv) offsetCode() (uint32, error) {
	code := uint32(1)
	for {
		code = code<<1 | z.bit()
		if z.short {
			return 0, io.ErrUnexpectedEOF
		}
		if code > maxOffsetCode {
			return 0, errCode
		}
		if z.bit() == 1 {
			return code, nil
		}
		if z.family != nrv2b {
			code = (code-1)<<1 | z.bit()
		}
	}
}

func (z *nrv) length(low uint32) (uint32, error) {
	var n uint32
	switch z.family {
	case nrv2b:
		n = z.bit() << 1
		n |= z.bit()
	case nrv2d:
		n = low<<1 | z.bit()
	default:
		if low == 1 {
			return 1 + z.bit(), nil
		}
		if z.bit() == 1 {
			return 3 + z.bit(), nil
		}
	}
	if n > 0 {
		return n, nil
	}
	n = 1
	for {
		n = n<<1 | z.bit()
		if z.short {
			return 0, io.ErrUnexpectedEOF
		}
		if n > maxLength {
			return 0, errCode
		}
		if z.bit() == 1 {
			break
		}
	}
	if z.family == nrv2e {
		return n + 3, nil
	}
	return n + 2, nil
}
