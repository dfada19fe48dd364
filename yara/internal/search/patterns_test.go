package search

import "testing"

func TestPatternsAreMadeOnce(t *testing.T) {
	made := map[int32]int{}
	p := Lazy(3, func(id int32) *Pattern {
		made[id]++
		return &Pattern{Anchor: int64(id)}
	})
	for _, id := range []int32{2, 0, 2, 2} {
		if one := p.At(id); one.Anchor != int64(id) || one != p.At(id) {
			t.Errorf("pattern %d is %+v", id, one)
		}
	}
	if p.Len() != 3 || made[0] != 1 || made[1] != 0 || made[2] != 1 {
		t.Errorf("of %d patterns were made %v", p.Len(), made)
	}
}

func TestPatternsGrow(t *testing.T) {
	p := Made(&Pattern{Anchor: 1})
	p.Append(&Pattern{Anchor: 2})
	p.Append(&Pattern{Anchor: 3})
	p.Cut(2)
	p.Trim()
	if p.Len() != 2 || p.At(0).Anchor != 1 || p.At(1).Anchor != 2 {
		t.Errorf("%d patterns: %+v", p.Len(), p.list)
	}
}

// TestStoredIndex: an index finds the same after it was kept, and what is wrong in
// it finds less.
func TestStoredIndex(t *testing.T) {
	text := func(s string) *Pattern {
		f := Form{Literal: []byte(s)}
		f.Atoms = literalAtoms(&f)
		return &Pattern{Anchor: -1, Links: []Link{{Forms: []Form{f}}}}
	}
	all := Made(text("hello"), text("world"))
	classes := Classes{Of: []uint16{0, 1}, In: [][]bool{{true, true}, {true, false}, {true, true}}}
	made := NewIndex(all, classes)
	kept := made.Stored()
	loaded, err := LoadIndex(kept, nil, classes)
	if err != nil {
		t.Fatal(err)
	}
	if again := loaded.Stored(); again.Image != kept.Image {
		t.Error("what was loaded is made again")
	}
	bad := kept
	bad.Refs = make([]byte, len(kept.Refs)-RefLen)
	for i := range bad.Refs {
		bad.Refs[i] = 0xFF
	}
	broken, err := LoadIndex(bad, nil, classes)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range []int{2, 1, 2} {
		for x, want := range map[*Index]int{made: want, loaded: want, broken: 0} {
			s := NewSearcher(x, all, Config{MaxMatches: 9, RegexWindow: 9, Stop: func() error { return nil }})
			s.Reset([]byte("hello world"), kind, []bool{true, true})
			if err := s.Search(); err != nil || len(s.Touched()) != want {
				t.Errorf("kind %d: %d patterns of %d, %v", kind, len(s.Touched()), want, err)
			}
		}
	}
	if _, err := LoadIndex(kept, nil, OneClass(2)); err == nil {
		t.Error("tables for other kinds are taken")
	}
}
