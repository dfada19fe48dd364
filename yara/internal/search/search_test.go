package search

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vitrine/yara/syntax"
)

// compile makes the Pattern of a definition as it stands in a rule.
func compile(t testing.TB, def string, o Options) *Pattern {
	t.Helper()
	file, errs := syntax.Parse("t.yar", []byte("rule r { strings: $a = "+def+" condition: $a }"), syntax.Options{YARAX: o.YARAX})
	if len(errs) > 0 {
		t.Fatalf("%s: %v", def, errs)
	}
	p, err := Compile(file.Items[0].(*syntax.Rule).Strings[0], o)
	if err != nil {
		t.Fatalf("%s: %v", def, err)
	}
	return p
}

func never() error { return nil }

// searcher makes a Searcher over patterns of class 0.
func searcher(c Config, patterns ...*Pattern) *Searcher {
	if c.MaxMatches == 0 {
		c.MaxMatches = 1000
	}
	if c.RegexWindow == 0 {
		c.RegexWindow = 4096
	}
	if c.Stop == nil {
		c.Stop = never
	}
	all := Made(patterns...)
	return NewSearcher(NewIndex(all, OneClass(len(patterns))), all, c)
}

func search(t testing.TB, s *Searcher, data string) {
	t.Helper()
	s.Reset([]byte(data), 0, []bool{true})
	if err := s.Search(); err != nil {
		t.Fatal(err)
	}
}

// show writes matches as offset+length, with the key of xor strings.
func show(list []Match) string {
	var out []string
	for _, m := range list {
		s := fmt.Sprintf("%d+%d", m.Offset, m.Length)
		if m.Key != 0 {
			s += fmt.Sprintf("^%d", m.Key)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestMatches(t *testing.T) {
	tests := []struct{ def, data, want string }{
		{`"ab" xor`, "ab`cBA", "0+2 2+2^1 4+2^35"},
		{`"ab" xor(1-2)`, "ab`cc`", "2+2^1 4+2^2"},
		{`"abcdef" xor(255)`, "\x9e\x9d\x9c\x9b\x9a\x99", "0+6^255"},
		{`"aaaa" xor(1)`, "``````", "0+4^1 1+4^1 2+4^1"},
		{`"ab" xor wide`, "a\x00b\x00`\x01c\x01", "0+4 4+4^1"},
		{`"ab" xor fullword`, "`c `ck", "0+2^1"},
		{`"ab" wide ascii`, "a\x00b\x00ab", "0+4 4+2"},
		{`"ab" fullword wide`, "a\x00b\x00c\x00 a\x00b\x00", "7+4"},
		{`{ 61 [0-2] 62 }`, "aab", "0+3 1+2"},
		{`{ 61 [201-] 62 }`, "a" + strings.Repeat("b", 203), "0+203"},
		{`{ 61 [0-300] 62 [0-300] 63 }`, "a..b..c..c a..c", "0+7"},
		{`{ ?1 62 }`, "ab1bcb", "0+2 2+2"},
		{`{ 61 ~62 }`, "abacaa", "2+2 4+2"},
		{`/[ab][cd]/`, "acbd ca", "0+2 2+2"},
		{`/.*foo.*/`, "a foo\nfoo", "0+5 1+4 2+3 6+3"},
		{`/a.*?b/`, "aabb", "0+3 1+2"},
		{`/^ab/`, "abab", "0+2"},
		{`/ab$/`, "abab", "2+2"},
		{`/a|ab|abc/`, "abc", "0+1"},
	}
	for _, tt := range tests {
		t.Run(tt.def, func(t *testing.T) {
			p := compile(t, tt.def, Options{})
			p.NeedList = true
			s := searcher(Config{}, p)
			search(t, s, tt.data)
			if got := show(s.Matches(0)); got != tt.want {
				t.Errorf("in %q: got %s, want %s", tt.data, got, tt.want)
			}
		})
	}
}

func TestBase64(t *testing.T) {
	tests := []struct {
		data   string
		four   string // what YARA 4 finds of "hello", and YARA-X
		strict string
	}{
		{"aGVsbG8=", "0+6", "0+6"},
		{"aGVsbG8", "0+6", "0+6"},
		{"aGVsbG4=", "0+6", ""}, // helln: the last character holds bits of the o
		{"IGhlbGxv", "2+6", "2+6"},
		{"__hlbGxv", "2+6", ""}, // no base64 in front
		{"hlbGxv", "0+6", ""},
		{"ICBoZWxsbw==", "3+6", "3+6"},
		{"aGVsbG8=aGVsbG8=", "0+6 8+6", "0+6 8+6"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		for _, yarax := range []bool{false, true} {
			p := compile(t, `"hello" base64`, Options{YARAX: yarax})
			p.NeedList = true
			s := searcher(Config{}, p)
			search(t, s, tt.data)
			want := tt.four
			if yarax {
				want = tt.strict
			}
			if got := show(s.Matches(0)); got != want {
				t.Errorf("%s, YARA-X %t: got %q, want %q", tt.data, yarax, got, want)
			}
		}
	}
}

// TestAnchoredChain: of a cut pattern only matches at the anchor count.
func TestAnchoredChain(t *testing.T) {
	p := compile(t, `{ 61 [0-300] 63 }`, Options{})
	p.NeedList, p.Anchor = true, 3
	s := searcher(Config{}, p)
	search(t, s, "abcabcabc")
	if got := show(s.Matches(0)); got != "3+3" || !s.Found(0) || !s.At(0, 3) || s.At(0, 0) || s.At(0, 6) {
		t.Errorf("matches %s", got)
	}
	search(t, s, "abc.bcabc")
	if s.Found(0) || s.At(0, 3) || s.At(0, 6) {
		t.Error("found without standing at the anchor")
	}
}

func TestOnlyTheFirstMatchIsKeptWhereOneWillDo(t *testing.T) {
	p, q := compile(t, `"ab"`, Options{}), compile(t, `"ab"`, Options{})
	q.NeedList = true
	s := searcher(Config{}, p, q)
	search(t, s, "abababab")
	if len(s.Matches(0)) != 1 || len(s.Matches(1)) != 4 {
		t.Errorf("%d and %d matches, want 1 and 4", len(s.Matches(0)), len(s.Matches(1)))
	}
	s = searcher(Config{Lists: true}, p)
	search(t, s, "abababab")
	if len(s.Matches(0)) != 4 {
		t.Errorf("with Lists %d matches, want 4", len(s.Matches(0)))
	}
}

func TestOnDemand(t *testing.T) {
	p := compile(t, `/ab*/`, Options{})
	p.OnDemand = true
	s := searcher(Config{}, p)
	search(t, s, "abb.ab")
	if len(s.Touched()) != 0 {
		t.Error("an on-demand pattern was searched")
	}
	for at, want := range map[int64]bool{-1: false, 0: true, 1: false, 4: true, 5: false, 6: false, 7: false, 1 << 40: false} {
		if s.At(0, at) != want {
			t.Errorf("At(%d) is not %t", at, want)
		}
	}
	if !s.Found(0) {
		t.Error("Found is false")
	}
	if s.At(0, 5) || !s.At(0, 4) || !s.At(0, 0) {
		t.Error("At answers otherwise once the data was searched as a whole")
	}
	s = searcher(Config{Lists: true}, p)
	search(t, s, "abb.ab")
	if got := show(s.Matches(0)); got != "0+3 4+2" {
		t.Errorf("matches %s", got)
	}
}

func TestAnchored(t *testing.T) {
	p := compile(t, `"ab"`, Options{})
	p.OnDemand, p.Anchor = true, 2
	s := searcher(Config{MaxMatches: 1, Lists: true}, p)
	search(t, s, "ababab")
	for range 3 {
		if s.At(0, 0) || s.At(0, 4) || !s.At(0, 2) || !s.Found(0) {
			t.Error("an anchored pattern does not stand at its anchor only")
		}
	}
	if got := show(s.Matches(0)); got != "2+2" || s.CutOf(0) != 0 {
		t.Errorf("matches %s, cut %d", got, s.CutOf(0))
	}
	search(t, s, "a")
	if s.Found(0) || len(s.Matches(0)) != 0 {
		t.Error("found behind the end")
	}
}

// TestWhole compares searching on demand with searching beforehand.
func TestWhole(t *testing.T) {
	long := strings.Repeat("ab", pieceLen)
	for _, def := range []string{`"ab"`, `"AB" nocase`, `"ab" xor`, `"ab" wide ascii`, `/a.c/`, `{ 61 ?? 63 }`, `"` + long + `"`} {
		for _, data := range []string{"", "ab", "abc ABC a\x00b\x00", "....." + long + "b" + long} {
			before, later := compile(t, def, Options{}), compile(t, def, Options{})
			later.OnDemand = true
			s := searcher(Config{MaxMatches: 1 << 20, Lists: true}, before, later)
			search(t, s, data)
			if !slices.Equal(s.Matches(0), s.Matches(1)) {
				t.Errorf("%.20s in %.20q: %d matches before, %d on demand", def, data, len(s.Matches(0)), len(s.Matches(1)))
			}
		}
	}
}

func TestMatchLimits(t *testing.T) {
	p := compile(t, `"a"`, Options{})
	p.NeedList = true
	s := searcher(Config{MaxMatches: 3}, p)
	search(t, s, "aaa")
	if len(s.Matches(0)) != 3 || s.CutOf(0) != 0 {
		t.Errorf("%d matches, cut %d: as many as allowed are no cut", len(s.Matches(0)), s.CutOf(0))
	}
	search(t, s, "aaaa")
	if len(s.Matches(0)) != 3 || s.CutOf(0) != CutMatches {
		t.Errorf("%d matches, cut %d: one more than allowed is", len(s.Matches(0)), s.CutOf(0))
	}
	// /a./ and its wide form match at the same places: no place counts twice.
	q := compile(t, `/a/ wide ascii`, Options{})
	q.NeedList = true
	s = searcher(Config{MaxMatches: 3}, q)
	search(t, s, "a\x00a\x00a\x00")
	if got := show(s.Matches(0)); got != "0+1 2+1 4+1" && got != "0+2 2+2 4+2" || s.CutOf(0) != 0 {
		t.Errorf("matches %s, cut %d", got, s.CutOf(0))
	}
}

func TestAllListsTogetherAreBounded(t *testing.T) {
	var patterns []*Pattern
	for range 4 {
		p := compile(t, `"a"`, Options{})
		p.NeedList = true
		patterns = append(patterns, p)
	}
	s := searcher(Config{MaxMatches: minKept / 2}, patterns...)
	search(t, s, strings.Repeat("a", minKept/2))
	sum, cut := 0, 0
	for id := range patterns {
		sum += len(s.Matches(int32(id)))
		if s.CutOf(int32(id)) == CutMatches {
			cut++
		}
		if !s.Found(int32(id)) {
			t.Errorf("pattern %d is not found", id)
		}
	}
	if sum != minKept || cut != 4 {
		t.Errorf("%d matches kept and %d patterns cut, want %d and 4", sum, cut, minKept)
	}
}

func TestRegexWindowCuts(t *testing.T) {
	p := compile(t, `/ab*c/`, Options{})
	s := searcher(Config{RegexWindow: 20}, p)
	search(t, s, "a"+strings.Repeat("b", 50)+"c")
	if s.Found(0) || s.CutOf(0) != CutRegex {
		t.Errorf("found %t, cut %d", s.Found(0), s.CutOf(0))
	}
}

func TestClasses(t *testing.T) {
	patterns := []*Pattern{compile(t, `"ab"`, Options{}), compile(t, `"ab"`, Options{}), compile(t, `/[ab]/`, Options{})}
	all := Made(patterns...)
	s := NewSearcher(NewIndex(all, Classes{Of: []uint16{0, 1, 2}, In: [][]bool{{true, true, true}}}), all, Config{MaxMatches: 9, RegexWindow: 9, Stop: never})
	for open := range 8 {
		which := []bool{open&1 != 0, open&2 != 0, open&4 != 0}
		s.Reset([]byte("ab"), 0, which)
		if err := s.Search(); err != nil {
			t.Fatal(err)
		}
		for id, want := range which {
			if s.Found(int32(id)) != want {
				t.Errorf("with classes %v pattern %d is found: %t", which, id, !want)
			}
		}
	}
}

// TestResetLeavesNothing scans data with many matches, then data without.
func TestResetLeavesNothing(t *testing.T) {
	patterns := []*Pattern{
		compile(t, `"ab"`, Options{}), compile(t, `{ 61 [0-300] 62 }`, Options{}), compile(t, `/a[bc]+/`, Options{}),
		compile(t, `"ab"`, Options{}), compile(t, `"ab"`, Options{}),
	}
	for _, p := range patterns {
		p.NeedList = true
	}
	patterns[3].OnDemand = true
	patterns[4].OnDemand, patterns[4].Anchor = true, 0
	s := searcher(Config{MaxMatches: 50, Lists: true}, patterns...)
	for range 3 {
		search(t, s, strings.Repeat("ab", 100))
		for id := range patterns {
			if !s.Found(int32(id)) || len(s.Matches(int32(id))) == 0 {
				t.Errorf("pattern %d is not found", id)
			}
		}
		if s.CutOf(0) != CutMatches {
			t.Error("not cut")
		}
		search(t, s, "nothing")
		for id := range patterns {
			if s.Found(int32(id)) || len(s.Matches(int32(id))) != 0 || s.At(int32(id), 0) || s.CutOf(int32(id)) != 0 {
				t.Errorf("pattern %d is known from the data before", id)
			}
		}
		if s.kept != 0 || len(s.parts) != 0 {
			t.Errorf("%d matches and %d parts are kept", s.kept, len(s.parts))
		}
	}
}

// TestLittleIsKeptBetweenScans: a series of files that each fill the lists of
// other patterns does not make the Searcher keep them all.
func TestLittleIsKeptBetweenScans(t *testing.T) {
	var patterns []*Pattern
	for i := range 26 {
		p := compile(t, fmt.Sprintf("%q", string(rune('a'+i))), Options{})
		p.NeedList = true
		patterns = append(patterns, p)
	}
	s := searcher(Config{MaxMatches: 1 << 20}, patterns...)
	for _, n := range []int{10, maxIdle / 3} {
		for range 2 {
			for i := range patterns {
				search(t, s, strings.Repeat(string(rune('a'+i)), n))
			}
		}
		search(t, s, "")
		kept := 0
		for id := range s.states {
			kept += cap(s.states[id].matches.sorted) + cap(s.states[id].matches.late)
		}
		if kept > maxIdle || kept < 26*10 || kept != s.idle {
			t.Errorf("after files of %d matches there is room for %d, counted as %d", n, kept, s.idle)
		}
	}
}

func TestStopEndsTheSearch(t *testing.T) {
	stop := errors.New("enough")
	p := compile(t, `"needle"`, Options{})
	left := 0
	s := searcher(Config{Stop: func() error {
		if left--; left < 0 {
			return stop
		}
		return nil
	}}, p)
	for left = range 4 {
		s.Reset(make([]byte, 100*pieceLen), 0, []bool{true})
		if err := s.Search(); err != stop || s.Err() != stop {
			t.Errorf("the search ends with %v and %v", err, s.Err())
		}
	}
	left = 1000
	search(t, s, "a needle")
	if !s.Found(0) || s.Err() != nil {
		t.Error("the searcher does not work after a stop")
	}
}

// TestLooks counts how often the clock is looked at for work of every kind.
func TestLooks(t *testing.T) {
	rep := strings.Repeat
	tests := []struct {
		def, data string
		demand    bool
		least     int
	}{
		{`"needle"`, rep("x", 100*pieceLen), false, 100},
		{`/.*foo.*/`, rep("foo", 10_000), false, 100},                     // backwards from every foo
		{`/[a-z][^x]*x/`, rep("a", 20_000), false, 0},                     // no literal stands anywhere
		{`/[a-w]+[^a-z]/`, rep("a", 20_000), false, 100},                  // from every place forward
		{`"` + rep("a", 5000) + `" xor(1)`, rep("`", 20_000), false, 100}, // a long comparison at every place
		{`"` + rep("a", 5000) + `b" nocase`, rep("A", 20_000), true, 100}, // the same, on demand
		{`/[a-w]+[^a-z]/`, rep("a", 20_000), true, 100},
		{`"ab"`, rep("x", 1000*pieceLen), true, 2},
		{`{ 61 [0-300] 62 }`, rep("ab", 200_000), false, 50},       // parts to be joined
		{`/a|[a-b]/ wide ascii`, rep("a\x00", 200_000), false, 20}, // two forms at the same places
	}
	for _, tt := range tests {
		p := compile(t, tt.def, Options{})
		p.NeedList, p.OnDemand = true, tt.demand
		looks := 0
		s := searcher(Config{MaxMatches: 1 << 20, RegexWindow: 256, Stop: func() error { looks++; return nil }}, p)
		search(t, s, tt.data)
		if tt.demand {
			looks = 0
			s.Matches(0)
		}
		if looks < tt.least {
			t.Errorf("%.30s: %d looks at the clock, want %d", tt.def, looks, tt.least)
		}
	}
}
