package quarantine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable"
)

func TestFullDisk(t *testing.T) {
	small := mounted(t, "tmpfs", "size=512k")
	w := worldIn(t, small, filepath.Join(t.TempDir(), "files"))
	path := w.put("x", strings.Repeat("x", 1<<20))
	before := fullOf(t, path)
	if _, err := w.take(path); !errors.Is(err, ErrFull) || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got %v", err)
	}
	after := fullOf(t, path)
	after.Atime = before.Atime // it was read
	same(t, after, before)
	if n, bytes := w.store.Usage(); n != 0 || bytes != 0 || len(w.stored()) != 0 || len(names(t, w.files)) != 1 {
		t.Errorf("%d entries of %d bytes, stored %q, in the folder %q", n, bytes, w.stored(), names(t, w.files))
	}
	w.mustTake(w.put("y", strings.Repeat("y", 64<<10))) // what fits is still taken
}

// A full disk keeps no store from being opened, nor anything from being seen.
func TestStartOnAFullDisk(t *testing.T) {
	small := mounted(t, "tmpfs", "size=1m,nr_inodes=64")
	w := worldIn(t, small, filepath.Join(t.TempDir(), "files"))
	e := interrupted(w, durable.Rename, beforeCatch(w))
	fill := 0
	for ; os.WriteFile(filepath.Join(small, fmt.Sprint("fill", fill)), []byte("x"), 0o600) == nil; fill++ {
	}
	w.again(nil)
	if r := w.store.Recovered(); len(r) != 1 || !strings.Contains(r[0].What, "half done") {
		t.Errorf("told %+v", r)
	}
	if got, _, err := w.store.Show(t.Context(), e.ID); err != nil || got.State != Taking {
		t.Errorf("%v, %+v", err, got)
	}
	for i := range fill {
		os.Remove(filepath.Join(small, fmt.Sprint("fill", i)))
	}
	w.again(nil)
	if files, entries := w.copies(string(e.Path)); files != 0 || entries != 1 {
		t.Errorf("%d files, %d entries", files, entries)
	}
}

// Every amount of room that is left, so that it ends at each of the writes.
func TestNearlyFullDisk(t *testing.T) {
	small := mounted(t, "tmpfs", "size=256k,nr_inodes=64")
	w := worldIn(t, small, filepath.Join(t.TempDir(), "files"))
	taken, refused := 0, 0
	for inodes := range 12 {
		var fill []string
		for i := range 64 {
			name := filepath.Join(small, fmt.Sprintf("fill%d", i))
			if os.WriteFile(name, nil, 0o600) != nil {
				break
			}
			fill = append(fill, name)
		}
		for range min(inodes, len(fill)) {
			os.Remove(fill[0])
			fill = fill[1:]
		}
		path := w.put("x", bad)
		e, err := w.take(path)
		for _, name := range fill {
			os.Remove(name)
		}
		if err == nil {
			taken++
			if _, err := w.store.Delete(t.Context(), e.ID, ""); err != nil || exists(path) {
				t.Error(err)
			}
			continue
		}
		refused++
		if content(t, path) != bad || len(w.stored()) != 0 {
			t.Errorf("%d inodes: %v: stored %q", inodes, err, w.stored())
		}
	}
	if taken == 0 || refused == 0 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
}

// Where a full disk has no room for a folder the name is moved in its own.
func TestTakeFromAFullDisk(t *testing.T) {
	full := mounted(t, "tmpfs", "size=64k,nr_inodes=8")
	w := worldIn(t, t.TempDir(), full)
	path := w.put("x", bad)
	for i := range 8 {
		if os.Mkdir(filepath.Join(full, fmt.Sprint("f", i)), 0o700) != nil {
			break
		}
	}
	if err := os.Mkdir(filepath.Join(full, "one more"), 0o700); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("there is room: %v", err)
	}
	w.mustTake(path)
	for _, n := range names(t, full) {
		if !strings.HasPrefix(n, "f") {
			t.Errorf("left %q", n)
		}
	}
}

func TestReadOnlyMount(t *testing.T) {
	dir := mounted(t, "tmpfs", "")
	w := worldIn(t, t.TempDir(), dir)
	path := w.put("x", bad)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := w.take(path)
	if !errors.Is(err, ErrStays) || !errors.Is(err, unix.EROFS) || content(t, path) != bad || len(w.stored()) != 0 {
		t.Errorf("%v, stored %q", err, w.stored())
	}
	if m := w.sink.last().Message; !strings.Contains(m, "still there and nothing was stored") {
		t.Errorf("told %q", m)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	e := w.mustTake(path)
	unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{NoScan: true}); !errors.Is(err, unix.EROFS) {
		t.Errorf("restored: %v", err)
	}
	if got, _, err := w.store.Show(t.Context(), e.ID); err != nil || got.State != Kept {
		t.Errorf("%v, %+v", err, got)
	}
}

// A mount that becomes read-only when everything has been copied.
func TestMountBecomesReadOnly(t *testing.T) {
	dir := mounted(t, "tmpfs", "")
	base := t.TempDir()
	w := worldIn(t, base, dir)
	path := w.put("x", bad)
	over := filepath.Join(base, "bound")
	os.Mkdir(over, 0o755)
	if err := unix.Mount(dir, over, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(over, unix.MNT_DETACH) })
	if err := unix.Mount("", over, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	// Opened where it may be written, and looked up where it may not.
	_, err := w.store.Take(t.Context(), opened(t, path), About{Path: filepath.Join(over, "x")})
	if !errors.Is(err, ErrStays) || !errors.Is(err, unix.EROFS) || content(t, path) != bad || len(w.stored()) != 0 || len(names(t, dir)) != 1 {
		t.Errorf("%v, stored %q, in the folder %q", err, w.stored(), names(t, dir))
	}
}

func TestVanishedMount(t *testing.T) {
	dir := mounted(t, "tmpfs", "")
	w := worldIn(t, t.TempDir(), dir)
	path := w.put("x", bad)
	f := opened(t, path)
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	_, err := w.store.Take(t.Context(), f, About{Path: path})
	if st, _ := fstat(f); !errors.Is(err, ErrStays) || st.Nlink != 1 || len(w.stored()) != 0 {
		t.Errorf("%v, %d names, stored %q", err, st.Nlink, w.stored())
	}
	w.put("x", "what is under the mount")
	if _, err := w.store.Take(t.Context(), f, About{Path: path}); !errors.Is(err, ErrStays) || !exists(path) {
		t.Errorf("got %v", err)
	}
}

// A path may go through mounts, and be seen twice.
func TestBindMount(t *testing.T) {
	dir := mounted(t, "tmpfs", "")
	base := t.TempDir()
	w := worldIn(t, base, filepath.Join(base, "files"))
	if err := unix.Mount(dir, w.files, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(w.files, unix.MNT_DETACH) })
	e := w.mustTake(w.put("x", bad))
	if exists(filepath.Join(dir, "x")) || e.Root != "" {
		t.Errorf("%+v", e)
	}
	w.mustRestore(e.ID, Restore{To: filepath.Join(dir, "x")})
	if content(t, filepath.Join(w.files, "x")) != bad {
		t.Error("not what was taken")
	}
}

func TestImmutable(t *testing.T) {
	dir := mounted(t, "tmpfs", "")
	w := worldIn(t, t.TempDir(), dir)
	path := w.put("x", bad)
	other := filepath.Join(dir, "other")
	os.Link(path, other)
	f := opened(t, path)
	if err := setFlags(f, flagsOf(f)|flagImmutable); err != nil {
		missing(t, "this file system has no immutable files: %v", err)
	}
	t.Cleanup(func() { setFlags(f, flagsOf(f)&^fixing) })
	e := w.mustTake(path)
	if exists(path) || e.Meta.Flags != flagImmutable || flagsOf(f)&flagImmutable == 0 {
		t.Errorf("there: %v, flags %x, of its other name %x", exists(path), e.Meta.Flags, flagsOf(f))
	}
}
