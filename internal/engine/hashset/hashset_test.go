package hashset

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func digestsOf(s string) *Digests {
	return &Digests{md5.Sum([]byte(s)), sha1.Sum([]byte(s)), sha256.Sum256([]byte(s))}
}

func mustParse(t *testing.T, text string) *Set {
	t.Helper()
	s, err := Parse(strings.NewReader(text), "list.txt")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseShapes(t *testing.T) {
	d := digestsOf("one")
	m, s1, s2 := fmt.Sprintf("%x", d.MD5), fmt.Sprintf("%x", d.SHA1), fmt.Sprintf("%x", d.SHA256)
	tests := []struct{ line, name, listed string }{
		{s2, "list.txt", "sha256:" + s2},
		{strings.ToUpper(s2), "list.txt", "sha256:" + s2},
		{s1 + " Bad.Thing", "Bad.Thing", "sha1:" + s1},
		{m + "  some file.bin", "some file.bin", "md5:" + m},
		{m + " *bin ary", "bin ary", "md5:" + m},
		{m + "\tname", "name", "md5:" + m},
		{"\\" + m + "  new\\nline", "new\\nline", "md5:" + m},
		{m + ":68:Eicar-Test", "Eicar-Test", "md5:" + m},
		{s2 + ":*:Any.Size:73", "Any.Size", "sha256:" + s2},
		{"  " + s1 + "   ", "list.txt", "sha1:" + s1},
		{"\xef\xbb\xbf" + s1 + " after a mark\r", "after a mark", "sha1:" + s1},
		{"# comment\r\n\r\n  # another\n" + s1 + " x", "x", "sha1:" + s1},
		{s1 + " \xff\xfe raw", "\xff\xfe raw", "sha1:" + s1},
	}
	for _, tt := range tests {
		for _, end := range []string{"", "\n", "\r\n"} {
			s := mustParse(t, tt.line+end)
			name, listed, ok := s.Lookup(d)
			if !ok || name != tt.name || listed != tt.listed || s.Len() != 1 {
				t.Errorf("%q: got %q %q %v, %d entries", tt.line, name, listed, ok, s.Len())
			}
			if _, _, ok := s.Lookup(digestsOf("two")); ok {
				t.Errorf("%q: finds what is not listed", tt.line)
			}
		}
	}
}

func TestParseReportsEveryBadLine(t *testing.T) {
	d := digestsOf("one")
	text := strings.Join([]string{
		fmt.Sprintf("%x fine", d.SHA256),
		"abc",
		strings.Repeat("g", 32),
		"",
		fmt.Sprintf("%x:68", d.MD5),
		fmt.Sprintf("%x:big:name", d.MD5),
		fmt.Sprintf("%x::name", d.MD5),
		fmt.Sprintf("%x:68:", d.MD5),
		strings.Repeat("a", maxLine+5),
		fmt.Sprintf("%x", d.SHA1)[:39],
	}, "\n")
	s, err := Parse(strings.NewReader(text), "bad.txt")
	if s != nil {
		t.Error("a set with malformed lines was loaded")
	}
	var pe *ParseError
	if !errors.As(err, &pe) {
		t.Fatalf("got %v", err)
	}
	want := []struct {
		line   int
		detail string
	}{
		{2, "expected 32, 40 or 64"}, {3, "expected a hexadecimal digest"}, {5, "no second colon"},
		{6, "expected a size"}, {7, "expected a size"}, {8, "expected a name"},
		{9, "longer than"}, {10, "found 39 characters"},
	}
	if len(pe.Lines) != len(want) {
		t.Fatalf("got %d errors, want %d:\n%v", len(pe.Lines), len(want), err)
	}
	for i, w := range want {
		if got := pe.Lines[i]; got.File != "bad.txt" || got.Line != w.line || !strings.Contains(got.Detail, w.detail) {
			t.Errorf("error %d: got %v, want line %d, %q", i, got, w.line, w.detail)
		}
	}
	if got := strings.Count(err.Error(), "\n"); got != len(want)-1 {
		t.Errorf("the text has %d line ends", got)
	}
}

func TestParseCountsBeyondTheKept(t *testing.T) {
	_, err := Parse(strings.NewReader(strings.Repeat("x\n", maxErrors+7)), "l")
	var pe *ParseError
	if !errors.As(err, &pe) || pe.More != 7 || !strings.HasSuffix(err.Error(), "and 7 more malformed lines") {
		t.Errorf("got %d kept, %d more", len(pe.Lines), pe.More)
	}
}

func TestParseReaderError(t *testing.T) {
	broken := errors.New("disk gone")
	_, err := Parse(io.MultiReader(strings.NewReader("# x\n"), iotest.ErrReader(broken)), "l")
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestNeeds(t *testing.T) {
	d := digestsOf("one")
	tests := []struct {
		text string
		want Algorithms
	}{
		{"", 0},
		{fmt.Sprintf("%x", d.MD5), MD5},
		{fmt.Sprintf("%x\n%x", d.SHA1, d.SHA256), SHA1 | SHA256},
	}
	for _, tt := range tests {
		if got := mustParse(t, tt.text).Needs(); got != tt.want {
			t.Errorf("%q: got %b, want %b", tt.text, got, tt.want)
		}
	}
	var none *Set
	if _, _, ok := none.Lookup(d); ok || none.Needs() != 0 || none.Len() != 0 {
		t.Error("a nil set is not empty")
	}
}

func TestStrongestDigestWins(t *testing.T) {
	d := digestsOf("one")
	s := mustParse(t, fmt.Sprintf("%x weak\n%x strong\n%x middle\n", d.MD5, d.SHA256, d.SHA1))
	if name, _, _ := s.Lookup(d); name != "strong" {
		t.Errorf("got %q", name)
	}
}

func TestManyEntriesAndMerge(t *testing.T) {
	var a, b bytes.Buffer
	for i := range 3000 {
		d := digestsOf(fmt.Sprint(i))
		w := &a
		if i%2 == 1 {
			w = &b
		}
		fmt.Fprintf(w, "%x family-%d\n", [][]byte{d.MD5[:], d.SHA1[:], d.SHA256[:]}[i%3], i%70)
	}
	first := digestsOf("0")
	fmt.Fprintf(&a, "%x again\n", first.MD5)
	fmt.Fprintf(&b, "%x once more\n", first.MD5)
	sa, sb := mustParse(t, a.String()), mustParse(t, b.String())
	all := Merge(sa, nil, sb, sa)
	if all.Len() != 3000 {
		t.Fatalf("%d entries, want 3000", all.Len())
	}
	for i := range 3000 {
		name, _, ok := all.Lookup(digestsOf(fmt.Sprint(i)))
		if !ok || name != fmt.Sprintf("family-%d", i%70) {
			t.Errorf("entry %d: got %q %v", i, name, ok)
		}
	}
	if got, most := len(all.names.blob), 72*12+20; got > most {
		t.Errorf("names take %d bytes, want each kept once: at most %d", got, most)
	}
}

func TestBucketsSortAsTheWhole(t *testing.T) {
	b := newBuilder()
	var d [16]byte
	x := uint32(1)
	for range 100_000 {
		x = x*1664525 + 1013904223
		binary.BigEndian.PutUint32(d[:], x&0xff0f00ff) // some buckets are full, most are empty
		b.add(d[:], []byte("x"))
	}
	s := b.finish()
	if !slices.IsSortedFunc(s.md5, compareEntries[[16]byte]) {
		t.Error("not sorted")
	}
	if got := slices.Compact(s.md5); len(got) != s.Len() || s.Len() < 1000 {
		t.Errorf("%d entries, %d different", s.Len(), len(got))
	}
}

func FuzzHashset(f *testing.F) {
	d := digestsOf("one")
	f.Add([]byte(fmt.Sprintf("%x\n%x:1:n\n# c\n%x  f\r\n", d.MD5, d.SHA1, d.SHA256)))
	f.Add([]byte("\xef\xbb\xbf\\"))
	f.Add([]byte(":::\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse(bytes.NewReader(text), "f")
		if err != nil {
			if s != nil || err.Error() == "" {
				t.Fatal("a set and an error, or an error that says nothing")
			}
			return
		}
		s.Lookup(d)
		if again := Merge(s, s); again.Len() != s.Len() {
			t.Fatalf("merged with itself: %d entries of %d", again.Len(), s.Len())
		}
		for _, e := range s.sha1 {
			if _, _, ok := s.Lookup(&Digests{SHA1: e.digest}); !ok {
				t.Fatal("a listed digest is not found")
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	build := newBuilder()
	for i := range 1_000_000 {
		d := sha256.Sum256([]byte(fmt.Sprint(i)))
		build.add(d[:], []byte("x"))
	}
	s := build.finish()
	d := digestsOf("77")
	for b.Loop() {
		if _, _, ok := s.Lookup(d); !ok {
			b.Fatal("not found")
		}
	}
}
