package guard

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

func TestWrittenFiles(t *testing.T) {
	m := run(t, func(c *Config) { c.Write, c.Quarantine = true, true })
	good, evil := m.file("good", "fine"), m.file("evil", bad)
	var written []fanotify.Event
	for range 3 {
		written = append(written, m.event(good, fanotify.CloseWrite), m.event(evil, fanotify.CloseWrite))
	}
	m.kernel.put(written...)
	e := m.waitFor(event.Detection, 1)[0]
	if e.File.Path != evil || !slices.Equal(e.Actions, []event.Action{event.Quarantined}) {
		t.Errorf("event %+v", e)
	}
	until(t, "all looked at", func() bool { return m.Stats().Pending == 0 && m.scanner.scans(good) > 0 })
	if n := m.scanner.scans(good); n > 1 {
		t.Errorf("a file that did not change was scanned %d times", n)
	}
}

// Whoever runs it over and over must not have it taken over and over.
func TestFileThatCannotBeTaken(t *testing.T) {
	m := run(t, func(c *Config) { c.Quarantine = true })
	m.keeper.fails = errors.New("the disk is full")
	evil := m.file("evil", bad)
	again := func(n int) string {
		t.Helper()
		if m.answer(m.ask(evil, execAsk)) {
			t.Error("let through")
		}
		e := m.waitFor(event.Detection, n)[n-1]
		if !slices.Equal(e.Actions, []event.Action{event.Blocked}) {
			t.Errorf("event %+v", e)
		}
		return e.Message
	}
	first, second := again(1), again(2)
	m.time.pass(busyFor)
	third := again(3)
	for i, message := range []string{first, second, third} {
		if strings.Contains(message, "the disk is full") != (i != 1) {
			t.Errorf("%d: %s", i, message)
		}
	}
}

func TestBusyIsBounded(t *testing.T) {
	c := &timers{}
	b := newBusy(c.clock().filled())
	b.enter(inode{1, 0})
	for i := range uint64(mostBusy + 10) {
		b.enter(inode{0, i})
		b.leave(inode{0, i})
	}
	if len(b.by) > mostBusy || b.enter(inode{1, 0}) {
		t.Errorf("%d files, and what is being done may be done twice", len(b.by))
	}
}

func TestLogsAreLookedAtNowAndThen(t *testing.T) {
	m := run(t, nil)
	log := inode{1, 2}
	m.pending.running[log] = true
	m.rest(log, time.Second)
	resting := func() bool {
		m.pending.mu.Lock()
		defer m.pending.mu.Unlock()
		return m.pending.running[log]
	}
	m.time.pass(longRest - 1)
	if !resting() {
		t.Error("it is looked at most of the time")
	}
	if m.time.pass(1); resting() {
		t.Error("it is never looked at again")
	}
	m.pending.running[log] = true
	if m.rest(log, noRest-1); resting() {
		t.Error("a small file has to wait")
	}
}

// listed is a pending subject of a made-up file.
func listed(t *testing.T, ino uint64, c Class) *subject {
	t.Helper()
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &subject{event: fanotify.Event{FD: fd, PIDFD: -1}, id: verdict.File{Ino: ino}, class: c}
}

func TestPendingHoldsAFileOnce(t *testing.T) {
	p := newPending(2)
	first, again := listed(t, 1, Write), listed(t, 1, Write)
	if !p.put(first) || !p.put(again) || p.len() != 1 || first.event.FD != -1 {
		t.Errorf("%d files", p.len())
	}
	ran := listed(t, 1, Exec)
	late := listed(t, 1, Write)
	if !p.put(ran) || !p.put(late) || late.event.FD != -1 || ran.event.FD == -1 {
		t.Error("who wrote it displaced who ran it")
	}
	if !p.put(listed(t, 2, Write)) || p.put(listed(t, 3, Write)) {
		t.Error("the bound is not kept")
	}
	if s := p.next(); s != ran {
		t.Error("another one came first")
	}
	// It is being looked at, and is written again: nobody else may look at it.
	if !p.put(listed(t, 1, Write)) {
		t.Error("no room for what is being looked at")
	}
	if s := p.next(); s == nil || s.id.Ino != 2 {
		t.Errorf("next is %+v", s)
	}
	if s := p.next(); s != nil {
		t.Errorf("two look at the same file: %+v", s)
	}
	p.done(inode{0, 1})
	if s := p.next(); s == nil || s.id.Ino != 1 {
		t.Errorf("it was forgotten: %+v", s)
	}
	p.put(listed(t, 9, Write))
	p.close()
	if p.len() != 0 || p.put(listed(t, 4, Write)) {
		t.Error("it takes files after its end")
	}
}

// rescans keeps what it is asked to scan.
type rescans struct {
	mu  sync.Mutex
	all []string
}

func (r *rescans) Rescan(path, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, path)
}

func (r *rescans) paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// here is a mount of a file system that a path lies on, as Enter finds it.
func here(t *testing.T, path string, dev uint32) mounts.Mount {
	t.Helper()
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &st); err != nil || st.Mask&unix.STATX_MNT_ID == 0 {
		t.Skipf("this kernel gives no mount ids: %v", err)
	}
	return mounts.Mount{ID: int(st.Mnt_id), Device: mounts.Device{Major: 99, Minor: dev}, Point: path, Type: "ext4"}
}

func TestOverflowIsScannedAgain(t *testing.T) {
	r, lists := &rescans{}, make(chan []mounts.Mount)
	m := run(t, func(c *Config) { c.Rescanner, c.Mounts = r, madeMounts{lists} })
	lists <- []mounts.Mount{here(t, m.dir, 1)}
	until(t, "guarded", func() bool { g, _, _ := m.Coverage(); return len(g) == 1 })
	for range 5 {
		m.kernel.put(fanotify.Event{Mask: fanotify.Overflow, FD: -1, PIDFD: -1})
	}
	until(t, "counted", func() bool { return m.Stats().Overflows == 5 })
	m.waitFor(event.Overflow, 1)
	until(t, "asked to scan", func() bool { return len(r.paths()) == 1 })
	if r.paths()[0] != m.dir || len(m.sink.of(event.Overflow)) != 1 {
		t.Errorf("%q is scanned again, after %d events", r.paths(), len(m.sink.of(event.Overflow)))
	}
}

func TestWithoutDescriptors(t *testing.T) {
	m := run(t, nil)
	m.kernel.put(fanotify.Event{Mask: execAsk, PID: 5, FD: -1, PIDFD: -1, Err: unix.EMFILE})
	if e := m.waitFor(event.Degraded, 1)[0]; m.Stats().Starved != 1 || !strings.Contains(e.Message, "too many open files") {
		t.Errorf("event %+v", e)
	}
}

func TestWhatIsMarked(t *testing.T) {
	lists := make(chan []mounts.Mount)
	m := run(t, func(c *Config) { c.Mounts, c.Write = madeMounts{lists}, true })
	sub := func(name string) string {
		path := filepath.Join(m.dir, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	local, refused, far, kernel, moved := here(t, sub("local"), 1), here(t, sub("refused"), 2), here(t, sub("far"), 3), here(t, sub("kernel"), 4), here(t, sub("moved"), 5)
	far.Type, kernel.Type = "nfs", "proc"
	moved.ID++ // something else is mounted over it
	second := here(t, sub("second"), 1)
	m.kernel.fails[refused.Point] = fanotify.ErrUnsupported
	list := []mounts.Mount{local, refused, far, kernel, moved, second}
	for range 2 {
		lists <- list
	}
	var guarded []Watched
	var not []Unwatched
	until(t, "all dealt with", func() bool {
		var ready bool
		guarded, not, ready = m.Coverage()
		return ready && len(not) == 3
	})
	if len(guarded) != 1 || guarded[0].Point != local.Point || guarded[0].Mask != fanotify.ExecPermission|fanotify.CloseWrite {
		t.Errorf("guarded %+v", guarded)
	}
	for i, want := range []string{"another machine", "hidden", "not support"} { // far, moved, refused
		if !strings.Contains(not[i].Why, want) {
			t.Errorf("%s is not guarded because %q", not[i].Point, not[i].Why)
		}
	}
	if n := len(m.sink.of(event.Degraded)); n != 3 {
		t.Errorf("told %d times what is not guarded", n)
	}
	// A second mount stays when the first goes; at last all go.
	lists <- []mounts.Mount{second}
	until(t, "others forgotten", func() bool { guarded, not, _ = m.Coverage(); return len(not) == 0 })
	if len(guarded) != 1 {
		t.Errorf("guarded %+v", guarded)
	}
	lists <- nil
	until(t, "all forgotten", func() bool { guarded, _, _ = m.Coverage(); return len(guarded) == 0 })
}

func TestMasks(t *testing.T) {
	root := mounts.Mount{Device: mounts.Device{Minor: 1}, Point: "/", Type: "ext4"}
	home := mounts.Mount{Device: mounts.Device{Minor: 2}, Point: "/home", Type: "ext4"}
	all := []mounts.Mount{root, home}
	for _, c := range []struct {
		name       string
		config     Config
		root, home fanotify.Mask
	}{
		{"default", Config{}, fanotify.ExecPermission, fanotify.ExecPermission},
		{"report", Config{Report: true, Open: []string{"/home"}}, fanotify.Exec, fanotify.Exec | fanotify.Open},
		{"follow", Config{Exec: Follow, Write: true}, fanotify.Exec | fanotify.CloseWrite, fanotify.Exec | fanotify.CloseWrite},
		{"open", Config{Exec: Off, Open: []string{"/home/a"}}, 0, fanotify.OpenPermission},
		{"open all", Config{Exec: Off, Open: []string{"/"}}, fanotify.OpenPermission, fanotify.OpenPermission},
		{"paths", Config{Paths: []string{"/usr"}}, fanotify.ExecPermission, 0},
		{"mount below", Config{Paths: []string{"/home"}}, 0, fanotify.ExecPermission},
	} {
		g := &Guard{config: c.config}
		if r, h := g.maskOf([]mounts.Mount{root}, all), g.maskOf([]mounts.Mount{home}, all); r != c.root || h != c.home {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, r, h, c.root, c.home)
		}
	}
}

func TestUnsureIsBounded(t *testing.T) {
	c := &timers{}
	u := newUnsure(c.clock().filled())
	for i := range mostUnsure + 10 {
		u.put(verdict.File{Ino: uint64(i)})
	}
	if len(u.until) != mostUnsure || !u.has(verdict.File{Ino: mostUnsure + 9}) {
		t.Errorf("%d files", len(u.until))
	}
	c.pass(unsureFor)
	if u.has(verdict.File{Ino: mostUnsure + 9}) {
		t.Error("it is never tried again")
	}
	u.put(verdict.File{Ino: 1 << 40})
	if len(u.until) != 1 {
		t.Errorf("what has expired stays: %d", len(u.until))
	}
	u.clear()
	if u.has(verdict.File{Ino: 1 << 40}) {
		t.Error("it is not forgotten")
	}
}

func TestLatencyBuckets(t *testing.T) {
	var g Guard
	g.pending = newPending(1)
	for _, d := range bounds {
		g.stats.took(d)
		g.stats.took(d + 1)
	}
	s := g.Stats()
	for i, b := range s.Latency {
		want := int64(2)
		if i == 0 || i == len(bounds) {
			want = 1
		}
		if b.Count != want || (i < len(bounds) && b.UpTo != bounds[i]) {
			t.Errorf("bucket %d: %+v", i, b)
		}
	}
}
