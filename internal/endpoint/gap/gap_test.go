package gap

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
)

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestFirst: on a machine that it never ran on, only what runs is looked at.
func TestFirst(t *testing.T) {
	m := newMachine(t)
	m.write("old", "bad")
	s := m.open()
	if st := s.Status(); st.State != Closing || st.Open[0].Why != First {
		t.Errorf("%+v", st)
	}
	stop := m.run(s)
	defer stop()
	if st := m.until(s, Protected); len(st.Gaps) != 1 || st.Gaps[0].Closed.IsZero() {
		t.Errorf("%+v", st)
	}
	same(t, "examined", m.took())
	if !s.Acting() {
		t.Error("it does not act")
	}
}

// TestStopped: what changed while the guard did not run is scanned before the
// state is protected, and what did not is not.
func TestStopped(t *testing.T) {
	m := newMachine(t)
	m.write("old", "clean")
	m.pass(time.Minute)
	m.session()
	m.pass(time.Minute)
	m.write("home/a/new", "bad")
	m.write("usr/bin/new", "half")
	m.write("proc/1/file", "clean")
	m.pass(time.Minute)
	s := m.open()
	stop := m.run(s)
	defer stop()
	st := m.until(s, Protected)
	same(t, "examined", m.took(), "/home/a/new", "/proc/1/file", "/usr/bin/new") // this proc is a folder like any other
	got := st.Gaps[len(st.Gaps)-1]
	if got.Why != NotRunning || got.To.Sub(got.From) != 2*time.Minute || got.Counts != (Counts{Suspects: 3, Scanned: 3, Found: 1, Incomplete: 1}) || got.Everything {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"gap: the guard was stopped for 2m0s", "gap: the gap is closed: 3 suspects, 3 scanned, 1 found"} {
		if !strings.Contains(m.kinds(), want) {
			t.Errorf("no %q in\n%s", want, m.kinds())
		}
	}
}

// TestForged: a file is a suspect however old it says it is.
func TestForged(t *testing.T) {
	m := newMachine(t)
	m.now = time.Now().Add(-time.Hour)
	m.session()
	m.pass(time.Minute)
	path := m.write("new", "bad")
	if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	s := m.open()
	defer m.run(s)()
	m.until(s, Protected)
	same(t, "examined", m.took(), "/new")
}

// TestCrash: without a good end the gap begins when the guard was last known to
// run.
func TestCrash(t *testing.T) {
	m := newMachine(t)
	m.session()
	m.pass(time.Hour)
	s := m.open()
	_ = m.run(s) // never stopped in good order: its stamp stays
	m.until(s, Protected)
	m.took()
	m.pass(30 * time.Second)
	m.write("etc/x", "bad")
	m.pass(time.Minute)
	m.boot, m.up = "second", 0
	again := m.open()
	defer m.run(again)()
	st := m.until(again, Protected)
	same(t, "examined", m.took(), "/etc/x")
	if got := st.Gaps[len(st.Gaps)-1]; got.Why != Crash || got.To.Sub(got.From) != 90*time.Second {
		t.Errorf("%+v", got)
	}
}

// TestOff: the window of 2014. While it is off nothing is done; what was run or
// written meanwhile is found before the state is protected.
func TestOff(t *testing.T) {
	m := newMachine(t)
	m.write("old", "clean")
	s := m.open()
	defer m.run(s)()
	m.until(s, Protected)
	m.took()
	m.pass(time.Minute)
	if err := s.Off("  ", "uid 0", 0); err != ErrReason {
		t.Errorf("without a reason: %v", err)
	}
	if err := s.Off("a tool from a friend", "uid 1000", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Off("again", "uid 0", 0); err != ErrOff {
		t.Errorf("twice: %v", err)
	}
	if st := s.Status(); s.Acting() || st.State != Off || st.Reason != "a tool from a friend" || st.By != "uid 1000" || !st.Until.IsZero() {
		t.Errorf("%+v", st)
	}
	old := m.write("keygen", "bad")
	if err := os.Chtimes(old, m.now.Add(-24*time.Hour), m.now.Add(-24*time.Hour)); err != nil { // it looks old by every time that can be set
		t.Fatal(err)
	}
	s.Saw(old, m.id(old))
	temporary := m.write("dir/x.tmp", "bad")
	s.Saw(temporary, m.id(temporary))
	if err := os.Rename(temporary, filepath.Join(filepath.Dir(temporary), "x")); err != nil {
		t.Fatal(err)
	}
	m.pass(10 * time.Minute)
	if err := s.On("uid 0"); err != nil {
		t.Fatal(err)
	}
	if err := s.On("uid 0"); err != ErrOn {
		t.Errorf("on twice: %v", err)
	}
	st := m.until(s, Protected)
	same(t, "examined", m.took(), "/dir/x", "/keygen")
	got := st.Gaps[len(st.Gaps)-1]
	if got.Why != SwitchedOff || got.Duration(m.now) != 10*time.Minute || got.Found != 2 || got.By != "uid 1000" || got.On != "uid 0" {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"switch: protection was switched off by uid 1000: a tool from a friend", "gap: protection was switched off for 10m0s by uid 1000: a tool from a friend"} {
		if !strings.Contains(m.kinds(), want) {
			t.Errorf("no %q in\n%s", want, m.kinds())
		}
	}
	s.Saw(old, m.id(old)) // it is on: nobody asks
	if len(s.journal.seen) != 0 {
		t.Error("the journal is kept while it is on")
	}
}

// TestJournalNotAll: when the journal does not hold all, change times have to
// do: it was full, events were dropped, or a file is no longer where it was.
func TestJournalNotAll(t *testing.T) {
	for name, spoil := range map[string]func(*machine, *Switch){
		"full": func(m *machine, s *Switch) {
			s.journal.most = 1
			for _, n := range []string{"a", "b"} {
				p := m.write(n, "clean")
				s.Saw(p, m.id(p))
			}
			s.Saw(m.root+"/a", m.id(m.root+"/a")) // known already: it takes no room
		},
		"dropped": func(m *machine, s *Switch) {
			m.write("a", "clean")
			m.write("b", "clean")
			s.Missed()
		},
		"moved": func(m *machine, s *Switch) {
			m.write("b", "clean")
			p := m.write("x/y", "clean")
			s.Saw(p, m.id(p))
			if err := os.Rename(p, filepath.Join(m.root, "a")); err != nil {
				m.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			s := m.open()
			defer m.run(s)()
			m.until(s, Protected)
			m.pass(time.Minute)
			if err := s.Off("test", "me", 0); err != nil {
				t.Fatal(err)
			}
			m.pass(time.Minute)
			m.took()
			spoil(m, s)
			m.pass(time.Minute)
			if err := s.On("me"); err != nil {
				t.Fatal(err)
			}
			m.until(s, Protected)
			got := m.took()
			slices.Sort(got)
			same(t, "examined", slices.Compact(got), "/a", "/b")
		})
	}
}

// TestDuration: it comes back by itself, also when the guard did not run when
// its time was up, and when somebody sets the clock back to have more of it.
func TestDuration(t *testing.T) {
	m := newMachine(t)
	s := m.open()
	stop := m.run(s)
	m.until(s, Protected)
	if err := s.Off("an hour", "me", time.Hour); err != nil {
		t.Fatal(err)
	}
	m.pass(59 * time.Minute)
	m.ring()
	if st := s.Status(); st.State != Off || st.Until.Sub(st.Since) != time.Hour {
		t.Errorf("%+v", st)
	}
	m.pass(time.Minute)
	for s.Status().State == Off {
		m.ring()
	}
	st := m.until(s, Protected)
	if got := st.Gaps[len(st.Gaps)-1]; got.On != "the end of its time" || got.Duration(m.now) != time.Hour {
		t.Errorf("%+v", got)
	}
	if err := s.Off("an hour", "me", time.Hour); err != nil {
		t.Fatal(err)
	}
	stop()
	m.pass(10 * time.Minute)
	m.boot = "second"
	s = m.open()
	if st := s.Status(); st.State != Off || s.Acting() {
		t.Errorf("after a restart it is %s", st.State)
	}
	m.pass(time.Hour)
	m.write("in between", "bad")
	s = m.open()
	if st := s.Status(); st.State != Closing || !s.Acting() {
		t.Errorf("after its time it is %s", st.State)
	}
	stop = m.run(s)
	m.until(s, Protected)
	same(t, "examined", m.took(), "/in between")

	if err := s.Off("an hour", "me", time.Hour); err != nil {
		t.Fatal(err)
	}
	stop()
	m.pass(-48 * time.Hour)
	m.boot = "third"
	if st := m.open().Status(); st.State != Closing || !st.Open[len(st.Open)-1].Everything {
		t.Errorf("with the clock set back it is %s: %+v", st.State, st.Open)
	}
}

// TestClock: when the clock was set back, change times say nothing.
func TestClock(t *testing.T) {
	for name, c := range map[string]struct {
		wall, up time.Duration
		boot     string
		all      bool
	}{
		"running on":              {time.Minute, time.Minute, "first", false},
		"adjusted a little":       {59 * time.Second, time.Minute, "first", false},
		"set back since":          {time.Minute, time.Hour, "first", true},
		"earlier than it was":     {-time.Hour, time.Minute, "first", true},
		"earlier, another start":  {-time.Hour, time.Minute, "second", true},
		"later, another start":    {time.Hour, time.Minute, "second", false},
		"set forward, same start": {time.Hour, time.Minute, "first", false},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.write("old", "clean")
			m.session()
			m.pass(time.Hour)
			m.session()
			m.mu.Lock()
			m.now, m.up, m.boot = m.now.Add(c.wall), m.up+c.up, c.boot
			m.mu.Unlock()
			s := m.open()
			defer m.run(s)()
			st := m.until(s, Protected)
			if got := st.Gaps[len(st.Gaps)-1]; got.Everything != c.all || slices.Contains(m.took(), "/old") != c.all {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestMounts: all of what was mounted meanwhile is scanned, however old.
func TestMounts(t *testing.T) {
	m := newMachine(t)
	m.write("usb/old", "bad")
	m.write("old", "clean")
	m.session()
	m.pass(time.Minute)
	m.mounted(oneMount + "21 20 8:17 / /usb rw - vfat /dev/sdb1 rw\n")
	s := m.open()
	defer m.run(s)()
	st := m.until(s, Protected)
	if got := st.Gaps[len(st.Gaps)-1]; got.Found == 0 || !slices.Contains(m.took(), "/usb/old") {
		t.Errorf("%+v", got)
	}
	same(t, "after it", m.took())
}

// TestPaths: what is not guarded is nobody's business, in a gap either.
func TestPaths(t *testing.T) {
	m := newMachine(t)
	m.mounted(oneMount + "21 20 8:2 / /srv/data rw - ext4 /dev/sdb1 rw\n22 20 8:3 / /home rw - ext4 /dev/sdc1 rw\n")
	c := m.config()
	c.Paths = []string{"/srv", "/opt/a"}
	life := func() *Switch {
		s, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := life()
	stop := m.run(s)
	m.until(s, Protected)
	stop()
	m.took()
	m.pass(time.Minute)
	for _, name := range []string{"srv/x", "srv/data/x", "srvx/x", "opt/a/x", "opt/b/x", "home/x", "x"} {
		m.write(name, "bad")
	}
	s = life()
	defer m.run(s)()
	m.until(s, Protected)
	same(t, "examined", slices.Compact(m.took()), "/opt/a/x", "/srv/data/x", "/srv/x") // the made-up mounts are one file system
}

// TestInterrupted: a gap that was not closed is closed the next time, from its
// beginning; switching off while it is being closed does not lose it.
func TestInterrupted(t *testing.T) {
	m := newMachine(t)
	m.session()
	m.pass(time.Minute)
	m.write("first", "bad")
	m.pass(time.Minute)
	m.hold = make(chan struct{})
	s := m.open()
	stop := m.run(s)
	if st := s.Status(); st.State != Closing {
		t.Errorf("%+v", st)
	}
	stop()
	m.pass(time.Minute)
	m.write("second", "bad")
	s = m.open()
	defer m.run(s)()
	if err := s.Off("in the middle", "me", 0); err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.State != Off || len(st.Open) != 3 {
		t.Errorf("%+v", st)
	}
	m.pass(time.Minute)
	close(m.hold)
	if err := s.On("me"); err != nil {
		t.Fatal(err)
	}
	st := m.until(s, Protected)
	same(t, "examined", m.took(), "/first", "/second")
	if n := len(st.Gaps); n != 4 || st.Gaps[n-1].Found != 2 {
		t.Errorf("%+v", st.Gaps)
	}
}

// TestNoScanners: without verdicts the gap stays open, says why, and is closed
// when there are some.
func TestNoScanners(t *testing.T) {
	m := newMachine(t)
	m.session()
	m.pass(time.Minute)
	m.write("new", "bad")
	m.down = true
	s := m.open()
	defer m.run(s)()
	for {
		st := s.Status()
		if st.State != Closing {
			t.Fatalf("%+v", st)
		}
		if st.Work != nil && st.Work.Why == "no scanners" {
			break
		}
	}
	m.mu.Lock()
	m.down = false
	m.mu.Unlock()
	for s.Status().State == Closing {
		m.ring()
	}
	same(t, "examined", m.took(), "/new")
}

// TestStates: what is missing is degraded; telling only is no protection.
func TestStates(t *testing.T) {
	m := newMachine(t)
	c := m.config()
	c.Report = true
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.run(s)()
	m.until(s, Report)
	s.Missing([]string{"no fanotify"})
	if st := s.Status(); st.State != Degraded || st.Problems[0] != "no fanotify" {
		t.Errorf("%+v", st)
	}
	s.Missing(nil)
	if st := s.Status(); st.State != Report {
		t.Errorf("%+v", st)
	}
}

// TestOrder: what strangers write first, then the rest, then what a package
// brought; and nothing is left out.
func TestOrder(t *testing.T) {
	m := newMachine(t)
	m.session()
	m.pass(time.Minute)
	m.write("usr/bin/b", "clean")
	m.write("usr/bin/a", "clean")
	m.write("home/x", "clean")
	m.write("var/lib/dpkg/info/p.list", "/.\n/usr\n/usr/bin/a\n")
	s := m.open()
	defer m.run(s)()
	m.until(s, Protected)
	m.mu.Lock()
	defer m.mu.Unlock()
	same(t, "order", m.asked, "/home/x", "/usr/bin/b", "/var/lib/dpkg/info/p.list", "/usr/bin/a")
}

// TestDamaged: what was kept and cannot be read counts as never kept, and is
// told.
func TestDamaged(t *testing.T) {
	m := newMachine(t)
	m.session()
	for _, name := range []string{"switch.json", "alive.json"} {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.events = nil
	s := m.open()
	if st := s.Status(); st.State != Closing || st.Open[0].Why != First {
		t.Errorf("%+v", st)
	}
	told := 0
	for _, e := range m.events {
		if e.Kind == event.Degraded {
			told++
		}
	}
	if told != 2 {
		t.Errorf("told of %d", told)
	}
}
