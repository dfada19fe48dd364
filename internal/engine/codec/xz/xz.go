// Package xz reads .xz files (the .xz file format 1.2): any number of streams
// and blocks, with the LZMA2, Delta and branch filters. It takes memory only as
// data comes out, and asks Memory first. It reads from an io.Reader, checks
// what the format lets it check, and does nothing else.
package xz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/codec/lzma"
)

// ErrTrailing ends a file that has other bytes after its last stream. All of
// the streams was read by then.
var ErrTrailing = errors.New("xz: other data after the last stream")

// ErrFilter is wrapped by the error for a filter nobody here undoes.
var ErrFilter = errors.New("xz: unknown filter")

const (
	headerMagic = "\xfd7zXZ\x00"
	footerMagic = "YZ"
	indexMark   = 0
)

// Reader reads the streams of one file, one after the other.
type Reader struct {
	src   source
	mem   lzma.Memory
	flags [2]byte // of this stream
	block *block
	lzma  *lzma.Reader2 // of the last block, used again
	err   error
	first bool
	end   int64 // behind the last whole stream
}

// source counts the bytes taken, for paddings.
type source struct {
	r io.Reader
	n int64
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	return n, err
}

// full fills p, and takes the end of the file for a truncation.
func (s *source) full(p []byte) error {
	_, err := io.ReadFull(s, p)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// NewReader makes a Reader; the first Read reads the header. r should be
// cheap for short reads.
func NewReader(r io.Reader, mem lzma.Memory) *Reader {
	return &Reader{src: source{r: r}, mem: mem, first: true}
}

// Read decodes. At the end of the last stream the error is io.EOF or
// ErrTrailing.
func (z *Reader) Read(p []byte) (int, error) {
	for z.err == nil && len(p) > 0 {
		if z.block == nil {
			z.err = z.next()
			continue
		}
		n, err := z.block.Read(p)
		if errors.Is(err, io.EOF) {
			err = z.block.finish()
			z.block = nil
		}
		if err != nil {
			z.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

// End is where the last whole stream ended.
func (z *Reader) End() int64 { return z.end }

// Close gives the memory back. The Reader must not be used after it.
func (z *Reader) Close() error {
	if z.lzma != nil {
		_ = z.lzma.Close() // only memory is given back
		z.lzma = nil
	}
	z.block, z.err = nil, io.ErrClosedPipe
	return nil
}

// next opens the next block, in this stream or in one that follows.
func (z *Reader) next() error {
	if z.first {
		z.first = false
		if err := z.streamHeader(); err != nil {
			return err
		}
	}
	for {
		var size [1]byte
		if err := z.src.full(size[:]); err != nil {
			return err
		}
		if size[0] != indexMark {
			var err error
			z.block, err = z.openBlock(size[0])
			return err
		}
		if err := z.endStream(); err != nil {
			return err
		}
	}
}

func (z *Reader) streamHeader() error {
	var h [12]byte
	if err := z.src.full(h[:]); err != nil {
		return err
	}
	return z.parseHeader(h)
}

func (z *Reader) parseHeader(h [12]byte) error {
	if string(h[:6]) != headerMagic {
		return errors.New("xz: not a stream header")
	}
	if crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return errors.New("xz: the stream header's checksum is wrong")
	}
	if h[6] != 0 || h[7] > 15 {
		return errors.New("xz: unknown stream flags")
	}
	z.flags = [2]byte(h[6:8])
	return nil
}

// endStream reads the index and the footer, and the header of a stream that
// follows. The index repeats what the blocks said; only its extent matters.
func (z *Reader) endStream() error {
	start := z.src.n - 1
	count, err := readVint(&z.src)
	if err != nil {
		return err
	}
	for range 2 * count {
		if _, err := readVint(&z.src); err != nil {
			return err
		}
	}
	rest := make([]byte, pad4(z.src.n-start)+4+12)
	if err := z.src.full(rest); err != nil {
		return err
	}
	if f := rest[len(rest)-4:]; string(f[2:]) != footerMagic || [2]byte(f) != z.flags {
		return errors.New("xz: the footer does not fit the header")
	}
	z.end = z.src.n
	return z.following()
}

// following skips padding, and opens the stream behind it.
func (z *Reader) following() error {
	var h [12]byte
	for {
		n, err := io.ReadFull(&z.src, h[:4])
		switch {
		case n == 0 && errors.Is(err, io.EOF):
			return io.EOF
		case n > 0 && n < 4:
			return ErrTrailing
		case err != nil:
			return err
		}
		if !bytes.Equal(h[:4], make([]byte, 4)) {
			break
		}
	}
	if string(h[:4]) != headerMagic[:4] {
		return ErrTrailing
	}
	if err := z.src.full(h[4:]); err != nil {
		return err
	}
	return z.parseHeader(h)
}

func pad4(n int64) int64 { return -n & 3 }

// readVint reads a number of up to 63 bits, seven a byte, lowest first.
func readVint(r io.Reader) (uint64, error) {
	var v uint64
	var b [1]byte
	for i := range 9 {
		if _, err := io.ReadFull(r, b[:]); errors.Is(err, io.EOF) {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
		v |= uint64(b[0]&0x7f) << (7 * i)
		if b[0] < 0x80 {
			if b[0] == 0 && i > 0 {
				break
			}
			return v, nil
		}
	}
	return 0, errors.New("xz: malformed number")
}
