package pattern

import (
	"errors"
	"strings"
	"testing"
)

func TestProgramFacts(t *testing.T) {
	cases := []struct {
		src             string
		flags           Flags
		wide            bool
		literal         string
		nocase          bool
		straight        bool
		minLen, fixed   int
		first, notFirst string
		anchored        bool
	}{
		{`abc`, Flags{}, false, "abc", false, true, 3, 3, "a", "bA", false},
		{`aB1`, Flags{NoCase: true}, false, "ab1", true, true, 3, 3, "aA", "b", false},
		{`12`, Flags{NoCase: true}, false, "12", false, true, 2, 2, "1", "2", false},
		{`ab`, Flags{}, true, "a\x00b\x00", false, true, 4, 4, "a", "b\x00", false},
		{`a.{3}b`, Flags{}, false, "", false, true, 5, 5, "a", "b", false},
		{`[ab]c+`, Flags{}, false, "", false, false, 2, -1, "ab", "c", false},
		{`^(a|bc)`, Flags{}, false, "", false, false, 1, -1, "ab", "c", true},
		{`^a|^b`, Flags{}, false, "", false, false, 1, 1, "ab", "c", true},
		{`(^a)+`, Flags{}, false, "", false, false, 1, -1, "a", "b", true},
		{`(^a)?b`, Flags{}, false, "", false, false, 1, -1, "ab", "c", false},
		{`\b^a`, Flags{}, false, "", false, true, 1, 1, "a", "b", true},
		{`.^a`, Flags{}, false, "", false, true, 2, 2, "x", "\n", false},
		{`a*`, Flags{}, false, "", false, false, 0, -1, "a\x00z", "", false},
		{`a{2}|b.`, Flags{}, false, "", false, false, 2, 2, "ab", "c", false},
	}
	for _, c := range cases {
		n, err := ParseRegexp([]byte(c.src), c.flags, false)
		if err != nil {
			t.Fatal(err)
		}
		p := mustCompile(t, n, Options{Wide: c.wide})
		if string(p.Literal) != c.literal || p.NoCase != c.nocase || p.Straight != c.straight ||
			p.MinLen != c.minLen || p.FixedLen != c.fixed || p.Anchored != c.anchored {
			t.Errorf("%s: %+v", c.src, p)
		}
		for i, set := range []string{c.first, c.notFirst} {
			for _, b := range []byte(set) {
				if p.First.Has(b) != (i == 0) {
					t.Errorf("%s: first set has %q: %v", c.src, b, i != 0)
				}
			}
		}
	}
}

func TestLiteralAt(t *testing.T) {
	n := NewLiteral([]byte("aB1"), true)
	p := mustCompile(t, n, Options{})
	for at, want := range map[int]bool{-1: false, 0: false, 1: true, 4: false, 9: false} {
		if p.LiteralAt([]byte("xAb1Ab"), at) != want {
			t.Errorf("at %d: %v", at, !want)
		}
	}
	exact := mustCompile(t, NewLiteral([]byte("ab"), false), Options{})
	if !exact.LiteralAt([]byte("xab"), 1) || exact.LiteralAt([]byte("xaB"), 1) {
		t.Error("exact text")
	}
}

func TestTooLarge(t *testing.T) {
	for _, src := range []string{
		`((efg){0,10000}){0,10000}`, `([a-z]{2000}){1000}`, `(abcdefghijklmnopqrstuvwxyz{32767}){32767}`,
		`((^){32767}a{32767}){32767}`, `((abcdefghijk){32767}){32767}`,
	} {
		for _, o := range []Options{{}, {Wide: true}, {Reverse: true}} {
			if _, err := Compile(mustRegexp(t, src), o); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v", src, err)
			}
		}
	}
	if _, err := Compile(mustRegexp(t, `abc|abd`), Options{MaxInsts: 4}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "more than 4") {
		t.Errorf("small limit: %v", err)
	}
	if _, err := Compile(mustHex(t, `01 [0-1000000] 02`), Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large jump: %v", err)
	}
	mustCompile(t, mustHex(t, `01 [2000000000] 02`), Options{})
	mustCompile(t, mustRegexp(t, `(\w{1,1000} ){1,100}`), Options{})
}

// TestCheck: a program that was tampered with is refused before it runs.
func TestCheck(t *testing.T) {
	good := func(src string) *Program { return mustCompile(t, mustRegexp(t, src), Options{}) }
	cases := []struct {
		name  string
		p     *Program
		spoil func(*Program)
	}{
		{"empty", good(`a`), func(p *Program) { p.Insts = nil }},
		{"no match", good(`a|bc`), func(p *Program) { p.Insts = p.Insts[:2] }},
		{"unknown", good(`a`), func(p *Program) { p.Insts[0].Op = opCount }},
		{"set", good(`[ab]`), func(p *Program) { p.Insts[0].X = 1 }},
		{"text", good(`abc`), func(p *Program) { p.Insts[0].Y = 4 }},
		{"text overflow", good(`abc`), func(p *Program) { p.Insts[0].X = 1<<32 - 1 }},
		{"no text", good(`abc`), func(p *Program) { p.Insts[0].Y = 0 }},
		{"text in branches", good(`abc`), func(p *Program) { p.Straight = false }},
		{"skip in branches", good(`.{3}`), func(p *Program) { p.Straight = false; p.Insts[0].Op = OpSkip }},
		{"skip too far", good(`.{3}`), func(p *Program) { p.Insts[0] = Inst{Op: OpSkip, X: maxJump + 1} }},
		{"split", good(`a|bc`), func(p *Program) { p.Insts[0].Y = 99 }},
		{"split in straight", good(`a|bc`), func(p *Program) { p.Straight = true }},
		{"jump", good(`a|bc`), func(p *Program) { p.Insts[2].X = 99 }},
		{"assertion", good(`^a`), func(p *Program) { p.Insts[0].Val = byte(lookCount) }},
		{"early match", good(`abc|d`), func(p *Program) { p.Insts[1].Op = OpMatch }},
		{"length", good(`abc`), func(p *Program) { p.FixedLen = -2 }},
		{"least length", good(`abc`), func(p *Program) { p.MinLen = -1 }},
	}
	for _, c := range cases {
		if err := c.p.Check(); err != nil {
			t.Errorf("%s: before: %v", c.name, err)
		}
		c.spoil(c.p)
		if err := c.p.Check(); err == nil {
			t.Errorf("%s: accepted", c.name)
		}
	}
}
