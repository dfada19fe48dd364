package pattern

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestForward: the end of the preferred match at one place; -1 for none.
func TestForward(t *testing.T) {
	cases := []struct {
		src, data string
		at, want  int
	}{
		{`abc`, "xabcx", 1, 4},
		{`abc`, "xabcx", 0, -1},
		{`a.*b`, "axbxb", 0, 5},
		{`a.*?b`, "axbxb", 0, 3},
		{`a|ab`, "ab", 0, 1},
		{`ab|a`, "ab", 0, 2},
		{`(a|ab)(c|bcd)`, "abcd", 0, 4},
		{`a{2,3}`, "aaaa", 0, 3},
		{`a{2,3}?`, "aaaa", 0, 2},
		{`a{2,}`, "aaaa", 0, 4},
		{`(a*)*b`, "aaab", 0, 4},
		{`(a|b?)*c`, "abac", 0, 4},
		{`x*`, "yyy", 1, 1},
		{`a$`, "aa", 1, 2},
		{`a$`, "aa", 0, -1},
		{`^a`, "aa", 0, 1},
		{`^a`, "aa", 1, -1},
		{`a^b`, "ab", 0, -1},
		{`\bfoo\b`, "a foo.", 2, 5},
		{`foo\b`, "foo_", 0, -1},
		{`\Boo`, "foo", 1, 3},
		{`.`, "\n", 0, -1},
		{`[^a]`, "\n", 0, 1},
		{`$`, "ab", 2, 2},
		{`a`, "", 0, -1},
	}
	var m Machine
	for _, c := range cases {
		end, ok, cut := m.Forward(mustCompile(t, mustRegexp(t, c.src), Options{}), []byte(c.data), c.at, 0)
		if !ok {
			end = -1
		}
		if end != c.want || cut {
			t.Errorf("%s on %q at %d: %d (cut %v), want %d", c.src, c.data, c.at, end, cut, c.want)
		}
	}
}

func TestForwardWide(t *testing.T) {
	cases := []struct {
		src, data string
		at, want  int
	}{
		{`ab`, "a\x00b\x00", 0, 4},
		{`a.b`, "a\x00x\x00b\x00", 0, 6},
		{`a.b`, "a\x00x\x01b\x00", 0, -1},
		{`[^a]b`, "x\x00b\x00", 0, 4},
		{`[^a]b`, "xxb\x00", 0, -1},
		{`ab$`, "a\x00b\x00", 0, 4},
		{`ab$`, "a\x00b\x00x", 0, -1},
		{`\bab`, "x\x00a\x00b\x00", 2, -1},
		{`\bab`, "x\x01a\x00b\x00", 2, 6},
		{`\bab\b`, " \x00a\x00b\x00.\x00", 2, 6},
		{`a\b`, "a\x00b", 0, 2},
		{`(a|bc)+`, "a\x00b\x00c\x00a\x00", 0, 8},
	}
	var m Machine
	for _, c := range cases {
		end, ok, _ := m.Forward(mustCompile(t, mustRegexp(t, c.src), Options{Wide: true}), []byte(c.data), c.at, 0)
		if !ok {
			end = -1
		}
		if end != c.want {
			t.Errorf("%s on %q at %d: %d, want %d", c.src, c.data, c.at, end, c.want)
		}
	}
}

// TestForwardStrict: the assertions that only YARA-X has.
func TestForwardStrict(t *testing.T) {
	cases := []struct {
		src, data string
		wide      bool
		at, want  int
	}{
		{`(?m)^b`, "a\nb", false, 2, 3},
		{`(?m)^b`, "a\rb", false, 2, 3},
		{`(?m)^\n`, "a\r\n", false, 2, -1},
		{`(?m)^b`, "ab", false, 1, -1},
		{`(?m)a$`, "a\r\nb", false, 0, 1},
		{`(?m)a$`, "a\nb", false, 0, 1},
		{`(?m)a\r$`, "a\r\n", false, 0, -1},
		{`(?m)a$`, "a", false, 0, 1},
		{`(?m)^b$`, "a\x00\n\x00b\x00\r\x00", true, 4, 6},
		{`(?m)\Ab`, "a\nb", false, 2, -1},
		{`ab$`, "a\x00b\x00x", true, 0, 4},
		{`ab\z`, "a\x00b\x00xy", true, 0, -1},
		{`\b{start}a`, " a", false, 1, 2},
		{`\b{start}a`, "aa", false, 1, -1},
		{`a\b{end}`, "a ", false, 0, 1},
		{`a\b{end}`, "aa", false, 0, -1},
		{`\b{start-half} `, "  ", false, 1, 2},
		{`\b{start-half} `, "a ", false, 1, -1},
		{` \b{end-half}`, "  ", false, 0, 1},
		{` \b{end-half}`, " a", false, 0, -1},
		{`(?u)^.$`, "\xf0\x9f\x99\x88", false, 0, 4},
		{`(?u).`, "\xf0\x9f\x99", false, 0, -1},
		{`(?u).`, "\xed\xa0\x80", false, 0, -1},
		{`(?u).`, "\n", false, 0, -1},
		{`(?us).`, "\n", false, 0, 1},
	}
	var m Machine
	for _, c := range cases {
		n, err := ParseRegexp([]byte(c.src), Flags{}, true)
		if err != nil {
			t.Fatal(err)
		}
		end, ok, _ := m.Forward(mustCompile(t, n, Options{Wide: c.wide}), []byte(c.data), c.at, 0)
		if !ok {
			end = -1
		}
		if end != c.want {
			t.Errorf("%s on %q at %d: %d, want %d", c.src, c.data, c.at, end, c.want)
		}
	}
}

// TestCut: a limit that may have changed the answer is told, one that did not
// is not.
func TestCut(t *testing.T) {
	cases := []struct {
		src, data string
		limit     int
		end       int
		cut       bool
	}{
		{`a.*b`, "axxbxxxx", 5, 4, true},
		{`a.*b`, "axxb", 5, 4, false},
		{`a.*?b`, "axxbxxxx", 5, 4, false},
		{`a.*c`, "axxbxxxx", 5, -1, true},
		{`abcdef`, "abcdef", 4, -1, true},
		{`abcdef`, "abxdef", 4, -1, false},
		{`a..\b.`, "axxxxxx", 3, -1, false},
		{`a.{6}`, "axxxxxx", 3, -1, true},
		{`[ab]{3}c`, "abab", 3, -1, true},
		{`x.*`, "axxb", 2, -1, false},
	}
	var m Machine
	for _, c := range cases {
		end, ok, cut := m.Forward(mustCompile(t, mustRegexp(t, c.src), Options{}), []byte(c.data), 0, c.limit)
		if !ok {
			end = -1
		}
		if end != c.end || cut != c.cut {
			t.Errorf("%s on %q, limit %d: %d cut %v, want %d %v", c.src, c.data, c.limit, end, cut, c.end, c.cut)
		}
	}
}

func TestBackward(t *testing.T) {
	cases := []struct {
		src, data string
		at, limit int
		want      []int
		cut       bool
	}{
		{`a[ab]*`, "abaab", 5, 0, []int{3, 2, 0}, false},
		{`a[ab]*`, "abaab", 5, 3, []int{3, 2}, true},
		{`abc`, "xabc", 4, 0, []int{1}, false},
		{`abc`, "xabc", 4, 2, nil, true},
		{`abc`, "xxbc", 4, 2, nil, true},
		{`abc`, "xaxc", 4, 2, nil, false},
		{`a.{2}`, "xabc", 4, 2, nil, true},
		{`^a.`, "abab", 4, 0, nil, false},
		{`^a.`, "ab", 2, 0, []int{0}, false},
		{`x?`, "abx", 3, 0, []int{3, 2}, false},
		{`a{2,3}`, "aaaa", 4, 0, []int{2, 1}, false},
		{`\b(a|ba)`, " ba", 3, 0, []int{1}, false},
	}
	var m Machine
	for _, c := range cases {
		p := mustCompile(t, mustRegexp(t, c.src), Options{Reverse: true})
		got, cut := backward(&m, p, []byte(c.data), c.at, c.limit)
		if !slices.Equal(got, c.want) || cut != c.cut {
			t.Errorf("%s on %q from %d, limit %d: %v cut %v, want %v %v", c.src, c.data, c.at, c.limit, got, cut, c.want, c.cut)
		}
	}
}

// TestBackwardYield: it stops when told, and the Machine is free in between.
func TestBackwardYield(t *testing.T) {
	n := mustRegexp(t, `a[ab]*`)
	fwd, rev := mustCompile(t, n, Options{}), mustCompile(t, n, Options{Reverse: true})
	data := []byte("abaabaaba")
	var m Machine
	var starts []int
	m.Backward(rev, data, len(data), 0, func(start int) bool {
		if end, ok, _ := m.Forward(fwd, data, start, 0); !ok || end != len(data) {
			t.Errorf("forward from %d: %d %v", start, end, ok)
		}
		starts = append(starts, start)
		return len(starts) < 3
	})
	if !slices.Equal(starts, []int{8, 6, 5}) {
		t.Errorf("starts %v", starts)
	}
}

func TestSearch(t *testing.T) {
	cases := []struct {
		src, data string
		want      bool
	}{
		{`abc`, "xxabc", true},
		{`abc`, "xxab", false},
		{`^abc`, "xabc", false},
		{`^(a|b)`, "bx", true},
		{`(foo|bar)\d+$`, "a foo12 bar345", true},
		{`(foo|bar)\d+$`, "a foo12 bar345 ", false},
		{`a.c$`, "xxabc", true},
		{`$`, "abc", true},
		{`x*`, "", true},
		{`x+`, "", false},
		{`[ab]+c`, strings.Repeat("ab", 5000) + "c", true},
	}
	var m Machine
	for _, c := range cases {
		p := mustCompile(t, mustRegexp(t, c.src), Options{})
		if got := m.Search(p, []byte(c.data)); got != c.want {
			t.Errorf("%s in %.20q: %v", c.src, c.data, got)
		}
	}
	n, _ := ParseRegexp([]byte(`aBc`), Flags{NoCase: true}, false)
	if p := mustCompile(t, n, Options{}); !m.Search(p, []byte("xAbC")) || m.Search(p, []byte("xAbD")) {
		t.Error("search does not ignore case")
	}
}

// TestAllFiltered: on data where starts go far and fail, the search for the
// possible starts changes nothing of the result.
func TestAllFiltered(t *testing.T) {
	data := bytes.Repeat([]byte("abcdefgh "), 1000)
	for i := 1500; i < len(data); i += 1500 {
		data[i] = '1'
	}
	for _, src := range []string{`[a-h ]{3,200}1`, `[a-h ]*1`, `[a-c][a-h ]*?1`, `\w[^1]{500}1`} {
		n := mustRegexp(t, src)
		p, rev := mustCompile(t, n, Options{}), mustCompile(t, n, Options{Reverse: true})
		var m Machine
		got, plain := collectAll(&m, p, rev, data), collectAll(&m, p, nil, data)
		if len(plain) == 0 || !slices.Equal(got, plain) {
			t.Errorf("%s: %d matches with the filter, %d without", src, len(got)/2, len(plain)/2)
		}
	}
}

func collectAll(m *Machine, p, rev *Program, data []byte) (flat []int) {
	m.All(p, rev, data, 0, len(data), 1000, func(start, end int) bool {
		flat = append(flat, start, end)
		return true
	})
	return flat
}

func TestAllRange(t *testing.T) {
	p := mustCompile(t, mustRegexp(t, `a+`), Options{})
	var m Machine
	var got []int
	cut := m.All(p, nil, []byte("aaaaaa"), 2, 5, 2, func(start, end int) bool {
		got = append(got, start, end)
		return len(got) < 4
	})
	if !slices.Equal(got, []int{2, 4, 3, 5}) || !cut {
		t.Errorf("%v cut %v", got, cut)
	}
	anchored := mustCompile(t, mustRegexp(t, `^(a|b)`), Options{})
	m.All(anchored, nil, []byte("aaa"), 1, 3, 0, func(start, _ int) bool {
		t.Errorf("anchored match at %d", start)
		return false
	})
}

// TestAllTellsOfCut: with the filter, matches beyond the limit are still told.
func TestAllTellsOfCut(t *testing.T) {
	data := bytes.Repeat([]byte("abcdefgh "), 6000)
	n := mustRegexp(t, `[a-h ]*1`)
	p, rev := mustCompile(t, n, Options{}), mustCompile(t, n, Options{Reverse: true})
	var m Machine
	none := func(int, int) bool { t.Error("a match"); return false }
	if !m.All(p, rev, data, 0, len(data), 1000, none) {
		t.Error("cut is not told")
	}
	if m.All(p, rev, data, 0, len(data), 0, none) {
		t.Error("cut is told without a limit")
	}
}

// TestNoAllocation: a Machine that has run a program runs it again for free.
func TestNoAllocation(t *testing.T) {
	n := mustRegexp(t, `(a|b)*c\b`)
	p, rev := mustCompile(t, n, Options{}), mustCompile(t, n, Options{Reverse: true})
	data := []byte("ababababc abac")
	var m Machine
	run := func() {
		m.Forward(p, data, 0, 0)
		m.Backward(rev, data, 9, 0, func(int) bool { return true })
		m.Search(p, data)
		m.All(p, rev, data, 0, len(data), 0, func(int, int) bool { return true })
	}
	run()
	if n := testing.AllocsPerRun(20, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestGenerations: marks of threads are wiped before their numbers repeat.
func TestGenerations(t *testing.T) {
	p := mustCompile(t, mustRegexp(t, `(a|b)+c`), Options{})
	var m Machine
	m.Forward(p, []byte("abc"), 0, 0)
	m.gen = 1<<32 - 3
	for range 3 {
		if end, ok, _ := m.Forward(p, []byte("ababc"), 0, 0); !ok || end != 5 {
			t.Fatalf("%d %v", end, ok)
		}
	}
	if m.gen > 100 {
		t.Errorf("generation %d", m.gen)
	}
}

// TestLinearTime: patterns that make backtracking engines explode.
func TestLinearTime(t *testing.T) {
	data := bytes.Repeat([]byte("a"), 1000)
	var m Machine
	for _, src := range []string{`(a*)*b`, `(a|aa)+b`, `(a?){40}a{40}b`, `(.*)(.*)(.*)(.*)x`, `((a{0,20}){0,20}){0,20}b`} {
		p := mustCompile(t, mustRegexp(t, src), Options{})
		if _, ok, _ := m.Forward(p, data, 0, 0); ok {
			t.Errorf("%s matches", src)
		}
		if m.Search(p, data) {
			t.Errorf("%s found", src)
		}
	}
}
