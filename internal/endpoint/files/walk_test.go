package files

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/endpoint/files/filestest"

	"golang.org/x/sys/unix"
)

// tree makes files (a name), directories (a name with a slash behind), links
// (name -> target) and FIFOs (a name with a | behind) below a new directory.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		name, target, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(root, strings.TrimSuffix(name, "|"))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case isLink:
			err = os.Symlink(target, path)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case strings.HasSuffix(name, "|"):
			err = unix.Mkfifo(path, 0o644)
		default:
			err = os.WriteFile(path, []byte(name), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// walked gives "kind path" for everything visited, with paths relative to root.
func walked(t *testing.T, w Walker, root, start string) []string {
	t.Helper()
	var got []string
	w.Walk(context.Background(), start, func(e Entry) bool {
		line := e.Kind.String() + " " + strings.TrimPrefix(e.Path, root+"/")
		if e.Kind == Unread {
			line += " " + string(e.Err.Reason)
		}
		got = append(got, line)
		return true
	})
	return got
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if !slices.Equal(got, lines) {
		t.Errorf("got  %q\nwant %q", got, lines)
	}
}

func TestWalkOrderAndKinds(t *testing.T) {
	root := tree(t, "b/2", "b/1", "a", "c", "b/d/e/f", "empty/", "fifo|", "link -> a", "up -> ..")
	want(t, walked(t, Walker{}, root, root),
		"file a", "file b/1", "file b/2", "file b/d/e/f", "file c", "special fifo", "symlink link", "symlink up")
}

func TestWalkNamed(t *testing.T) {
	root := tree(t, "a", "d/x", "fifo|", "tofile -> a", "todir -> d", "dangling -> nowhere", "self -> self")
	for name, lines := range map[string][]string{
		"a":        {"file a"},
		"tofile":   {"file tofile"},
		"todir":    {"file todir/x"},
		"d/":       {"file d/x"},
		"fifo":     {"unread fifo special"},
		"dangling": {"unread dangling missing"},
		"nothing":  {"unread nothing missing"},
		"self":     {"unread self error"},
		"a/below":  {"unread a/below error"},
	} {
		t.Run(name, func(t *testing.T) { want(t, walked(t, Walker{}, root, root+"/"+name), lines...) })
	}
}

func TestWalkExclude(t *testing.T) {
	root := tree(t, "a.log", "b.txt", "node_modules/x", "src/node_modules/y", "src/z.log", "src/z")
	w := Walker{Exclude: []Pattern{parse(t, "*.log"), parse(t, "node_modules/")}}
	want(t, walked(t, w, root, root),
		"excluded a.log", "file b.txt", "excluded node_modules", "excluded src/node_modules", "file src/z", "excluded src/z.log")
	want(t, walked(t, w, root, root+"/a.log"), "excluded a.log")
}

func parse(t *testing.T, text string) Pattern {
	t.Helper()
	p, err := ParsePattern(text, "/")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWalkStops(t *testing.T) {
	root := tree(t, "a", "b", "d/c")
	for stop := 1; stop <= 3; stop++ {
		n := 0
		(&Walker{}).Walk(context.Background(), root, func(Entry) bool { n++; return n < stop })
		if n != stop {
			t.Errorf("visited %d after asking to stop at %d", n, stop)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	(&Walker{}).Walk(ctx, root, func(Entry) bool { n++; cancel(); return true })
	if n != 1 {
		t.Errorf("visited %d after the context ended, want 1", n)
	}
}

func TestWalkNames(t *testing.T) {
	names := []string{"new\nline", "\xff\xfe", "-rf", " ", strings.Repeat("n", 255)}
	root := tree(t, names...)
	slices.Sort(names)
	var lines []string
	for _, name := range names {
		lines = append(lines, "file "+name)
	}
	want(t, walked(t, Walker{}, root, root), lines...)
}

// deepTree makes directories whose path is longer than the kernel takes, with
// a file at the bottom, and gives its path.
func deepTree(t *testing.T) (root, file string) {
	t.Helper()
	root = t.TempDir()
	fd, err := unix.Open(root, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file = root
	name := strings.Repeat("d", 200)
	for range 60 {
		if err := unix.Mkdirat(fd, name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := openat(fd, name, unix.O_DIRECTORY)
		closeFD(fd)
		if err != nil {
			t.Fatal(err)
		}
		fd, file = next, file+"/"+name
	}
	defer closeFD(fd)
	bottom, err := unix.Openat(fd, "bottom", unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFD(bottom)
	if _, err := unix.Write(bottom, []byte("deep")); err != nil {
		t.Fatal(err)
	}
	return root, file + "/bottom"
}

func TestWalkPathsLongerThanTheKernelTakes(t *testing.T) {
	root, file := deepTree(t)
	var view View
	var got []string
	(&Walker{}).Walk(context.Background(), root, func(e Entry) bool {
		seen := view.File(context.Background(), e, func(data []byte) { got = append(got, string(data)) })
		if e.Path != file || seen.Problem != nil {
			t.Errorf("%s %d bytes long: %v", e.Kind, len(e.Path), seen.Problem)
		}
		return true
	})
	want(t, got, "deep")
}

func TestWalkLeavesOutKernelFileSystems(t *testing.T) {
	if !mounted("/proc") {
		filestest.Missing(t, "/proc, for a file system of the kernel")
	}
	w := Walker{Exclude: []Pattern{parse(t, "/[!p]*"), parse(t, "/p[!r]*")}}
	got := walked(t, w, "", "/")
	if !slices.Contains(got, "kernel proc") {
		t.Errorf("/proc was not left out of /: %q", got)
	}
	if got := walked(t, Walker{}, "", "/proc/self/limits"); !slices.Equal(got, []string{"file proc/self/limits"}) {
		t.Errorf("a named file of /proc: %q", got)
	}
}

func mounted(path string) bool {
	fd, err := openLong(path, unix.O_DIRECTORY, true)
	if err != nil {
		return false
	}
	defer closeFD(fd)
	return kernelFS(fd)
}

func TestWalkUnreadableDirectory(t *testing.T) {
	filestest.Unprivileged(t)
	root := tree(t, "shut/x", "z")
	if err := os.Chmod(root+"/shut", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(root+"/shut", 0o755) })
	want(t, walked(t, Walker{}, root, root), "unread shut permission", "file z")
}

// A loop needs a bind mount, which needs privileges; the judgement does not.
func TestJudge(t *testing.T) {
	root := tree(t, "a/")
	dir, err := openDirectory(root+"/a", false)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	here := identity{stat.Dev, stat.Ino}
	for _, c := range []struct {
		name  string
		w     walk
		named bool
		kind  Kind
	}{
		{"ordinary", walk{walker: &Walker{}, stack: []directory{{id: identity{stat.Dev, 1}}}}, false, File},
		{"inside itself", walk{walker: &Walker{}, stack: []directory{{id: here}, {id: identity{stat.Dev, 1}}}}, false, Loop},
		{"named twice", walk{walker: &Walker{}, stack: nil}, true, File},
		{"mount, allowed", walk{walker: &Walker{}, root: 1, stack: []directory{{id: identity{1, 1}}}}, false, File},
		{"mount, refused", walk{walker: &Walker{OneFileSystem: true}, root: 1, stack: []directory{{id: identity{1, 1}}}}, false, OtherMount},
	} {
		if got := c.w.judge(&stat, int(dir.Fd()), c.named); got != c.kind {
			t.Errorf("%s: %v, want %v", c.name, got, c.kind)
		}
	}
}

func TestKindNames(t *testing.T) {
	for _, k := range append(Skipped(), File, Unread) {
		if k.String() == "" || strings.ContainsAny(k.String(), " -") {
			t.Errorf("kind %d is called %q", k, k)
		}
	}
}

func TestEntrySize(t *testing.T) {
	root := tree(t, "a", "d/x", "link -> a")
	for name, size := range map[string]int64{"a": 1, "d": 0, "link": 1, "gone": 0} {
		if got := (Entry{Path: root + "/" + name}).Size(); got != size {
			t.Errorf("%s: %d bytes, want %d", name, got, size)
		}
	}
}
