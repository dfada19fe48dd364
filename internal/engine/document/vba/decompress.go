// Package vba reads what a VBA project stores in the streams of a compound
// file: the compressed containers, the list of modules, and their source text
// (MS-OVBA 2.3.4 and 2.4.1). It does not read the compiled code beside the
// source, runs nothing, and trusts no size: it reads streams from front to
// back and keeps one chunk of 4096 bytes.
package vba

import (
	"bufio"
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

const (
	chunkSize   = 4096
	headerSize  = 2
	signature   = 3
	packedLimit = 1 << 12 // bytes of a chunk, without its header
)

// Reader gives what a compressed container holds.
type Reader struct {
	src    *bufio.Reader
	begun  bool
	packed [packedLimit]byte
	chunk  [chunkSize]byte
	out    []byte // of chunk, not yet read
	err    error
}

// NewReader reads the container that src begins with.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: bufio.NewReader(src)}
}

// Read gives the next bytes. What is no chunk ends it with the reason Damaged.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.out, r.err = r.next()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *Reader) next() ([]byte, error) {
	if !r.begun {
		b, err := r.src.ReadByte()
		if err != nil {
			return nil, cut(err)
		}
		if b != 1 {
			return nil, limit.Errorf(limit.Damaged, "vba: no compressed container")
		}
		r.begun = true
	}
	var h [headerSize]byte
	if _, err := io.ReadFull(r.src, h[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, cut(err)
	}
	header := uint(h[0]) | uint(h[1])<<8
	if header>>12&7 != signature {
		return nil, limit.Errorf(limit.Damaged, "vba: a chunk begins with %#04x", header)
	}
	n, err := io.ReadFull(r.src, r.packed[:header&0xfff+1])
	if header>>15 == 0 {
		return r.packed[:n], cut(err)
	}
	out, ok := r.unpack(r.packed[:n])
	if err == nil && !ok {
		err = limit.Errorf(limit.Damaged, "vba: a chunk refers to bytes before its start, or is too long")
	}
	return out, cut(err)
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return limit.Errorf(limit.Damaged, "vba: a compressed container is cut off")
	}
	return err
}

// unpack decodes one chunk. It returns false when the chunk is malformed, with
// what came before.
func (r *Reader) unpack(src []byte) ([]byte, bool) {
	pos := 0
	for len(src) > 0 {
		flags := src[0]
		src = src[1:]
		for bit := 0; bit < 8 && len(src) > 0; bit++ {
			if pos == chunkSize {
				return r.chunk[:], false
			}
			if flags>>bit&1 == 0 {
				r.chunk[pos] = src[0]
				pos, src = pos+1, src[1:]
				continue
			}
			if len(src) < 2 {
				return r.chunk[:pos], false
			}
			offset, length := copyToken(uint(src[0])|uint(src[1])<<8, pos)
			src = src[2:]
			if offset > pos || pos+length > chunkSize {
				return r.chunk[:pos], false
			}
			for range length {
				r.chunk[pos] = r.chunk[pos-offset]
				pos++
			}
		}
	}
	return r.chunk[:pos], true
}

// copyToken splits a token: the more of the chunk is out, the more bits of it
// are the offset.
func copyToken(token uint, pos int) (offset, length int) {
	bits := uint(4)
	for bits < 12 && 1<<bits < pos {
		bits++
	}
	return int(token>>(16-bits)) + 1, int(token&(1<<(16-bits)-1)) + 3
}
