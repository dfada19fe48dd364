package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/files"

	"golang.org/x/sys/unix"
)

// TestSweep: everything is counted as what it was.
func TestSweep(t *testing.T) {
	dir, s := t.TempDir(), &fake{}
	write(t, dir, map[string]string{"a": "clean", "b/bad": "bad", "b/half": "half", "c/dead": "dead", "skip/x": "bad", "\xff\n": "clean"})
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	c := config(t, s)
	c.Memory = s
	skip, err := files.ParsePattern("skip/", "")
	if err != nil {
		t.Fatal(err)
	}
	c.Exclude = func() []files.Pattern { return []files.Pattern{skip} }
	r := open(t, c)
	during(t, r, func() {
		got := over(t, r, start(t, r, dir, filepath.Join(dir, "not there")))
		want := Counts{Files: 4, Bytes: 17, Found: 1, Incomplete: 1, Unread: 2, Skipped: 1}
		if got.State != Done || got.Counts != want || got.Ended.IsZero() {
			t.Errorf("%+v, want %+v", got, want)
		}
		got = over(t, r, start(t, r, dir+"/"))
		want = Counts{Files: 4, Bytes: 17, Known: 3, Found: 1, Incomplete: 1, Unread: 1, Skipped: 1}
		if got.Counts != want {
			t.Errorf("again: %+v, want %+v", got.Counts, want)
		}
	})
	if len(s.found) != 2 || s.found[0].Path != filepath.Join(dir, "b/bad") || s.found[0].ID.Ino == 0 {
		t.Errorf("found %+v", s.found)
	}
	kinds := map[event.Kind]int{}
	for _, e := range s.events {
		kinds[e.Kind]++
	}
	if kinds[event.Sweep] != 4 || kinds[event.Incomplete] != 5 {
		t.Errorf("events %v", kinds)
	}
}

// TestResume: a sweep goes on where it was, looks at nothing twice but what was
// on its way, and leaves nothing out.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	names := map[string]string{}
	for i := range 4 {
		for j := range 4 {
			names[fmt.Sprintf("d%d/f%d", i, j)] = "clean"
			names[fmt.Sprintf("d%d.x/f%d", i, j)] = "clean"
		}
	}
	write(t, dir, names)
	for stop := range 40 {
		s := &fake{}
		c := config(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		s.at = func(string) error {
			if n++; n > stop {
				cancel() // the machine goes down while the file is looked at
			}
			return nil
		}
		r := open(t, c)
		id := start(t, r, dir)
		go func() {
			// A sweep that is over before it is stopped ends the run too.
			_ = r.Follow(ctx, id, time.Hour, func(Status) error { return nil })
			cancel()
		}()
		if err := r.Run(ctx); err != nil {
			t.Fatal(err)
		}
		s.at = nil
		again := open(t, c)
		during(t, again, func() {
			got := over(t, again, id)
			if got.State != Done || got.Files != 32 || (stop < 32) != (got.Resumed == 1) {
				t.Errorf("stopped after %d: %+v", stop, got)
			}
		})
		all := s.scanned()
		slices.Sort(all)
		if twice := len(all) - len(slices.Compact(slices.Clone(all))); twice > 0 || len(all) != 32 {
			t.Errorf("stopped after %d: %d scanned, %d twice", stop, len(all), twice)
		}
	}
}

// TestPowerCut: whatever the disk loses, every file is scanned before the sweep
// is called done.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "clean", "b/c": "clean", "b/d": "bad", "e": "clean"})
	s := &fake{}
	var accepted bool
	durabletest.Each(func() string { s, accepted = &fake{}, false; return durabletest.Dir(t) }, func(disk durable.Disk, folder string) error {
		c := config(t, s)
		c.Dir, c.Disk = filepath.Join(folder, "s"), disk
		r, err := Open(c)
		if err != nil {
			return err
		}
		if _, err := r.Start(Request{Profile: Paths, Paths: []Path{Path(dir)}}); err != nil {
			return err
		}
		if accepted = len(s.events) == 0; !accepted { // it is told that it is not kept
			return errors.New(s.events[0].Message)
		}
		during(t, r, func() { over(t, r, "1") })
		return nil
	}, func(folder string, done bool) {
		c := config(t, s)
		c.Dir = filepath.Join(folder, "s")
		r := open(t, c)
		if !accepted {
			return
		}
		during(t, r, func() {
			if got := over(t, r, "1"); got.State != Done {
				t.Errorf("%+v", got)
			}
		})
		all := s.scanned()
		slices.Sort(all)
		if got := slices.Compact(all); len(got) != 4 {
			t.Errorf("scanned %q", got)
		}
	})
}

// TestQueue: one at a time, in order; what waits already is not asked for twice;
// the queue has an end.
func TestQueue(t *testing.T) {
	dir, s := t.TempDir(), &fake{}
	write(t, dir, map[string]string{"a": "1", "b": "2"})
	at, next := make(chan string), make(chan bool)
	s.at = func(name string) error { at <- name; <-next; return nil }
	r := open(t, config(t, s))
	during(t, r, func() {
		first, second := start(t, r, dir+"/a"), start(t, r, dir+"/b")
		<-at
		if again := start(t, r, dir+"/b"); again != second {
			t.Errorf("asked twice: %s and %s", second, again)
		}
		if all := r.List(); len(all) != 2 || all[0].State != Running || all[1].State != Waiting {
			t.Errorf("%+v", all)
		}
		if got, err := r.Stop(second); err != nil || got.State != Stopped {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := r.Stop(second); !errors.Is(err, ErrUnknown) {
			t.Errorf("stopped twice: %v", err)
		}
		third := start(t, r, dir+"/b")
		if _, err := r.Stop(""); err != nil {
			t.Error(err)
		}
		next <- true
		if got := over(t, r, first); got.State != Stopped || got.Resumed != 0 {
			t.Errorf("%+v", got)
		}
		<-at
		next <- true
		if got := over(t, r, third); got.State != Done || got.Files != 1 {
			t.Errorf("%+v", got)
		}
		for i := range maxWaiting {
			start(t, r, fmt.Sprintf("/none/%d", i))
		}
		for full := 0; full < 100; full++ { // some may have begun, and ended, already
			if _, err := r.Start(Request{Profile: Paths, Paths: []Path{Path(fmt.Sprintf("/more/%d", full))}}); errors.Is(err, ErrFull) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
	if n := len(r.List()); n > maxOver+maxWaiting+1 {
		t.Errorf("%d are remembered", n)
	}
}

// TestShare: with a share of the time, a lane rests in between; and now and then
// an event says how far it is.
func TestShare(t *testing.T) {
	dir, s := t.TempDir(), &fake{}
	write(t, dir, map[string]string{"a": "1", "b": "2", "c": "3"})
	c := config(t, s) // its clock goes on by a second whenever it is looked at
	c.CPU, c.Tell = 25, 5*time.Second
	var rests []time.Duration
	c.After = func(d time.Duration) <-chan time.Time {
		rests = append(rests, d)
		done := make(chan time.Time)
		close(done)
		return done
	}
	r := open(t, c)
	during(t, r, func() { over(t, r, start(t, r, dir)) })
	if len(rests) != 3 || rests[0]%(3*time.Second) != 0 || rests[0] < 3*time.Second {
		t.Errorf("rested %v", rests)
	}
	told := 0
	for _, e := range s.events {
		if strings.Contains(e.Message, "goes on:") {
			told++
		}
	}
	if told == 0 {
		t.Errorf("%+v", s.events)
	}
}

// TestDown: scanners that are gone end a sweep, and it says so.
func TestDown(t *testing.T) {
	dir, s := t.TempDir(), &fake{at: func(string) error { return errDown }}
	write(t, dir, map[string]string{"a": "1", "b": "2", "c": "3"})
	r := open(t, config(t, s))
	during(t, r, func() {
		if got := over(t, r, start(t, r, dir)); got.State != Failed || got.Why != errDown.Error() {
			t.Errorf("%+v", got)
		}
	})
}

// TestDamaged: a note that cannot be read is told of, and keeps nobody from
// scanning.
func TestDamaged(t *testing.T) {
	s := &fake{}
	c := config(t, s)
	write(t, c.Dir, map[string]string{"sweeps.json": `{"next": 3, "sweeps": [`})
	r := open(t, c)
	if len(s.events) != 1 || s.events[0].Kind != event.Degraded {
		t.Errorf("%+v", s.events)
	}
	during(t, r, func() {
		if got := over(t, r, start(t, r, c.Dir)); got.State != Done {
			t.Errorf("%+v", got)
		}
	})
}

// TestUnkept: where nothing can be kept sweeps run all the same, and it is told.
func TestUnkept(t *testing.T) {
	s := &fake{}
	c := config(t, s)
	files := t.TempDir()
	write(t, files, map[string]string{"state": "a file"})
	c.Dir = filepath.Join(files, "state", "sweep")
	r := open(t, c)
	if len(s.events) == 0 || s.events[0].Kind != event.Degraded {
		t.Errorf("%+v", s.events)
	}
	during(t, r, func() {
		if got := over(t, r, start(t, r, files)); got.State != Done || got.Files != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestValidate(t *testing.T) {
	for _, bad := range []Request{{}, {Profile: "fast"}, {Profile: Paths}, {Profile: Paths, Paths: []Path{"a"}}, {Profile: Full, Paths: []Path{"/a"}}, {Profile: Paths, Paths: make([]Path, maxPaths+1)}} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%+.60v was taken", bad)
		}
	}
}
