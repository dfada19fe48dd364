package yaracmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vitrine/internal/endpoint/files/filestest"
)

// tree makes files (content), directories (name ends in /), symbolic links
// (content "-> target") and FIFOs (content "fifo") below a new directory, and
// goes there.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch target, link := strings.CutPrefix(content, "-> "); {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(name, 0o755)
		case link:
			err = os.Symlink(target, name)
		case content == "fifo":
			err = syscall.Mkfifo(name, 0o600)
		default:
			err = os.WriteFile(name, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// walk gives what a walker says, in order.
func walk(o Options, start func(*walker) error) []string {
	var got []string
	w := &walker{
		options: &o,
		visit:   func(p string) { got = append(got, p) },
		trouble: func(p string, err error) { got = append(got, fmt.Sprintf("trouble %s: %v", p, err)) },
		skipped: func(p string, n int64) { got = append(got, fmt.Sprintf("skipped %s %d", p, n)) },
	}
	if err := start(w); err != nil {
		got = append(got, "error "+err.Error())
	}
	return got
}

func TestWalkDirectory(t *testing.T) {
	tree(t, map[string]string{
		"d/a": "a", "d/empty": "", "d/sub/b": "bbbb", "d/sub/deep/c": "c", "other/x": "x",
		"d/link": "-> sub/b", "d/dangling": "-> nowhere", "d/self": "-> self", "d/fifo": "fifo",
		"d/out": "-> ../other", "d/here": "-> .", "d/sub/up": "-> ..", "d/sub/deep/top": "-> ../../../d",
	})
	tests := []struct {
		name    string
		options Options
		dir     string
		want    []string
	}{
		{"flat", Options{}, "d", []string{"d/a", "d/empty", "d/link"}},
		{"paths are not cleaned", Options{}, "./d/", []string{"./d//a", "./d//empty", "./d//link"}},
		{"recursive", Options{Recursive: true}, "d",
			[]string{"d/a", "d/empty", "d/link", "d/out/x", "d/sub/b", "d/sub/deep/c"}},
		{"no links", Options{Recursive: true, NoFollowSymlinks: true}, "d",
			[]string{"d/a", "d/empty", "d/sub/b", "d/sub/deep/c"}},
		{"a link named as target is followed", Options{NoFollowSymlinks: true}, "d/out", []string{"d/out/x"}},
		{"skip larger", Options{Recursive: true, NoFollowSymlinks: true, SkipLarger: 4}, "d",
			[]string{"d/a", "d/empty", "skipped d/sub/b 4", "d/sub/deep/c"}},
		{"not there", Options{}, "none", []string{"trouble none: no such file or directory"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := walk(tt.options, func(w *walker) error { w.dir(t.Context(), tt.dir, nil); return nil })
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestWalkTellsUnreadableDirectories(t *testing.T) {
	filestest.Unprivileged(t)
	tree(t, map[string]string{"d/a": "a", "d/locked/b": "b"})
	if err := os.Chmod("d/locked", 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod("d/locked", 0o700)
	got := walk(Options{Recursive: true}, func(w *walker) error { w.dir(t.Context(), "d", nil); return nil })
	if want := []string{"d/a", "trouble d/locked: permission denied"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWalkStopsWithTheContext(t *testing.T) {
	tree(t, map[string]string{"d/a": "", "d/b": "", "d/c": ""})
	ctx, cancel := context.WithCancel(t.Context())
	got := 0
	w := &walker{options: &Options{}, visit: func(string) { got++; cancel() }}
	if w.dir(ctx, "d", nil); got != 1 {
		t.Errorf("visited %d files after the end, want 1", got)
	}
}

func TestWalkList(t *testing.T) {
	tree(t, map[string]string{
		"d/a": "", "d/sub/b": "", "f": "f", "odd\rname": "",
		"list": "f\nd\n\nnope\nodd\rname\nlast",
	})
	tests := []struct {
		name    string
		options Options
		list    string
		want    []string
	}{
		{"flat", Options{}, "list", []string{"f", "d/a", "", "nope", "odd\rname", "last"}},
		{"recursive", Options{Recursive: true}, "list", []string{"f", "d/a", "d/sub/b", "", "nope", "odd\rname", "last"}},
		{"size does not count for what was named", Options{SkipLarger: 1}, "list", []string{"f", "d/a", "", "nope", "odd\rname", "last"}},
		{"not there", Options{}, "none", []string{"error open none: no such file or directory"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := walk(tt.options, func(w *walker) error { return w.list(t.Context(), tt.list) })
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestWalkListRefusesEndlessLines(t *testing.T) {
	tree(t, map[string]string{"list": strings.Repeat("x", 1<<17)})
	got := walk(Options{}, func(w *walker) error { return w.list(t.Context(), "list") })
	if len(got) != 1 || !strings.HasPrefix(got[0], "error read list: ") {
		t.Errorf("got %.80q", got)
	}
}
