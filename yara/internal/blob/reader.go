package blob

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrNotBlob is wrapped by the error for bytes that are no compiled rules at all.
var ErrNotBlob = errors.New("not compiled rules")

// Reader gives the records of a blob. The first thing found wrong is kept, and
// what is asked for afterwards is empty.
type Reader struct {
	Features uint32

	sections [sectionCount][]byte
	next     [sectionCount]int
	sum      chan error // of the checksum, which is computed meanwhile
	err      error
}

// Is reports whether data begins like a blob.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(Magic)) }

// Open checks the frame of a blob: header and sections. The checksum takes as
// long as all else and is computed meanwhile: Verify must be asked in the end.
func Open(data []byte) (*Reader, error) {
	if !Is(data) {
		return nil, fmt.Errorf("load rules: %w", ErrNotBlob)
	}
	table := headerLen + sectionLen*int(sectionCount)
	if len(data) < headerLen {
		return nil, errors.New("load rules: cut off in the header")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	switch v := u32(8); {
	case v != Version:
		return nil, fmt.Errorf("load rules: format version %d, this program reads version %d: compile the rules again", v, Version)
	case binary.LittleEndian.Uint64(data[16:]) != uint64(len(data)):
		return nil, fmt.Errorf("load rules: %d bytes, the header says %d", len(data), binary.LittleEndian.Uint64(data[16:]))
	case u32(24) != uint32(sectionCount) || u32(28) != 0 || len(data) < table:
		return nil, errors.New("load rules: the header is not that of this version")
	}
	r := &Reader{Features: u32(12), sum: make(chan error, 1)}
	if err := r.split(data, table); err != nil {
		return nil, err
	}
	go func() { r.sum <- verify(data) }()
	return r, nil
}

// Verify waits for the checksum and tells whether it is right. It is asked once.
func (r *Reader) Verify() error { return <-r.sum }

// verify holds the checksum against the data.
func verify(data []byte) error {
	if sum := checksum(data); !bytes.Equal(sum[:], data[sumStart:headerLen]) {
		return errors.New("load rules: the checksum is wrong: the file was changed or damaged")
	}
	return nil
}

// split finds the sections: each begins at the first multiple of eight behind
// the one before, and nothing but zeros is between.
func (r *Reader) split(data []byte, end int) error {
	for s := range sectionCount {
		entry := data[headerLen+sectionLen*int(s):]
		at, size := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
		start := aligned(end)
		if at != uint64(start) || start > len(data) || size > uint64(len(data)-start) || size%uint64(recordLen(s)) != 0 {
			return fmt.Errorf("load rules: section %d is not where it has to be", s)
		}
		for _, c := range data[end:start] {
			if c != 0 {
				return fmt.Errorf("load rules: something lies before section %d", s)
			}
		}
		end = start + int(size)
		r.sections[s] = data[start:end:end]
	}
	if end != len(data) {
		return errors.New("load rules: something lies behind the last section")
	}
	return nil
}

// Err is the first thing that was wrong.
func (r *Reader) Err() error { return r.err }

// Fail notes that something is wrong.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("load rules: "+format, args...)
	}
}

// Len is the number of records of a section.
func (r *Reader) Len(s Section) int { return len(r.sections[s]) / recordLen(s) }

// Row is one record. The index of a word counts from 0.
type Row []byte

// At gives record i, which must be there.
func (r *Reader) At(s Section, i int) Row {
	n := recordLen(s)
	return Row(r.sections[s][i*n : (i+1)*n])
}

// Word gives a word.
func (r Row) Word(k int) uint32 { return binary.LittleEndian.Uint32(r[4*k:]) }

// Int gives a word as a signed number.
func (r Row) Int(k int) int32 { return int32(r.Word(k)) }

// Long gives two words as one number, the low one first.
func (r Row) Long(k int) uint64 { return binary.LittleEndian.Uint64(r[4*k:]) }

// Take gives the place of the next n records of a section that belongs to
// another: the records of each owner lie behind each other.
func (r *Reader) Take(s Section, n uint32) (from, to int) {
	from = r.next[s]
	if uint64(n) > uint64(r.Len(s)-from) {
		r.Fail("section %d ends too early", s)
		return from, from
	}
	r.next[s] = from + int(n)
	return from, r.next[s]
}

// Done checks that Take took all records of these sections.
func (r *Reader) Done(sections ...Section) {
	for _, s := range sections {
		if r.next[s] != r.Len(s) {
			r.Fail("section %d has records that belong to nothing", s)
		}
	}
}

// Text gives the text whose place stands in words k and k+1 of a record.
func (r *Reader) Text(row Row, k int) string { return string(r.piece(Text, row, k)) }

// Bytes gives the bytes whose place stands in words k and k+1 of a record. They
// are part of the blob.
func (r *Reader) Bytes(row Row, k int) []byte { return r.piece(Bytes, row, k) }

func (r *Reader) piece(s Section, row Row, k int) []byte {
	at, n := uint64(row.Word(k)), uint64(row.Word(k+1))
	if at+n > uint64(len(r.sections[s])) {
		r.Fail("a text or bytes lie outside of section %d", s)
		return nil
	}
	return r.sections[s][at : at+n : at+n]
}

// Flags gives a word and refuses bits that have no meaning.
func (r *Reader) Flags(row Row, k int, known uint32) uint32 {
	v := row.Word(k)
	if v&^known != 0 {
		r.Fail("flags %#x have no meaning", v&^known)
	}
	return v
}
