package nsis

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/installer/installertest"
	"vitrine/internal/engine/limit"
)

// got keeps what a walk hands out.
type got struct {
	parts    map[string][]byte
	order    []string
	problems []error
}

func (g *got) put(name string, data []byte, err error) {
	g.parts[name] = append([]byte{}, data...)
	g.order = append(g.order, name)
	if err != nil {
		g.problems = append(g.problems, err)
	}
}

func (g *got) Whole(name string, data []byte) error {
	g.put(name, data, nil)
	return nil
}

func (g *got) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(io.LimitReader(r, 1<<21))
	g.put(name, data, err)
	if limit.Final(err) {
		return err
	}
	return nil
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

// walk takes data apart; all memory must be given back.
func walk(t testing.TB, data []byte) *got {
	t.Helper()
	g := &got{parts: map[string][]byte{}}
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), int64(len(data)))
	err := Walk(data, &installer.Job{Budget: b, Open: &codec.Opener{Budget: b}, Sink: g})
	if err != nil && !limit.Final(err) {
		t.Errorf("walk: %v", err)
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return g
}

var files = []installertest.File{
	{Name: "a.txt", Data: bytes.Repeat([]byte("hello "), 3000)},
	{Name: "runs.bin", Data: append(bytes.Repeat([]byte{0}, 1000), "end"...)},
	{Name: `$PLUGINSDIR\b.dll`, Data: []byte("MZ short")},
	{Name: `C:\c.txt`, Data: []byte("c")},
	{Name: "un.exe", Data: []byte("icon")},
	{Name: "?", Data: []byte("behind the stub")},
	{Name: "?", Data: []byte("nobody knows me")},
}

func TestLayouts(t *testing.T) {
	want := []string{"nsis/(script)", "nsis/$INSTDIR/dir/a.txt", "nsis/$INSTDIR/dir/runs.bin", "nsis/$PLUGINSDIR/b.dll", "nsis/C:/c.txt",
		"nsis/$INSTDIR/dir/un.exe/(icons)", "nsis/$INSTDIR/dir/un.exe", "nsis/(part 1)"}
	for _, n := range []installertest.NSIS{
		{}, {ANSI: true}, {Method: "deflate"}, {Method: "bzip2", ANSI: true}, {Method: "lzma"}, {Method: "lzma+"},
		{Method: "deflate", Solid: true}, {Method: "bzip2", Solid: true}, {Method: "lzma", Solid: true, ANSI: true}, {Method: "lzma+", Solid: true},
	} {
		program := n.Program(files...)
		at := Find(program)
		if at != 1024 {
			t.Fatalf("%+v: found at %d", n, at)
		}
		g := walk(t, program[at:])
		if len(g.problems) > 0 || !slices.Equal(g.order, want) {
			t.Errorf("%+v: %q, problems %v", n, g.order, g.problems)
			continue
		}
		for i, f := range files {
			if !bytes.Equal(g.parts[want[i+1]], f.Data) {
				t.Errorf("%+v: %s: %d bytes, want %d", n, want[i+1], len(g.parts[want[i+1]]), len(f.Data))
			}
		}
	}
}

// TestFilter has a branch that was converted: the jump at 5 to an absolute place.
func TestFilter(t *testing.T) {
	code := []byte{0, 0, 0, 0, 0, 0xe8, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	packed := append([]byte{1}, installertest.LZMA(code, true)...)
	w := &walker{Job: &installer.Job{Budget: limit.NewBudget(limit.Config{})}}
	w.Open = &codec.Opener{Budget: w.Budget}
	r, err := w.open(packed, methodOf(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got[5:10], []byte{0xe8, 0, 1, 0, 0}) {
		t.Errorf("got %x, %v", got, err)
	}
}

// TestStoredBlock has deflate whose stored block does not repeat its size.
func TestStoredBlock(t *testing.T) {
	for _, packed := range []string{"\x01\x03\x00abc", "\x01\x03\x00\xfc\xffabc"} {
		w := &walker{Job: &installer.Job{Budget: limit.NewBudget(limit.Config{})}}
		r, err := w.open([]byte(packed), deflate)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != "abc" || err != nil {
			t.Errorf("%q: got %q, %v", packed, got, err)
		}
	}
}

func TestBroken(t *testing.T) {
	solid := installertest.NSIS{Method: "lzma", Solid: true}.Data(files...)
	blocks := installertest.NSIS{Method: "bzip2"}.Data(files...)
	stored := installertest.NSIS{}.Data(files...)
	with := func(data []byte, at int, b ...byte) []byte {
		data = bytes.Clone(data)
		copy(data[at:], b)
		return data
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
		part string // that is found nevertheless
	}{
		{"none", []byte("MZ"), "no header", ""},
		{"nothing behind", stored[:28], "cut off", ""},
		{"solid cut", solid[:len(solid)/2], "cut off", "nsis/(script)"},
		{"blocks cut", blocks[:len(blocks)/2], "cut off", "nsis/(script)"},
		{"stored cut", stored[:len(stored)-28], "a block of 15 bytes is cut off, 10 are there", "nsis/$INSTDIR/dir/a.txt"},
		{"script of 4 GB", with(solid, 20, 0xff, 0xff, 0xff, 0xff), "a script of 4294967295 bytes", ""},
		{"script of another size", with(solid, 20, 1), "not of the size", ""},
		{"a block of 2 GB", with(stored, len(stored)-23, 0xff, 0xff, 0xff, 0x7f), "is cut off", "nsis/$INSTDIR/dir/a.txt"},
		{"another layout", with(stored, 0, 16), "files outside", ""},
		{"bad bytes", with(blocks, 70, 0xff, 0xff, 0xff, 0xff), "bzip2", ""},
	} {
		g := walk(t, tt.data)
		if all := errors.Join(g.problems...); all == nil || !strings.Contains(all.Error(), tt.want) {
			t.Errorf("%s: problems %v, want %q", tt.name, all, tt.want)
		}
		if _, ok := g.parts[tt.part]; tt.part != "" && !ok {
			t.Errorf("%s: %q is missing: %q", tt.name, tt.part, g.order)
		}
	}
}

func TestFind(t *testing.T) {
	data := installertest.NSIS{}.Data()
	for at, want := range map[int]int{512: 512, 1024: 1024, 1000: -1, 2: -1} {
		if got := Find(append(installertest.Stub(at), data...)); got != want {
			t.Errorf("at %d: found at %d", at, got)
		}
	}
	fork := installertest.NSIS{Flags: flagExternal}.Data()
	fork = append(fork, make([]byte, 512-len(fork)%512)...)
	if got := Find(append(installertest.Stub(512), fork...)); got != 512 {
		t.Errorf("a fork: found at %d", got)
	}
	if got := Find(append(append(installertest.Stub(512), fork...), data...)); got != 512+len(fork) {
		t.Errorf("behind a fork: found at %d", got)
	}
	if !Begins(data) || Begins(data[:20]) || Begins(nil) {
		t.Error("Begins is wrong")
	}
}

// TestStrings reads the codes of each build.
func TestStrings(t *testing.T) {
	wide := func(s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return b
	}
	for _, tt := range []struct {
		name string
		text text
		want string
	}{
		{"version 3", text{data: wide("\x02\u2626\\é\x00")}, `$PROGRAMFILES\é`},
		{"version 3, 8 bits", text{data: []byte("\x02\x1a\x23\\x\x00")}, `$APPDATA\x`},
		{"language", text{data: wide("\x01\u8083.txt\x00")}, `$(3).txt`},
		{"skip", text{data: wide("\x04\x03a\x00")}, "\x03a"},
		{"version 2", text{data: []byte("\xfd\x8a\x80\\x\xfc\xff\x00"), coding: codes2}, "$R0\\x\xff"},
		{"fork", text{data: wide("\ue001\u8019.x\x00"), coding: codesPark}, "$TEMP.x"},
		{"own variable", text{data: wide("\x03\u80a5\x00")}, "$_5_"},
		{"registry", text{data: wide("\x02\u80c1\x00")}, "$PROGRAMFILES64"},
		{"cut off", text{data: wide("ab\x03")}, "ab$?"},
	} {
		tt.text.wide = bytes.Contains(tt.text.data, []byte("\x00")) && tt.text.data[1] == 0 || tt.name == "fork"
		if got := tt.text.get(0); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := (text{}).get(-3); got != "$(2)" {
		t.Errorf("got %q", got)
	}
	long := text{data: bytes.Repeat([]byte("a"), 10*maxText)}
	if got := long.get(0); len(got) != maxText {
		t.Errorf("a string of %d bytes", len(got))
	}
}

func FuzzWalk(f *testing.F) {
	for _, n := range []installertest.NSIS{{}, {Method: "bzip2"}, {Method: "deflate", Solid: true}, {Method: "lzma+", Solid: true}} {
		f.Add(n.Data(files[2:]...))
	}
	f.Fuzz(func(t *testing.T, data []byte) { walk(t, data) })
}

// FuzzScript reads names out of anything.
func FuzzScript(f *testing.F) {
	n := installertest.NSIS{}.Data(files...)
	f.Add(n[32:], 0)
	f.Fuzz(func(t *testing.T, script []byte, place int) {
		if name, _ := readNames(script, 100).at(place); len(name) > 4*3*maxText {
			t.Errorf("a name of %d bytes", len(name))
		}
	})
}

// FuzzBZip2 decodes anything; what comes out is not more than blocks hold.
func FuzzBZip2(f *testing.F) {
	n := installertest.NSIS{Method: "bzip2", Solid: true}.Data(files...)
	f.Add(n[28:])
	f.Fuzz(func(t *testing.T, data []byte) {
		b := limit.NewBudget(limit.Config{})
		r, err := newBZip2(codec.NewInput(b, data), b)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r)
		_ = r.Close()
		if b.Held() != 0 {
			t.Errorf("%d bytes still held", b.Held())
		}
	})
}
