package quarantine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

// told collects events.
type told struct {
	mu     sync.Mutex
	events []event.Event
}

func (t *told) Emit(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

func (t *told) last() event.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.events) == 0 {
		return event.Event{}
	}
	return t.events[len(t.events)-1]
}

// clock goes on by itself, a millisecond a look.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a store and a folder with files beside it.
type world struct {
	t     *testing.T
	files string
	sink  *told
	clock *clock
	store *Store
	conf  Config
}

func newWorld(t *testing.T) *world {
	dir := durabletest.Dir(t)
	return worldIn(t, dir, filepath.Join(dir, "files"))
}

func worldIn(t *testing.T, dir, files string) *world {
	t.Helper()
	w := &world{t: t, files: files, sink: &told{}, clock: newClock()}
	if err := os.MkdirAll(files, 0o755); err != nil {
		t.Fatal(err)
	}
	w.conf = Config{Dir: filepath.Join(dir, "quarantine"), Sink: w.sink, Now: w.clock.now}
	w.open()
	t.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	s, err := Open(w.conf)
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = s
}

// again closes the store and opens it as c changes it.
func (w *world) again(c func(*Config)) {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	if c != nil {
		c(&w.conf)
	}
	w.open()
}

// put makes a file and gives its path.
func (w *world) put(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.files, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// opened is an open file, closed at the end.
func opened(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func (w *world) take(path string) (Entry, error) {
	w.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	return w.store.Take(context.Background(), f, About{Path: path})
}

func (w *world) mustTake(path string) Entry {
	w.t.Helper()
	e, err := w.take(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) mustRestore(id string, how Restore) Restored {
	w.t.Helper()
	how.NoScan = how.NoScan || w.conf.Scanner == nil
	r, err := w.store.Restore(context.Background(), id, how)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// names lists a folder.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// stored lists the entries of the store, with what is half done.
func (w *world) stored() (list []string) {
	w.t.Helper()
	for _, n := range names(w.t, w.conf.Dir) {
		if n != lockName && n != identityName {
			list = append(list, n)
		}
	}
	return list
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func content(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// full is all that can be asked of a file, but what only the kernel sets.
type full struct {
	UID, GID, Mode uint32
	Size, Blocks   int64
	Atime, Mtime   int64
	Flags          int
	Xattr          []Xattr
	Extents        []Extent
	Content        string
}

func fullOf(t testing.TB, path string) full {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, unix.O_NOATIME, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := metadataOf(f, &st)
	if err != nil {
		t.Fatal(err)
	}
	extents, _, err := layout(f, st.Size)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := digest(context.Background(), f, st.Size)
	if err != nil {
		t.Fatal(err)
	}
	return full{m.UID, m.GID, m.Mode, st.Size, st.Blocks, m.Atime, m.Mtime, m.Flags, m.Xattr, extents, sum}
}

func same(t testing.TB, got, want full) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the file is not as it was:\n got %+v\nwant %+v", got, want)
	}
}

// asRoot skips loudly, or fails where everything must run.
func asRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal("this needs root")
	}
	t.Skip("SKIPPED: this needs root: it mounts file systems and changes owners")
}

// mounted is a file system of the test's own.
func mounted(t *testing.T, kind, options string) string {
	t.Helper()
	asRoot(t)
	dir := t.TempDir()
	if err := unix.Mount(kind, dir, kind, 0, options); err != nil {
		t.Fatalf("mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// scan is a Scanner that says what it is told to.
type scan func(content string) verdict.Verdict

func (s scan) Scan(_ context.Context, file *os.File, _ string) (verdict.Verdict, error) {
	if _, err := file.WriteAt([]byte("x"), 0); err == nil {
		return verdict.Verdict{}, errors.New("the scanner could write to the file")
	}
	st, err := file.Stat()
	if err != nil {
		return verdict.Verdict{}, err
	}
	data := make([]byte, st.Size())
	_, err = file.ReadAt(data, 0)
	return s(string(data)), err
}

func malicious(found string) scan {
	return func(content string) verdict.Verdict {
		if strings.Contains(content, found) {
			return verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{{Name: "Test.Bad"}}}
		}
		return verdict.Verdict{State: verdict.Clean}
	}
}
