package fanotify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"vitrine/internal/endpoint/mounts/mountstest"

	"golang.org/x/sys/unix"
)

// limit is for what must not hang; nothing is measured by it.
const limit = 20 * time.Second

// group watches a file system of the test's own.
func group(t *testing.T, c Config, mask Mask) (*Group, string) {
	t.Helper()
	dir := mountstest.Tmpfs(t)
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	if err := g.Mark(Filesystem, dir, mask); err != nil {
		t.Fatal(err)
	}
	return g, dir
}

// next reads until n events have come, or fails.
func next(t *testing.T, g *Group, n int) []Event {
	t.Helper()
	var all []Event
	events := make([]Event, MaxEvents)
	if err := g.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	for len(all) < n {
		got, err := g.Read(events)
		if err != nil {
			t.Fatalf("after %d events: %v", len(all), err)
		}
		all = append(all, events[:got]...)
	}
	t.Cleanup(func() {
		for i := range all {
			all[i].Close()
		}
	})
	return all
}

// quietly fails when there is an event.
func quietly(t *testing.T, g *Group) {
	t.Helper()
	if err := g.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	events := make([]Event, MaxEvents)
	if n, err := g.Read(events); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d events, first %+v, %v", n, events[0], err)
	}
}

// start runs a program in a process of its own, which is killed when it hangs.
// It goes through another program: before it is one, a child of ours holds the
// group's descriptor, too.
func start(t *testing.T, name string, args ...string) <-chan error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- exec.CommandContext(ctx, "env", append([]string{name}, args...)...).Run() }()
	return done
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestExecutionAsksAndIsAnswered(t *testing.T) {
	g, dir := group(t, Config{}, ExecPermission)
	script := write(t, filepath.Join(dir, "a"), "#!/bin/sh\nexit 0\n")
	for _, allow := range []bool{false, true} {
		done := start(t, script)
		e := next(t, g, 1)[0]
		if e.Mask != ExecPermission || e.PID <= 0 || e.FD < 0 || e.PIDFD < 0 {
			t.Fatalf("event %+v", e)
		}
		if err := unix.PidfdSendSignal(e.PIDFD, 0, nil, 0); err != nil {
			t.Errorf("its pidfd: %v", err)
		}
		if path, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", e.FD)); path != script {
			t.Errorf("the file is %s, want %s", path, script)
		}
		if err := g.Respond(e.FD, allow); err != nil {
			t.Fatal(err)
		}
		if err := g.Respond(e.FD, allow); !errors.Is(err, ErrGone) {
			t.Errorf("second answer: %v", err)
		}
		if err := <-done; (err == nil) != allow {
			t.Errorf("allowed %v, run: %v", allow, err)
		}
	}
	if err := g.Clear(); err != nil {
		t.Fatal(err)
	}
	if err := <-start(t, script); err != nil {
		t.Error(err)
	}
	quietly(t, g)
}

func TestIgnoredUntilWrittenOrFlushed(t *testing.T) {
	g, dir := group(t, Config{}, OpenPermission|CloseWrite)
	name := filepath.Join(dir, "a")
	answer := func() Event {
		t.Helper()
		e := next(t, g, 1)[0]
		if e.Mask.Permission() {
			if err := g.Respond(e.FD, true); err != nil {
				t.Fatal(err)
			}
		}
		return e
	}
	open := func() {
		t.Helper()
		done := start(t, "cat", name)
		e := answer()
		if err := g.Ignore(e.FD); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	silent := func() {
		t.Helper()
		if err := <-start(t, "cat", name); err != nil {
			t.Fatal(err)
		}
		quietly(t, g)
	}
	wrote := start(t, "sh", "-c", "echo 1 > "+name)
	answer()
	if e := answer(); e.Mask != CloseWrite {
		t.Fatalf("event %v after writing", e.Mask)
	}
	<-wrote
	open()
	silent()
	// Opening to write is not asked about either; the write ends the silence.
	if err := <-start(t, "sh", "-c", "echo 2 > "+name); err != nil {
		t.Fatal(err)
	}
	if e := answer(); e.Mask != CloseWrite {
		t.Fatalf("event %v after writing", e.Mask)
	}
	open()
	silent()
	if err := g.FlushIgnored(); err != nil {
		t.Fatal(err)
	}
	open() // asked again: and the mark on the file system is still there
	silent()
	done := start(t, "sh", "-c", "exec 3<"+name+"; cat "+name) // one more silence, taken back by hand
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for range 2 { // what is not ignored is no error
		if err := g.Unignore(int(file.Fd())); err != nil {
			t.Fatal(err)
		}
	}
	open()
}

func TestOverflowIsTold(t *testing.T) {
	g, dir := group(t, Config{BoundedQueue: true}, CloseWrite)
	text, err := os.ReadFile("/proc/sys/fs/fanotify/max_queued_events")
	if err != nil {
		t.Fatal(err)
	}
	var most int
	if _, err := fmt.Sscan(string(text), &most); err != nil || most > 100_000 {
		mountstest.Skip(t, fmt.Sprintf("the queue holds %q events: too many to fill", text))
	}
	for i := range most + 10 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), "")
	}
	events := make([]Event, MaxEvents)
	for overflow := false; !overflow; {
		if err := g.SetReadDeadline(time.Now().Add(limit)); err != nil {
			t.Fatal(err)
		}
		n, err := g.Read(events)
		if err != nil {
			t.Fatal(err)
		}
		for i := range events[:n] {
			if events[i].Mask == Overflow {
				overflow = true
				if events[i].FD >= 0 {
					t.Error("an overflow with a file")
				}
			}
			events[i].Close()
			events[i].Close() // twice is fine
		}
	}
}

func TestKilledOpenerIsGone(t *testing.T) {
	g, dir := group(t, Config{}, ExecPermission)
	script := write(t, filepath.Join(dir, "a"), "#!/bin/sh\n")
	done := start(t, script)
	e := next(t, g, 1)[0]
	if err := unix.PidfdSendSignal(e.PIDFD, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Fatal("it was killed and went on")
	}
	if err := g.Respond(e.FD, true); err != nil && !errors.Is(err, ErrGone) {
		t.Errorf("answer to nobody: %v", err)
	}
}

func TestCloseLetsThroughAndWakes(t *testing.T) {
	g, dir := group(t, Config{}, ExecPermission)
	script := write(t, filepath.Join(dir, "a"), "#!/bin/sh\n")
	done := start(t, script)
	e := next(t, g, 1)[0]
	if err := g.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := g.Read(make([]Event, MaxEvents))
		read <- err
	}()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-read; !errors.Is(err, os.ErrClosed) {
		t.Errorf("reader: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("opener: %v", err)
	}
	if err := g.Respond(e.FD, true); !errors.Is(err, os.ErrClosed) {
		t.Errorf("answer after the end: %v", err)
	}
	if err := g.Ignore(e.FD); err == nil {
		t.Error("a mark after the end")
	}
}

func TestMarksThatCannotBe(t *testing.T) {
	g, dir := group(t, Config{}, ExecPermission)
	fd, err := unix.MemfdCreate("x", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := g.Mark(Filesystem, fmt.Sprintf("/proc/self/fd/%d", fd), ExecPermission); !errors.Is(err, ErrUnsupported) {
		t.Errorf("files in memory: %v", err)
	}
	if err := g.Mark(Filesystem, filepath.Join(dir, "none"), ExecPermission); err == nil {
		t.Error("a path that is not there")
	}
	for range 2 {
		if err := g.Unmark(Filesystem, dir, ExecPermission); err != nil {
			t.Errorf("unmark: %v", err)
		}
	}
	script := write(t, filepath.Join(dir, "a"), "#!/bin/sh\n")
	if err := <-start(t, script); err != nil {
		t.Error(err)
	}
	quietly(t, g)
	if _, err := g.Read(make([]Event, 1)); err == nil {
		t.Error("a read without room")
	}
}

func TestMountScopeIsThatMountOnly(t *testing.T) {
	dir := mountstest.Tmpfs(t)
	other := t.TempDir()
	mountstest.Mount(t, dir, other, "", unix.MS_BIND, "")
	g, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.Mark(Mount, other, Open); err != nil {
		t.Fatal(err)
	}
	name := write(t, filepath.Join(dir, "a"), "")
	if err := <-start(t, "cat", name); err != nil {
		t.Fatal(err)
	}
	quietly(t, g)
	if err := <-start(t, "cat", filepath.Join(other, "a")); err != nil {
		t.Fatal(err)
	}
	if e := next(t, g, 1)[0]; e.Mask != Open {
		t.Errorf("event %v", e.Mask)
	}
}

func TestRivals(t *testing.T) {
	mountstest.NeedRoot(t)
	before, err := Rivals("")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range before {
		if r.PID == os.Getpid() {
			t.Errorf("we are no rival of our own: %v", r)
		}
	}
	// A made-up /proc: ours under another number.
	g, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	proc := t.TempDir()
	if err := os.Symlink(fmt.Sprintf("/proc/%d", os.Getpid()), filepath.Join(proc, "1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(proc, "2"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := Rivals(proc)
	if err != nil || len(got) != 1 || got[0].PID != 1 || !got[0].Permission || got[0].Comm == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := Rivals(filepath.Join(proc, "none")); err == nil {
		t.Error("no /proc is no error")
	}
}

func TestFlagsInFdinfo(t *testing.T) {
	for text, want := range map[string]uint64{
		"pos:\t0\nflags:\t02000002\nfanotify flags:b7 event-flags:8000\nfanotify ino:1": 0xb7,
		"fanotify flags:4": 4,
	} {
		if got, ok := parseFlags([]byte(text)); !ok || got != want {
			t.Errorf("%q: %x, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "flags: 4", "fanotify flags:zz"} {
		if _, ok := parseFlags([]byte(text)); ok {
			t.Errorf("%q has flags", text)
		}
	}
}
