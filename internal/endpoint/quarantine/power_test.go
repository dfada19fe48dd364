package quarantine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/event"
)

// cut runs a story on a fresh world once for each step at which the power can
// go. Before makes what is there when the story begins; check looks at the
// world after the store has been opened again.
func cut(t *testing.T, before func(w *world), story func(w *world) error, check func(w *world, done bool)) {
	t.Helper()
	worlds := map[string]*world{}
	cuts := 0
	durabletest.Each(
		func() string {
			w := newWorld(t)
			before(w)
			worlds[w.files] = w
			return w.files
		},
		func(disk durable.Disk, dir string) error {
			w := worlds[dir]
			if err := w.store.Close(); err != nil {
				t.Fatal(err)
			}
			w.conf.Disk = disk
			s, err := Open(w.conf)
			if err != nil {
				return err
			}
			w.store = s
			return story(w)
		},
		func(dir string, done bool) {
			cuts++
			w := worlds[dir]
			w.store.Close()
			w.conf.Disk = durable.Disk{}
			w.open()
			check(w, done)
			if t.Failed() {
				t.Fatalf("cut %d: told %q", cuts, w.store.Recovered())
			}
			for _, n := range append(names(t, w.files), w.stored()...) {
				if strings.HasPrefix(n, ".") {
					t.Errorf("left %q", n)
				}
			}
		})
	if cuts < 30 {
		t.Errorf("only %d cuts: the steps are not traced", cuts)
	}
	t.Logf("%d cuts", cuts)
}

// copies counts the good copies of what was put to path: the file, and entries
// that can be read back.
func (w *world) copies(path string) (files, entries int) {
	w.t.Helper()
	if data, err := os.ReadFile(path); err == nil {
		if string(data) != bad {
			w.t.Errorf("the file holds %q", data)
		}
		files++
	} else if !errors.Is(err, os.ErrNotExist) {
		w.t.Error(err)
	}
	list, err := w.store.List(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list {
		if e.State != Kept {
			w.t.Errorf("entry %s is %s: %s", e.ID, e.State, e.Why)
		}
		if err := w.store.plain(w.t.Context(), w.store.path(e.ID, blobName), &e, func(int64, []byte) error { return nil }); err != nil {
			w.t.Error(err)
		}
		entries++
	}
	return files, entries
}

func TestPowerCutWhileTaking(t *testing.T) {
	finished := 0
	cut(t,
		func(w *world) { w.put("x", bad) },
		func(w *world) error { _, err := w.take(filepath.Join(w.files, "x")); return err },
		func(w *world, done bool) {
			files, entries := w.copies(filepath.Join(w.files, "x"))
			if files+entries != 1 || done && entries != 1 {
				t.Errorf("%d files and %d entries, reported done: %v", files, entries, done)
			}
			finished += len(w.store.Recovered())
		})
	if finished == 0 {
		t.Error("no start had anything to finish")
	}
}

func TestPowerCutWhileRestoring(t *testing.T) {
	for name, named := range map[string]bool{"without a name": false, "under a name": true} {
		t.Run(name, func(t *testing.T) {
			id := map[*world]string{}
			back := 0
			cut(t,
				func(w *world) { id[w] = w.mustTake(w.put("x", bad)).ID },
				func(w *world) error {
					w.store.named = named
					_, err := w.store.Restore(t.Context(), id[w], Restore{NoScan: true})
					return err
				},
				func(w *world, done bool) {
					files, entries := w.copies(filepath.Join(w.files, "x"))
					if files+entries != 1 || done && files != 1 {
						t.Errorf("%d files and %d entries, reported done: %v", files, entries, done)
					}
					for _, r := range w.store.Recovered() {
						if strings.Contains(r.What, "had been restored") {
							back++
						}
					}
				})
			if back == 0 {
				t.Error("no start found a file that had been restored")
			}
		})
	}
}

func TestPowerCutWhileDeleting(t *testing.T) {
	id := map[*world]string{}
	cuts := 0
	durabletest.Each(
		func() string {
			w := newWorld(t)
			id[w] = w.mustTake(w.put("x", bad)).ID
			w.store.Close()
			cuts++
			return w.conf.Dir
		},
		func(disk durable.Disk, dir string) error {
			s, err := Open(Config{Dir: dir, Disk: disk})
			if err != nil {
				return err
			}
			defer s.Close()
			list, err := s.List(t.Context())
			if err == nil {
				_, err = s.Delete(t.Context(), list[0].ID, "")
			}
			return err
		},
		func(dir string, done bool) {
			s, err := Open(Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			list, err := s.List(t.Context())
			if err != nil || done && len(list) != 0 || len(list) == 1 && list[0].State != Kept || len(list) > 1 {
				t.Errorf("reported done: %v; %+v, %v", done, list, err)
			}
		})
	if cuts < 8 {
		t.Errorf("only %d cuts", cuts)
	}
}

// interrupted leaves an entry as a guard does that ends while it removes the
// original.
func interrupted(w *world, at durable.Kind, name func(op durable.Op) bool) Entry {
	w.t.Helper()
	path := w.put("x", bad)
	stop := errors.New("ended here")
	ended := false
	w.again(func(c *Config) {
		c.Disk.Trace = func(op durable.Op) error {
			if ended = ended || op.Kind == at && name(op); ended {
				return stop
			}
			return nil
		}
	})
	if _, err := w.take(path); at == durable.Rename && !errors.Is(err, stop) {
		w.t.Fatalf("not ended: %v", err)
	}
	list, err := w.store.List(w.t.Context())
	if err != nil || len(list) != 1 || list[0].State != Taking {
		w.t.Fatalf("%v, %+v", err, list)
	}
	w.conf.Disk = durable.Disk{}
	return list[0]
}

func beforeCatch(w *world) func(op durable.Op) bool {
	return func(op durable.Op) bool { return op.Name == filepath.Join(w.files, "x") }
}

func inCell(op durable.Op) bool { return strings.Contains(op.Name, cellPrefix) }

func TestStartFinishes(t *testing.T) {
	for name, c := range map[string]struct {
		kind   durable.Kind
		caught bool                        // the file is in the folder beside it
		then   func(w *world, path string) // between the end and the start
		files  int                         // there in the end
		state  State
		said   string
	}{
		"the original is there":     {kind: durable.Rename, state: Kept, said: "has been finished"},
		"it is being removed":       {kind: durable.Remove, caught: true, state: Kept, said: "as the store now knows"},
		"it went":                   {kind: durable.Rename, then: func(_ *world, p string) { os.Remove(p) }, state: Kept, said: "as the store now knows"},
		"another file stands there": {kind: durable.Rename, then: func(w *world, _ string) { w.put("x", "other") }, files: 1, state: Kept, said: "another file"},
		"another came while it is removed": {kind: durable.Remove, caught: true, then: func(w *world, _ string) { w.put("x", "other") },
			files: 1, state: Kept, said: "another file"},
		"its folder went": {kind: durable.Rename, then: func(w *world, _ string) { os.Rename(w.files, w.files+"-away") }, state: Taking, said: "not known"},
		"a folder stands there": {kind: durable.Rename, then: func(_ *world, p string) { os.Remove(p); os.Mkdir(p, 0o755) },
			files: 1, state: Taking, said: "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			at := beforeCatch(w)
			if c.caught {
				at = inCell
			}
			e := interrupted(w, c.kind, at)
			path := string(e.Path)
			if exists(path) == c.caught {
				t.Fatalf("there: %v", exists(path))
			}
			if c.then != nil {
				c.then(w, path)
			}
			w.again(nil)
			got, _, err := w.store.Show(t.Context(), e.ID)
			if err != nil || got.State != c.state || (got.Why == "") != (c.state == Kept) {
				t.Errorf("%v, %+v", err, got)
			}
			if left := list(w.files); len(left) != c.files {
				t.Errorf("left %q", left)
			}
			r := w.store.Recovered()
			if len(r) != 1 || !strings.Contains(r[0].What, c.said) || w.sink.last().Quarantine != e.ID {
				t.Errorf("told %+v", r)
			}
		})
	}
}

// With a damaged copy the original is the good one.
func TestStartTakesBack(t *testing.T) {
	for name, caught := range map[string]bool{"there": false, "being removed": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			kind, at := durable.Rename, beforeCatch(w)
			if caught {
				kind, at = durable.Remove, inCell
			}
			e := interrupted(w, kind, at)
			blob := filepath.Join(w.conf.Dir, e.ID, blobName)
			data := []byte(content(t, blob))
			data[len(data)-1] ^= 1
			if err := os.WriteFile(blob, data, 0o600); err != nil {
				t.Fatal(err)
			}
			w.again(nil)
			if files, entries := w.copies(string(e.Path)); files != 1 || entries != 0 || len(names(t, w.files)) != 1 {
				t.Errorf("%d files, %d entries", files, entries)
			}
			if got := w.sink.last(); got.Actions[0] != event.Reported || !strings.Contains(got.Message, "nothing is kept") {
				t.Errorf("told %+v", got)
			}
		})
	}
}

// The store of a process that was killed is taken over; that of a living one not.
func TestOneProcess(t *testing.T) {
	w := newWorld(t)
	if _, err := Open(w.conf); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
}
