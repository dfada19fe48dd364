// Package prefilter finds, in one pass over the data, every place where one of
// many short literals stands. It answers with candidates; the caller verifies.
//
// A literal is represented by windows of one to eight bytes, hashed into a
// blocked Bloom filter that tests two bits of one word; only places that pass
// are looked up. A literal of eleven bytes or more gives four windows of eight,
// one of which lies at a multiple of four wherever the literal stands: so only
// every fourth position is probed for it. Windows of three and four bytes are probed
// at every position; the few that are shorter have a filter of their own. Windows
// are folded (bit 0x20 set in every byte), so that matching without regard to
// case costs nothing extra.
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
)

// Literal is a sequence of bytes to look for.
type Literal struct {
	Bytes  []byte // at least one
	NoCase bool   // ASCII letters match either case
	Mask   []byte // the bits of each byte that count, in one of them all; nil: all in all
}

// whole reports whether n bytes from i on are known but for their case.
func (l *Literal) whole(i, n int) bool {
	if l.Mask != nil {
		for _, m := range l.Mask[i : i+n] {
			if m|0x20 != 0xFF {
				return false
			}
		}
	}
	return true
}

// Table finds some of the literals of an Image.
type Table struct {
	shelves [len(shapes)]shelf
	filters [three + 1]filter // of long windows; of those of three and four bytes; of those of three
	pairs   *pairFilter       // of windows of one and two bytes
	records []byte
	bit     uint8 // of the entries it finds
	vector  bool  // probe eight windows at once
}

// shape says how the literals of one shelf are looked for.
type shape struct {
	length int // of the window
	stride int // between positions probed
}

// shapes are all there are, the cheapest first.
var shapes = [...]shape{{8, 4}, {4, 1}, {3, 1}, {2, 1}, {1, 1}}

// Places among the shapes.
const (
	long = iota
	short
	three
	pair
	single
)

// span is the number of bytes a literal needs to have the shape.
func (s shape) span() int { return s.length + s.stride - 1 }

// Empty reports whether the table finds nothing.
func (t *Table) Empty() bool {
	for _, f := range t.filters {
		if f.words != nil {
			return false
		}
	}
	return t.pairs == nil
}

// Sink gets candidates. id is the index of the literal, pos where its first byte
// stands. It tells whether the literal need not be reported again in this data: what
// most files have is found over and over.
type Sink interface {
	Candidate(id uint32, pos int) (enough bool)
}

// Run is a search of one piece of data at a time. It belongs to one goroutine, and is
// ready for Start when it is zero.
type Run struct {
	table *Table
	data  []byte
	sink  Sink

	enough []uint64 // a bit for each literal that need not be reported again
	some   bool     // one is set
}

// Start takes the data to search.
func (r *Run) Start(t *Table, data []byte, sink Sink) {
	r.table, r.data, r.sink = t, data, sink
	if words := len(t.records)/RecordLen/64 + 1; len(r.enough) != words {
		r.enough = make([]uint64, words)
	} else if r.some {
		clear(r.enough)
	}
	r.some = false
}

// Scan reports every place where a literal's window begins at from or later
// and before to. Bytes up to the end of the data are looked at, so it can be scanned
// in adjoining pieces and no literal is missed or reported twice.
func (r *Run) Scan(from, to int) {
	t := r.table
	if t.filters[long].words != nil {
		r.scanLong(from, min(to, len(r.data)-shapes[long].length+1))
	}
	if t.filters[short].words != nil {
		r.scanShort(from, min(to, len(r.data)))
	}
	if t.pairs != nil {
		r.scanPairs(from, min(to, len(r.data)))
	}
}

// lookup reports the literals of a shelf that have a window of this hash at pos
// and stand there.
func (r *Run) lookup(k, pos int, hash uint32) {
	for left := r.table.shelves[k].find(hash); len(left) >= EntryLen; left = left[EntryLen:] {
		e := (*[EntryLen]byte)(left)
		if load(e[:], entryHash) == hash && e[entryTables]&r.table.bit != 0 {
			r.follow(e, pos)
		}
	}
}

// follow reports the literal of an entry where that stands with its window at pos.
func (r *Run) follow(e *[EntryLen]byte, pos int) {
	beside := int(int8(e[entryBeside]))
	if at := pos + beside; beside != nothingBeside && at >= 0 && at+windowLen <= len(r.data) && load(r.data, at)|fold != load(e[:], entryCheck) {
		return // most fail here, before the record has to be fetched
	}
	id := load(e[:], entryRecord)
	at, word, bit := int(id)*RecordLen, int(id/64), uint64(1)<<(id%64)
	if at+RecordLen > len(r.table.records) || r.enough[word]&bit != 0 {
		return
	}
	if start, ok := stands(r.table.records[at:at+RecordLen], r.data, pos-int(e[entryBack])); ok && r.sink.Candidate(id, start) {
		r.enough[word] |= bit
		r.some = true
	}
}

// lookupShort is lookup for windows of four bytes and of three. Near the end of the
// data only some have room.
func (r *Run) lookupShort(pos int) {
	if pos+shapes[short].length <= len(r.data) {
		r.lookupAt(short, pos)
	}
	if f := &r.table.filters[three]; f.words != nil && pos+shapes[three].length <= len(r.data) {
		if h := shapes[three].hash(r.data, pos); passes(f.words, f.shift, h) {
			r.lookup(three, pos, h)
		}
	}
}

// lookupPairs is lookup for windows of two bytes and of one.
func (r *Run) lookupPairs(pos int) {
	if pos+shapes[pair].length <= len(r.data) {
		r.lookupAt(pair, pos)
	}
	r.lookupAt(single, pos)
}

// lookupAt is lookup of the window at pos, which is in the data.
func (r *Run) lookupAt(k, pos int) {
	if r.table.shelves[k].entries != nil {
		r.lookup(k, pos, shapes[k].hash(r.data, pos))
	}
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

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
