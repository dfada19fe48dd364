package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestChain(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct{ def, data, want string }{
		{`{ 61 [201-210] 62 }`, "a" + x(201) + "b", "0+203"},
		{`{ 61 [201-210] 62 }`, "a" + x(200) + "b", ""},
		{`{ 61 [201-210] 62 }`, "a" + x(210) + "b", "0+212"},
		{`{ 61 [201-210] 62 }`, "a" + x(211) + "b", ""},
		{`{ 61 [201-210] 62 }`, "a" + x(203) + "bbb", "0+205"}, // the nearest end
		{`{ 61 [300-] 62 }`, "a" + x(5) + "b" + x(293) + "bb", "0+302"},
		{`{ 61 [300-] 62 }`, "aa" + x(300) + "b", "0+303 1+302"},
		{`{ 61 [300-] 62 }`, x(300) + "b" + "a", ""},
		{`{ 61 [0-300] 62 [0-300] 63 }`, "abbc", "0+4"},
		{`{ 61 [0-300] 62 [0-300] 63 }`, "ab" + x(400) + "c", ""},
		// The nearest b leads nowhere, the one behind it does.
		{`{ 61 [0-300] 62 [250-260] 63 }`, "ab" + x(100) + "b" + x(255) + "c", "0+359"},
		{`{ 61 [0-300] 62 [-] 63 [250-] 64 }`, "abc" + x(249) + "dd", "0+254"},
		{`{ 61 62 [201-] 63 64 [201-] 65 66 }`, "ab" + x(201) + "cd" + x(201) + "ef", "0+408"},
	}
	for _, tt := range tests {
		p := compile(t, tt.def, Options{})
		if len(p.Links) < 2 {
			t.Fatalf("%s is not cut", tt.def)
		}
		p.NeedList = true
		s := searcher(Config{}, p)
		search(t, s, tt.data)
		if got := show(s.Matches(0)); got != tt.want {
			t.Errorf("%s in %.10q…: got %q, want %q", tt.def, tt.data, got, tt.want)
		}
	}
}

func TestChainCutIsReported(t *testing.T) {
	p := compile(t, `{ 61 [201-] 62 }`, Options{})
	s := searcher(Config{MaxMatches: 10}, p)
	search(t, s, strings.Repeat("a", 300)+"b")
	if !s.Found(0) || s.CutOf(0) != CutMatches {
		t.Errorf("found %t, cut %d", s.Found(0), s.CutOf(0))
	}
}

// gap is a jump of a made-up pattern; max -1 has no bound.
type gap struct{ min, max int }

// naiveChain matches one-byte texts with gaps between them at start: it tries
// every way and gives the length of the shortest.
func naiveChain(data []byte, texts []byte, gaps []gap, start int) int {
	if start >= len(data) || data[start] != texts[0] {
		return -1
	}
	if len(texts) == 1 {
		return 1
	}
	high := len(data)
	if gaps[0].max >= 0 {
		high = min(high, start+1+gaps[0].max)
	}
	best := -1
	for next := start + 1 + gaps[0].min; next <= high; next++ {
		if n := naiveChain(data, texts[1:], gaps[1:], next); n >= 0 && (best < 0 || next-start+n < best) {
			best = next - start + n
		}
	}
	return best
}

func checkChain(t *testing.T, texts []byte, gaps []gap, data []byte) {
	t.Helper()
	var def strings.Builder
	fmt.Fprintf(&def, "{ %02x ", texts[0])
	for i, g := range gaps {
		if g.max < 0 {
			fmt.Fprintf(&def, "[%d-] ", g.min)
		} else {
			fmt.Fprintf(&def, "[%d-%d] ", g.min, g.max)
		}
		fmt.Fprintf(&def, "%02x ", texts[i+1])
	}
	def.WriteString("}")
	p := compile(t, def.String(), Options{})
	p.NeedList = true
	s := searcher(Config{}, p)
	search(t, s, string(data))
	want := []Match{}
	for at := range data {
		if n := naiveChain(data, texts, gaps, at); n >= 0 {
			want = append(want, Match{Offset: int64(at), Length: int32(n)})
		}
	}
	if got := s.Matches(0); !slices.Equal(got, want) {
		t.Errorf("%s in %q:\ngot  %s\nwant %s", def.String(), data, show(got), show(want))
	}
}

// FuzzChain compares patterns that are cut at long jumps with trying every way.
func FuzzChain(f *testing.F) {
	f.Add([]byte{1, 2}, uint16(250), uint8(0), uint8(20), int64(1))
	f.Add([]byte{1, 2, 1}, uint16(5), uint8(1), uint8(100), int64(2))
	f.Add([]byte{1, 2, 3}, uint16(201), uint8(2), uint8(30), int64(3))
	f.Add([]byte{1, 1, 1}, uint16(220), uint8(7), uint8(3), int64(4))
	f.Fuzz(func(t *testing.T, texts []byte, low uint16, bounds, spread uint8, seed int64) {
		if len(texts) < 2 || len(texts) > 4 {
			return
		}
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		gaps := make([]gap, len(texts)-1)
		for i := range gaps {
			gaps[i].min = int(low) % 260 * rng.IntN(2)
			gaps[i].max = max(gaps[i].min, 201) + rng.IntN(1+int(spread))
			if bounds>>i&1 != 0 {
				gaps[i].max = -1
			}
		}
		for i := range texts {
			texts[i] = 'a' + texts[i]%3
		}
		data := make([]byte, 200+rng.IntN(600))
		for i := range data {
			data[i] = '.'
			if rng.IntN(12) == 0 {
				data[i] = byte('a' + rng.IntN(3))
			}
		}
		checkChain(t, texts, gaps, data)
	})
}
