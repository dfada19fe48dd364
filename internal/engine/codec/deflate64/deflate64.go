// Package deflate64 decodes Deflate64, the zip method 9 that Windows writes
// for large files: deflate with a window of 64 KiB, two more distance codes
// and matches up to 65,538 bytes (APPNOTE 4.4.5; RFC 1951 for the rest). It
// also knows the deflate of an installer that leaves a field out. It reads from
// an io.Reader and holds the window only.
package deflate64

import (
	"bufio"
	"cmp"
	"errors"
	"io"
)

const (
	windowSize = 64 << 10
	endOfBlock = 256
)

// Reader decodes one stream.
type Reader struct {
	src  io.ByteReader
	hold uint64 // bits read and not used, lowest first
	bits uint
	rerr error // why src gave no more

	win        [windowSize]byte
	pos, out   int // next byte to write and to hand out; out may be behind by a lap
	ahead      int // bytes written and not handed out
	written    int64
	last       bool
	step       func() error // what comes next in the stream
	lit, dist  table
	stored     int // bytes left of a stored block
	matchLen   int
	matchDist  int
	err        error
	lengthsBuf [320]uint8
	installer  bool // see NewInstaller
}

// NewReader makes a Reader. r is read byte by byte and no further than the
// stream goes when it is an io.ByteReader.
func NewReader(r io.Reader) *Reader {
	src, ok := r.(io.ByteReader)
	if !ok {
		src = bufio.NewReader(r)
	}
	z := &Reader{src: src}
	z.step = z.blockHeader
	return z
}

// NewInstaller makes a Reader of deflate as the Nullsoft installer has it:
// that of RFC 1951, but the size of a stored block need not be repeated
// inverted, as some of its compilers do and others do not.
func NewInstaller(r io.Reader) *Reader {
	z := NewReader(r)
	z.installer = true
	return z
}

// Read decodes. The error is io.EOF after the last block.
func (z *Reader) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if z.ahead > 0 {
			n := copy(p, z.win[z.out:min(z.out+z.ahead, windowSize)])
			z.out = (z.out + n) % windowSize
			z.ahead -= n
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		z.err = z.step()
	}
	return 0, nil
}

// Unread is how many bytes were read from the input and not needed.
func (z *Reader) Unread() int { return int(z.bits / 8) }

// more fills hold with whole bytes, as long as there are any. At the end of
// the stream a byte or two of what follows can be in it: see Unread.
func (z *Reader) more() {
	for z.bits < maxCode && z.rerr == nil {
		b, err := z.src.ReadByte()
		if err != nil {
			z.rerr = err
			return
		}
		z.hold |= uint64(b) << z.bits
		z.bits += 8
	}
}

func (z *Reader) short() error {
	if z.rerr == nil || errors.Is(z.rerr, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return z.rerr
}

func (z *Reader) drop(n uint) {
	z.hold >>= n
	z.bits -= n
}

// take reads n bits, at most 16.
func (z *Reader) take(n uint) (int, error) {
	for z.bits < n {
		b, err := z.src.ReadByte()
		if err != nil {
			z.rerr = err
			return 0, z.short()
		}
		z.hold |= uint64(b) << z.bits
		z.bits += 8
	}
	v := int(z.hold & (1<<n - 1))
	z.drop(n)
	return v, nil
}

// peek gives the next 16 bits and leaves them to be read.
func (z *Reader) peek() (int, error) {
	v, err := z.take(16)
	if err == nil {
		z.hold = z.hold<<16 | uint64(v)
		z.bits += 16
	}
	return v, err
}

func (z *Reader) blockHeader() error {
	if z.last {
		return io.EOF
	}
	h, err := z.take(3)
	if err != nil {
		return err
	}
	z.last = h&1 == 1
	switch h >> 1 {
	case 0:
		return z.startStored()
	case 1:
		return z.startFixed()
	case 2:
		return z.startDynamic()
	}
	return errors.New("deflate64: unknown block type")
}

func (z *Reader) startStored() error {
	z.drop(z.bits & 7)
	n, err := z.take(16)
	if err != nil {
		return err
	}
	inverse, err := z.peek()
	if n == inverse^0xffff && err == nil {
		z.drop(16)
	} else if !z.installer {
		return cmp.Or(err, errors.New("deflate64: malformed stored block"))
	}
	z.stored, z.step = n, z.copyStored
	return nil
}

func (z *Reader) copyStored() error {
	for z.stored > 0 && z.ahead < windowSize/2 {
		b, err := z.take(8)
		if err != nil {
			return err
		}
		z.put(byte(b))
		z.stored--
	}
	if z.stored == 0 {
		z.step = z.blockHeader
	}
	return nil
}

func (z *Reader) put(b byte) {
	z.win[z.pos] = b
	z.pos = (z.pos + 1) % windowSize
	z.ahead++
	z.written++
}

// symbols decodes until half the window waits to be handed out.
func (z *Reader) symbols() error {
	for z.ahead < windowSize/2 {
		if z.matchLen > 0 {
			z.put(z.win[(z.pos-z.matchDist)&(windowSize-1)])
			z.matchLen--
			continue
		}
		s, err := z.symbol(&z.lit)
		switch {
		case err != nil:
			return err
		case s < endOfBlock:
			z.put(byte(s))
		case s == endOfBlock:
			z.step = z.blockHeader
			return nil
		default:
			if err := z.match(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (z *Reader) match(s int) error {
	n, err := z.length(s)
	if err != nil {
		return err
	}
	code, err := z.symbol(&z.dist)
	if err != nil {
		return err
	}
	base, extra := distance(code)
	low, err := z.take(extra)
	if err != nil {
		return err
	}
	d := base + low
	if int64(d) > z.written {
		return errors.New("deflate64: a match reaches before the beginning")
	}
	z.matchLen, z.matchDist = n, d
	return nil
}

func (z *Reader) length(s int) (int, error) {
	switch {
	case s < 265:
		return s - 254, nil
	case s < 285:
		extra := uint(s-261) / 4
		low, err := z.take(extra)
		return 3 + (4+(s-261)%4)<<extra + low, err
	case s == 285 && z.installer:
		return 258, nil
	case s == 285:
		low, err := z.take(16)
		return 3 + low, err
	}
	return 0, errCode
}

// distance gives the least distance of a code and how many bits follow it.
func distance(code int) (int, uint) {
	if code < 2 {
		return code + 1, 0
	}
	extra := uint(code/2 - 1)
	return (2+code%2)<<extra + 1, extra
}

func (z *Reader) startFixed() error {
	l := z.lengthsBuf[:288]
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	if err := z.lit.build(l); err != nil {
		return err
	}
	d := z.lengthsBuf[288:320]
	for i := range d {
		d[i] = 5
	}
	z.step = z.symbols
	return z.dist.build(d)
}

func (z *Reader) startDynamic() error {
	var n [3]int // literal codes, distance codes, code length codes
	for i, b := range []uint{5, 5, 4} {
		v, err := z.take(b)
		if err != nil {
			return err
		}
		n[i] = v + []int{257, 1, 4}[i]
	}
	if n[0] > 286 {
		return errCode
	}
	order := [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var l [19]uint8
	for _, at := range order[:n[2]] {
		v, err := z.take(3)
		if err != nil {
			return err
		}
		l[at] = uint8(v)
	}
	if err := z.lit.build(l[:]); err != nil {
		return err
	}
	return z.codeLengths(n[0], n[1])
}

// codeLengths reads the lengths of both codes in one run.
func (z *Reader) codeLengths(literals, distances int) error {
	l := z.lengthsBuf[:literals+distances]
	for i := 0; i < len(l); {
		s, err := z.symbol(&z.lit)
		if err != nil {
			return err
		}
		if s < 16 {
			l[i] = uint8(s)
			i++
			continue
		}
		value, n := uint8(0), 0
		switch s {
		case 16:
			if i == 0 {
				return errCode
			}
			value = l[i-1]
			n, err = z.take(2)
			n += 3
		case 17:
			n, err = z.take(3)
			n += 3
		default:
			n, err = z.take(7)
			n += 11
		}
		if err != nil {
			return err
		}
		if i+n > len(l) {
			return errCode
		}
		for range n {
			l[i] = value
			i++
		}
	}
	if err := z.lit.build(l[:literals]); err != nil {
		return err
	}
	z.step = z.symbols
	return z.dist.build(l[literals:])
}
