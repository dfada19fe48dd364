package macho

import (
	"bytes"
	"context"
	bin "encoding/binary"
	"fmt"
	"strings"
	"testing"

	"vitrine/yara/internal/module"
)

func TestULEB(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		v    uint64
		left int
		ok   bool
	}{
		{[]byte{0}, 0, 0, true}, {[]byte{0x7f, 9}, 127, 1, true}, {[]byte{0x80, 1}, 128, 0, true},
		{[]byte{0xe5, 0x8e, 0x26}, 624485, 0, true}, {[]byte{0x80, 0x80, 0x80, 0}, 0, 0, true},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, 1<<56 - 1, 0, true},
		{nil, 0, 0, false}, {[]byte{0x80}, 0, 0, false}, {bytes.Repeat([]byte{0x80}, 11), 0, 0, false},
	} {
		if v, rest, ok := uleb(c.in); v != c.v || len(rest) != c.left || ok != c.ok {
			t.Errorf("%x: %d, %d left, %v", c.in, v, len(rest), ok)
		}
	}
}

// imageOf is an image whose bytes are all there is, and the place of a part of it.
func imageOf(part []byte) (*image, []byte) {
	m := &image{ctx: &module.Context{Ctx: context.Background()}, data: append(make([]byte, 8), part...), order: bin.LittleEndian}
	return m, bin.LittleEndian.AppendUint32(bin.LittleEndian.AppendUint32(nil, 8), uint32(len(part)))
}

func TestTrie(t *testing.T) {
	for trie, want := range map[string]string{
		"":                                     "",
		"\x00\x01a\x00\x05\x02\x00\x07\x00":    "a",
		"\x00\x01a\x00\x05\x02\x00\x07":        "",  // no number of edges
		"\x00\x01a\x00\x00":                    "",  // an edge back to the root
		"\x00\x01a\x00\x7f":                    "",  // an edge to nowhere
		"\x00\x01a":                            "",  // a label without an end
		"\x00\x01a\x00":                        "",  // an edge without a place
		"\x00\x01\xff\x00\x05\x02\x00\x07\x00": "",  // a label that is no text
		"\x03\x10\x01\x02\x00":                 "|", // a stub with its resolver
		"\x05\x08\x01x\x00\x00":                "|", // a name from another library
		"\x03\x08\x01x":                        "",  // whose name has no end
		"\x02\x80":                             "",  // flags without an end
		"\x00\x02a\x00\x08b\x00\x08\x02\x00\x07\x00": "b", // a node that was seen
	} {
		m, place := imageOf([]byte(trie))
		got := ""
		for _, n := range m.trie(nil, place) {
			if len(n) == 0 {
				n = []byte("|")
			}
			got += string(n)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", trie, got, want)
		}
	}
	m, _ := imageOf(nil)
	if got := m.trie([][]byte{{'x'}}, []byte{255, 0, 0, 0, 9, 0, 0, 0}); len(got) != 1 {
		t.Errorf("a trie outside gave %q", got)
	}
}

// A deep trie with long labels is cut off by its budget.
func TestTrieBudget(t *testing.T) {
	var trie []byte
	label := strings.Repeat("x", 4000)
	for range 2000 {
		next := len(trie) + 2 + len(label) + 1 + 4
		trie = append(append(append(trie, 0, 1), label...), 0)
		trie = append(trie, byte(next)|0x80, byte(next>>7)|0x80, byte(next>>14)|0x80, byte(next>>21))
	}
	m, place := imageOf(append(trie, 2, 0, 1, 0))
	if got := m.trie(nil, place); len(got) != 0 {
		t.Errorf("%d names of %d bytes", len(got), len(got[0]))
	}
}

func TestBound(t *testing.T) {
	for program, want := range map[string]string{
		"\x40_a\x00\x90\x00\x40_b\x00": "[_a _b]", "\x40_a\x00\x40_a\x00": "[_a]", "\x40_a": "[]", "\x70\x80": "[]",
		"\xc0\x81\x01\x02\x40_c\x00": "[_c]", "\x60\x7f\x20\x05\x80\x01\xa0\x02\x40_d\x00": "[_d]", "\x40\xff\x00\x40_e\x00": "[_e]", "": "[]",
	} {
		if got := fmt.Sprintf("%s", bound(nil, []byte(program), map[string]bool{})); got != want {
			t.Errorf("%q: %s, want %s", program, got, want)
		}
	}
}

func TestFixups(t *testing.T) {
	head := func(count, format uint32, rest string) []byte {
		var b []byte
		for _, v := range []uint32{0, 0, 28, 36, count, format, 0} {
			b = bin.LittleEndian.AppendUint32(b, v)
		}
		return append(b, rest...)
	}
	for want, part := range map[string][]byte{
		"[_a]":    head(1, 2, "\x00\x02\x00\x00\x00\x00\x00\x00\x00_a\x00"),
		"[_b]":    head(1, 1, "\x00\x02\x00\x00\x00\x00\x00\x00\x00_b\x00"),
		"[_wide]": append(head(1, 3, "\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "_wide\x00"...),
		"[]":      head(1<<30, 1, "\x00\x02\x00\x00"),
	} {
		m, place := imageOf(part)
		if got := fmt.Sprintf("%s", m.fixups(nil, place)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestPlist(t *testing.T) {
	for list, want := range map[string]string{
		"":                    "[]",
		"<a><key>x</key></a>": "[x]",
		"<a><key>x</key>":     "[]", // not closed
		"<a><key>x</kex></a>": "[]",
		"<a>no list":          "[]",
		"<a><key></key></a>":  "[]",
		"<array> <s>1</s><s>1</s><s>2</s></array>": "[1 2]",
		"<array><s>1</s></array>":                  "[]", // what comes first in it is no text
		strings.Repeat("<a>", 100):                 "[]",
	} {
		if got := fmt.Sprintf("%s", plistWords([]byte(list))); got != want {
			t.Errorf("%.30q: %s, want %s", list, got, want)
		}
	}
}

func TestBlob(t *testing.T) {
	good := "\xfa\xde\x71\x71\x00\x00\x00\x0atext"
	for data, want := range map[string]string{good: "te", good[:9]: "", "\xfa\xde\x71\x72\x00\x00\x00\x0atext": "",
		"\xfa\xde\x71\x71\x00\x00\x00\x07text": "", "\xfa\xde\x71\x71\xff\xff\xff\xfftext": "", "short": ""} {
		if got := string(blob([]byte(data), blobEntitlements, 0)); got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
	if got := blob([]byte(good), blobEntitlements, 1<<32); got != nil {
		t.Errorf("outside: %q", got)
	}
}
