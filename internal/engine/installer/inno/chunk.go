package inno

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/limit"
)

// method is how a chunk is packed.
type method uint8

const (
	unknown method = iota
	zlib
	bzip2
	lzma
	lzma2
)

// methodOf tells by the first bytes: the headers have the method in a place
// that differs from version to version.
func methodOf(data []byte) method {
	switch {
	case len(data) < 7:
	case bytes.HasPrefix(data, []byte("BZh")):
		return bzip2
	case data[0]&0x8f == 8 && binary.BigEndian.Uint16(data)%31 == 0 && data[1]&0x20 == 0:
		return zlib
	case data[0] < 9*5*5 && data[5] == 0 && data[4] < 0x60 && binary.LittleEndian.Uint32(data[1:]) >= 4096:
		return lzma
	case data[0] <= 40 && (data[1] == 1 || data[1] >= 0xe0):
		return lzma2
	}
	return unknown
}

// openChunk opens what is packed into a chunk, of size bytes; negative when
// that is not known.
func (w *walker) openChunk(data []byte, size int64) (io.ReadCloser, error) {
	in := w.Input(data)
	switch methodOf(data) {
	case zlib:
		return w.openZlib(in)
	case bzip2:
		return w.Open.BZip2(in)
	case lzma:
		return w.openLZMA(in, size)
	case lzma2:
		_, _ = in.ReadByte() // it is there
		return w.Open.LZMA2(in, data[0])
	}
	return nil, limit.Errorf(limit.Method, "inno: a chunk packed by a method that is not known; it was not unpacked")
}

// openZlib leaves out the header; the checksum behind is not read.
func (w *walker) openZlib(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReader(r)
	if _, err := b.Discard(2); err != nil {
		return nil, err
	}
	return w.Open.Deflate(b)
}

func (w *walker) openLZMA(r io.Reader, size int64) (io.ReadCloser, error) {
	var h [5]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	return w.Open.LZMA(r, h[0], int64(binary.LittleEndian.Uint32(h[1:])), size)
}

// scan unpacks the chunks as they lie there, each as one part: from one sign to
// the next.
func (w *walker) scan(from int64) error {
	if from >= int64(len(w.data)) || from < 0 {
		return nil
	}
	rest := w.data[from:]
	for {
		i := bytes.Index(rest, []byte(chunkSign))
		if i < 0 {
			return nil
		}
		rest = rest[i+len(chunkSign):]
		end := bytes.Index(rest, []byte(chunkSign))
		if end < 0 {
			end = len(rest)
		}
		if err := w.lonely(rest[:end]); err != nil {
			return err
		}
	}
}

// lonely hands out a chunk of which nothing is known.
func (w *walker) lonely(data []byte) error {
	w.taken++
	name := fmt.Sprintf("inno/(chunk %d)", w.taken)
	r, err := w.openChunk(data, -1)
	if limit.Of(err) != nil && limit.Of(err).Reason == limit.Method {
		return w.Sink.Whole(name, data) // it is stored, most likely
	}
	if err != nil {
		return w.Damaged(name, err)
	}
	defer r.Close()
	return w.Sink.Decoded(name, &endless{r}, len(data))
}

// endless reads a stream without an end of its own: where its bytes end it
// ends.
type endless struct{ io.Reader }

// Read ends with io.EOF where bytes are missing.
func (e *endless) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// sized reads as many bytes of a stream and misses those that are not there.
type sized struct {
	r    io.Reader
	left int64
}

// Read ends with io.EOF behind the last byte only.
func (s *sized) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if errors.Is(err, io.EOF) && s.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
