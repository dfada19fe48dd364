package inno

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/installer/installertest"
	"vitrine/internal/engine/limit"
)

// got keeps what a walk hands out.
type got struct {
	parts    map[string]string
	order    []string
	problems []error
}

func (g *got) Whole(name string, data []byte) error {
	g.parts[name] = string(data)
	g.order = append(g.order, name)
	return nil
}

func (g *got) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(io.LimitReader(r, 1<<21))
	if err != nil {
		g.problems = append(g.problems, err)
	}
	if limit.Final(err) {
		return err
	}
	return g.Whole(name, data)
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

func (g *got) told() string {
	if err := errors.Join(g.problems...); err != nil {
		return err.Error()
	}
	return ""
}

func with(t testing.TB, size int, walk func(j *installer.Job) error) *got {
	t.Helper()
	g := &got{parts: map[string]string{}}
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), int64(size))
	err := walk(&installer.Job{Budget: b, Open: &codec.Opener{Budget: b}, Sink: g})
	if err != nil && !limit.Final(err) {
		t.Errorf("walk: %v", err)
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return g
}

func walk(t testing.TB, data []byte) *got {
	return with(t, len(data), func(j *installer.Job) error { return Walk(data, j) })
}

var files = []installertest.File{
	{Name: `{app}\a.txt`, Data: bytes.Repeat([]byte("hello "), 2000)},
	{Name: `{app}\sub\b.bin`, Data: []byte("second")},
	{Name: `{tmp}\c.exe`, Data: []byte("MZ third")},
}

func TestVersions(t *testing.T) {
	want := []string{"inno/setup.exe", "inno/(headers)", "inno/{app}/a.txt", "inno/{app}/sub/b.bin", "inno/{tmp}/c.exe"}
	for _, n := range []installertest.Inno{
		{Version: "4.2.5", Number: 40205, Method: "zlib"},
		{Version: "5.1.4", Number: 50104, Method: "bzip2", Packed: true},
		{Version: "5.2.3", Number: 50203, Method: "lzma", Packed: true, Calls: true},
		{Version: "5.3.11", Number: 50311, Unicode: true, Method: "lzma2", Packed: true},
		{Version: "5.5.7", Number: 50507, Method: ""},
		{Version: "6.1.0", Number: 60100, Unicode: true, Method: "lzma2", Packed: true, Calls: true},
		{Version: "6.3.0", Number: 60300, Unicode: true, Method: "lzma"},
		{Version: "6.4.0.1", Number: 60400, Unicode: true, Method: "zlib"},
		{Version: "6.5.0", Number: 60500, Unicode: true, Method: "lzma2"},
		{Version: "7.0.0.3", Number: 70000, Unicode: true, Method: "lzma2", Packed: true},
	} {
		program := n.Program(files...)
		if !Find(program) {
			t.Fatalf("%s: not found", n.Version)
		}
		g := walk(t, program)
		if len(g.problems) > 0 || !slices.Equal(g.order, want) {
			t.Errorf("%s: %q, problems %v", n.Version, g.order, g.problems)
			continue
		}
		for i, f := range files {
			if g.parts[want[i+2]] != string(f.Data) {
				t.Errorf("%s: %s has %d bytes, want %d", n.Version, f.Name, len(g.parts[want[i+2]]), len(f.Data))
			}
		}
		if !strings.HasPrefix(g.parts["inno/setup.exe"], "MZ the program") {
			t.Errorf("%s: setup.exe is %q", n.Version, g.parts["inno/setup.exe"])
		}
	}
}

// TestIncomplete has what is not read: it must never look clean.
func TestIncomplete(t *testing.T) {
	n := installertest.Inno{Version: "5.5.7", Number: 50507, Method: "lzma2"}
	plain := n.Program(files...)
	change := func(find, by string) []byte {
		b := bytes.Clone(plain)
		copy(b[bytes.LastIndex(b, []byte(find)):], by)
		return b
	}
	encrypted, away, whole := n, n, n
	encrypted.Encrypted, away.Away = true, true
	whole.Version, whole.Number = "6.5.2", 60502
	locked := whole.Program(files...)
	at := bytes.Index(locked, []byte("6.5.2)")) - 23 + 64
	locked[at+4] = 2 // all is encrypted
	copy(locked[at:], installertest.CRC(locked[at+4:at+4+49]))
	for _, tt := range []struct {
		name   string
		data   []byte
		reason limit.Reason
		want   string
		part   string // that is found nevertheless
	}{
		{"no table", installertest.Stub(500), limit.Damaged, "no table", ""},
		{"encrypted files", encrypted.Program(files...), limit.Encrypted, "3 files are encrypted", "inno/(headers)"},
		{"encrypted headers", locked, limit.Encrypted, "headers are encrypted", "inno/(chunk 1)"},
		{"files elsewhere", away.Program(files...), limit.Damaged, "3 files are in other parts", "inno/(headers)"},
		{"old version", change("5.5.7)", "1.3.0)"), limit.Method, "version 1.3.0", "inno/(chunk 1)"},
		{"another layout", change("5.5.7)", "6.4.0)"), limit.Method, "version 6.4.0", "inno/(chunk 1)"},
		{"no sign of a chunk", change("zlb\x1a", "zzz\x1a"), limit.Method, "not read", "inno/(headers)"},
		{"unknown method", change("zlb\x1a", "zlb\x1a\xff\xff\xff\xff\xff\xff\xff"), limit.Method, "not known", "inno/(headers)"},
		{"cut off", plain[:len(plain)-10], limit.Damaged, "cut off", "inno/{app}/a.txt"},
		{"bad block", change("5.5.7)", "5.5.7)"+strings.Repeat("\x01", 60)), limit.Damaged, "checksum", "inno/(chunk 1)"},
	} {
		g := walk(t, tt.data)
		if !strings.Contains(g.told(), tt.want) || !slices.ContainsFunc(g.problems, func(err error) bool { return limit.Of(err).Reason == tt.reason }) {
			t.Errorf("%s: problems %v, want %q", tt.name, g.problems, tt.want)
		}
		if _, ok := g.parts[tt.part]; tt.part != "" && !ok {
			t.Errorf("%s: %q is missing: %q", tt.name, tt.part, g.order)
		}
	}
}

// TestTwoTables has a table before the right one, which points elsewhere.
func TestTwoTables(t *testing.T) {
	n := installertest.Inno{Version: "5.5.7", Number: 50507, Method: "zlib"}
	data := n.Program(files...)
	other := len(data)
	data = append(data, n.Program(installertest.File{Name: `{app}\decoy`, Data: []byte("nothing")})...)
	table := bytes.Clone(data[other+200 : other+260])
	for _, at := range []int{20, 32, 36} { // its places, from the beginning of all
		binary.LittleEndian.PutUint32(table[at:], binary.LittleEndian.Uint32(table[at:])+uint32(other))
	}
	copy(data[100:], table)
	clear(data[other+200 : other+260])
	g := walk(t, data)
	if g.parts["inno/{app}/decoy"] != "nothing" || g.parts["inno/{tmp}/c.exe"] != "MZ third" || !strings.Contains(g.told(), "2 tables") {
		t.Errorf("got %q, problems %v", g.order, g.problems)
	}
}

// TestShared has locations that lie: two in the same bytes are one, others that
// overlap are told.
func TestShared(t *testing.T) {
	data := []byte("0123456789")
	w := &walker{data: append([]byte("xzlb\x1a"), data...), table: table{data: 1}}
	list := []file{{start: 0, size: 6}, {start: 0, size: 6}, {start: 4, size: 6}, {start: 8, size: 2}, {start: 1 << 40, size: 1}}
	for i := range list {
		list[i].packed = 10
	}
	g := with(t, 10, func(j *installer.Job) error {
		w.Job = j
		return w.files(list)
	})
	if len(g.order) != 2 || g.parts[g.order[1]] != "89" || !strings.Contains(g.told(), "1 files share") && !strings.Contains(g.told(), "cut off") {
		t.Errorf("got %q, problems %v", g.parts, g.problems)
	}
}

func TestSlice(t *testing.T) {
	n := installertest.Inno{Version: "5.5.7", Number: 50507, Method: "zlib"}
	p := n.Program(files...)
	data := append([]byte("idska32\x1a\x00\x00\x00\x00"), p[bytes.LastIndex(p, []byte(chunkSign)):]...)
	data = append(data, "zlb\x1astored as it is"...)
	if !IsSlice(data) || IsSlice(p) {
		t.Error("IsSlice is wrong")
	}
	g := with(t, len(data), func(j *installer.Job) error { return WalkSlice(data, j) })
	if len(g.problems) > 0 || !strings.HasPrefix(g.parts["inno/(chunk 1)"], "hello ") || g.parts["inno/(chunk 2)"] != "stored as it is" {
		t.Errorf("got %q, problems %v", g.order, g.problems)
	}
}

// TestFilters has a call at 1 to an address that was made absolute.
func TestFilters(t *testing.T) {
	coded := func(b ...byte) []byte { return append([]byte{0x90, 0xe8}, append(b, 0x90, 0xe9, 1)...) }
	for _, tt := range []struct {
		name    string
		version int
		in, out []byte
	}{
		{"forward", at(5, 5, 0), coded(0x16, 1, 0, 0), coded(0x10, 1, 0, 0)},
		{"backward", at(5, 5, 0), coded(2, 0, 0, 0), coded(0xfc, 0xff, 0xff, 0xff)},
		{"backward, not turned over", at(5, 2, 0), coded(2, 0, 0, 0xff), coded(0xfc, 0xff, 0xff, 0xff)},
		{"no address", at(5, 5, 0), coded(2, 0, 0, 7), coded(2, 0, 0, 7)},
		{"old", at(5, 1, 0), coded(0x16, 1, 0, 7)[:6], coded(0x10, 1, 0, 7)[:6]},
	} {
		for _, in := range []io.Reader{bytes.NewReader(tt.in), iotest.OneByteReader(bytes.NewReader(tt.in))} {
			got, err := io.ReadAll(filterFor(version{number: tt.version}, in))
			if err != nil || !bytes.Equal(got, tt.out) {
				t.Errorf("%s: got %x, %v, want %x", tt.name, got, err, tt.out)
			}
		}
	}
	// What crosses the end of a block of 64 KiB was left alone.
	long := append(bytes.Repeat([]byte{0x90}, filterBlock-4), 0xe8, 2, 0, 0, 0, 0)
	if got, err := io.ReadAll(filterFor(version{number: at(6, 0, 0)}, bytes.NewReader(long))); err != nil || !bytes.Equal(got, long) {
		t.Errorf("over the end of a block: %x, %v", got[filterBlock-4:], err)
	}
	cut := filterFor(version{number: at(6, 0, 0)}, &sized{strings.NewReader("abc"), 10})
	if got, err := io.ReadAll(cut); string(got) != "abc" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: got %q, %v", got, err)
	}
}

func TestLayouts(t *testing.T) {
	for v, want := range map[int]int{at(4, 2, 4): 0, at(4, 2, 5): 69, at(5, 2, 0): 70, at(5, 4, 0): 74, at(6, 3, 0): 75, at(6, 4, 0): 87, at(7, 0, 0): 89} {
		if l, _ := layoutOf(version{number: v}); l.size != want {
			t.Errorf("%x: %d bytes, want %d", v, l.size, want)
		}
	}
}

func FuzzWalk(f *testing.F) {
	for _, n := range []installertest.Inno{{Version: "5.1.4", Number: 50104, Method: "bzip2"}, {Version: "6.1.0", Number: 60100, Unicode: true, Method: "lzma2", Calls: true},
		{Version: "7.0.0.3", Number: 70000, Unicode: true, Packed: true, Method: "lzma"}} {
		f.Add(n.Program(files[1:]...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if Find(data) {
			walk(t, data)
		}
	})
}

// FuzzHeaders believes any list of files and any headers.
func FuzzHeaders(f *testing.F) {
	n := installertest.Inno{Version: "5.5.7", Number: 50507, Method: "lzma2", Calls: true}
	b, rest, err := openBlock(n.Program(files...)[bytes.Index(n.Program(files...), []byte("Inno Setup Setup"))+64:])
	if err != nil {
		f.Fatal(err)
	}
	l, chunk, err := openBlock(rest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.data[4:], l.data[4:], chunk)
	f.Fuzz(func(t *testing.T, headers, locations, data []byte) {
		w := &walker{data: append([]byte{0}, data...), table: table{data: 1}, version: version{number: at(5, 5, 7)}}
		with(t, len(data), func(j *installer.Job) error {
			w.Job = j
			list, _ := w.readLocations(locations)
			name(list, headers, w.version)
			return w.files(list)
		})
	})
}
