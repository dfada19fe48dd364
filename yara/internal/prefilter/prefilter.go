// Package prefilter finds, in one pass over the data, every place where one of
// many short literals stands. It answers with candidates; the caller verifies.
//
// A literal is represented by windows of four bytes, hashed into a blocked
// Bloom filter that tests two bits of one word; only places that pass are
// looked up. A literal of seven bytes or more gives four windows, one of which
// lies at a multiple of four wherever the literal stands: so only every fourth
// position is probed for it. Literals of five and six bytes are probed at every
// second position, shorter ones at each, by windows as short as they are.
// Windows are folded (bit 0x20 set in every byte), so that matching without
// regard to case costs nothing extra.
//
// On amd64 with AVX2 eight windows are probed at once; the scalar code beside it
// gives the same answers and is what other machines run.
//
// A Table is immutable once built and built the same way on every machine. The
// package knows nothing of rules, never allocates while scanning, and reads no
// byte outside the data.
package prefilter

import "math"

// MaxLiteral is the number of bytes of a literal that are compared before a
// candidate is reported; longer literals are cut to their rarest part.
const MaxLiteral = 16

const (
	windowLen = 4
	fold      = 0x20202020
	hashMul   = 0x9E3779B1
)

// Literal is a sequence of bytes to look for.
type Literal struct {
	Bytes  []byte // at least one
	NoCase bool   // ASCII letters match either case
	ID     uint32 // the caller's name for it; need not be unique
}

// Table finds a fixed set of literals.
type Table struct {
	shelves [len(shapes)]*shelf // nil where no literal is of that shape
	text    []byte              // bytes of all literals
	vector  bool                // probe eight windows at once
}

// shape says how the literals of one shelf are looked for.
type shape struct {
	length int // of the window
	stride int // between positions probed
}

// shapes are all there are, the cheapest first.
var shapes = [...]shape{{4, 4}, {4, 2}, {4, 1}, {3, 1}, {2, 1}, {1, 1}}

// anywhere is the shape of a single window of full length.
const anywhere = 2

// span is the number of bytes a literal needs to have the shape.
func (s shape) span() int { return s.length + s.stride - 1 }

// entry is one window of one literal.
type entry struct {
	check  uint32 // four folded bytes more, near the window: most candidates fail here
	text   uint32 // start in Table.text
	id     uint32
	skip   uint16 // bytes of the caller's literal before the part kept
	size   uint8
	back   uint8 // distance from the literal's first byte to the window
	beside int8  // distance from the window to the bytes of check
	noCase bool
}

// place puts the entry's window at an offset of the literal and chooses the
// bytes to check with it: of those that share least with the window the rarest.
func (e *entry) place(part []byte, at int) {
	e.back = uint8(at)
	if len(part) <= windowLen {
		return // there is nothing more
	}
	best := math.Inf(1)
	for i := 0; i+windowLen <= len(part); i++ {
		apart := min(max(i-at, at-i), windowLen) // bytes of the check outside of the window
		if rate := partFrequency(part[i:], apart); rate < best {
			best, e.beside, e.check = rate, int8(i-at), load(part, i)|fold
		}
	}
}

// Build makes the table. The order of the literals decides only the order in
// which candidates at one position are reported.
func Build(literals []Literal) *Table {
	shelves, err := Shelve(literals, Arrange(literals))
	if err != nil {
		panic(err) // the windows of Arrange fit
	}
	return shelves.Table(nil)
}

// shapeOf chooses the shape of a literal and the slice of it to look for: the
// widest stride it is long enough for, unless a single window of it is so much
// rarer that probing everywhere for that costs less.
func shapeOf(part []byte) (k, at int) {
	if len(part) < windowLen {
		return anywhere + windowLen - len(part), 0
	}
	single, singleRate := rarestSlice(part, 1)
	for k, s := range shapes[:anywhere] {
		if len(part) < s.span() {
			continue
		}
		if at, rate := rarestSlice(part, s.stride); rate < rareEnough || rate < muchRarer*singleRate {
			return k, at
		}
	}
	return anywhere, single
}

// A slice that passes once in 2^14 positions is rare enough in any case; one
// that passes more often is looked for by a single window where that passes
// sixteen times less often.
const (
	rareEnough = 1.0 / (1 << 14)
	muchRarer  = 16
)

// Empty reports whether the table finds nothing.
func (t *Table) Empty() bool { return t.shelves == [len(shapes)]*shelf{} }

// Sink gets candidates. id is the literal's, pos where its first byte stands.
type Sink interface {
	Candidate(id uint32, pos int)
}

// Scan reports every place where a literal's window begins at from or later
// and before to. Bytes up to len(data) are looked at, so data can be scanned
// in adjoining pieces and no literal is missed or reported twice.
func (t *Table) Scan(data []byte, from, to int, sink Sink) {
	for _, s := range t.shelves {
		if s != nil {
			t.scanShelf(s, data, from, min(to, len(data)-s.length+1), sink)
		}
	}
}

// lookup reports the literals that have the window at pos and stand there.
func (t *Table) lookup(s *shelf, data []byte, pos int, w uint32, sink Sink) {
	found := s.find(w)
	for i := range found {
		e := &found[i]
		start := pos - int(e.back)
		if start < int(e.skip) || start+int(e.size) > len(data) {
			continue
		}
		if e.size > windowLen && load(data, pos+int(e.beside))|fold != e.check {
			continue
		}
		if t.stands(e, data, start) {
			sink.Candidate(e.id, start-int(e.skip))
		}
	}
}

// stands reports whether the kept part of the literal stands at start.
func (t *Table) stands(e *entry, data []byte, start int) bool {
	want := t.text[e.text : e.text+uint32(e.size)]
	have := data[start : start+int(e.size)]
	if e.noCase {
		return EqualFold(want, have)
	}
	return string(want) == string(have)
}

// EqualFold compares texts of the same length without regard to the case of
// ASCII letters.
func EqualFold(a, b []byte) bool {
	for i, x := range a {
		if y := b[i]; x != y && lower(x) != lower(y) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
