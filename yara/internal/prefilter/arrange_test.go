package prefilter

import (
	"slices"
	"testing"
)

func TestShelveRefuses(t *testing.T) {
	lits := number("abcdefghijklmnopqrstuvwxyz", "ABCDEFG", "xyz")
	good := Arrange(lits)
	if _, err := Shelve(lits, good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Window){
		"literal":         func(w *Window) { w.Literal = 3 },
		"shape":           func(w *Window) { w.Shape = uint8(len(shapes)) },
		"order":           func(w *Window) { w.Shape = uint8(len(shapes) - 1) },
		"part outside":    func(w *Window) { w.Skip = 1000 },
		"part too long":   func(w *Window) { w.Size = MaxLiteral + 1 },
		"window outside":  func(w *Window) { w.Back = w.Size - 1 },
		"check before":    func(w *Window) { w.Beside = -1 - int8(w.Back) },
		"check behind":    func(w *Window) { w.Beside = int8(w.Size) - int8(w.Back) - windowLen + 1 },
		"check far":       func(w *Window) { w.Beside = 127 },
		"no part at all":  func(w *Window) { w.Size = 0 },
		"shape too large": func(w *Window) { w.Shape = 255 },
	} {
		bad := slices.Clone(good)
		change(&bad[0])
		if _, err := Shelve(lits, bad); err == nil {
			t.Errorf("%s: %+v is taken", name, bad[0])
		}
	}
}

// TestTableOfSome: a table of some literals finds those and no others.
func TestTableOfSome(t *testing.T) {
	lits := number("hello", "world", "hell", "ello w", "o")
	data := []byte("say hello world, hell")
	shelves, err := Shelve(lits, Arrange(lits))
	if err != nil {
		t.Fatal(err)
	}
	for mask := range 1 << len(lits) {
		wanted := func(i uint32) bool { return mask>>i&1 != 0 }
		var got collector
		shelves.Table(wanted).Scan(data, 0, len(data), &got)
		want := slices.DeleteFunc(naive(lits, data), func(h hit) bool { return !wanted(h.id) })
		if have := got.sorted(lits, data); !slices.Equal(have, want) {
			t.Errorf("%b: got %v, want %v", mask, have, want)
		}
	}
}
