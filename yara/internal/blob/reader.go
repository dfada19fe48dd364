package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrNotBlob is wrapped by the error for bytes that are no compiled rules at all.
var ErrNotBlob = errors.New("not compiled rules")

// Reader gives the records of a blob, where they are. The first thing found wrong
// is kept.
type Reader struct {
	Features uint32

	sections [sectionCount][]byte
	next     [sectionCount]int
	sum      chan error // of the checksum, which is computed meanwhile
	code     chan error // of the code, which is checked meanwhile; nil: not yet
	err      error
}

// Is reports whether data begins like a blob.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(Magic)) }

const tableEnd = headerLen + sectionLen*int(sectionCount)

// Open checks the frame of a blob: header and sections. The checksum is computed
// meanwhile: Verify must be asked in the end. data is kept.
func Open(data []byte) (*Reader, error) {
	if !Is(data) {
		return nil, fmt.Errorf("load rules: %w", ErrNotBlob)
	}
	if len(data) < headerLen {
		return nil, errors.New("load rules: cut off in the header")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	switch v := u32(8); {
	case v != Version:
		return nil, fmt.Errorf("load rules: format version %d, this program reads version %d: compile the rules again", v, Version)
	case binary.LittleEndian.Uint64(data[16:]) != uint64(len(data)):
		return nil, fmt.Errorf("load rules: %d bytes, the header says %d", len(data), binary.LittleEndian.Uint64(data[16:]))
	case u32(24) != uint32(sectionCount) || u32(28) != 0 || len(data) < tableEnd:
		return nil, errors.New("load rules: the header is not that of this version")
	}
	r := &Reader{Features: u32(12)}
	if err := r.split(data); err != nil {
		return nil, err
	}
	want := [sha256.Size]byte(data[sumStart:headerLen])
	r.sum = meanwhile(func() error { return verify(data, want) })
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
func verify(data []byte, want [sha256.Size]byte) error {
	if checksum(data) != want {
		return errors.New("load rules: the checksum is wrong: the file was changed or damaged")
	}
	return nil
}

// split finds the sections: each begins at the first multiple of eight behind
// the one before, and nothing but zeros is between.
func (r *Reader) split(data []byte) error {
	end := tableEnd
	for s := range sectionCount {
		entry := data[headerLen+sectionLen*int(s):]
		at, n := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
		start := aligned(end)
		if at != uint64(start) || start > len(data) || n > uint64(len(data)-start) || n%uint64(recordLen(s)) != 0 {
			return fmt.Errorf("load rules: section %d is not where it has to be", s)
		}
		if bytes.Trim(data[end:start], "\x00") != nil {
			return fmt.Errorf("load rules: something lies before section %d", s)
		}
		end = start + int(n)
		r.sections[s] = data[start:end:end]
	}
	if end != len(data) {
		return errors.New("load rules: something lies behind the last section")
	}
	return nil
}
