package pattern

import (
	"errors"
	"strings"
	"testing"
)

// TestParseRegexpTree: what the tree is, simplified, in YARA 4's syntax.
func TestParseRegexpTree(t *testing.T) {
	cases := []struct {
		src   string
		flags Flags
		want  string
	}{
		{`abc`, Flags{}, `"abc"`},
		{`a(bc)d`, Flags{}, `"abcd"`},
		{`abc`, Flags{NoCase: true}, `fold("abc")`},
		{`a.c`, Flags{}, `cat("a" notlf "c")`},
		{`a.c`, Flags{DotAll: true}, `cat("a" any "c")`},
		{`a*b+?c?`, Flags{}, `cat("a"{0,-1} "b"{1,-1}? "c"{0,1})`},
		{`a{3}b{2,}c{,4}d{2,5}?e{,}`, Flags{}, `cat("a"{3,3} "b"{2,-1} "c"{0,4} "d"{2,5}? "e"{0,-1})`},
		{`a{2 , 3}b{1 }`, Flags{}, `cat("a"{2,3} "b{1 }")`},
		{`a{0,32767}b{32767}`, Flags{}, `cat("a"{0,-1} "b"{32767,32767})`},
		{`ab{x}{,`, Flags{}, `"ab{x}{,"`},
		{`a{0}b{1}c{0,0}`, Flags{}, `"b"`},
		{`foo|bar||`, Flags{}, `alt("foo" "bar" empty empty)`},
		{`a|b|cd|e`, Flags{}, `alt(class(6162) "cd" "e")`},
		{`(a|(b|c))d`, Flags{}, `cat(class(616263) "d")`},
		{`^\bx\B$`, Flags{}, `cat(assert0 assert3 "x" assert4 assert1)`},
		{`\n\t\r\f\a\x41\.\/\-`, Flags{}, `"\n\t\r\f\aA./-"`},
		{`\v\q\;`, Flags{}, `"vq;"`},
		{"\xc3\xa9}]", Flags{}, `"é}]"`},
		{`\d`, Flags{}, `class(30313233343536373839)`},
		{`\s`, Flags{}, `class(090a0b0c0d20)`},
		{`[a-c]`, Flags{}, `class(616263)`},
		{`[]a]`, Flags{}, `class(5d61)`},
		{`[^\x01-\xff]`, Flags{}, `"\x00"`},
		{`[^\n]`, Flags{}, `notlf`},
		{`[\W\w]`, Flags{}, `any`},
		{`[a-]`, Flags{}, `class(2d61)`},
		{`[-a]`, Flags{}, `class(2d61)`},
		{`[--0]`, Flags{}, `class(2d2e2f30)`},
		{`[+-\-]`, Flags{}, `class(2b2c2d)`},
		{`[\.-0]`, Flags{}, `class(2e2f30)`},
		{`[\x2e-\x30]`, Flags{}, `class(2e2f30)`},
		{`[\w-z]`, Flags{}, `class(7778797a)`},
		{`[\s-]`, Flags{}, `class(090a0b0c0d202d)`},
		{`[\D]`, Flags{}, "class(" + allBut('0', '9') + ")"},
		{`[a\]b]`, Flags{}, `class(5d6162)`},
		{`[\b\0]`, Flags{}, `class(3062)`},
		{`[ab]`, Flags{NoCase: true}, `class(41426162)`},
		{`[^A-Za-y]x`, Flags{NoCase: true}, "cat(class(" + allBut('A', 'Z', 'a', 'z') + `) fold("x"))`},
	}
	for _, c := range cases {
		n, err := ParseRegexp([]byte(c.src), c.flags, false)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
		} else if got := n.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.src, got, c.want)
		}
	}
}

// allBut gives the hexadecimal digits of the bytes outside of some ranges.
func allBut(bounds ...byte) string {
	var s Set
	for i := 0; i < len(bounds); i += 2 {
		s.addRange(bounds[i], bounds[i+1])
	}
	var out strings.Builder
	s = s.negated()
	for _, c := range s.bytes() {
		const digits = "0123456789abcdef"
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&15])
	}
	return out.String()
}

func TestParseRegexpErrors(t *testing.T) {
	cases := []struct {
		src    string
		strict bool
		offset int
		want   string
	}{
		{``, false, 0, "unexpected end"},
		{`a|*`, false, 2, "nothing to repeat"},
		{`*a`, false, 0, "nothing to repeat"},
		{`a**`, false, 2, "nothing to repeat"},
		{`a{2}{3}`, false, 4, "nothing to repeat"},
		{`a*??`, false, 3, "nothing to repeat"},
		{`^*`, false, 1, "nothing to repeat"},
		{`\b{2}`, false, 2, "nothing to repeat"},
		{`|a`, false, 0, "before '|'"},
		{`(|a)`, false, 1, "before '|'"},
		{`a()`, false, 2, "before ')'"},
		{`(abc`, false, 0, "( without )"},
		{`x((a)`, false, 1, "( without )"},
		{`abc)`, false, 3, "unbalanced )"},
		{`(?:a)`, false, 1, "nothing to repeat"},
		{`a[bc`, false, 1, "missing terminating ]"},
		{`a[]b`, false, 1, "missing terminating ]"},
		{`[b-a]`, false, 1, "bad character range"},
		{`[\d-a]`, false, 1, "bad character range"},
		{`[\x4]`, false, 1, `\x needs two`},
		{"[\x80]", false, 1, "not printable"},
		{"[a\t]", false, 2, "not printable"},
		{`a\xg1`, false, 1, `\x needs two`},
		{`a\`, false, 1, "ends with a backslash"},
		{`[a\`, false, 2, "ends with a backslash"},
		{`(a)\1`, false, 3, "backreferences"},
		{`a{32768}`, false, 1, "too large"},
		{`a{4294967296}`, false, 1, "too large"},
		{`a{1,99999999999999999999}`, false, 1, "too large"},
		{`a{3,2}`, false, 1, "bad repeat interval"},
		{strings.Repeat("(", 300), false, maxDepth, "nested"},
		{`foo{`, true, 3, "nothing to repeat"},
		{`{(foo|bar)`, true, 0, "nothing to repeat"},
		{`a{-100}`, true, 1, "nothing to repeat"},
		{`\X`, true, 0, "unknown escape"},
		{`[\>]`, true, 1, "unknown escape"},
		{`[\0]`, true, 1, "unknown escape"},
		{`(?y)`, true, 2, "unknown flag"},
		{`(?i`, true, 3, "unknown flag"},
		{`(?P<n`, true, 1, "name has no end"},
		{`\b{begin}`, true, 0, "unknown word boundary"},
		{`\b{end`, true, 0, `\b{ without }`},
		{`\x{}`, true, 0, "hexadecimal digits"},
		{`\x{100}`, true, 0, "at most FF"},
		{`(?u)a\b`, true, 5, "word boundaries"},
		{`(?u)\w`, true, 4, "not supported"},
		{`(?u)[a]`, true, 5, "not supported"},
	}
	for _, c := range cases {
		n, err := ParseRegexp([]byte(c.src), Flags{}, c.strict)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: %v, %v; want an error", c.src, n, err)
			continue
		}
		if syntax.Offset != c.offset || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20s: at %d %q, want at %d %q", c.src, syntax.Offset, syntax.Message, c.offset, c.want)
		}
	}
}

// TestParseRegexpStrict: what means something to YARA-X only, or other things.
func TestParseRegexpStrict(t *testing.T) {
	cases := []struct{ src, want string }{
		{`(?:ab)c`, `"abc"`},
		{`(?P<name>a)(?<n>b)`, `"ab"`},
		{`a(?i)b(?-i:c)d`, `cat("a" fold("b") "c" fold("d"))`},
		{`((?i)a)b`, `cat(fold("a") "b")`},
		{`(?s:.).`, `cat(any notlf)`},
		{`(?m:^a$)(?Rs).`, `cat(assert5 "a" assert6 any)`},
		{`(?U)a*b*?`, `cat("a"{0,-1}? "b"{0,-1})`},
		{`\Aa\z$`, `cat(assert0 "a" assert2 assert2)`},
		{`\b{start}a\b{end}\b{start-half}b\b{end-half}`, `cat(assert7 "a" assert8 assert9 "b" assert10)`},
		{`\v\x{4f}\x41`, `"\vOA"`},
		{`\<a\>\{`, `"<a>{"`},
		{`(|a)`, `alt(empty "a")`},
		{`a()b`, `"ab"`},
		{`(a*)*`, `"a"{0,-1}{0,-1}`},
		{"[\t\x80]", `class(0980)`},
	}
	for _, c := range cases {
		n, err := ParseRegexp([]byte(c.src), Flags{}, true)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
		} else if got := n.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.src, got, c.want)
		}
	}
}

func TestTraits(t *testing.T) {
	cases := []struct {
		src                   string
		greedy, lazy, unknown bool
	}{
		{`abc`, false, false, false},
		{`a{3}`, true, false, false},
		{`a{1}`, true, false, false},
		{`a*?`, false, true, false},
		{`(a?b){2,3}?`, true, true, false},
		{`a\;b`, false, false, true},
		{`[\q]`, false, false, true},
		{`\.\<\@`, false, false, false},
	}
	for _, c := range cases {
		n := mustRegexp(t, c.src)
		if n.Greedy() != c.greedy || n.Ungreedy() != c.lazy || n.UnknownEscape() != c.unknown {
			t.Errorf("%s: greedy %v, ungreedy %v, unknown escape %v", c.src, n.Greedy(), n.Ungreedy(), n.UnknownEscape())
		}
	}
}
