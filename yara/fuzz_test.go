package yara

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// chooser turns fuzz bytes into choices.
type chooser struct{ rest []byte }

func (c *chooser) pick(n int) int {
	if len(c.rest) == 0 {
		return 0
	}
	v := int(c.rest[0]) % n
	c.rest = c.rest[1:]
	return v
}

func (c *chooser) of(options ...string) string { return options[c.pick(len(options))] }

// stringDefs are definitions over the letters a, b, c and a few bytes more, so
// that short data meets them.
var stringDefs = []string{
	`"abc"`, `"ab"`, `"cabba"`, `"ABC" nocase`, `"abc" wide`, `"ab" wide ascii nocase`, `"abc" fullword`, `"abca" xor`,
	`"bca" xor(1-3) wide`, `"abcab" base64`, `{ 61 62 [0-3] 63 }`, `{ 61 ?? 63 }`, `{ ( 61 | 62 63 ) 61 }`, `{ 61 [300-] 62 }`,
	`/a.c/`, `/ab*c/`, `/(a|b)+c/ nocase`, `/b{2,3}?/`, `/\bab/ wide ascii`, `/[^a]bc$/`, `{ 4D 5A }`, `"a"`,
}

// number gives an integer expression over the strings $s0…$s2.
func (c *chooser) number(depth int) string {
	s := c.of("s0", "s1", "s2")
	switch c.pick(8) {
	case 0:
		return "filesize"
	case 1:
		return "#" + s
	case 2:
		return "@" + s + "[" + c.of("1", "2", "#"+s) + "]"
	case 3:
		return "!" + s
	case 4:
		return c.of("uint8", "uint16", "uint16be", "int32") + "(" + c.of("0", "1", "@"+s) + ")"
	case 5:
		if depth > 0 {
			return "(" + c.number(depth-1) + c.of(" + ", " - ", " * ", " & ") + c.number(depth-1) + ")"
		}
	case 6:
		return c.of("0x5A4D", "0x464C457F", "97", "0x6261")
	}
	return c.of("0", "1", "2", "3", "10")
}

// boolean gives a boolean expression. earlier names rules it may refer to.
func (c *chooser) boolean(depth int, earlier []string) string {
	s := c.of("s0", "s1", "s2")
	if depth == 0 {
		return "$" + s
	}
	d := depth - 1
	switch c.pick(18) {
	case 0:
		return "(" + c.boolean(d, earlier) + " and " + c.boolean(d, earlier) + ")"
	case 1:
		return "(" + c.boolean(d, earlier) + " or " + c.boolean(d, earlier) + ")"
	case 2:
		return "not " + c.boolean(d, earlier)
	case 3:
		return "$" + s + " at " + c.number(d)
	case 4:
		return "$" + s + " in (" + c.number(d) + ".." + c.number(d) + " + 4)"
	case 5:
		return c.number(d) + c.of(" == ", " != ", " < ", " >= ") + c.number(d)
	case 6:
		return c.of("any", "all", "none", "2", "50%", "#s0") + " of " + c.of("them", "($s0, $s1)", "($s*)")
	case 7:
		return "any of them in (0.." + c.number(d) + " + 2)"
	case 8:
		return "for " + c.of("any", "all", "none", "2") + " of them : ($ at " + c.number(0) + c.of("", " or # > 1", " and @ < 4") + ")"
	case 9:
		return "for " + c.of("any", "all") + " i in (1..#" + s + ") : (@" + s + "[i] " + c.of("<", ">", "==") + " i * 2)"
	case 10:
		return "for any i in (0, 1, 2) : (uint8(i) == " + c.of("97", "98", "0x4D") + ")"
	case 11:
		return "defined " + c.number(d)
	case 12:
		return "(pe." + c.of("number_of_sections", "machine", "is_pe") + " >= 0)"
	case 13:
		return "(elf.type " + c.of("==", "!=") + " elf.ET_EXEC)"
	case 14:
		if len(earlier) > 0 {
			return earlier[c.pick(len(earlier))]
		}
	case 15:
		return "for any s in pe.sections : (s.virtual_size >= 0)"
	case 16:
		return c.of("any", "none", "1") + " of them at " + c.number(0)
	}
	return "$" + s
}

func (c *chooser) ruleSet() string {
	var b strings.Builder
	b.WriteString("import \"pe\" import \"elf\"\n")
	var names []string
	for i := range 1 + c.pick(4) {
		name := fmt.Sprintf("r%d", i)
		fmt.Fprintf(&b, "%srule %s { strings: ", c.of("", "", "", "private ", "global "), name)
		for j := range 3 {
			fmt.Fprintf(&b, "$s%d = %s ", j, stringDefs[c.pick(len(stringDefs))])
		}
		// The last operand is never true: it uses every string.
		fmt.Fprintf(&b, "condition: (%s) %s or (filesize < 0 and any of them) }\n", c.boolean(3, names), c.of("", "", "and any of them", "and all of them"))
		names = append(names, name)
	}
	return b.String()
}

func (r *Result) names() []string {
	names := []string{}
	for _, m := range r.Matches {
		names = append(names, m.Rule.Name)
	}
	return names
}

// FuzzLazy compares what the lazy scanner finds with what evaluating every rule
// over every string finds, and finds it again with the scanner used once more.
func FuzzLazy(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, []byte("abcabcaab"))
	f.Add([]byte{3, 0, 1, 20, 6, 1, 9, 3, 3, 12, 5, 5, 14, 2}, []byte("MZ\x90\x00abc"))
	f.Add([]byte{2, 9, 11, 13, 8, 0, 8, 4, 2, 1, 1, 7}, []byte("a\x00b\x00c\x00 abcab YWJjYWI="))
	f.Fuzz(func(t *testing.T, choices, data []byte) {
		if len(data) > 2000 {
			data = data[:2000]
		}
		text := (&chooser{choices}).ruleSet()
		rules, err := Compile(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		lazy, _ := NewScanner(rules, ScanConfig{})
		all, _ := NewScanner(rules, ScanConfig{Matches: true})
		all.all = true
		for range 2 {
			want, err1 := all.Scan(context.Background(), data)
			got, err2 := lazy.Scan(context.Background(), data)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if !slices.Equal(want.names(), got.names()) {
				t.Fatalf("lazy found %v, all %v\n%s\n%q", got.names(), want.names(), text, data)
			}
			if _, err := lazy.Scan(context.Background(), []byte("other data abc")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// textCase is a text string with modifiers and what it means, spelled out.
type textCase struct {
	text                           []byte
	noCase, wide, ascii, full, xor bool
}

func (c textCase) source() string {
	var b strings.Builder
	b.WriteString(`"`)
	for _, x := range c.text {
		fmt.Fprintf(&b, `\x%02x`, x)
	}
	b.WriteString(`"`)
	for _, m := range []struct {
		on   bool
		word string
	}{{c.noCase, "nocase"}, {c.wide, "wide"}, {c.ascii, "ascii"}, {c.full, "fullword"}, {c.xor, "xor"}} {
		if m.on {
			b.WriteString(" " + m.word)
		}
	}
	return b.String()
}

// naive finds the offsets of a text string by trying everything.
func (c textCase) naive(data []byte) []int64 {
	offsets := []int64{}
	for at := range data {
		if c.ascii || !c.wide {
			if c.stands(c.text, data, at, 1) {
				offsets = append(offsets, int64(at))
				continue
			}
		}
		if c.wide && c.stands(widened(c.text), data, at, 2) {
			offsets = append(offsets, int64(at))
		}
	}
	return offsets
}

func widened(b []byte) []byte {
	var w []byte
	for _, c := range b {
		w = append(w, c, 0)
	}
	return w
}

func (c textCase) stands(want, data []byte, at, step int) bool {
	if at+len(want) > len(data) {
		return false
	}
	have := slices.Clone(data[at : at+len(want)])
	want = slices.Clone(want)
	if c.xor {
		key := have[0] ^ want[0]
		for i := range have {
			have[i] ^= key
		}
	}
	if c.noCase {
		have, want = asciiLower(have), asciiLower(want)
	}
	if !slices.Equal(have, want) {
		return false
	}
	return !c.full || !c.beside(data, at, at+len(want), step)
}

func asciiLower(b []byte) []byte {
	out := slices.Clone(b)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] += 'a' - 'A'
		}
	}
	return out
}

// beside reports whether a letter or digit of the same width stands next to the match.
func (c textCase) beside(data []byte, start, end, step int) bool {
	word := func(i int) bool {
		if i < 0 || i+step > len(data) || step == 2 && data[i+1] != 0 {
			return false
		}
		x := data[i]
		return x >= '0' && x <= '9' || x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z'
	}
	return word(start-step) || word(end)
}

// FuzzText compares the matches of text strings with a search that tries every
// place.
func FuzzText(f *testing.F) {
	f.Add([]byte("abc"), uint8(1), []byte("xabcABC a\x00b\x00c\x00"))
	f.Add([]byte("ab"), uint8(8|2|4), []byte("ab a\x00b\x00 cab"))
	f.Add([]byte("hello"), uint8(16), []byte("ifmmn hello"))
	f.Fuzz(func(t *testing.T, text []byte, mods uint8, data []byte) {
		if len(text) == 0 || len(text) > 40 || len(data) > 2000 {
			return
		}
		c := textCase{text, mods&1 != 0, mods&2 != 0, mods&4 != 0, mods&8 != 0, mods&16 != 0 && mods&1 == 0}
		rules, err := Compile("rule r { strings: $a = " + c.source() + " condition: #a >= 0 }")
		if err != nil {
			t.Fatal(err)
		}
		s, _ := NewScanner(rules, ScanConfig{Matches: true})
		r, err := s.Scan(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		got := []int64{}
		for _, m := range r.Matches[0].Strings {
			got = append(got, m.Offset)
		}
		if want := c.naive(data); !slices.Equal(got, want) {
			t.Fatalf("%s in %q: got %v, want %v", c.source(), data, got, want)
		}
	})
}
