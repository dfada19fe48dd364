// Package prefilter finds, in one pass over the data, every place where one of
// many short literals stands. It answers with candidates; the caller verifies.
//
// Every literal is represented by one window of four bytes (fewer when it is
// shorter), chosen to be rare. The pass hashes the window at each position into
// a blocked Bloom filter that tests two bits of one word, and only positions
// that pass are looked up. Windows are folded (bit 0x20 set in every byte), so
// that matching without regard to case costs nothing extra.
//
// A Table is immutable once built and built the same way on every machine. The
// package knows nothing of rules, never allocates while scanning, and reads no
// byte outside the data.
package prefilter

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

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
	bloom []uint32
	shift uint

	slots    []slot // open addressing on the folded window
	slotMask uint32
	entries  []entry // grouped by window
	text     []byte  // bytes of all literals

	short *shortTable // literals under four bytes; nil when there are none
}

type slot struct {
	window uint32
	start  uint32 // into entries
	count  uint32 // 0: free
}

type entry struct {
	text   uint32 // start in Table.text
	id     uint32
	size   uint8
	back   uint8 // distance from the literal's first byte to its window
	noCase bool
	skip   uint16 // bytes of the caller's literal before the part kept
}

// Build makes the table. The order of the literals decides only the order in
// which candidates at one position are reported.
func Build(literals []Literal) *Table {
	t := &Table{}
	type keyed struct {
		window uint32
		entry  entry
	}
	var all []keyed
	var short []Literal
	for _, l := range literals {
		if len(l.Bytes) < windowLen {
			short = append(short, l)
			continue
		}
		part, skip := rarestPart(l.Bytes)
		back := rarestWindow(part)
		e := entry{text: uint32(len(t.text)), id: l.ID, size: uint8(len(part)), back: uint8(back), noCase: l.NoCase, skip: uint16(skip)}
		t.text = append(t.text, part...)
		all = append(all, keyed{binary.LittleEndian.Uint32(part[back:]) | fold, e})
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return cmp.Compare(a.window, b.window) })
	t.entries = make([]entry, len(all))
	windows := make([]uint32, len(all))
	for i, k := range all {
		t.entries[i], windows[i] = k.entry, k.window
	}
	t.index(windows)
	t.short = buildShort(short)
	return t
}

// index builds the hash slots and the Bloom filter for windows, which is
// parallel to entries and sorted.
func (t *Table) index(windows []uint32) {
	if len(windows) == 0 {
		return
	}
	logSlots := bits.Len(uint(len(windows))*2 - 1)
	t.slots = make([]slot, 1<<logSlots)
	t.slotMask = uint32(len(t.slots) - 1)
	// Sixteen bits of filter for each window keep false positives near one in
	// a hundred; 256 KiB at most keeps the filter in the second-level cache.
	logWords := min(max(bits.Len(uint(len(windows)))-1, 6), 16)
	t.bloom = make([]uint32, 1<<logWords)
	t.shift = uint(32 - logWords)
	for i := 0; i < len(windows); {
		j := i + 1
		for j < len(windows) && windows[j] == windows[i] {
			j++
		}
		t.insert(windows[i], uint32(i), uint32(j-i))
		i = j
	}
}

func (t *Table) insert(window, start, count uint32) {
	h := window * hashMul
	t.bloom[h>>t.shift] |= 1<<(h&31) | 1<<(h>>5&31)
	i := h >> 7 & t.slotMask
	for t.slots[i].count != 0 {
		i = (i + 1) & t.slotMask
	}
	t.slots[i] = slot{window, start, count}
}

// Empty reports whether the table finds nothing.
func (t *Table) Empty() bool { return len(t.entries) == 0 && t.short == nil }

// Sink gets candidates. id is the literal's, pos where its first byte stands.
type Sink interface {
	Candidate(id uint32, pos int)
}

// Scan reports every place where a literal's window begins at from or later
// and before to. Bytes up to len(data) are looked at, so data can be scanned
// in adjoining pieces and no literal is missed or reported twice.
func (t *Table) Scan(data []byte, from, to int, sink Sink) {
	if len(t.entries) != 0 {
		t.scanLong(data, from, min(to, len(data)-windowLen+1), sink)
	}
	if t.short != nil {
		t.short.scan(data, from, min(to, len(data)), sink)
	}
}

func (t *Table) scanLong(data []byte, from, to int, sink Sink) {
	if from >= to {
		return
	}
	bloom, shift := t.bloom, t.shift
	window := data[from : to+windowLen-1]
	for i := 0; i+windowLen <= len(window); i++ {
		w := binary.LittleEndian.Uint32(window[i:]) | fold
		h := w * hashMul
		word := bloom[h>>shift]
		if word>>(h&31)&(word>>(h>>5&31))&1 != 0 {
			t.lookup(data, from+i, w, h, sink)
		}
	}
}

func (t *Table) lookup(data []byte, pos int, window, h uint32, sink Sink) {
	for i := h >> 7 & t.slotMask; ; i = (i + 1) & t.slotMask {
		s := &t.slots[i]
		if s.count == 0 {
			return
		}
		if s.window == window {
			for _, e := range t.entries[s.start : s.start+s.count] {
				if start := pos - int(e.back); t.stands(&e, data, start) {
					sink.Candidate(e.id, start-int(e.skip))
				}
			}
			return
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
