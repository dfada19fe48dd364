package quarantine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

const bad = "the content of a bad file, which must lie readable nowhere"

func TestTake(t *testing.T) {
	w := newWorld(t)
	path := w.put("name with\nnewline and \xff", bad)
	f := opened(t, path)
	if _, err := f.Seek(7, 0); err != nil {
		t.Fatal(err)
	}
	who := &event.Process{PID: 42, UID: 1000, Exe: "/usr/bin/dropper", Argv: []string{"dropper", "\xfe"}}
	v := verdict.Verdict{State: verdict.Malicious, Rules: "abcd", Findings: []verdict.Finding{{Name: "Bad.Thing", Path: []string{"a\xffb"}}}}
	e, err := w.store.Take(t.Context(), f, About{Path: path, Process: who, Verdict: v})
	if err != nil {
		t.Fatal(err)
	}
	if exists(path) || len(names(t, w.files)) != 0 {
		t.Errorf("left in the folder: %q", names(t, w.files))
	}
	if at, _ := f.Seek(0, 1); at != 7 {
		t.Errorf("the offset of the descriptor is %d", at)
	}
	got, _, err := w.store.Show(t.Context(), e.ID)
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("stored and given differ: %v\n%+v\n%+v", err, got, e)
	}
	if e.State != Kept || string(e.Path) != path || e.Size != int64(len(bad)) || e.Rules != "abcd" || e.Process.PID != 42 || e.Findings[0].Path[0] != `a\xffb` {
		t.Errorf("entry %+v", e)
	}
	last := w.sink.last()
	if last.Kind != event.Quarantine || last.Quarantine != e.ID || last.File.Hash != e.SHA256 || last.Actions[0] != event.Quarantined {
		t.Errorf("event %+v", last)
	}
}

func TestNothingLiesReadable(t *testing.T) {
	w := newWorld(t)
	e := w.mustTake(w.put("x", strings.Repeat(bad, 3000)))
	for name, mode := range map[string]os.FileMode{"": 0o700, identityName: 0o600, e.ID: 0o700, e.ID + "/" + blobName: 0o600, e.ID + "/" + metaName: 0o600} {
		info, err := os.Lstat(filepath.Join(w.conf.Dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
		if err == nil && info.Mode().IsRegular() && strings.Contains(content(t, filepath.Join(w.conf.Dir, name)), "readable nowhere") {
			t.Errorf("%s holds what was taken", name)
		}
	}
}

func TestTakeRefuses(t *testing.T) {
	w := newWorld(t)
	path := w.put("file", bad)
	w.put("other", "other")
	link := filepath.Join(w.files, "link")
	folder := filepath.Join(w.files, "folder")
	for _, err := range []error{os.Symlink("file", link), os.Symlink(w.files, folder)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	pipe := filepath.Join(w.files, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	before := names(t, w.files)
	for _, c := range []struct {
		open, path, sum string
		want            error
	}{
		{path, filepath.Join(w.files, "other"), "", ErrStays},
		{path, filepath.Join(w.files, "none"), "", ErrStays},
		{path, filepath.Join(w.files, "none", "file"), "", ErrStays},
		{path, link, "", ErrStays},
		{path, filepath.Join(folder, "file"), "", ErrStays},
		{path, filepath.Join(w.files, "..", "files", "file") + "/../file", "", ErrStays},
		{path, "file", "", ErrStays},
		{path, "/", "", ErrStays},
		{path, "", "", ErrStays},
		{path, path, strings.Repeat("ab", 32), ErrChanged},
		{w.files, w.files, "", ErrNotFile},
		{pipe, pipe, "", ErrNotFile},
	} {
		fd, err := unix.Open(c.open, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), c.open)
		_, err = w.store.Take(t.Context(), f, About{Path: c.path, Verdict: verdict.Verdict{SHA256: c.sum}})
		f.Close()
		if !errors.Is(err, c.want) {
			t.Errorf("%q: %v", c.path, err)
		}
		if e := w.sink.last(); e.Actions[0] != event.Reported || !strings.Contains(e.Message, "still there") || e.File.Path != c.path {
			t.Errorf("%q: event %+v", c.path, e)
		}
		if got := names(t, w.files); !reflect.DeepEqual(got, before) || len(w.stored()) != 0 {
			t.Fatalf("%q: %q in the folder, %q stored", c.path, got, w.stored())
		}
	}
	if n, bytes := w.store.Usage(); n != 0 || bytes != 0 {
		t.Errorf("%d entries of %d bytes after nothing was taken", n, bytes)
	}
}

func TestTakeNothingOfItsOwn(t *testing.T) {
	w := newWorld(t)
	e := w.mustTake(w.put("x", bad))
	for _, name := range []string{e.ID + "/" + metaName, identityName} {
		if _, err := w.take(filepath.Join(w.conf.Dir, name)); !errors.Is(err, ErrStays) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.mustRestore(e.ID, Restore{})
}

func TestTakeTooLarge(t *testing.T) {
	w := newWorld(t)
	w.again(func(c *Config) { c.MaxFile = 10 })
	path := w.put("x", "eleven byte")
	if _, err := w.take(path); !errors.Is(err, ErrTooLarge) || !exists(path) {
		t.Errorf("%v", err)
	}
	w.mustTake(w.put("y", "ten bytes."))
}

func TestTakeFromAnotherRoot(t *testing.T) {
	w := newWorld(t)
	root := opened(t, w.files)
	path := w.put("x", bad)
	e, err := w.store.Take(t.Context(), opened(t, path), About{Path: "/x", Root: root})
	if err != nil || exists(path) || e.Root != w.files || e.Path != "/x" {
		t.Fatalf("%v, %+v", err, e)
	}
	how := Restore{NoScan: true}
	if _, err := w.store.Restore(t.Context(), e.ID, how); !errors.Is(err, ErrNeedsTo) {
		t.Errorf("restored to a path of another root: %v", err)
	}
	how.To = path
	w.mustRestore(e.ID, how)
	if content(t, path) != bad {
		t.Error("not what was taken")
	}
	// A link inside that root does not lead out of it.
	if err := os.Symlink("/", filepath.Join(w.files, "out")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Take(t.Context(), opened(t, path), About{Path: "/out" + path, Root: root}); !errors.Is(err, ErrStays) {
		t.Errorf("through a link: %v", err)
	}
}

// What stands under the same path in another root is another file.
func TestTakeSamePathInTwoRoots(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", "of this machine")
	root := filepath.Join(w.files, "root")
	inside := filepath.Join(root, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(inside), 0o755), os.WriteFile(inside, []byte(bad), 0o644)); err != nil {
		t.Fatal(err)
	}
	e, err := w.store.Take(t.Context(), opened(t, inside), About{Path: path, Root: opened(t, root)})
	if err != nil || e.Root != root || e.Size != int64(len(bad)) || exists(inside) || content(t, path) != "of this machine" {
		t.Errorf("%v, %+v", err, e)
	}
}

func TestTakeWithoutName(t *testing.T) {
	w := newWorld(t)
	path := w.put("gone", bad)
	f := opened(t, path)
	os.Remove(path)
	e, err := w.store.Take(t.Context(), f, About{Path: path + " (deleted)"})
	if err != nil || !e.Deleted || string(e.Path) != path || e.State != Kept {
		t.Fatalf("%v, %+v", err, e)
	}
	w.mustRestore(e.ID, Restore{})
	if content(t, path) != bad {
		t.Error("not what was taken")
	}
	memory, err := inMemory("x")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	memory.WriteString(bad)
	e, err = w.store.Take(t.Context(), memory, About{Path: "/memfd:vitrine-x (deleted)"})
	if err != nil || e.Path != "/memfd:vitrine-x" {
		t.Fatalf("%v, %+v", err, e)
	}
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{NoScan: true}); !errors.Is(err, ErrNeedsTo) {
		t.Errorf("restored to nowhere: %v", err)
	}
}

// A file that is really called so is no deleted file.
func TestTakeCalledDeleted(t *testing.T) {
	w := newWorld(t)
	path := w.put("x (deleted)", bad)
	if e := w.mustTake(path); e.Deleted || string(e.Path) != path || exists(path) {
		t.Errorf("%+v", e)
	}
}

func TestHardLinks(t *testing.T) {
	w := newWorld(t)
	path := w.put("a", bad)
	for _, name := range []string{"b", "c"} {
		if err := os.Link(path, filepath.Join(w.files, name)); err != nil {
			t.Fatal(err)
		}
	}
	w.put("innocent", "x")
	e := w.mustTake(path)
	if e.Meta.Nlink != 3 || len(e.OtherNames) != 2 {
		t.Errorf("%d names, others %q", e.Meta.Nlink, e.OtherNames)
	}
	if got := names(t, w.files); !reflect.DeepEqual(got, []string{"b", "c", "innocent"}) || content(t, filepath.Join(w.files, "b")) != bad {
		t.Errorf("left %q", got)
	}
	if m := w.sink.last().Message; !strings.Contains(m, "2 further names") || !strings.Contains(m, "/c") {
		t.Errorf("said %q", m)
	}
	other := w.mustTake(filepath.Join(w.files, "b"))
	if _, same, err := w.store.Show(t.Context(), other.ID); err != nil || !reflect.DeepEqual(same, []string{e.ID}) {
		t.Errorf("the same content: %q, %v", same, err)
	}
}

// changing changes a file whenever the store begins to write a copy of it.
func changing(path string, times int) durable.Disk {
	return durable.Disk{Trace: func(op durable.Op) error {
		if op.Kind == durable.Sync && strings.Contains(op.Name, ".pending") && times > 0 && !strings.Contains(op.Name, metaName) {
			times--
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("more")
				f.Close()
			}
			return err
		}
		return nil
	}}
}

func TestTakeOfAFileThatChanges(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	w.again(func(c *Config) { c.Disk = changing(path, 2) })
	e := w.mustTake(path)
	if e.Size != int64(len(bad+"moremore")) {
		t.Errorf("took %d bytes", e.Size)
	}
	path = w.put("y", bad)
	w.again(func(c *Config) { c.Disk = changing(path, 1000) })
	if _, err := w.take(path); !errors.Is(err, ErrChanged) || !strings.HasPrefix(content(t, path), bad) {
		t.Errorf("a file that never rests: %v", err)
	}
	w.again(func(c *Config) { c.Disk = durable.Disk{} })
	if got := w.stored(); len(got) != 1 {
		t.Errorf("stored %q", got)
	}
}

// A change that leaves all times as they were is seen in the bytes.
func TestTakeOfAFileThatChangesUnseen(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	f := opened(t, path)
	m := taking{store: w.store, file: f, about: About{Path: path}}
	m.st, _ = fstat(f)
	if err := m.describe(); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(w.conf.Dir, newPrefix+m.e.ID)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := m.fill(t.Context(), newPrefix+m.e.ID); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ToUpper(bad)), 0); err != nil {
		t.Fatal(err)
	}
	st, _ := fstat(f)
	m.e.Meta.Ctime, m.e.Meta.Mtime = st.Ctim.Nano(), st.Mtim.Nano()
	if err := m.prove(t.Context(), filepath.Join(folder, blobName)); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
}

// Whoever writes to it after the last look at its times still has it.
func TestTakeWrittenWhileRemoved(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	w.again(func(c *Config) {
		c.Disk = durable.Disk{Trace: func(op durable.Op) error {
			if op.Kind == durable.Rename && op.Name == path {
				return os.WriteFile(path, []byte("written at the last moment"), 0)
			}
			return nil
		}}
	})
	if _, err := w.take(path); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	if content(t, path) != "written at the last moment" || len(names(t, w.files)) != 1 {
		t.Errorf("left %q", names(t, w.files))
	}
}

func TestTwoTakers(t *testing.T) {
	w := newWorld(t)
	for round := range 50 {
		path := w.put("x", fmt.Sprint(bad, round))
		var wg sync.WaitGroup
		ids := make([]string, 4)
		open := []*os.File{opened(t, path), opened(t, path), opened(t, path), opened(t, path)}
		for i, f := range open {
			wg.Go(func() {
				e, err := w.store.Take(context.Background(), f, About{Path: path})
				if err != nil {
					t.Errorf("taker %d: %v", i, err)
				}
				ids[i] = e.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("one file became %q", ids)
			}
		}
	}
	if n := len(w.stored()); n != 50 {
		t.Errorf("%d entries", n)
	}
}

func TestTakeEnds(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.store.Take(ctx, opened(t, path), About{Path: path}); !errors.Is(err, context.Canceled) || !exists(path) {
		t.Errorf("got %v", err)
	}
	if n, _ := w.store.Usage(); n != 0 || len(w.stored()) != 0 {
		t.Errorf("%d entries, stored %q", n, w.stored())
	}
}

func TestIDs(t *testing.T) {
	w := newWorld(t)
	still := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	w.again(func(c *Config) { c.Now = func() time.Time { return still } })
	last := ""
	for range 100 {
		id, err := w.store.newID()
		if err != nil || id <= last {
			t.Fatalf("%q behind %q, %v", id, last, err)
		}
		if at, ok := idOf(id); !ok || at.Before(still.Truncate(time.Millisecond)) {
			t.Fatalf("%q: %v", id, at)
		}
		last = id
	}
	for _, no := range []string{"", "..", "20260102t030405006", "20261302t030405006-00000000", "20260102t030405006-0000000g"} {
		if _, ok := idOf(no); ok {
			t.Errorf("%q passes for an id", no)
		}
	}
	a, b := w.mustTake(w.put("a", "a")), w.mustTake(w.put("b", "b"))
	for part, want := range map[string]string{a.ID: a.ID, a.ID[19:]: a.ID, b.ID[10:]: b.ID, a.ID[:9]: "", "": "", "../": "", "zz": ""} {
		got, err := w.store.Find(part)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrNoEntry) {
			t.Errorf("%q: %q, %v", part, got, err)
		}
	}
}
