package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// fill puts matches into a list the way the Searcher does.
func fill(matches []Match, longest bool) []Match {
	s := &Searcher{config: Config{MaxMatches: 1 << 20, Stop: never}}
	var l list
	for _, m := range matches {
		s.store(&l, m, longest)
	}
	s.settle(&l, longest)
	if s.kept != len(l.sorted) {
		return nil
	}
	return l.sorted
}

// keep is what a list holds, spelled out.
func keep(matches []Match, longest bool) []Match {
	byOffset := map[int64]Match{}
	for _, m := range matches {
		old, ok := byOffset[m.Offset]
		if !ok || longest && m.Length > old.Length || !longest && m.Length < old.Length {
			byOffset[m.Offset] = m
		}
	}
	out := []Match{}
	for _, m := range byOffset {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Match) int { return compareInt(a.Offset, b.Offset) })
	return out
}

func TestListInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	orders := map[string]func(i, n int) int{
		"ascending":  func(i, n int) int { return i },
		"descending": func(i, n int) int { return n - i },
		"twice":      func(i, n int) int { return i % (n/2 + 1) },
		"runs":       func(i, n int) int { return i/100*100 + 99 - i%100 },
		"random":     func(i, n int) int { return rng.IntN(n) },
		"few":        func(i, n int) int { return rng.IntN(5) },
	}
	for name, order := range orders {
		for _, n := range []int{1, 10, 3000} {
			matches := make([]Match, n)
			for i := range matches {
				matches[i] = Match{Offset: int64(order(i, n)), Length: int32(rng.IntN(9)), Key: byte(i)}
			}
			for _, longest := range []bool{false, true} {
				if got, want := fill(matches, longest), keep(matches, longest); !slices.Equal(got, want) {
					t.Errorf("%s, %d matches, longest %t: got %d, want %d", name, n, longest, len(got), len(want))
				}
			}
		}
	}
}

// TestListDescendingIsNotQuadratic counts the merges that a million matches in
// the worst order take.
func TestListDescendingIsNotQuadratic(t *testing.T) {
	s := &Searcher{config: Config{MaxMatches: 1 << 20, Stop: never}}
	var l list
	moved := 0
	for i := range 1 << 20 {
		waiting := len(l.late)
		s.store(&l, Match{Offset: int64(1<<20 - i)}, false)
		if len(l.late) < waiting {
			moved += l.size()
		}
	}
	if moved > 40<<20 {
		t.Errorf("%d matches were moved", moved)
	}
}

func FuzzList(f *testing.F) {
	f.Add([]byte{1, 2, 3, 3, 2, 1, 0}, true)
	f.Add([]byte{9, 8, 7, 9, 8, 7}, false)
	f.Fuzz(func(t *testing.T, offsets []byte, longest bool) {
		var matches []Match
		for i := range 20 {
			for j, o := range offsets {
				matches = append(matches, Match{Offset: int64(o) * int64(1+i%3), Length: int32((i*7 + j) % 11), Key: byte(i)})
			}
		}
		if got, want := fill(matches, longest), keep(matches, longest); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
