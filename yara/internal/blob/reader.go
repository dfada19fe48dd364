package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrNotBlob is wrapped by the error for bytes that are no compiled rules at all.
var ErrNotBlob = errors.New("not compiled rules")

// Reader gives the records of a blob. The first thing found wrong is kept, and
// what is asked for afterwards is empty.
type Reader struct {
	Features uint32

	src      io.ReaderAt
	places   [sectionCount]span
	sections [sectionCount][]byte // those that are kept
	windows  [sectionCount]window // on the others
	spare    []byte               // memory for the next window
	next     [sectionCount]int
	sum      chan error // of the checksum, which is computed meanwhile
	code     chan error // of the code, which is checked meanwhile; nil: not yet
	err      error
}

// window is some records of a section, from one on.
type window struct {
	from  int
	bytes []byte
}

// windowLen is the size of a window, about.
const windowLen = 64 << 10

// span is where a section lies.
type span struct{ at, size int64 }

// Is reports whether data begins like a blob.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(Magic)) }

const tableEnd = headerLen + sectionLen*int(sectionCount)

// Open checks the frame of a blob of some size: header and sections, which are
// read when they are asked for. The checksum is computed meanwhile: Verify must
// be asked in the end. So src is read from two
// goroutines, and twice; what is read is checked by itself, so nothing worse
// than a wrong checksum comes of a file that changes in between.
func Open(src io.ReaderAt, size int64) (*Reader, error) {
	head := make([]byte, min(size, int64(tableEnd)))
	if _, err := src.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	if !Is(head) {
		return nil, fmt.Errorf("load rules: %w", ErrNotBlob)
	}
	if len(head) < headerLen {
		return nil, errors.New("load rules: cut off in the header")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(head[at:]) }
	switch v := u32(8); {
	case v != Version:
		return nil, fmt.Errorf("load rules: format version %d, this program reads version %d: compile the rules again", v, Version)
	case binary.LittleEndian.Uint64(head[16:]) != uint64(size):
		return nil, fmt.Errorf("load rules: %d bytes, the header says %d", size, binary.LittleEndian.Uint64(head[16:]))
	case u32(24) != uint32(sectionCount) || u32(28) != 0 || len(head) < tableEnd:
		return nil, errors.New("load rules: the header is not that of this version")
	}
	r := &Reader{Features: u32(12), src: src}
	if err := r.split(head, size); err != nil {
		return nil, err
	}
	want := [sha256.Size]byte(head[sumStart:headerLen])
	r.sum = meanwhile(func() error { return verify(src, size, want) })
	return r, nil
}

// meanwhile starts a check.
func meanwhile(check func() error) chan error {
	done := make(chan error, 1)
	go func() { done <- check() }()
	return done
}

// Verify waits for the checksum and tells whether it is right. It is asked once.
func (r *Reader) Verify() error { return <-r.sum }

// CheckCode waits until the code of all programs was looked at, which must be
// before anybody uses it, and fails the Reader where it is not fit to be run.
func (r *Reader) CheckCode() {
	if r.code == nil {
		r.Fail("there are no programs")
	} else if err := <-r.code; err != nil {
		r.Fail("%w", err)
	}
}

// verify holds the checksum against the data.
func verify(src io.ReaderAt, size int64, want [sha256.Size]byte) error {
	h := sha256.New()
	buf := make([]byte, 128<<10)
	for _, part := range []span{{0, sumStart}, {headerLen, size - headerLen}} {
		if _, err := io.CopyBuffer(h, io.NewSectionReader(src, part.at, part.size), buf); err != nil {
			return fmt.Errorf("load rules: %w", err)
		}
	}
	if [sha256.Size]byte(h.Sum(nil)) != want {
		return errors.New("load rules: the checksum is wrong: the file was changed or damaged")
	}
	return nil
}

// split finds the sections: each begins at the first multiple of eight behind
// the one before, and nothing but zeros is between.
func (r *Reader) split(head []byte, size int64) error {
	end := int64(tableEnd)
	for s := range sectionCount {
		entry := head[headerLen+sectionLen*int(s):]
		at, n := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
		start := int64(aligned(int(end)))
		if at != uint64(start) || start > size || n > uint64(size-start) || n%uint64(recordLen(s)) != 0 {
			return fmt.Errorf("load rules: section %d is not where it has to be", s)
		}
		if start > end && !r.zeros(end, start) {
			return fmt.Errorf("load rules: something lies before section %d", s)
		}
		r.places[s] = span{start, int64(n)}
		end = start + int64(n)
	}
	if end != size {
		return errors.New("load rules: something lies behind the last section")
	}
	return nil
}

// zeros reports whether there is nothing between two sections.
func (r *Reader) zeros(from, to int64) bool {
	var gap [align]byte
	_, err := r.src.ReadAt(gap[:to-from], from)
	return (err == nil || err == io.EOF) && gap == [align]byte{}
}

// section gives the bytes of a section, which are kept.
func (r *Reader) section(s Section) []byte {
	if int64(len(r.sections[s])) < r.places[s].size {
		r.sections[s] = make([]byte, r.places[s].size)
		r.fill(r.sections[s], r.places[s].at)
	}
	return r.sections[s]
}

// fill reads what lies at a place. What is not there is zeros.
func (r *Reader) fill(b []byte, at int64) {
	if _, err := r.src.ReadAt(b, at); err != nil && err != io.EOF {
		r.Fail("%w", err)
		clear(b)
	}
}

// move puts the window of a section on record i and those behind it.
func (r *Reader) move(s Section, i int) {
	w, n := &r.windows[s], recordLen(s)
	if w.bytes == nil {
		w.bytes, r.spare = r.spare, nil
	}
	size := min(r.Len(s)-i, windowLen/n) * n
	if cap(w.bytes) < size {
		w.bytes = make([]byte, windowLen)
	}
	w.from, w.bytes = i, w.bytes[:size]
	r.fill(w.bytes, r.places[s].at+int64(i*n))
}

// Drop gives back the memory of sections that were read to the end.
func (r *Reader) Drop(sections ...Section) {
	for _, s := range sections {
		if w := &r.windows[s]; w.bytes != nil {
			r.spare, w.bytes = w.bytes, nil
		}
	}
}
