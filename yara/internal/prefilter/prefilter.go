// Package prefilter finds, in one pass over the data, every place where one of
// many short literals stands. It answers with candidates; the caller verifies.
//
// A literal is represented by windows of four bytes, hashed into a blocked
// Bloom filter that tests two bits of one word; only places that pass are
// looked up. A literal of seven bytes or more gives four windows, one of which
// lies at a multiple of four wherever the literal stands: so only every fourth
// position is probed for it. Literals of five and six bytes are probed at every
// second position, those of four at each. Windows are folded (bit 0x20 set in
// every byte), so that matching without regard to case costs nothing extra.
//
// On amd64 with AVX2 eight windows are probed at once; the scalar code beside it
// gives the same answers and is what other machines run.
//
// A Table is immutable once built and built the same way on every machine. The
// package knows nothing of rules, never allocates while scanning, and reads no
// byte outside the data.
package prefilter

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
	strides [len(strideOf)]*strideTable // nil where no literal is of that kind
	text    []byte                      // bytes of all literals
	short   *shortTable                 // literals under four bytes; nil when there are none
	vector  bool                        // probe eight windows at once
}

// strideOf gives the stride of each table.
var strideOf = [...]int{4, 2, 1}

// entry is one window of one literal.
type entry struct {
	text   uint32 // start in Table.text
	id     uint32
	size   uint8
	back   uint8 // distance from the literal's first byte to the window
	noCase bool
	skip   uint16 // bytes of the caller's literal before the part kept
}

// Build makes the table. The order of the literals decides only the order in
// which candidates at one position are reported.
func Build(literals []Literal) *Table {
	t := &Table{vector: hasVector()}
	var windows [len(strideOf)][]window
	var short []Literal
	for _, l := range literals {
		if len(l.Bytes) < windowLen {
			short = append(short, l)
			continue
		}
		part, skip := rarestPart(l.Bytes)
		e := entry{text: uint32(len(t.text)), id: l.ID, size: uint8(len(part)), noCase: l.NoCase, skip: uint16(skip)}
		t.text = append(t.text, part...)
		k := strideFor(part)
		windows[k] = append(windows[k], windowsOf(part, strideOf[k], e)...)
	}
	for k, w := range windows {
		t.strides[k] = newStrideTable(strideOf[k], w)
	}
	t.short = buildShort(short)
	return t
}

// strideFor chooses the table of a literal: the widest stride it is long
// enough for.
func strideFor(part []byte) int {
	for k, stride := range strideOf {
		if len(part) >= windowLen+stride-1 {
			return k
		}
	}
	return len(strideOf) - 1
}

// windowsOf gives the neighbouring windows of the rarest slice of a literal,
// as many as the stride is wide.
func windowsOf(part []byte, stride int, e entry) []window {
	at := rarestSlice(part, windowLen+stride-1)
	out := make([]window, stride)
	for o := range stride {
		e.back = uint8(at + o)
		out[o] = window{load(part, at+o) | fold, e}
	}
	return out
}

// Empty reports whether the table finds nothing.
func (t *Table) Empty() bool { return t.strides == [len(strideOf)]*strideTable{} && t.short == nil }

// Sink gets candidates. id is the literal's, pos where its first byte stands.
type Sink interface {
	Candidate(id uint32, pos int)
}

// Scan reports every place where a literal's window begins at from or later
// and before to. Bytes up to len(data) are looked at, so data can be scanned
// in adjoining pieces and no literal is missed or reported twice.
func (t *Table) Scan(data []byte, from, to int, sink Sink) {
	for _, s := range t.strides {
		if s != nil {
			t.scanStride(s, data, from, min(to, len(data)-windowLen+1), sink)
		}
	}
	if t.short != nil {
		t.short.scan(data, from, min(to, len(data)), sink)
	}
}

// lookup reports the literals that have the window at pos and stand there.
func (t *Table) lookup(s *strideTable, data []byte, pos int, w uint32, sink Sink) {
	for _, e := range s.find(w) {
		if start := pos - int(e.back); t.stands(&e, data, start) {
			sink.Candidate(e.id, start-int(e.skip))
		}
	}
}

// stands reports whether the kept part of the literal stands at start and the
// part cut off in front fits in the data.
func (t *Table) stands(e *entry, data []byte, start int) bool {
	if start < int(e.skip) || start+int(e.size) > len(data) {
		return false
	}
	want := t.text[e.text : e.text+uint32(e.size)]
	have := data[start : start+int(e.size)]
	if e.noCase {
		return equalFold(want, have)
	}
	return string(want) == string(have)
}

func equalFold(a, b []byte) bool {
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
