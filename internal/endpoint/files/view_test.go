package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/endpoint/files/filestest"

	"golang.org/x/sys/unix"
)

func put(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileSizes(t *testing.T) {
	var view View // shared: buffers are used again
	for _, size := range []int{0, 1, 4095, MapFrom - 1, MapFrom, MapFrom + 1, 3 * MapFrom, 5} {
		data := bytes.Repeat([]byte{byte(size), 'x'}, size/2+1)[:size]
		shown := 0
		seen := view.File(context.Background(), Entry{Path: put(t, data)}, func(got []byte) {
			shown++
			if !bytes.Equal(got, data) {
				t.Errorf("%d bytes: other bytes", size)
			}
		})
		if want := (Seen{Size: int64(size)}); seen != want || shown != 1 {
			t.Errorf("%d bytes: shown %d times, %+v", size, shown, seen)
		}
	}
	if len(view.buffer) > MapFrom {
		t.Errorf("kept a buffer of %d bytes", len(view.buffer))
	}
}

func TestFileTooLarge(t *testing.T) {
	view := View{MaxSize: 9}
	seen := view.File(context.Background(), Entry{Path: put(t, []byte("0123456789"))}, func([]byte) { t.Error("shown") })
	if !seen.TooLarge || seen.Size != 10 {
		t.Errorf("%+v", seen)
	}
}

func TestFileThatIsNone(t *testing.T) {
	root := tree(t, "a", "fifo|", "dir/", "link -> a", "loop -> loop")
	for _, c := range []struct {
		name   string
		named  bool
		kind   Kind
		reason Reason
	}{
		{"fifo", false, Special, ""},
		{"fifo", true, Unread, NotAFile},
		{"dir", false, Special, ""},
		{"link", true, File, ""},
		{"link", false, Unread, Failed}, // became a link after the walk saw a file
		{"loop", true, Unread, Failed},
		{"gone", false, Unread, Vanished},
		{"gone", true, Unread, Missing},
	} {
		shown := false
		seen := (&View{}).File(context.Background(), Entry{Path: root + "/" + c.name, Named: c.named}, func([]byte) { shown = true })
		if seen.Kind != c.kind || shown != (c.kind == File) {
			t.Errorf("%s, named %v: %v, shown %v", c.name, c.named, seen.Kind, shown)
		}
		if c.kind == Unread && (seen.Problem.Reason != c.reason || seen.Problem.Line("P") == "") {
			t.Errorf("%s, named %v: %v", c.name, c.named, seen.Problem)
		}
	}
}

func TestFileChanges(t *testing.T) {
	for name, change := range map[string]func(f *os.File) error{
		"grows":   func(f *os.File) error { return f.Truncate(4 * MapFrom) },
		"shrinks": func(f *os.File) error { return f.Truncate(10) },
		"written": func(f *os.File) error { return unix.Futimes(int(f.Fd()), []unix.Timeval{{Sec: 1}, {Sec: 1}}) },
	} {
		for _, size := range []int{100, 2 * MapFrom} {
			path := put(t, make([]byte, size))
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			seen := (&View{}).File(context.Background(), Entry{Path: path}, func(data []byte) {
				if err := change(file); err != nil {
					t.Fatal(err)
				}
				if len(data) != size {
					t.Errorf("%s: shown %d bytes of %d", name, len(data), size)
				}
			})
			file.Close()
			if !seen.Changed || seen.Abandoned || seen.Kind != File {
				t.Errorf("%s at %d bytes: %+v", name, size, seen)
			}
		}
	}
}

func TestMappedFileCutOffWhileItIsRead(t *testing.T) {
	path := put(t, make([]byte, 2*MapFrom))
	sum := 0
	seen := (&View{}).File(context.Background(), Entry{Path: path}, func(data []byte) {
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		for _, b := range data {
			sum += int(b)
		}
		t.Error("read what is gone")
	})
	if !seen.Abandoned || !seen.Changed || sum != 0 {
		t.Errorf("%+v", seen)
	}
}

// mappedKiB is how much of mapped files is in the memory of this process.
func mappedKiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		filestest.Missing(t, "/proc, to see what is in memory")
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "RssFile: %d kB", &kib); n == 1 {
			return kib
		}
	}
	filestest.Missing(t, "RssFile in /proc/self/status, which this kernel does not tell")
	return 0
}

func TestLargeMappingIsGivenBack(t *testing.T) {
	path := put(t, nil)
	const size = 2 * shrinkFrom
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	seen := (&View{}).File(context.Background(), Entry{Path: path}, func(data []byte) {
		before, sum := mappedKiB(t), 0
		for i := 0; i < len(data); i += 4096 {
			sum += int(data[i])
		}
		shrink(data)
		if after := mappedKiB(t); sum != 0 || after-before > size>>12 {
			t.Errorf("%d KiB of the file stay after reading %d KiB", after-before, size>>10)
		}
		if data[0] != 0 || data[size-1] != 0 {
			t.Error("pages given back do not come back the same")
		}
	})
	if seen.Changed || seen.Kind != File {
		t.Errorf("%+v", seen)
	}
}

// A panic that has nothing to do with the file is not for View to hide.
func TestOtherPanicsPass(t *testing.T) {
	path := put(t, make([]byte, MapFrom))
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v", p)
		}
	}()
	(&View{}).File(context.Background(), Entry{Path: path}, func([]byte) { panic("mine") })
	t.Error("no panic")
}

func TestFileOfTheKernel(t *testing.T) {
	if !mounted("/proc") {
		filestest.Missing(t, "/proc, for files of the kernel")
	}
	view := View{MaxCopy: 100 << 10}
	var got string
	seen := view.File(context.Background(), Entry{Path: "/proc/self/status"}, func(data []byte) { got = string(data) })
	if seen.Kind != File || seen.TooLarge || !strings.HasPrefix(got, "Name:") {
		t.Errorf("%+v %q", seen, got)
	}
	seen = view.File(context.Background(), Entry{Path: "/proc/self/pagemap"}, func(data []byte) { got = string(data) })
	if seen.Kind == File && (!seen.TooLarge || len(got) != 100<<10) {
		t.Errorf("an endless file: %+v, %d bytes", seen, len(got))
	}
}

func TestFileStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	seen := (&View{}).File(ctx, Entry{Path: put(t, []byte("x"))}, func([]byte) { t.Error("shown") })
	if seen.Kind != Unread || !errors.Is(seen.Problem, context.Canceled) {
		t.Errorf("%+v", seen)
	}
}

func TestStream(t *testing.T) {
	view := View{MaxCopy: 10}
	for _, c := range []struct {
		in, shown string
		seen      Seen
	}{
		{"", "", Seen{}},
		{"0123456789", "0123456789", Seen{Size: 10}},
		{"0123456789x", "0123456789", Seen{Size: 11, TooLarge: true}},
	} {
		var got string
		seen := view.Stream(context.Background(), strings.NewReader(c.in), func(data []byte) { got = string(data) })
		if seen != c.seen || got != c.shown {
			t.Errorf("%q: %+v, shown %q", c.in, seen, got)
		}
	}
}

func TestStreamOfAFile(t *testing.T) {
	file, err := os.Open(put(t, bytes.Repeat([]byte("x"), 3*MapFrom)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	view := View{MaxCopy: 10}
	shown := 0
	show := func(data []byte) { shown = len(data) }
	seen := view.Stream(context.Background(), file, show)
	if seen != (Seen{Size: 3 * MapFrom}) || shown != 3*MapFrom {
		t.Errorf("a file is mapped, whatever may be copied: %+v, shown %d", seen, shown)
	}
	if _, err := file.Seek(-7, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if seen = view.Stream(context.Background(), file, show); seen != (Seen{Size: 7}) || shown != 7 {
		t.Errorf("a file partly read: %+v, shown %d", seen, shown)
	}
}

func TestStreamThatBlocks(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	seen := (&View{}).Stream(ctx, r, func([]byte) { t.Error("shown") })
	if seen.Kind != Unread {
		t.Errorf("%+v", seen)
	}
}

func TestStreamFails(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("x"), errReader{})
	seen := (&View{}).Stream(context.Background(), broken, func([]byte) { t.Error("shown") })
	if seen.Kind != Unread || !errors.Is(seen.Problem, unix.EIO) {
		t.Errorf("%+v", seen)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, unix.EIO }

func TestList(t *testing.T) {
	for _, c := range []struct {
		in   string
		null bool
		want []string
	}{
		{"", false, nil},
		{"a\nb\n", false, []string{"a", "b"}},
		{"a\n\nb", false, []string{"a", "b"}},
		{"a b\r\n", false, []string{"a b\r"}},
		{"a\nb\x00c\x00", true, []string{"a\nb", "c"}},
	} {
		var got []string
		err := List(strings.NewReader(c.in), c.null, func(p string) bool { got = append(got, p); return true })
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		want(t, got, c.want...)
	}
	if err := List(strings.NewReader(strings.Repeat("x", maxListed+1)), false, func(string) bool { return true }); err == nil {
		t.Error("an endless path: no error")
	}
	n := 0
	if err := List(strings.NewReader("a\nb\n"), false, func(string) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("stopped after %d: %v", n, err)
	}
}
