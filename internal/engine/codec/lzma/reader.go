// Package lzma decodes LZMA and LZMA2 as the 7-Zip and xz formats use them
// (Pavlov's LZMA specification, and section 5.3 of the .xz file format 1.2).
//
// It never takes memory because a header asks for it: the window grows with
// the bytes that really came out, and each step is asked of Memory first. It
// reads from an io.Reader and does nothing else.
package lzma

import (
	"errors"
	"io"
)

// minDict is the least size of a dictionary; smaller claims mean this.
const minDict = 4096

// Config describes an LZMA stream that has no header of its own.
type Config struct {
	Properties byte   // lc + 9*(lp + 5*pb)
	Dict       int64  // bytes; at most 4 GiB
	Size       int64  // bytes that come out; negative: until the end marker
	Memory     Memory // must not be nil
}

// Reader decodes one LZMA stream.
type Reader struct {
	d    decoder
	left int64 // bytes still to come out; negative when unknown
	err  error
	held int64
}

// NewReader reads the first bytes of the stream from r, which it may read
// further than the stream goes.
func NewReader(r io.Reader, c Config) (*Reader, error) {
	props, err := parseProperties(c.Properties)
	if err != nil {
		return nil, err
	}
	z := &Reader{left: c.Size}
	if z.held, err = z.d.prepare(props, c.Dict, c.Size, c.Memory); err != nil {
		return nil, err
	}
	z.d.rc.src = r
	if err := z.d.rc.start(); err != nil {
		z.Close()
		return nil, err
	}
	return z, nil
}

// prepare sets the sizes and takes the memory for the literal probabilities,
// which can be 6 MiB.
func (d *decoder) prepare(props properties, dict, size int64, mem Memory) (int64, error) {
	dict = max(dict, minDict)
	if dict > 1<<32 {
		return 0, errors.New("lzma: the dictionary is larger than 4 GiB")
	}
	if size >= 0 {
		dict = min(dict, max(size, minDict)) // no match can reach further
	}
	held := int64(2 * props.literals())
	if err := mem.Hold(held); err != nil {
		return 0, err
	}
	d.win = window{limit: int(dict), mem: mem}
	d.props = props
	d.literal = make([]prob, props.literals())
	d.reset()
	return held, nil
}

// Read decodes. The error is io.EOF after the last byte.
func (z *Reader) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := z.d.win.take(p); n > 0 {
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		z.err = z.fill(len(p))
	}
	return 0, nil
}

// fill decodes about want bytes into the window.
func (z *Reader) fill(want int) error {
	if z.left == 0 || z.d.ended {
		return z.end()
	}
	if err := z.d.win.room(); err != nil {
		return err
	}
	before := z.d.win.pos
	n := min(len(z.d.win.buf)-before, want)
	if z.left >= 0 {
		n = int(min(int64(n), z.left))
	}
	err := z.d.run(before + n)
	if z.left >= 0 {
		z.left -= int64(z.d.win.pos - before)
	}
	return err
}

func (z *Reader) end() error {
	if z.d.ended && z.left > 0 {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// Unread is how many bytes were read from the input and not needed. With a
// known size, an end marker that follows is among them.
func (z *Reader) Unread() int { return max(z.d.rc.end-z.d.rc.pos, 0) }

// Close gives the memory back. The Reader must not be used after it.
func (z *Reader) Close() error {
	z.d.win.release()
	z.d.win.mem.Release(z.held)
	z.held, z.d.literal, z.err = 0, nil, io.ErrClosedPipe
	return nil
}
