// Package filter undoes the reversible transformations that 7z and xz put
// before a compressor: Delta, and the branch converters that turn relative
// jumps of executables into absolute ones (7-Zip's Methods.txt; section 5.3 of
// the .xz file format 1.2). It works on bytes handed to it and keeps at most
// a few thousand of them.
package filter

import (
	"errors"
	"fmt"
	"io"
)

// Kind names a branch converter.
type Kind uint8

// The converters.
const (
	X86 Kind = iota + 1
	PPC
	IA64
	ARM
	ARMT
	SPARC
	ARM64
	RISCV // known, not undone
)

// ErrKind is returned for a converter that nobody here undoes.
var ErrKind = errors.New("filter: unknown converter")

// convert undoes a converter in buf, which begins at offset pos of the
// stream, and returns how many bytes are done. The rest needs more input.
type convert func(buf []byte, pos uint32) int

// NewBranch undoes kind over r. The stream's addresses begin at start.
func NewBranch(r io.Reader, kind Kind, start uint32) (io.Reader, error) {
	var c convert
	switch kind {
	case X86:
		c = new(x86).convert
	case PPC:
		c = ppc
	case IA64:
		c = ia64
	case ARM:
		c = arm
	case ARMT:
		c = armt
	case SPARC:
		c = sparc
	case ARM64:
		c = arm64
	default:
		return nil, fmt.Errorf("%w %d", ErrKind, kind)
	}
	return &branch{src: r, convert: c, pos: start}, nil
}

const bufferSize = 8 << 10

// branch converts block by block. What a converter cannot decide at the end
// of a block moves to the front of the next; at the end of the stream it
// stays as it is.
type branch struct {
	src     io.Reader
	convert convert
	pos     uint32
	buf     [bufferSize]byte
	out     int // converted bytes not yet handed out: buf[out:ready]
	ready   int
	end     int // bytes in buf
	err     error
}

func (b *branch) Read(p []byte) (int, error) {
	for b.out == b.ready {
		if b.err != nil && b.end == b.ready {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.buf[b.out:b.ready])
	b.out += n
	return n, nil
}

func (b *branch) fill() {
	b.end = copy(b.buf[:], b.buf[b.ready:b.end])
	b.out, b.ready = 0, 0
	for b.end < len(b.buf) && b.err == nil {
		var n int
		n, b.err = b.src.Read(b.buf[b.end:])
		b.end += n
	}
	b.ready = b.convert(b.buf[:b.end], b.pos)
	if b.err != nil {
		b.ready = b.end
	}
	b.pos += uint32(b.ready)
}

// NewDelta undoes the Delta filter: each byte was stored as the difference to
// the one distance before, 1 to 256.
func NewDelta(r io.Reader, distance int) (io.Reader, error) {
	if distance < 1 || distance > 256 {
		return nil, fmt.Errorf("filter: delta distance %d is not 1 to 256", distance)
	}
	return &delta{src: r, distance: distance}, nil
}

type delta struct {
	src      io.Reader
	distance int
	last     [256]byte
	at       byte
}

func (d *delta) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	for i := range p[:n] {
		p[i] += d.last[byte(d.distance)+d.at]
		d.last[d.at] = p[i]
		d.at--
	}
	return n, err
}
