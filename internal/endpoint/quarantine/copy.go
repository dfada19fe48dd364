package quarantine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"filippo.io/age"
	"golang.org/x/sys/unix"
)

// piece is how much is read at once.
const piece = 256 << 10

// layout finds the parts of a file that are not holes. More parts than an entry
// lists are taken together, with what lies between them.
func layout(file *os.File, size int64) (extents []Extent, holes bool, err error) {
	fd := int(file.Fd())
	was, err := unix.Seek(fd, 0, io.SeekCurrent)
	if err != nil {
		return nil, false, err
	}
	defer unix.Seek(fd, was, io.SeekStart)
	for at := int64(0); at < size; {
		start, err := unix.Seek(fd, at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // nothing but a hole from here on
		}
		end := size
		if err == nil && len(extents) < maxExtents-1 {
			end, err = unix.Seek(fd, start, unix.SEEK_HOLE)
		}
		if err != nil || start < at || end <= start {
			return nil, false, nil // a file system that knows no holes
		}
		end = min(end, size)
		if start >= end {
			break
		}
		extents = append(extents, Extent{start, end - start})
		at = end
	}
	if size == 0 || len(extents) == 1 && extents[0] == (Extent{0, size}) {
		return nil, false, nil
	}
	return extents, true, nil
}

// parts gives the extents of an entry: one for all where there is no hole.
func (e *Entry) parts() []Extent {
	if e.Holes || e.Size == 0 {
		return e.Extents
	}
	return []Extent{{0, e.Size}}
}

func (e *Entry) data() (n int64) {
	for _, x := range e.parts() {
		n += x.Length
	}
	return n
}

// each hands on, in order, the bytes that r gives for the parts of the file. It
// wants exactly those.
func (e *Entry) each(ctx context.Context, r io.Reader, use func(offset int64, data []byte) error) error {
	buffer := make([]byte, piece)
	for _, x := range e.parts() {
		for x.Length > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			part := buffer[:min(x.Length, piece)]
			if _, err := io.ReadFull(r, part); err != nil {
				return fmt.Errorf("%w: %w", errRead, err)
			}
			if err := use(x.Offset, part); err != nil {
				return err
			}
			x.Offset += int64(len(part))
			x.Length -= int64(len(part))
		}
	}
	if _, err := io.ReadFull(r, buffer[:1]); err != io.EOF {
		return errors.Join(errRead, err, errors.New("there is more than the file is long"))
	}
	return nil
}

// errRead tells what could not be read from what could not be used.
var errRead = errors.New("read")

// summer is the SHA-256 of a file whose holes are not handed to it.
type summer struct {
	hash  hash.Hash
	at    int64
	zeros []byte
}

func newSummer() *summer { return &summer{hash: sha256.New()} }

func (s *summer) add(offset int64, data []byte) error {
	s.zero(offset)
	s.at += int64(len(data))
	_, err := s.hash.Write(data)
	return err
}

func (s *summer) zero(until int64) {
	if s.at < until && s.zeros == nil {
		s.zeros = make([]byte, piece)
	}
	for s.at < until {
		n := min(until-s.at, piece)
		s.hash.Write(s.zeros[:n])
		s.at += n
	}
}

func (s *summer) sum(size int64) string {
	s.zero(size)
	return hex.EncodeToString(s.hash.Sum(nil))
}

// partReader reads the parts of a file one after the other, at their places.
type partReader struct {
	file  io.ReaderAt
	parts []Extent
}

func (r *partReader) Read(p []byte) (int, error) {
	for len(r.parts) > 0 && r.parts[0].Length == 0 {
		r.parts = r.parts[1:]
	}
	if len(r.parts) == 0 {
		return 0, io.EOF
	}
	x := &r.parts[0]
	n, err := r.file.ReadAt(p[:min(int64(len(p)), x.Length)], x.Offset)
	x.Offset += int64(n)
	x.Length -= int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// encrypt writes the parts of a file, and gives the digest of the whole.
func (s *Store) encrypt(ctx context.Context, w io.Writer, file io.ReaderAt, e *Entry) (string, error) {
	sealed, err := age.Encrypt(w, s.recipient)
	if err != nil {
		return "", err
	}
	sum := newSummer()
	err = e.each(ctx, &partReader{file, append([]Extent(nil), e.parts()...)}, func(offset int64, data []byte) error {
		_ = sum.add(offset, data)
		_, err := sealed.Write(data)
		return err
	})
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it became shorter", ErrChanged)
	}
	if err != nil {
		return "", err
	}
	return sum.sum(e.Size), sealed.Close()
}

// plain hands on the decrypted bytes of an entry at their offsets, and at the
// end says whether they are those that were taken.
func (s *Store) plain(ctx context.Context, blob string, e *Entry, use func(offset int64, data []byte) error) error {
	r, file, err := s.blob(blob)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := newSummer()
	err = e.each(ctx, r, func(offset int64, data []byte) error {
		_ = sum.add(offset, data)
		return use(offset, data)
	})
	if errors.Is(err, errRead) {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if err != nil {
		return err
	}
	if sum.sum(e.Size) != e.SHA256 {
		return fmt.Errorf("%w: its digest is another", ErrBroken)
	}
	return nil
}

// digest reads a whole file, holes and all.
func digest(ctx context.Context, file io.ReaderAt, size int64) (string, error) {
	sum, buffer := sha256.New(), make([]byte, piece)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.ReadAt(buffer[:min(piece, size-at)], at)
		sum.Write(buffer[:n])
		if at += int64(n); n == 0 || err != nil && err != io.EOF {
			return "", errors.Join(err, io.ErrUnexpectedEOF)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
