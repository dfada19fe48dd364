package prefilter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Window says where one literal is looked for. To choose the windows of many
// literals costs far more than to build a table of them, so the choice can be
// kept. It must fit the literals: see Shelve.
type Window struct {
	Literal uint32 // index of the literal
	Skip    uint16 // bytes of the literal before the part that is compared
	Size    uint8  // bytes of that part
	Back    uint8  // distance from its first byte to the window
	Beside  int8   // distance from the window to the bytes checked with it
	Shape   uint8
}

// Arrange chooses the windows of literals. They come in the order that Shelve
// wants: by shape, by value, and by literal.
func Arrange(literals []Literal) []Window {
	var all []valued
	for i, l := range literals {
		part, skip := rarestPart(l.Bytes)
		k, at := shapeOf(part)
		for o := range shapes[k].stride {
			var e entry
			e.place(part, at+o)
			all = append(all, valued{shapes[k].window(part, at+o),
				Window{uint32(i), uint16(skip), uint8(len(part)), e.back, e.beside, uint8(k)}})
		}
	}
	slices.SortStableFunc(all, func(a, b valued) int {
		return cmp.Or(cmp.Compare(a.Shape, b.Shape), cmp.Compare(a.value, b.value))
	})
	out := make([]Window, len(all))
	for i := range all {
		out[i] = all[i].Window
	}
	return out
}

type valued struct {
	value uint32
	Window
}

// Shelves is what tables of some literals are built of.
type Shelves struct {
	windows [len(shapes)][]window // by value
	index   [len(shapes)][]uint32 // the literals they belong to
	text    []byte
}

// Shelve prepares tables of literals whose windows were chosen before. The
// windows may come from outside: those that do not fit are refused, and none
// can lead a table out of its data. That a literal has all its windows is not
// checked: one that lacks some is found less often.
func Shelve(literals []Literal, windows []Window) (*Shelves, error) {
	s := newShelves(windows)
	starts := make([]uint32, len(literals)) // in text, from 1
	last := valued{}
	for i, w := range windows {
		if err := w.fits(literals); err != nil {
			return nil, fmt.Errorf("window %d: %w", i, err)
		}
		l := &literals[w.Literal]
		part := l.Bytes[w.Skip : int(w.Skip)+int(w.Size)]
		value := shapes[w.Shape].window(part, int(w.Back))
		if i > 0 && (w.Shape < last.Shape || w.Shape == last.Shape && value < last.value) {
			return nil, fmt.Errorf("window %d: out of order", i)
		}
		last = valued{value, w}
		start := &starts[w.Literal]
		if *start == 0 {
			*start = uint32(len(s.text)) + 1
			s.text = append(s.text, part...)
		} else if !s.holds(*start-1, part) {
			return nil, fmt.Errorf("window %d: another part of its literal", i)
		}
		e := entry{text: *start - 1, id: l.ID, skip: w.Skip, size: w.Size, back: w.Back, beside: w.Beside, noCase: l.NoCase}
		if w.Size > windowLen {
			e.check = load(part, int(w.Back)+int(w.Beside)) | fold
		}
		s.windows[w.Shape] = append(s.windows[w.Shape], window{value, e})
		s.index[w.Shape] = append(s.index[w.Shape], w.Literal)
	}
	return s, nil
}

// newShelves makes room for windows.
func newShelves(windows []Window) *Shelves {
	s := &Shelves{text: make([]byte, 0, len(windows)*windowLen)}
	var count [256]int
	for i := range windows {
		count[windows[i].Shape]++
	}
	for k := range shapes {
		s.windows[k], s.index[k] = make([]window, 0, count[k]), make([]uint32, 0, count[k])
	}
	return s
}

// holds reports whether a part lies at a place of the text.
func (s *Shelves) holds(start uint32, part []byte) bool {
	return int(start)+len(part) <= len(s.text) && string(s.text[start:int(start)+len(part)]) == string(part)
}

// fits reports whether the window lies in its literal.
func (w Window) fits(literals []Literal) error {
	if int(w.Shape) >= len(shapes) || int64(w.Literal) >= int64(len(literals)) {
		return errors.New("no such shape or literal")
	}
	size := int(w.Size)
	check := int(w.Back) + int(w.Beside)
	switch {
	case size > MaxLiteral || int(w.Skip)+size > len(literals[w.Literal].Bytes):
		return errors.New("the part is not in the literal")
	case int(w.Back)+shapes[w.Shape].length > size:
		return errors.New("the window is not in the part")
	case size > windowLen && (check < 0 || check+windowLen > size):
		return errors.New("what is checked is not in the part")
	}
	return nil
}

// Table builds a table of the literals that are wanted, which is asked with
// their index; nil wants all.
func (s *Shelves) Table(wanted func(literal uint32) bool) *Table {
	t := &Table{vector: hasVector(), text: s.text}
	for k := range shapes {
		some := s.windows[k]
		if wanted != nil {
			some = make([]window, 0, len(s.windows[k]))
			for i, literal := range s.index[k] {
				if wanted(literal) {
					some = append(some, s.windows[k][i])
				}
			}
		}
		t.shelves[k] = newShelf(shapes[k], some)
	}
	return t
}
