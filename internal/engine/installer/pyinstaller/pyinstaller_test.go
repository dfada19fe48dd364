package pyinstaller

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/installer/installertest"
	"vitrine/internal/engine/limit"
)

// got keeps what a walk hands out: names and contents in turn.
type got struct {
	parts    []string
	problems []error
}

func (g *got) Whole(name string, data []byte) error {
	g.parts = append(g.parts, name, string(data))
	return nil
}

func (g *got) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		g.problems = append(g.problems, err)
	}
	return g.Whole(name, data)
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

func walk(t testing.TB, data []byte, how func([]byte, *installer.Job) error) *got {
	t.Helper()
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), int64(len(data)))
	g := &got{}
	if err := how(data, &installer.Job{Budget: b, Open: &codec.Opener{Budget: b}, Sink: g}); err != nil {
		t.Errorf("walk: %v", err)
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return g
}

var long = strings.Repeat("print('hello')\n", 50)

func program() []byte {
	return installertest.PyInstaller("sbx", installertest.File{Name: "main", Data: []byte(long)},
		installertest.File{Name: "lib/x.so", Data: []byte("\x7fELF")}, installertest.File{Name: "data.txt", Data: []byte(long)})
}

func TestWalk(t *testing.T) {
	want := []string{"pyinstaller/main.pyc", long, "pyinstaller/lib/x.so", "\x7fELF", "pyinstaller/data.txt", long}
	signed := append(program(), "and a signature behind it"...)
	old := program()
	at := len(old) - 88
	old = old[:at+24]
	binary.BigEndian.PutUint32(old[at+8:], binary.BigEndian.Uint32(old[at+8:])-64)
	for i, data := range [][]byte{program(), signed, old} {
		g := walk(t, data, Walk)
		if !Find(data) || len(g.problems) > 0 || !slices.Equal(g.parts, want) {
			t.Errorf("%d: got %q, problems %v", i, g.parts, g.problems)
		}
	}
}

func TestBroken(t *testing.T) {
	p := program()
	toc := bytes.Index(p, []byte("main\x00")) - 18
	with := func(at int, v uint32) []byte {
		b := bytes.Clone(p)
		binary.BigEndian.PutUint32(b[at:], v)
		return b
	}
	shared := installertest.PyInstaller("bb", installertest.File{Name: "a", Data: []byte("abc")}, installertest.File{Name: "b", Data: []byte("def")})
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", installertest.Stub(100), "no archive"},
		{"member elsewhere", with(toc+4, 1<<30), "not where it should be"},
		{"member too long", with(toc+8, 1<<31), "not where it should be"},
		{"entry too long", with(toc+4*8, 1<<20), "cut off"},
		{"entry of nothing", with(toc+4*8, 0), "cut off"},
		{"cookie cut", p[:len(p)-80], "no archive"},
		{"encrypted", func() []byte {
			b := bytes.Clone(p)
			copy(b[700:], "\xff\xff")
			return b
		}(), "encrypted"},
	} {
		g := walk(t, tt.data, Walk)
		if err := errors.Join(g.problems...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: problems %v, want %q", tt.name, err, tt.want)
		}
	}
	w := &walker{data: shared}
	g := &got{}
	w.Job = &installer.Job{Budget: limit.NewBudget(limit.Config{}), Sink: g}
	for range 10 {
		if err := w.member(member{name: "m", size: int64(len(shared))}); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.parts) != 2 || len(g.problems) != 9 {
		t.Errorf("members that share bytes: %d handed out, %d told", len(g.parts)/2, len(g.problems))
	}
}

func TestModules(t *testing.T) {
	data := installertest.PYZ(installertest.File{Name: "os", Data: []byte("code of os")}, installertest.File{Name: "os.path", Data: []byte(long)})
	if !IsModules(data) || IsModules(data[:10]) {
		t.Error("IsModules is wrong")
	}
	g := walk(t, data, WalkModules)
	if want := []string{"os.pyc", "code of os", "os.path.pyc", long}; len(g.problems) > 0 || !slices.Equal(g.parts, want) {
		t.Errorf("got %q, problems %v", g.parts, g.problems)
	}
}

// TestMarshal reads what Python writes, and refuses what it does not.
func TestMarshal(t *testing.T) {
	packed := installertest.Zlib([]byte("x"))
	where := append([]byte{'(', 3, 0, 0, 0, 'F', 'i', 16, 0, 0, 0, 'i'}, byte(len(packed)), 0, 0, 0)
	for _, tt := range []struct{ name, table, want string }{
		{"dictionary", "{t\x01\x00\x00\x00a" + string(where) + "0", "a.pyc"},
		{"not two", "[\x01\x00\x00\x00)\x01N", "an entry of the table"},
		{"unknown kind", "[\x01\x00\x00\x00q....", "marshal"},
		{"4 G items", "[\xff\xff\xff\xff", "marshal"},
		{"too deep", strings.Repeat("[\x01\x00\x00\x00", 20) + "N", "marshal"},
		{"a reference to nothing", "r\x05\x00\x00\x00", "marshal"},
		{"a text too long", "s\xff\xff\xff\x7fabc", "marshal"},
		{"an endless dictionary", "{", "marshal"},
	} {
		data := append([]byte("PYZ\x00\xa7\x0d\x0d\x0a\x00\x00\x00\x00\x00\x00\x00\x00"), packed...)
		binary.BigEndian.PutUint32(data[8:], uint32(len(data)))
		g := walk(t, append(data, tt.table...), WalkModules)
		all := strings.Join(g.parts, " ")
		if err := errors.Join(g.problems...); err != nil {
			all += err.Error()
		}
		if !strings.Contains(all, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, all, tt.want)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(program())
	f.Fuzz(func(t *testing.T, data []byte) { walk(t, data, Walk) })
}

func FuzzModules(f *testing.F) {
	f.Add(installertest.PYZ(installertest.File{Name: "os", Data: []byte("code")}))
	f.Fuzz(func(t *testing.T, data []byte) { walk(t, data, WalkModules) })
}
