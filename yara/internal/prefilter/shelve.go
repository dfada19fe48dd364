package prefilter

import (
	"errors"
	"fmt"
)

// Shelves is what tables of some literals are built of.
type Shelves struct {
	windows [len(shapes)][]window // by hash
	index   [len(shapes)][]uint32 // the literals they belong to
	records []record
}

// Shelve prepares tables of literals whose windows were chosen before. The
// windows may come from outside: those that do not fit are refused, and none
// can lead a table out of its data. That a literal has all its windows is not
// checked: one that lacks some is found less often.
func Shelve(literals []Literal, windows []Window) (*Shelves, error) {
	s := newShelves(len(literals), windows)
	known := make([]uint32, len(literals)) // record of each, from 1
	last := hashed{}
	for i, w := range windows {
		if err := w.fits(literals); err != nil {
			return nil, fmt.Errorf("window %d: %w", i, err)
		}
		l := &literals[w.Literal]
		at := int(w.Skip) + int(w.Back)
		hash := shapes[w.Shape].hash(l.Bytes, at)
		if i > 0 && (w.Shape < last.Shape || w.Shape == last.Shape && hash < last.hash) {
			return nil, fmt.Errorf("window %d: out of order", i)
		}
		last = hashed{hash, w}
		r := &known[w.Literal]
		if *r == 0 {
			s.records = append(s.records, newRecord(l, int(w.Skip), int(w.Size)))
			*r = uint32(len(s.records))
		} else if old := &s.records[*r-1]; old.skip != w.Skip || old.size != w.Size {
			return nil, fmt.Errorf("window %d: another part of its literal", i)
		}
		e := entry{record: *r - 1, back: w.Back, beside: w.Beside}
		if w.Beside != nothingBeside {
			e.check = load(l.Bytes, at+int(w.Beside)) | fold
		}
		s.windows[w.Shape] = append(s.windows[w.Shape], window{hash, e})
		s.index[w.Shape] = append(s.index[w.Shape], w.Literal)
	}
	return s, nil
}

// newShelves makes room for windows.
func newShelves(literals int, windows []Window) *Shelves {
	s := &Shelves{records: make([]record, 0, literals)}
	var count [256]int
	for i := range windows {
		count[windows[i].Shape]++
	}
	for k := range shapes {
		s.windows[k], s.index[k] = make([]window, 0, count[k]), make([]uint32, 0, count[k])
	}
	return s
}

// fits reports whether the window lies in its literal.
func (w Window) fits(literals []Literal) error {
	if int(w.Shape) >= len(shapes) || int64(w.Literal) >= int64(len(literals)) {
		return errors.New("no such shape or literal")
	}
	l := &literals[w.Literal]
	size, length := int(w.Size), shapes[w.Shape].length
	check := int(w.Back) + int(w.Beside)
	switch {
	case size > MaxLiteral || int(w.Skip)+size > len(l.Bytes):
		return errors.New("the part is not in the literal")
	case int(w.Back)+length > size || !l.whole(int(w.Skip)+int(w.Back), length):
		return errors.New("the window is not in the part")
	case w.Beside == nothingBeside:
	case check < 0 || check+windowLen > size || !l.whole(int(w.Skip)+check, windowLen):
		return errors.New("what is checked is not in the part")
	}
	return nil
}

// Table builds a table of the literals that are wanted, which is asked with
// their index; nil wants all.
func (s *Shelves) Table(wanted func(literal uint32) bool) *Table {
	t := &Table{vector: hasVector(), records: s.records}
	var some [len(shapes)][]window
	for k := range shapes {
		some[k] = s.windows[k]
		if wanted != nil {
			some[k] = make([]window, 0, len(s.windows[k]))
			for i, literal := range s.index[k] {
				if wanted(literal) {
					some[k] = append(some[k], s.windows[k][i])
				}
			}
		}
		if t.shelves[k] = newShelf(some[k]); k < short && t.shelves[k] != nil {
			t.shelves[k].filter = newFilter(some[k], nil)
		}
	}
	if len(some[short]) > 0 || len(some[short+1]) > 0 {
		t.short = newFilter(some[short], some[short+1])
	}
	if len(some[pair]) > 0 || len(some[single]) > 0 {
		t.pairs = newPairFilter(some[pair], some[single])
	}
	return t
}
