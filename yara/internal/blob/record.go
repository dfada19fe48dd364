package blob

import (
	"encoding/binary"
	"fmt"
)

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
	return Row(r.sections[s][i*n : i*n+n])
}

// Section gives all records of a section as they are.
func (r *Reader) Section(s Section) []byte { return r.sections[s] }

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

// Span gives the records of a section that belong to record i of another: word k of
// that has the first, and that of the record behind it the one after the last.
func (r *Reader) Span(owner Section, i, k int, s Section) (from, to int) {
	first, end := int64(r.At(owner, i).Word(k)), int64(r.Len(s))
	if i+1 < r.Len(owner) {
		end = int64(r.At(owner, i+1).Word(k))
	}
	if first > end || end > int64(r.Len(s)) || i == 0 && first != 0 {
		r.Fail("section %d ends too early, or has records that belong to nothing", s)
		return 0, 0
	}
	return int(first), int(end)
}

// owned checks that there are owners where a section has records.
func (r *Reader) owned(s, owner Section) {
	if r.Len(s) > 0 && r.Len(owner) == 0 {
		r.Fail("section %d has records that belong to nothing", s)
	}
}

// Text gives the text whose place stands in words k and k+1 of a record.
func (r *Reader) Text(row Row, k int) string { return string(r.piece(Text, row, k)) }

// Bytes gives the bytes whose place stands in words k and k+1 of a record.
func (r *Reader) Bytes(row Row, k int) []byte { return r.piece(Bytes, row, k) }

func (r *Reader) piece(s Section, row Row, k int) []byte {
	at, n := uint64(row.Word(k)), uint64(row.Word(k+1))
	b := r.sections[s]
	if at+n > uint64(len(b)) {
		r.Fail("a text or bytes lie outside of section %d", s)
		return nil
	}
	return b[at : at+n : at+n]
}

// Flags gives a word and refuses bits that have no meaning.
func (r *Reader) Flags(row Row, k int, known uint32) uint32 {
	v := row.Word(k)
	if v&^known != 0 {
		r.Fail("flags %#x have no meaning", v&^known)
	}
	return v
}
