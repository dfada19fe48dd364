package syntax

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

// lexAll writes the tokens of a source as kind and text.
func lexAll(src string) string {
	names := map[kind]string{
		tkInvalid: "bad", tkIdent: "id", tkStringID: "str", tkStringWild: "wild", tkCount: "count",
		tkOffset: "off", tkLength: "len", tkInt: "int", tkFloat: "float", tkText: "text", tkRegexp: "re",
	}
	l := newLexer([]byte(src))
	var out []string
	for t := l.next(); t.kind != tkEOF; t = l.next() {
		text := src[t.start:t.end]
		switch name, several := names[t.kind]; {
		case t.flaw != flawNone:
			out = append(out, fmt.Sprintf("flaw%d:%s", t.flaw, text))
		case several:
			out = append(out, name+":"+text)
		default:
			out = append(out, spelling[t.kind])
		}
	}
	return strings.Join(out, " ")
}

func TestTokens(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{" \t\r\n// end", ""},
		{"a/**/b/* * / **/c", "id:a id:b id:c"},
		{"rule rules _rule rule1", "rule id:rules id:_rule id:rule1"},
		{"ALL all base64wide base64 base64x", "id:ALL all base64wide base64 id:base64x"},
		{"$ $a $a* $* $_1 $a *", "str:$ str:$a wild:$a* wild:$* str:$_1 str:$a *"},
		{"# #a #a* @ @b[ ! !c != !=1", "count:# count:#a count:#a * off:@ off:@b [ len:! len:!c != != int:1"},
		{"1 12KB 3MB 4GB 5KBand", "int:1 int:12KB int:3MB int:4 id:GB int:5KB and"},
		{"0x1F 0xg 0o17 0o8 0x5A4Dand", "int:0x1F int:0 id:xg int:0o17 int:0 id:o8 int:0x5A4Da id:nd"},
		{"1.5 1..5 1. .5 1.5.6", "float:1.5 int:1 .. int:5 int:1 . . int:5 float:1.5 . int:6"},
		{"< << <= > >> >= = == ! = !=", "< << <= > >> >= = == len:! = !="},
		{`{}()[]:,+-*\%&|^~`, `{ } ( ) [ ] : , + - * \ % & | ^ ~`},
		{`"" "a\"b" "\\" "//" "/*"`, `text:"" text:"a\"b" text:"\\" text:"//" text:"/*"`},
		{"\"\"\"a\"\nb\"\"\" c", "text:\"\"\"a\"\nb\"\"\" id:c"},
		{`/a/ /a\/b/is /[/]ix /"/ss`, `re:/a/ re:/a\/b/is re:/[/ ] id:ix re:/"/s id:s`},
		{"\"a\nb", "flaw1:\"a id:b"},
		{"\"a\\\nb", "flaw1:\"a\\ id:b"},
		{"/a\\\nb", "flaw3:/a\\ id:b"},
		{"\"\"\"a b\"\" \"\"\" ", "text:\"\"\"a b\"\" \"\"\""},
		{"\"\"\"a \"\"\\\"\" b", "flaw2:\"\"\" id:a text:\"\" \\ text:\"\" id:b"},
		{"a /* b", "id:a flaw4:/* b"},
		{strings.Repeat("x", 128), "id:" + strings.Repeat("x", 128)},
		{strings.Repeat("x", 129), "flaw5:" + strings.Repeat("x", 129)},
		{"? ; ' \u00e9\x80 \x00", "bad:? bad:; bad:' bad:\u00e9\x80 bad:\x00"},
	} {
		if got := lexAll(c.in); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestTokenPlaces(t *testing.T) {
	src := "\xef\xbb\xbfa\n\tb /* \n */ c \"\"\"\n\n\"\"\" d\r\ne"
	want := []Pos{{1, 4}, {2, 2}, {3, 5}, {3, 7}, {5, 5}, {6, 1}, {6, 2}}
	l := newLexer([]byte(src))
	for i, at := range want {
		if tok := l.next(); tok.pos != at {
			t.Errorf("token %d %q at %v, want %v", i, src[tok.start:tok.end], tok.pos, at)
		}
	}
	if tok := l.next(); tok.kind != tkEOF {
		t.Errorf("after the end: %+v", tok)
	}
}

func TestIntegers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"007", 7, true}, {"1KB", 1024, true}, {"1MB", 1 << 20, true}, {"0x10", 16, true}, {"0o10", 8, true},
		{"9223372036854775807", math.MaxInt64, true}, {"9223372036854775808", 0, false},
		{"9007199254740991KB", 9007199254740991 << 10, true}, {"9007199254740992KB", 0, false},
		{"8796093022207MB", 8796093022207 << 20, true}, {"8796093022208MB", 0, false},
		{"0x7fffffffffffffff", math.MaxInt64, true}, {"0x8000000000000000", 0, false},
		{"0o777777777777777777777", math.MaxInt64, true}, {"0o1000000000000000000000", 0, false},
	} {
		if got, ok := integer([]byte(c.in)); got != c.want || ok != c.ok {
			t.Errorf("%s: %d %v, want %d %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestUnescape(t *testing.T) {
	for _, c := range []struct {
		in, want string
		bad      int
	}{
		{"", "", -1}, {"plain \xff", "plain \xff", -1}, {`\"\\\t\n\r`, "\"\\\t\n\r", -1},
		{`\x41\x0a\xfFz`, "A\n\xffz", -1}, {`a\`, "a", 1}, {`a\0b`, "ab", 1}, {`\x4`, "4", 0}, {`\xg0`, "g0", 0},
		{`ok\éx\q`, "okx", 2}, {`\X41`, "41", 0},
	} {
		if got, bad := unescape([]byte(c.in)); string(got) != c.want || bad != c.bad {
			t.Errorf("%s: %q bad at %d, want %q bad at %d", c.in, got, bad, c.want, c.bad)
		}
	}
}

// A copy of the lexer must look ahead without moving the original.
func TestLexerCopies(t *testing.T) {
	l := newLexer([]byte("a \"\"\"\n\"\"\" b"))
	ahead := l
	for range 3 {
		ahead.next()
	}
	if tok := l.next(); string(l.src[tok.start:tok.end]) != "a" || l.line != 1 {
		t.Errorf("moved to %+v, line %d", tok, l.line)
	}
	if !bytes.Equal(l.src, ahead.src) || ahead.line != 2 {
		t.Errorf("the copy is at line %d, want 2", ahead.line)
	}
}
