package squashfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/installer/installertest"
	"vitrine/internal/engine/limit"
)

// got keeps what a walk hands out.
type got struct {
	parts    map[string]string
	problems []error
}

func (g *got) Whole(name string, data []byte) error {
	g.parts[name] = string(data)
	return nil
}

func (g *got) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(io.LimitReader(r, 1<<22))
	if err != nil {
		g.problems = append(g.problems, err)
	}
	if limit.Final(err) {
		return err
	}
	return g.Whole(name, data)
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

func walk(t testing.TB, data []byte) *got {
	t.Helper()
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxFiles: 2000}})
	b.Begin(context.Background(), int64(len(data)))
	g := &got{parts: map[string]string{}}
	if err := Walk(data, &installer.Job{Budget: b, Open: &codec.Opener{Budget: b}, Sink: g}); err != nil && !limit.Final(err) {
		t.Errorf("walk: %v", err)
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return g
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func files() []installertest.File {
	return []installertest.File{
		{Name: "long", Data: bytes.Repeat([]byte("hello\x00\x00\x00\x00\x00\x00"), 1000)},
		{Name: "short", Data: []byte("a file of some bytes that is longer than a token")},
		{Name: "zeros", Data: append([]byte("z"), make([]byte, 4095)...)},
		{Name: "empty"},
	}
}

func TestMethods(t *testing.T) {
	for _, s := range []installertest.SquashFS{{Method: zlib}, {Method: lzma}, {Method: lz4}, {Method: zstd}, {Method: zlib, Fragments: true},
		{Method: lz4, Fragments: true, Long: true}, {Method: zstd, Long: true}} {
		data := s.Image(files()...)
		if !Begins(data) {
			t.Fatalf("%+v: not known", s)
		}
		g := walk(t, append(data, "padding"...))
		if len(g.problems) > 0 || len(g.parts) != 3 {
			t.Errorf("%+v: %d parts, problems %v", s, len(g.parts), g.problems)
		}
		for _, f := range files() {
			if g.parts["dir/"+f.Name] != string(f.Data) {
				t.Errorf("%+v: %s has %d bytes, want %d", s, f.Name, len(g.parts["dir/"+f.Name]), len(f.Data))
			}
		}
	}
}

func TestBroken(t *testing.T) {
	s := installertest.SquashFS{Method: zlib, Fragments: true}
	with := func(at, n int, v uint64) []byte {
		b := s.Image(files()...)
		var le [8]byte
		binary.LittleEndian.PutUint64(le[:], v)
		copy(b[at:at+n], le[:])
		return b
	}
	whole := s.Image(files()...)
	inodes := int(binary.LittleEndian.Uint64(whole[64:]))
	fragment := int(binary.LittleEndian.Uint64(whole[80:]))
	for _, tt := range []struct {
		name   string
		data   []byte
		reason limit.Reason
		want   string
	}{
		{"nothing", []byte("hsqs"), limit.Damaged, "no superblock"},
		{"LZO", with(20, 2, lzo), limit.Method, "LZO"},
		{"unknown method", with(20, 2, 77), limit.Method, "unknown method 77"},
		{"cut off", whole[:len(whole)-20], limit.Damaged, "cut off"},
		{"used by far", with(40, 8, 1<<63), limit.Damaged, "cut off"},
		{"root elsewhere", with(32, 8, 1<<63), limit.Damaged, "cut off"},
		{"root at 65535", with(32, 8, 0xffff), limit.Damaged, "behind the end of its block"},
		{"inodes elsewhere", with(64, 8, 1<<63-1), limit.Damaged, "squashfs"},
		{"folders elsewhere", with(72, 8, 2), limit.Damaged, "the folder"},
		{"fragments elsewhere", with(80, 8, 1<<63-8), limit.Damaged, "fragment"},
		{"fragment elsewhere", with(fragment, 8, 1), limit.Damaged, "EOF"},
		{"metadata of no size", with(inodes, 2, 0x8000), limit.Damaged, "metadata of 0 bytes"},
		{"metadata of zeros", with(inodes+2, 8, 0), limit.Damaged, "squashfs"},
	} {
		g := walk(t, tt.data)
		err := errors.Join(g.problems...)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !slices.ContainsFunc(g.problems, func(e error) bool { return limit.Of(e).Reason == tt.reason }) {
			t.Errorf("%s: problems %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestCycle has a folder that holds itself: an uncompressed image in which the
// entry of the root points to the root.
func TestCycle(t *testing.T) {
	s := installertest.SquashFS{Method: lz4}
	data := s.Image(files()[1])
	root := binary.LittleEndian.Uint64(data[32:])
	i := bytes.LastIndex(data, []byte("\x01\x00\x02\x00dir")) // kind, size and name of the entry
	binary.LittleEndian.PutUint16(data[i-4:], uint16(root))
	g := walk(t, data)
	if len(g.problems) != 1 || limit.Of(g.problems[0]).Reason != limit.Cycle {
		t.Errorf("problems %v", g.problems)
	}
}

func TestLZ4(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"literals", "\x30abc", "abc"},
		{"match over itself", "\x1fa\x01\x00\x02\x10b", strings.Repeat("a", 22) + "b"},
		{"distance of 0", "\x10a\x00\x00", "!"},
		{"before the beginning", "\x10a\x02\x00", "!"},
		{"literals cut", "\x50abc", "!"},
		{"length cut", "\xf0\xff", "!"},
		{"distance cut", "\x10a\x01", "!"},
		{"too long", "\x1fa\x01\x00\xff\x00", "!"},
	} {
		got, err := unpackLZ4(make([]byte, 0, 64), []byte(tt.in))
		if err != nil {
			got = []byte("!")
		}
		if string(got) != tt.want {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}

// TestPeer reads what the kernel's own tool writes.
func TestPeer(t *testing.T) {
	if _, err := exec.LookPath("mksquashfs"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("mksquashfs is not installed (package squashfs-tools)")
		}
		t.Skip("mksquashfs is not installed (package squashfs-tools): no file systems of its own making")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	want := map[string]string{"a/long": strings.Repeat("0123456789abcdef", 40_000), "a/b/noise": string(noise(300_000)), "short": "hello",
		"tail": strings.Repeat("x", 131_072+17), "hole": strings.Repeat("\x00", 400_000) + "end"}
	for i := range 300 {
		want["many/"+strings.Repeat("n", 1+i/10)+string(rune('a'+i%10))] = strings.Repeat("y", i+1)
	}
	for name, data := range want {
		path := filepath.Join(in, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("short", filepath.Join(in, "link")); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"gzip", "lzma", "xz -Xbcj x86", "lz4", "zstd", "gzip -noI -noD -no-fragments -b 4096", "gzip -nopad -exports -b 1M"} {
		out := filepath.Join(dir, "out")
		args := append([]string{in, out, "-noappend", "-quiet", "-no-progress", "-processors", "1", "-comp"}, strings.Fields(method)...)
		if text, err := exec.Command("mksquashfs", args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: mksquashfs: %v %s", method, err, text)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		g := walk(t, data)
		if len(g.problems) > 0 || len(g.parts) != len(want) {
			t.Errorf("%s: %d parts, problems %v", method, len(g.parts), g.problems)
		}
		for name, data := range want {
			if g.parts[name] != data {
				t.Errorf("%s: %s has %d bytes, want %d", method, name, len(g.parts[name]), len(data))
			}
		}
	}
}

func FuzzWalk(f *testing.F) {
	for _, s := range []installertest.SquashFS{{Method: zlib, Fragments: true}, {Method: lz4, Long: true}} {
		f.Add(s.Image(files()...))
	}
	f.Fuzz(func(t *testing.T, data []byte) { walk(t, data) })
}
