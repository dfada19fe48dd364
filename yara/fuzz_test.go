package yara

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func (r *Result) names() []string {
	names := []string{}
	for _, m := range r.Matches {
		names = append(names, m.Rule.Name)
	}
	return names
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
