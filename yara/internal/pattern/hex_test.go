package pattern

import (
	"errors"
	"strings"
	"testing"
)

func TestParseHexTree(t *testing.T) {
	cases := []struct{ src, want string }{
		{`01 02 fF`, `"\x01\x02\xff"`},
		{`010203`, `"\x01\x02\x03"`},
		{`01 ?? 0? ?1`, `cat("\x01" any mask(00,f0) mask(01,0f))`},
		{`~01 ~?2 ~3?`, `cat(!mask(01,ff) !mask(02,0f) !mask(30,f0))`},
		{`01 [4] 02`, `cat("\x01" any{4,4}? "\x02")`},
		{`01 [1] 02 [0-0] 03`, `cat("\x01" any "\x02\x03")`},
		{`01 [2 - 4] 02 [3-] 03 [-] 04`, `cat("\x01" any{2,4}? "\x02" any{3,-1}? "\x03" any{0,-1}? "\x04")`},
		{`01 [1-2][3-4] [1] 02`, `cat("\x01" any{5,7}? "\x02")`},
		{`01 [-][8-][-] 02`, `cat("\x01" any{8,-1}? "\x02")`},
		{`01 [0x10-0o20] 02`, `cat("\x01" any{16,16}? "\x02")`},
		{`01 (02 | 03 04 | 05) 06`, `cat("\x01" alt("\x02" "\x03\x04" "\x05") "\x06")`},
		{`( 01 | 0? ) (02)`, `cat(class(000102030405060708090a0b0c0d0e0f) "\x02")`},
		{`(01 [0-200] 02 | ((03 | 04 05) 06))`, `alt(cat("\x01" any{0,200}? "\x02") cat(alt("\x03" "\x04\x05") "\x06"))`},
		{"01 // two\n /* three **/ 04 /**/", `"\x01\x04"`},
		{"01 [2/*x*/-3 // y\n] 04", `cat("\x01" any{2,3}? "\x04")`},
		{`01 [2147483647] 02`, `cat("\x01" any{2147483647,2147483647}? "\x02")`},
	}
	for _, c := range cases {
		if got := mustHex(t, c.src).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.src, got, c.want)
		}
	}
}

func TestParseHexErrors(t *testing.T) {
	cases := []struct {
		src    string
		offset int
		want   string
	}{
		{``, 0, "expected a byte"},
		{` /* */ `, 7, "expected a byte"},
		{`01 2`, 3, "two hexadecimal digits"},
		{`000`, 2, "two hexadecimal digits"},
		{`01 ?`, 3, "two hexadecimal digits"},
		{`G0`, 0, "unexpected 'G'"},
		{`01 ~?? 02`, 3, "never match"},
		{`01 ~0 02`, 4, "two hexadecimal digits"},
		{`01 ~ 02`, 4, "unexpected ' '"},
		{`[2] 01`, 0, "cannot come first"},
		{`01 [2]`, 6, "cannot come last"},
		{`01 ([2] 02 | 03)`, 4, "cannot come first"},
		{`01 (02 [2] | 03)`, 11, "cannot come last"},
		{`01 [0] 02`, 3, "zero bytes"},
		{`01 [] 02`, 3, "empty jump"},
		{`01 [3-2] 02`, 3, "lower bound"},
		{`01 [1-2][40-38] 02`, 8, "lower bound"},
		{`01 [-3] 02 [x] 03`, 12, "expected ]"},
		{`01 [2-3`, 7, "expected ]"},
		{`01 [2147483648] 02`, 13, "too large"},
		{`01 [0-99999999999999999999] 02`, 15, "too large"},
		{`01 [0x] 02`, 6, "expected a number"},
		{`01 (02 [-] 03)`, 7, "unbounded jumps"},
		{`01 (02 [0-201] 03)`, 7, "jumps over 200"},
		{`01 (02 [201] 03)`, 7, "jumps over 200"},
		{`01 (02`, 3, "( without )"},
		{`01 02)`, 5, "unbalanced )"},
		{`01 (02|)`, 7, "expected a byte"},
		{`01 | 02`, 3, "unexpected '|'"},
		{`01 /* 02`, 3, "comment without end"},
		{strings.Repeat("(", 300), maxDepth, "nested"},
	}
	for _, c := range cases {
		n, err := ParseHex([]byte(c.src))
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

func TestSplit(t *testing.T) {
	type link struct {
		node     string
		min, max int
		noLF     bool
	}
	cases := []struct {
		src    string
		regexp bool
		want   []link
	}{
		{`01 [200] 02`, false, []link{{`cat("\x01" any{200,200}? "\x02")`, 0, 0, false}}},
		{`01 [201] 02`, false, []link{{`"\x01"`, 0, 0, false}, {`"\x02"`, 201, 201, false}}},
		{`01 02 [0-300] 03 [4] 04 [7-] 05`, false, []link{{`"\x01\x02"`, 0, 0, false}, {`cat("\x03" any{4,4}? "\x04")`, 0, 300, false}, {`"\x05"`, 7, -1, false}}},
		{`01 (02 | 03) [-] 04`, false, []link{{`cat("\x01" class(0203))`, 0, 0, false}, {`"\x04"`, 0, -1, false}}},
		{`a.{0,300}?b`, true, []link{{`"a"`, 0, 0, false}, {`"b"`, 0, 300, true}}},
		{`a.{5,}?b`, true, []link{{`"a"`, 0, 0, false}, {`"b"`, 5, maxRepeat, true}}},
		{`a.{0,300}b`, true, []link{{`cat("a" notlf{0,300} "b")`, 0, 0, false}}},
		{`a(.{0,300}?)b`, true, []link{{`cat("a" notlf{0,300}? "b")`, 0, 0, false}}},
		{`a.*?b`, true, []link{{`cat("a" notlf{0,-1}? "b")`, 0, 0, false}}},
		{`.{300}?b.{300}?`, true, []link{{`cat(notlf{300,300}? "b" notlf{300,300}?)`, 0, 0, false}}},
		{`a.{300}?b|c`, true, []link{{`alt(cat("a" notlf{300,300}? "b") "c")`, 0, 0, false}}},
	}
	for _, c := range cases {
		var n *Node
		if c.regexp {
			n = mustRegexp(t, c.src)
		} else {
			n = mustHex(t, c.src)
		}
		got := Split(n, 200)
		if len(got) != len(c.want) {
			t.Errorf("%s: %d links, want %d", c.src, len(got), len(c.want))
			continue
		}
		for i, l := range got {
			if is := (link{l.Node.String(), l.GapMin, l.GapMax, l.NoNewline}); is != c.want[i] {
				t.Errorf("%s: link %d is %v, want %v", c.src, i, is, c.want[i])
			}
			if l.Node.Ungreedy() != n.Ungreedy() {
				t.Errorf("%s: link %d forgets that the pattern is lazy", c.src, i)
			}
		}
	}
}
