package pattern

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// gapEnds gives where A, a gap, B, a gap, C ends from at, by trying it all.
func gapEnds(data []byte, at int, gaps [2][2]int, stop int) (ends []int) {
	is := func(i int, c byte) bool { return i < stop && data[i] == c }
	for i := gaps[0][0]; i <= gaps[0][1] && is(at, 'A'); i++ {
		for j := gaps[1][0]; j <= gaps[1][1] && is(at+1+i, 'B'); j++ {
			if is(at+i+2+j, 'C') {
				ends = append(ends, at+i+j+3)
			}
		}
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

// TestWideGaps: gaps of many words of places, forward and backward, with and
// without a limit.
func TestWideGaps(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var m Machine
	for range 60 {
		data := make([]byte, 900)
		for i := range data {
			data[i] = '.'
		}
		for range 12 + rng.IntN(40) {
			data[rng.IntN(len(data))] = "ABC"[rng.IntN(3)]
		}
		gaps := [2][2]int{{rng.IntN(70), 0}, {rng.IntN(200), 0}}
		for i := range gaps {
			gaps[i][1] = gaps[i][0] + 1 + rng.IntN(300)
		}
		n, err := ParseHex(fmt.Appendf(nil, "41 [%d-%d] 42 [%d-%d] 43", gaps[0][0], gaps[0][1], gaps[1][0], gaps[1][1]))
		if err != nil {
			t.Fatal(err)
		}
		nearest, _ := Compile(n, Options{})
		farthest, _ := Compile(n, Options{Longest: true})
		reverse, _ := Compile(n, Options{Reverse: true})
		if !nearest.Straight || !reverse.Straight {
			t.Fatal("gaps make branches")
		}
		starts := map[int][]int{} // by end
		for at := range data {
			ends := gapEnds(data, at, gaps, len(data))
			for _, e := range ends {
				starts[e] = append(starts[e], at)
			}
			if end, ok, cut := m.Forward(nearest, data, at, 0); ok != (len(ends) > 0) || ok && end != ends[0] || cut {
				t.Fatalf("%v at %d: %d %v %v, want one of %v", gaps, at, end, ok, cut, ends)
			}
			if end, ok, _ := m.Forward(farthest, data, at, 0); ok != (len(ends) > 0) || ok && end != ends[len(ends)-1] {
				t.Fatalf("%v at %d: longest %d %v, want one of %v", gaps, at, end, ok, ends)
			}
			limit := 1 + rng.IntN(500)
			within := gapEnds(data, at, gaps, min(len(data), at+limit))
			if end, ok, cut := m.Forward(nearest, data, at, limit); ok != (len(within) > 0) || ok && end != within[0] || !ok && len(ends) > 0 && !cut {
				t.Fatalf("%v at %d, limit %d: %d %v %v, want one of %v", gaps, at, limit, end, ok, cut, within)
			}
		}
		for end := range len(data) + 1 {
			slices.Reverse(starts[end])
			if got, cut := backward(&m, reverse, data, end, 0); !slices.Equal(got, starts[end]) || cut {
				t.Fatalf("%v back from %d: %v %v, want %v", gaps, end, got, cut, starts[end])
			}
		}
	}
}
