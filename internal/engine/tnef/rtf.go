package tnef

import (
	"encoding/binary"
	"errors"
	"io"
)

// preset fills the dictionary at the beginning ([MS-OXRTFCP] 2.1.2.1).
const preset = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbol` +
	`ArialTimes New RomanCourier{\colortbl\red0\green0\blue0` + "\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

const (
	rtfHead   = 16
	rtfWindow = 4096
	rtfPacked = 0x75465a4c
	rtfPlain  = 0x414c454d
)

var (
	errUnknownRTF = errors.New("rtf: neither packed nor plain")
	errShortRTF   = errors.New("rtf: no header")
)

// rtfReader unpacks RTF: eight at a time, bytes and matches in a window of
// 4 KiB, until a match with what is just to be written.
type rtfReader struct {
	data   []byte
	window [rtfWindow]byte
	pos    int // next byte to write
	out    []byte
	buf    [8 * 17]byte
	err    error
}

// newRTF opens what has a header of its own.
func newRTF(data []byte) (r io.Reader, packed int, err error) {
	if len(data) < rtfHead {
		return nil, 0, errShortRTF
	}
	kind := binary.LittleEndian.Uint32(data[8:])
	data = data[rtfHead:]
	switch kind {
	case rtfPlain:
		return &rtfReader{out: data, err: io.EOF}, len(data), nil
	case rtfPacked:
		z := &rtfReader{data: data, pos: len(preset)}
		copy(z.window[:], preset)
		return z, len(data), nil
	}
	return nil, 0, errUnknownRTF
}

// Read unpacks. Data that just ends is cut off.
func (z *rtfReader) Read(p []byte) (int, error) {
	for len(z.out) == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.group()
	}
	n := copy(p, z.out)
	z.out = z.out[n:]
	return n, nil
}

// group unpacks the eight items that one byte of flags announces.
func (z *rtfReader) group() {
	z.out = z.buf[:0]
	if len(z.data) == 0 {
		z.err = io.ErrUnexpectedEOF
		return
	}
	flags := z.data[0]
	z.data = z.data[1:]
	for i := 0; i < 8 && z.err == nil; i++ {
		if flags>>i&1 == 1 {
			z.match()
		} else {
			z.literal()
		}
	}
}

func (z *rtfReader) literal() {
	if len(z.data) == 0 {
		z.err = io.ErrUnexpectedEOF
		return
	}
	z.put(z.data[0])
	z.data = z.data[1:]
}

// match copies from the window: twelve bits of place, four of length.
func (z *rtfReader) match() {
	if len(z.data) < 2 {
		z.err = io.ErrUnexpectedEOF
		return
	}
	m := int(binary.BigEndian.Uint16(z.data))
	z.data = z.data[2:]
	from := m >> 4
	if from == z.pos {
		z.err = io.EOF
		return
	}
	for range m&15 + 2 {
		z.put(z.window[from])
		from = (from + 1) % rtfWindow
	}
}

func (z *rtfReader) put(c byte) {
	z.window[z.pos] = c
	z.pos = (z.pos + 1) % rtfWindow
	z.out = append(z.out, c)
}
