package pdf

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/document/documenttest"
	"vitrine/internal/engine/limit"
)

// keep is a Sink that keeps the first part and all problems.
type keep struct {
	data     string
	problems []error
}

func (k *keep) Whole(_ string, data []byte) error { k.data += string(data); return nil }
func (k *keep) Problem(err error)                 { k.problems = append(k.problems, err) }
func (k *keep) Decoded(_ string, r io.Reader, _ int) error {
	data, err := io.ReadAll(r)
	k.data += string(data)
	if err != nil {
		k.problems = append(k.problems, err)
	}
	return nil
}

func walk(data []byte) *keep {
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), int64(len(data)))
	k := &keep{}
	if err := Walk(data, b, &codec.Opener{Budget: b}, k); err != nil {
		k.Problem(err)
	}
	return k
}

func TestFilters(t *testing.T) {
	rows := "\x00abc\x01\x01\x01\x01\x02\x01\x01\x01\x03\x01\x01\x01\x04\x01\x01\x01\x00xy"
	undone := "abc" + "\x01\x02\x03" + "\x02\x03\x04" + "\x02\x03\x04" + "\x03\x04\x05" + "xy"
	tests := []struct{ name, entries, data, want string }{
		{"none", "", "as it is", "as it is"},
		{"flate", "/Filter /FlateDecode", documenttest.Flate("hello"), "hello"},
		{"flate behind a line end", "/Filter /FlateDecode", "\r\n" + documenttest.Flate("hello"), "hello"},
		{"flate without its checksum", "/Filter /FlateDecode", documenttest.Flate("hello")[:len(documenttest.Flate("hello"))-4], "hello"},
		{"hex", "/Filter /AHx", "48 65 6C6c\n6F7>ignored", "Hellop"},
		{"ascii85", "/Filter /A85", "87cUR\nD]i,\"Ebo80~>", "Hello World!"},
		{"ascii85 zeros", "/Filter /ASCII85Decode", "z!!~>", "\x00\x00\x00\x00\x00"},
		{"run length", "/Filter /RL", "\x02abc\xfdx\x00y\x80ignored", "abcxxxxy"},
		{"lzw", "/Filter /LZWDecode", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", "-----A---B"},
		{"png rows", "/Filter /Fl /DecodeParms << /Predictor 15 /Columns 3 >>", documenttest.Flate(rows), undone},
		{"tiff rows", "/Filter /Fl /DecodeParms [<< /Predictor 2 /Columns 2 /Colors 2 >>]", documenttest.Flate("ab\x01\x01cd\x02\x03"), "abbccdeg"},
		{"crypt", "/Filter /Crypt", "as it is", "as it is"},
		{"picture", "/Filter [/AHx /DCTDecode]", "ffd8>", "\xff\xd8"},
	}
	for _, tt := range tests {
		k := walk(documenttest.PDF(documenttest.StreamObject(tt.entries, tt.data)))
		if k.data != tt.want || len(k.problems) > 0 {
			t.Errorf("%s: got %q, want %q, %v", tt.name, k.data, tt.want, k.problems)
		}
	}
}

// The predictor's filters, checked against a writer that does the reverse.
func TestPaeth(t *testing.T) {
	for _, tt := range []struct{ left, up, corner, want int }{{1, 2, 3, 1}, {10, 20, 10, 20}, {10, 20, 20, 10}, {5, 5, 5, 5}, {0, 255, 128, 128}} {
		if got := paeth(tt.left, tt.up, tt.corner); int(got) != tt.want {
			t.Errorf("%+v: got %d", tt, got)
		}
	}
}

// packLZW writes codes as an encoder does that starts anew when its table is
// nearly full.
func packLZW(data []byte, early int) []byte {
	var out []byte
	var held uint64
	var bits uint
	width, table := uint(9), map[string]int{}
	put := func(code int) {
		held, bits = held<<width|uint64(code), bits+width
		for bits >= 8 {
			out = append(out, byte(held>>(bits-8)))
			bits -= 8
		}
	}
	codeOf := func(s string) int {
		if len(s) == 1 {
			return int(s[0])
		}
		return table[s]
	}
	put(lzwClear)
	next, s := lzwFirst, ""
	for _, c := range data {
		if t := s + string([]byte{c}); len(t) == 1 || table[t] > 0 {
			s = t
			continue
		}
		put(codeOf(s))
		table[s+string([]byte{c})] = next
		next++
		if next+early > 1<<width && width < 12 {
			width++
		}
		s = string([]byte{c})
		if next == 4094 {
			put(codeOf(s))
			s = ""
			put(lzwClear)
			width, next, table = 9, lzwFirst, map[string]int{}
		}
	}
	if s != "" {
		put(codeOf(s))
		if next++; next+early > 1<<width && width < 12 {
			width++
		}
	}
	put(lzwEnd)
	return append(out, byte(held<<(8-bits)))
}

func TestLZWLong(t *testing.T) {
	text := bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog; "), 3000)
	for i := range text {
		if i%7 == 0 {
			text[i] = byte(i * i >> 4)
		}
	}
	for _, early := range []int{0, 1} {
		got, err := io.ReadAll(newLZW(bytes.NewReader(packLZW(text, early)), early == 1))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("early %d: %d bytes of %d, %v", early, len(got), len(text), err)
		}
	}
	if _, err := io.ReadAll(newLZW(strings.NewReader("\xff\xff\xff"), true)); limit.Of(err) == nil {
		t.Error("a code that was never given")
	}
}

// Readers must say the same whatever they are asked for at once.
func TestSmallReads(t *testing.T) {
	for name, open := range map[string]func(string) io.Reader{
		"hex":    func(s string) io.Reader { return &asciiHex{src: bufio.NewReader(strings.NewReader(s))} },
		"85":     func(s string) io.Reader { return &ascii85{src: bufio.NewReader(strings.NewReader(s))} },
		"length": func(s string) io.Reader { return &runLength{src: bufio.NewReader(strings.NewReader(s))} },
		"lzw":    func(s string) io.Reader { return newLZW(strings.NewReader(s), true) },
	} {
		const data = "80 0b60\x05abcdefgh123\xf0z\x01"
		want, _ := io.ReadAll(open(data))
		var got []byte
		r, one := open(data), make([]byte, 1)
		for {
			n, err := r.Read(one)
			got = append(got, one[:n]...)
			if err != nil {
				if !errors.Is(err, io.EOF) && name != "lzw" {
					t.Error(err)
				}
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q by one, %q at once", name, got, want)
		}
	}
}
