package quarantine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable"
)

// swapper changes what a name stands for, as fast as it can, until it is told to
// stop. Innocent files are renamed and linked, never removed or replaced: each
// rename is one that fails when the target is there, or exchanges the two.
type swapper struct {
	dir  string
	stop atomic.Bool
	wg   sync.WaitGroup
	done atomic.Int64
}

func (s *swapper) run(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	path := func(name string) string { return filepath.Join(s.dir, name) }
	for !s.stop.Load() {
		innocent := fmt.Sprintf("innocent%d", r.IntN(8))
		var err error
		switch r.IntN(7) {
		case 0, 1:
			err = unix.Renameat2(unix.AT_FDCWD, path("target"), unix.AT_FDCWD, path(innocent), unix.RENAME_EXCHANGE)
		case 2: // away and, if the name is still free, something else in its place
			aside := fmt.Sprintf("aside%d-%d", seed, r.IntN(4))
			if err = unix.Renameat2(unix.AT_FDCWD, path("target"), unix.AT_FDCWD, path(aside), unix.RENAME_NOREPLACE); err == nil {
				err = unix.Renameat2(unix.AT_FDCWD, path(innocent), unix.AT_FDCWD, path("target"), unix.RENAME_NOREPLACE)
			}
		case 3: // back from aside
			err = unix.Renameat2(unix.AT_FDCWD, path(fmt.Sprintf("aside%d-%d", seed, r.IntN(4))), unix.AT_FDCWD, path("target"), unix.RENAME_NOREPLACE)
		case 4:
			err = os.Symlink(innocent, path("target"))
		case 5:
			err = os.Link(path(innocent), path("target"))
		case 6: // the folder that files are removed in
			for _, n := range list(s.dir) {
				if strings.HasPrefix(n, cellPrefix) {
					err = os.Rename(path(n), path(n+"-moved"))
				}
			}
		}
		if err == nil {
			s.done.Add(1)
		}
	}
}

func list(dir string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// survivors gives the inodes of all innocent files in a tree, by their content.
func survivors(t *testing.T, dir string) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		found[string(data)]++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestSwaps: whatever is done to names while files are taken, no file goes but
// the ones that were taken, and each of those is in the store.
func TestSwaps(t *testing.T) {
	want := int64(10_000)
	if testing.Short() {
		want = 1_000
	}
	w := newWorld(t)
	for i := range 8 {
		w.put(fmt.Sprintf("innocent%d", i), fmt.Sprintf("innocent content %d", i))
	}
	s := &swapper{dir: w.files}
	for i := range uint64(2) {
		s.wg.Go(func() { s.run(i) })
	}
	taken, refused := 0, 0
	for round := 0; s.done.Load() < want || taken < 20 || refused < 20; round++ {
		switch w.swapRound(round) {
		case nil:
			taken++
		default:
			refused++
		}
		if round%200 == 199 {
			w.forget()
		}
	}
	s.stop.Store(true)
	s.wg.Wait()
	t.Logf("%d swaps, %d files taken, %d refused", s.done.Load(), taken, refused)
	found := survivors(t, w.files)
	for i := range 8 {
		if found[fmt.Sprintf("innocent content %d", i)] == 0 {
			t.Errorf("innocent file %d is gone", i)
		}
	}
	for text := range found {
		if !strings.HasPrefix(text, "innocent") && !strings.HasPrefix(text, "evil") {
			t.Errorf("a file of %q", text)
		}
	}
}

// swapRound takes what was put there a moment ago.
func (w *world) swapRound(round int) error {
	w.t.Helper()
	text := fmt.Sprintf("evil %d", round)
	fresh := filepath.Join(w.files, fmt.Sprintf("evil%d", round))
	target := filepath.Join(w.files, "target")
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	f, err := os.Open(fresh)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, target, unix.RENAME_NOREPLACE) != nil {
		if err := unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, target, unix.RENAME_EXCHANGE); err != nil {
			target = fresh
		}
	}
	e, err := w.store.Take(context.Background(), f, About{Path: target})
	if err == nil && e.Size != int64(len(text)) {
		w.t.Errorf("took %d bytes instead of %q", e.Size, text)
	}
	return w.settled(f, err)
}

// settled checks that a file is in the store or has a name, and not neither.
func (w *world) settled(f *os.File, taken error) error {
	w.t.Helper()
	st, err := fstat(f)
	if err != nil {
		w.t.Fatal(err)
	}
	if taken != nil && st.Nlink == 0 {
		w.t.Errorf("not taken, and gone: %v", taken)
	}
	if taken == nil && st.Nlink != 0 {
		w.t.Error("taken, and still there")
	}
	if taken != nil && !errors.Is(taken, ErrStays) && !errors.Is(taken, ErrChanged) {
		w.t.Errorf("refused: %v", taken)
	}
	return taken
}

// forget empties the store, and removes the leavings of earlier rounds.
func (w *world) forget() {
	w.t.Helper()
	entries, err := w.store.List(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if e.State != Kept {
			w.t.Errorf("an entry is %s: %s", e.State, e.Why)
		}
		if _, err := w.store.Delete(context.Background(), e.ID, ""); err != nil {
			w.t.Error(err)
		}
	}
	for _, n := range list(w.files) {
		if !strings.HasPrefix(n, "innocent") && !strings.HasPrefix(n, "aside") && n != "target" {
			w.tidy(filepath.Join(w.files, n))
		}
	}
}

// tidy removes what an earlier round left, and gives an innocent file its name
// back. Nobody else touches these names.
func (w *world) tidy(path string) {
	data, err := os.ReadFile(path)
	switch {
	case err != nil:
		os.Remove(path) // an empty folder, or a link
	case strings.HasPrefix(string(data), "evil"):
		os.Remove(path)
	default:
		name := strings.ReplaceAll(string(data), " content ", "")
		_ = unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, filepath.Join(w.files, name), unix.RENAME_NOREPLACE)
	}
}

// A folder of somebody else's in place of the one made to remove a file in is
// not used.
func TestSwapOfTheCell(t *testing.T) {
	asRoot(t)
	w := newWorld(t)
	path := w.put("x", bad)
	foreign := filepath.Join(w.files, "foreign")
	if err := errors.Join(os.Mkdir(foreign, 0o700), os.Chown(foreign, 4321, 4321)); err != nil {
		t.Fatal(err)
	}
	p, err := locate(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, err := openCell(place{p.dir, "foreign", p.folder}, "id"); err == nil {
		t.Error("used another user's folder")
	}
	if err := os.Chmod(w.files, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(w.files, filepath.Join(w.files, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := openCell(place{p.dir, "link", p.folder}, "id"); err == nil {
		t.Error("used what a link leads to")
	}
}

// TestSwapAtEachStep puts something else under the name exactly between the last
// look at it and its removal.
func TestSwapAtEachStep(t *testing.T) {
	rename := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}
	for name, swap := range map[string]struct {
		at   func(t *testing.T, dir string) // before the name is moved
		then func(t *testing.T, dir string) // before it is moved back
		back string                         // where what was there lies in the end
	}{
		"file":      {at: func(t *testing.T, dir string) { rename(t, dir+"/innocent", dir+"/x") }, back: "x"},
		"hard link": {at: func(t *testing.T, dir string) { os.Link(dir+"/innocent", dir+"/x") }, back: "x"},
		"symlink":   {at: func(t *testing.T, dir string) { os.Symlink("innocent", dir+"/x") }, back: "x"},
		"pipe":      {at: func(t *testing.T, dir string) { unix.Mkfifo(dir+"/x", 0o600) }, back: "x"},
		"folder": {at: func(t *testing.T, dir string) {
			os.Mkdir(dir+"/x", 0o755)
			rename(t, dir+"/innocent", dir+"/x/innocent")
		}, back: "x/innocent"},
		"nothing": {at: func(*testing.T, string) {}, back: "innocent"},
		"file, and another when that is moved back": {
			at:   func(t *testing.T, dir string) { rename(t, dir+"/innocent", dir+"/x") },
			then: func(t *testing.T, dir string) { os.WriteFile(dir+"/x", []byte("newer"), 0o600) },
			back: "x.*-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			path := w.put("x", bad)
			w.put("innocent", "innocent content 0")
			moves := 0
			w.again(func(c *Config) {
				c.Disk.Trace = func(op durable.Op) error {
					if op.Kind != durable.Rename || op.Name != path && op.To != path {
						return nil
					}
					moves++
					if moves == 1 {
						rename(t, path, w.files+"/moved")
						swap.at(t, w.files)
					} else if swap.then != nil && moves == 2 {
						swap.then(t, w.files)
					}
					return nil
				}
			})
			if _, err := w.take(path); !errors.Is(err, ErrStays) {
				t.Errorf("got %v", err)
			}
			if content(t, w.files+"/moved") != bad {
				t.Error("the file itself is gone")
			}
			found, err := filepath.Glob(filepath.Join(w.files, swap.back))
			if err != nil || len(found) != 1 || len(w.stored()) != 0 {
				t.Errorf("back: %q, %v; in the folder %q, stored %q", found, err, names(t, w.files), w.stored())
			}
			if swap.then != nil && content(t, path) != "newer" {
				t.Error("the newer file is gone")
			}
			for _, n := range names(t, w.files) {
				if strings.HasPrefix(n, cellPrefix) {
					t.Errorf("left %q", n)
				}
			}
		})
	}
}
