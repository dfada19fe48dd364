package ole_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"

	"vitrine/internal/engine/document/documenttest"
	"vitrine/internal/engine/document/ole"
	"vitrine/internal/engine/limit"
)

// contents reads all streams, in place where that is possible.
func contents(f *ole.File) (map[string]string, []error) {
	out, problems := map[string]string{}, []error(nil)
	for i := range f.Entries() {
		e := &f.Entries()[i]
		if !e.Stream() {
			continue
		}
		data := f.Whole(e)
		if data == nil {
			var err error
			if data, err = io.ReadAll(f.Reader(e)); err != nil {
				problems = append(problems, err)
			}
		}
		out[f.Path(i)] = string(data)
	}
	return out, problems
}

func pattern(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 3)
	}
	return string(b)
}

func TestStreams(t *testing.T) {
	want := map[string]string{
		"small":               "hello",
		"a/b/deep":            pattern(200),
		"a/large":             pattern(70_000),
		"exact":               pattern(4096),
		"just below":          pattern(4095),
		"\x01CompObj":         "x",
		"a/B/other case":      "y",
		"very large":          pattern(1 << 20),
		"ünïcode/名前":          "z",
		"last of the sectors": pattern(512 * 20),
	}
	var streams []documenttest.Stream
	for path, data := range want {
		streams = append(streams, documenttest.Stream{Path: path, Data: []byte(data)})
	}
	f, err := ole.Open(documenttest.Compound([16]byte{}, streams...))
	if err != nil {
		t.Fatal(err)
	}
	got, problems := contents(f)
	if len(problems) > 0 {
		t.Error(problems)
	}
	for path, data := range want {
		if got[path] != data {
			t.Errorf("%q: got %d bytes, want %d", path, len(got[path]), len(data))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d streams, want %d", len(got), len(want))
	}
}

// More than 109 sectors of FAT need the lists behind the header.
func TestListsOfFATSectors(t *testing.T) {
	data := pattern(9 << 20)
	f, err := ole.Open(documenttest.Compound([16]byte{}, documenttest.Stream{Path: "s", Data: []byte(data)}, documenttest.Stream{Path: "t", Data: []byte("end")}))
	if err != nil {
		t.Fatal(err)
	}
	got, problems := contents(f)
	if got["s"] != data || got["t"] != "end" || len(problems) > 0 {
		t.Errorf("%d and %q, %v", len(got["s"]), got["t"], problems)
	}
}

func TestWholeOnlyOnce(t *testing.T) {
	f, err := ole.Open(documenttest.Compound([16]byte{}, documenttest.Stream{Path: "s", Data: make([]byte, 8192)}))
	if err != nil {
		t.Fatal(err)
	}
	e := &f.Entries()[1]
	if f.Whole(e) == nil || f.Whole(e) != nil {
		t.Error("a stream is given in place once: what shares its sectors must be counted")
	}
}

// put writes a word into a copy of a file.
func put(data []byte, at int, word uint32) []byte {
	out := bytes.Clone(data)
	binary.LittleEndian.PutUint32(out[at:], word)
	return out
}

func TestHostile(t *testing.T) {
	good := documenttest.Compound([16]byte{}, documenttest.Stream{Path: "s", Data: []byte(pattern(6000))}, documenttest.Stream{Path: "a/t", Data: []byte("mini")})
	dir := 512 + int(binary.LittleEndian.Uint32(good[48:]))*512
	fat := 512 + int(binary.LittleEndian.Uint32(good[76:]))*512
	entry := func(n, field int) int { return dir + 128*n + field }
	tests := []struct {
		name    string
		data    []byte
		opens   bool
		problem bool
	}{
		{"good", good, true, false},
		{"header only", good[:512], false, true},
		{"cut header", good[:100], false, true},
		{"cut in the streams", good[:3000], false, true},
		{"sector size", put(good, 30, 0x0006_001f), false, true},
		{"sectors smaller than mini sectors", put(good, 30, 0x0009_0009), false, true},
		{"a stream in a circle, no longer than the file", put(good, fat, 0), true, false},
		{"a stream in a circle, of 4 GB", put(put(good, fat, 0), entry(1, 120), 0xffffffff), true, true},
		{"a stream of 4 GB", put(good, entry(1, 120), 0xffffffff), true, true},
		{"a mini stream elsewhere", put(good, entry(3, 116), 0x00ffffff), true, true},
		{"the tree in a circle", put(good, entry(1, 68), 1), true, false},
		{"a child that is its parent", put(good, entry(2, 76), 2), true, false},
		{"a sibling outside", put(good, entry(1, 68), 0x7fffffff), true, false},
		{"a list of FAT sectors outside", put(put(good, 68, 0x00ffffff), 76, 0xffffffff), true, true},
		{"a list of FAT sectors in a circle", put(put(good, 68, 0), 76, 0xffffffff), true, true},
		{"no directory", put(good, 48, 0xfffffffe), false, true},
	}
	for _, tt := range tests {
		f, err := ole.Open(tt.data)
		if (f != nil) != tt.opens {
			t.Errorf("%s: opens: %v, %v", tt.name, f != nil, err)
		}
		if err != nil && limit.Of(err).Reason != limit.Damaged {
			t.Errorf("%s: %v", tt.name, err)
		}
		if f == nil {
			continue
		}
		_, problems := contents(f)
		if got := err != nil || len(problems) > 0; got != tt.problem {
			t.Errorf("%s: problem: %v, %v %v", tt.name, got, err, problems)
		}
	}
}

// A tree as deep as the directory is long is named in bounded space, and what
// no tree reaches is still there.
func TestPaths(t *testing.T) {
	path := ""
	for i := range 100 {
		path += fmt.Sprintf("d%d/", i)
	}
	good := documenttest.Compound([16]byte{}, documenttest.Stream{Path: path + "s", Data: []byte("deep")})
	f, err := ole.Open(good)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := contents(f)
	if want := "…/d85/d86/d87/d88/d89/d90/d91/d92/d93/d94/d95/d96/d97/d98/d99/s"; got[want] != "deep" {
		t.Errorf("got %q", got)
	}
	dir := 512 + int(binary.LittleEndian.Uint32(good[48:]))*512
	if f, err = ole.Open(put(good, dir+76, 0xffffffff)); err != nil {
		t.Fatal(err)
	}
	got, _ = contents(f)
	if got["(unlinked)/s"] != "deep" {
		t.Errorf("unlinked: got %q", got)
	}
}

func TestInstallerNames(t *testing.T) {
	class := [16]byte{0x84, 0x10, 0x0c, 8: 0xc0, 15: 0x46}
	mangle := func(a, b rune) rune { return 0x3800 + a + b<<6 }
	name := string([]rune{0x4840, mangle(11, 50), mangle(47, 40), 0x4800 + 55}) // !B o l e t
	data := documenttest.Compound(class, documenttest.Stream{Path: name, Data: []byte("t")}, documenttest.Stream{Path: "plain", Data: []byte("p")})
	f, err := ole.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := contents(f)
	if got["!Bolet"] != "t" || got["plain"] != "p" {
		t.Errorf("got %q", got)
	}
	f, _ = ole.Open(documenttest.Compound([16]byte{}, documenttest.Stream{Path: name, Data: []byte("t")}))
	if got, _ := contents(f); got[name] != "t" {
		t.Errorf("a name in a document must stay: %q", got)
	}
}

func FuzzOLE(f *testing.F) {
	good := documenttest.Compound([16]byte{}, documenttest.Stream{Path: "s", Data: []byte(pattern(6000))}, documenttest.Stream{Path: "a/t", Data: []byte("mini")})
	f.Add(good)
	f.Add(put(good, 68, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ole.Open(data)
		if file == nil {
			if err == nil {
				t.Fatal("neither a file nor an error")
			}
			return
		}
		whole := 0
		for i := range file.Entries() {
			e := &file.Entries()[i]
			whole += len(file.Whole(e))
			n, _ := io.Copy(io.Discard, file.Reader(e))
			if n > int64(len(data)) {
				t.Fatalf("%d bytes read of a file of %d", n, len(data))
			}
			if slices.Contains([]byte(file.Path(i)), 0) {
				t.Fatalf("path %q", file.Path(i))
			}
		}
		if whole > len(data) {
			t.Fatalf("%d bytes in place of a file of %d", whole, len(data))
		}
	})
}
