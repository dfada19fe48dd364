package vba_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
	"vitrine/internal/engine/document/vba"
	"vitrine/internal/engine/limit"
)

func TestDecompress(t *testing.T) {
	long := strings.Repeat("Sub AutoOpen()\r\nShell \"calc\"\r\n", 1000)
	for _, want := range []string{"", "a", "aaaaaaaaaaaaaaaaaaaaaaaa", "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa", long, long[:4096], long[:4097]} {
		got, err := io.ReadAll(vba.NewReader(bytes.NewReader(documenttest.Compress([]byte(want)))))
		if err != nil || string(got) != want {
			t.Errorf("%.20q: got %d bytes of %d, %v", want, len(got), len(want), err)
		}
	}
}

// The examples of MS-OVBA 3.2, as figures.
func TestDecompressExamples(t *testing.T) {
	tests := []struct{ packed, want string }{
		{"\x01\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv.", "abcdefghijklmnopqrstuv."},
		{"\x01\x2f\xb0\x00\x23aaabcde\x82f\x00\x70\x61ghij\x01\x38\x08akl\x00\x30mnop\x06q\x02\x70\x04\x10rstuv\x10wxyz\x00\x3c", "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"},
		{"\x01\x03\xb0\x02a\x45\x00", strings.Repeat("a", 73)},
	}
	for _, tt := range tests {
		got, err := io.ReadAll(vba.NewReader(strings.NewReader(tt.packed)))
		if err != nil || string(got) != tt.want {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestDecompressDamaged(t *testing.T) {
	good := string(documenttest.Compress([]byte("one two three one two three")))
	tests := []struct{ name, packed, want string }{
		{"empty", "", ""},
		{"wrong first byte", "\x02" + good[1:], ""},
		{"wrong mark of a chunk", "\x01\x19\x10abc", ""},
		{"cut in a chunk", good[:8], "one t"[:4]},
		{"cut in a header", "\x01\x19", ""},
		{"a reference before the start", "\x01\x05\xb0\x02a\xff\xffbcd", "a"},
		{"more than a chunk holds", "\x01\x05\xb0\x06a\xff\x0f\xff\x0fb", "a"},
	}
	for _, tt := range tests {
		got, err := io.ReadAll(vba.NewReader(strings.NewReader(tt.packed)))
		if e := limit.Of(err); e == nil || e.Reason != limit.Damaged {
			t.Errorf("%s: got %v", tt.name, err)
		}
		if !strings.HasPrefix(string(got), tt.want) {
			t.Errorf("%s: got %q before the error", tt.name, got)
		}
	}
}

// A raw chunk has its bytes as they are.
func TestRawChunk(t *testing.T) {
	raw := bytes.Repeat([]byte("x"), 4096)
	got, err := io.ReadAll(vba.NewReader(bytes.NewReader(slices.Concat([]byte{1, 0xff, 0x3f}, raw, documenttest.Compress([]byte("y"))[1:]))))
	if err != nil || string(got) != string(raw)+"y" {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func dirOf(t *testing.T, modules ...documenttest.Module) []byte {
	t.Helper()
	for _, s := range documenttest.Project("", modules...) {
		if s.Path == "VBA/dir" {
			out, err := io.ReadAll(vba.NewReader(bytes.NewReader(s.Data)))
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	t.Fatal("no dir")
	return nil
}

func TestParseDir(t *testing.T) {
	dir := dirOf(t, documenttest.Module{Name: "ThisDocument"}, documenttest.Module{Name: "Módulo1"})
	p, whole := vba.ParseDir(dir)
	want := []vba.Module{{Name: "ThisDocument", Stream: "ThisDocument", Offset: 7}, {Name: "Módulo1", Stream: "Módulo1", Offset: 7}}
	if !whole || p.Name != "VBAProject" || p.CodePage != 1251 || !slices.Equal(p.Modules, want) {
		t.Errorf("got %+v, %v", p, whole)
	}
	for n := range dir {
		if p, _ := vba.ParseDir(dir[:n]); len(p.Modules) > 2 {
			t.Errorf("cut at %d: %+v", n, p)
		}
	}
	if _, whole := vba.ParseDir(binary.LittleEndian.AppendUint32([]byte{3, 0}, 0xffffffff)); whole {
		t.Error("a record of 4 GB in six bytes is not whole")
	}
}

func TestText(t *testing.T) {
	tests := []struct {
		page     uint16
		in, want string
	}{
		{1252, "caf\xe9 \x80", "café €"},
		{1251, "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{1250, "\xb9\xea", "ąę"},
		{932, "\x82\xa0", "\x82\xa0"},
		{65001, "é", "é"},
	}
	for _, tt := range tests {
		if got := vba.Text([]byte(tt.in), tt.page); got != tt.want {
			t.Errorf("page %d: got %q, want %q", tt.page, got, tt.want)
		}
		long := strings.Repeat(tt.in, 1000)
		got, err := io.ReadAll(vba.TextReader(strings.NewReader(long), tt.page))
		if err != nil || string(got) != strings.Repeat(tt.want, 1000) {
			t.Errorf("page %d: the reader differs, %v", tt.page, err)
		}
	}
}

func FuzzVBA(f *testing.F) {
	f.Add(documenttest.Compress([]byte("one two three one two three")))
	f.Add([]byte("\x01\x03\xb0\x02a\x45\x00"))
	f.Add(documenttest.Project("", documenttest.Module{Name: "m", Source: "x"})[1].Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		out, _ := io.ReadAll(vba.NewReader(bytes.NewReader(data)))
		if most := 4096 * (len(data)/3 + 1); len(out) > most {
			t.Fatalf("%d bytes from %d", len(out), len(data))
		}
		p, _ := vba.ParseDir(out)
		if len(p.Modules) > len(out)/6 {
			t.Fatalf("%d modules from %d bytes", len(p.Modules), len(out))
		}
		vba.ParseDir(data)
		back, err := io.ReadAll(vba.NewReader(bytes.NewReader(documenttest.Compress(data))))
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("packed and unpacked: %v", err)
		}
	})
}
