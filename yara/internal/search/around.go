package search

import (
	"slices"

	"vitrine/yara/internal/prefilter"
)

// maxAround is how many bytes of a program before an atom, and from it on, are
// looked at for more to search for. The atom is not sought beyond maxBefore.
const (
	maxAround = 64
	maxBefore = 1024
)

// around gives what is searched for an atom: it, and what the program says of
// the bytes beside it. An atom has eight bytes at most and is often a common
// piece of code; what is known around it makes nearly all false candidates fail
// before a program has to run. lead is how far inside the literal the atom is.
func (f *Form) around(a *Atom) (l prefilter.Literal, lead int) {
	switch {
	case f.Program == nil:
	case a.Prefix != nil:
		before, beforeMask := a.Prefix.Lead(maxAround)
		after, afterMask := a.Suffix.Lead(maxAround)
		return a.within(append(before, after...), append(beforeMask, afterMask...), len(before))
	case a.Offset <= maxBefore:
		value, known := f.Program.Lead(a.Offset + maxAround)
		if a.Offset <= len(value) {
			from := max(0, a.Offset-maxAround)
			return a.within(value[from:], known[from:], a.Offset-from)
		}
	}
	return prefilter.Literal{Bytes: a.Bytes, NoCase: a.NoCase}, 0
}

// within gives the literal of an atom at an offset of bytes partly known.
func (a *Atom) within(value, known []byte, at int) (l prefilter.Literal, lead int) {
	for i, c := range a.Bytes {
		if at+i == len(value) {
			value, known = append(value, 0), append(known, 0)
		}
		if value[at+i], known[at+i] = c, 0xFF; a.NoCase && isLetter(c) {
			value[at+i], known[at+i] = c&^0x20, 0xDF
		}
	}
	from := slices.IndexFunc(known, func(k byte) bool { return k != 0 })
	to := len(known)
	for known[to-1] == 0 {
		to--
	}
	return prefilter.Literal{Bytes: value[from:to], Mask: known[from:to]}, at - from
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
