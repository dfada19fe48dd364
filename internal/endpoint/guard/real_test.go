package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/known"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/mounts/mountstest"
	"vitrine/internal/endpoint/watchdog"
)

// Tests over the real kernel watch nothing but file systems that they mounted
// themselves: mine lets no others through to the guard.

// mine is this machine's mounts with a test's own source.
type mine struct {
	source string
	others bool // look into other mount namespaces, too
}

func (m mine) Run(ctx context.Context, changed func([]mounts.Mount)) error {
	every := -time.Second
	if m.others {
		every = 20 * time.Millisecond
	}
	return mounts.Machine{Every: every}.Run(ctx, func(all []mounts.Mount) {
		var own []mounts.Mount
		for _, one := range all {
			if strings.HasPrefix(one.Source, m.source) {
				own = append(own, one)
			}
		}
		changed(own)
	})
}

// real is a guard over a real file system.
type real struct {
	*Guard
	t       testing.TB
	dir     string
	scanner *madeScanner
	keeper  *madeKeeper
	sink    *madeSink
	proc    string // shows the processes of the test alone
	stop    func()
}

// knows shows a process to the guard: tests kill none but their own.
func (r *real) knows(cmd *exec.Cmd) {
	r.t.Helper()
	pid := fmt.Sprint(cmd.Process.Pid)
	if err := os.Symlink("/proc/"+pid, filepath.Join(r.proc, pid)); err != nil {
		r.t.Fatal(err)
	}
}

// protect guards a file system of the test's own. Its files are written through
// the test's process, which is the guard's own.
func protect(t testing.TB, change func(*Config)) *real {
	t.Helper()
	dir := mountstest.Tmpfs(t)
	r := &real{t: t, dir: dir, scanner: newScanner(), keeper: &madeKeeper{}, sink: &madeSink{}, proc: t.TempDir()}
	for _, name := range []string{"stat", "self", fmt.Sprint(os.Getpid())} {
		if err := os.Symlink("/proc/"+name, filepath.Join(r.proc, name)); err != nil {
			t.Fatal(err)
		}
	}
	table := known.New(known.Config{})
	table.Forget(r.scanner.Rules())
	c := Config{Scanner: r.scanner, Cache: table, Keeper: r.keeper, Sink: r.sink, Mounts: mine{source: mountstest.Source(t)}, BeatEvery: 20 * time.Millisecond}
	if change != nil {
		change(&c)
	}
	if c.Kill || c.Blind {
		c.Processes.Root = r.proc
	}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r.Guard = g
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the guard ended with %v", err)
		}
	}
	t.Cleanup(r.stop)
	r.guards(dir)
	return r
}

// guards waits until a mount is marked.
func (r *real) guards(point string) {
	r.t.Helper()
	until(r.t, point+" guarded", func() bool {
		guarded, _, _ := r.Coverage()
		for _, w := range guarded {
			if w.Point == point || strings.HasSuffix(w.Point, "/root"+point) {
				return true
			}
		}
		return false
	})
}

// program puts a script that ends well, with text in it, onto the file system.
func (r *real) program(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n# "+text+"\n"+"${1:-exit} $2\n"), 0o755); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// elf puts a copy of a program of this machine there.
func (r *real) elf(name, of, text string) string {
	r.t.Helper()
	of, err := exec.LookPath(of)
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := os.ReadFile(of)
	if err != nil {
		r.t.Fatal(err)
	}
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, append(body, text...), 0o755); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// command is a process that is killed when it hangs. It goes through another
// program, so that no child of ours waits while it still holds the group.
func command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "/usr/bin/env", append([]string{name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	return cmd
}

// runs reports whether a program could be run.
func runs(t testing.TB, name string, args ...string) bool {
	t.Helper()
	out, err := command(t, name, args...).CombinedOutput()
	if err == nil {
		return true
	}
	if !strings.Contains(string(out), "not permitted") {
		t.Errorf("%s %v: %v: %s", name, args, err, out)
	}
	return false
}

// settle has a file look as if it was written a while ago: not before can its
// times tell a change.
func settle(t testing.TB, path string) {
	t.Helper()
	until(t, "settled", func() bool {
		var st syscall.Stat_t
		return syscall.Stat(path, &st) == nil && time.Since(time.Unix(st.Ctim.Unix())) > 2*settled
	})
}

func TestRealExecution(t *testing.T) {
	r := protect(t, nil)
	for name, path := range map[string]string{"elf": r.elf("elf", "true", bad), "script": r.program("script", bad)} {
		if runs(t, path) {
			t.Errorf("%s ran", name)
		}
	}
	if !runs(t, r.elf("good", "true", "")) || !runs(t, r.program("well", "fine")) {
		t.Error("what is clean did not run")
	}
	for _, e := range r.sink.of(event.Detection) {
		if e.Process.PID <= 0 || e.Process.Exe == "" || e.Process.Comm == "" || len(e.Process.Argv) == 0 || e.Process.Started.IsZero() {
			t.Errorf("who was it? %+v", e.Process)
		}
	}
	// A shell that is handed a script opens it, and does not execute it.
	if !runs(t, "sh", r.program("handed", bad)) {
		t.Error("opens are asked about without being configured")
	}
}

func TestRealOpens(t *testing.T) {
	var dir string
	r := protect(t, func(c *Config) { c.Open = []string{"/"} })
	dir = r.dir
	evil := r.program("evil", bad)
	if runs(t, "cat", evil) || runs(t, "sh", "-c", ". "+evil) {
		t.Error("it could be read")
	}
	if !runs(t, "cat", r.program("good", "")) {
		t.Error("a clean file could not be read")
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mknod(filepath.Join(dir, "null"), syscall.S_IFCHR|0o600, 1<<8|3); err != nil {
		t.Fatal(err)
	}
	// A FIFO waits for its other end, and for nobody else.
	if !runs(t, "sh", "-c", fmt.Sprintf("cd %s && { echo x > fifo & cat fifo; } && ls . && cat null", dir)) {
		t.Error("something that is no file was refused")
	}
}

// Who waits for a reader of a FIFO must not be woken by the guard alone.
func TestRealFIFO(t *testing.T) {
	r := protect(t, func(c *Config) { c.Open = []string{"/"} })
	fifo := filepath.Join(r.dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		writer := command(t, "sh", "-c", "echo text > "+fifo)
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, "waiting for a reader", func() bool {
			where, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", writer.Process.Pid))
			return strings.Contains(string(where), "fifo") || strings.Contains(string(where), "wait_for_partner")
		})
		out, err := command(t, "cat", fifo).CombinedOutput()
		if err := errors.Join(err, writer.Wait()); err != nil || string(out) != "text\n" {
			t.Fatalf("read %q, %v", out, err)
		}
	}
}

// Whoever holds a lease on a file must not hold the guard's reader: the kernel
// would have it wait for the lease's end.
func TestRealLease(t *testing.T) {
	r := protect(t, nil)
	path := r.program("leased", "")
	holder := command(t, os.Args[0], "-test.run=^$")
	holder.Env = append(os.Environ(), "VITRINE_TEST_MODE=lease", "VITRINE_TEST_PATH="+path)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	var ready [5]byte
	if _, err := io.ReadFull(out, ready[:]); err != nil {
		mountstest.Skip(t, fmt.Sprintf("no leases here: %v", err))
	}
	leased := command(t, path)
	if err := leased.Start(); err != nil {
		t.Fatal(err)
	}
	other := r.program("other", "")
	for range 10 {
		if !runs(t, other) {
			t.Error("another program was refused")
		}
	}
	holder.Process.Kill()
	holder.Wait()
	leased.Process.Kill()
	leased.Wait()
	if !runs(t, path) {
		t.Error("after the lease it does not run")
	}
}

// A child that has just been started does its work before anybody could say
// that it is one.
func TestRealOwnChildren(t *testing.T) {
	r := protect(t, func(c *Config) { c.Open, c.OpenDeadline = []string{"/"}, time.Hour })
	release := r.scanner.holdUp()
	defer release()
	path := r.program("a", bad)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), "VITRINE_TEST_MODE=opener", "VITRINE_TEST_PATH="+path, "VITRINE_TEST_TEXT=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("a child of ours: %v: %s", err, out)
	}
	stranger := command(t, "cat", path)
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "a stranger waits", func() bool { return r.Stats().Waiting == 1 })
	release()
	if err := stranger.Wait(); err == nil {
		t.Error("a stranger was let through")
	}
}

func TestRealCleanFilesAreAskedAboutOnce(t *testing.T) {
	r := protect(t, func(c *Config) { c.Open, c.Write = []string{"/"}, true })
	good := r.program("good", "fine")
	settle(t, good)
	if !runs(t, "cat", good) {
		t.Fatal("refused")
	}
	before := r.Stats().Events
	for range 3 {
		if !runs(t, "cat", good) || !runs(t, good) {
			t.Fatal("refused")
		}
	}
	if n := r.Stats().Events; n != before {
		t.Errorf("%d events for a file known to be clean", n-before)
	}
	if !runs(t, "sh", "-c", "echo '# more' >> "+good) {
		t.Fatal("could not be written")
	}
	until(t, "written file looked at", func() bool { return r.scanner.scans(good) >= 2 })
	settle(t, good)
	before = r.Stats().Events
	if !runs(t, "cat", good) || r.Stats().Events == before {
		t.Error("a file that was written is not asked about")
	}
	before = r.Stats().Events
	if !runs(t, "cat", good) || r.Stats().Events != before {
		t.Error("it is asked about again")
	}
	if err := r.Forget(); err != nil {
		t.Fatal(err)
	}
	if !runs(t, "cat", good) || r.Stats().Events == before {
		t.Error("after new rules it is not asked about")
	}
}

// A program that writes through a mapping: the kernel tells no write, only the
// end of the mapping.
func TestRealWriteThroughMapping(t *testing.T) {
	r := protect(t, func(c *Config) { c.Write = true })
	path := r.program("a", strings.Repeat("x", len(bad)))
	settle(t, path)
	if !runs(t, path) || r.Stats().Ignored != 1 {
		t.Fatalf("a clean file: %+v", r.Stats())
	}
	cmd := command(t, os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "VITRINE_TEST_MODE=mapping", "VITRINE_TEST_PATH="+path, "VITRINE_TEST_TEXT="+bad)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.waitEvent(event.Detection, path)
	if runs(t, path) {
		t.Error("what was written through a mapping ran")
	}
}

func (r *real) waitEvent(k event.Kind, path string) event.Event {
	r.t.Helper()
	var found event.Event
	until(r.t, string(k)+" of "+path, func() bool {
		for _, e := range r.sink.of(k) {
			if e.File != nil && e.File.Path == path {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

func TestRealWrittenFilesAreTakenAway(t *testing.T) {
	r := protect(t, func(c *Config) { c.Write, c.Quarantine, c.Kill = true, true, true })
	evil := filepath.Join(r.dir, "evil")
	writer := command(t, "sh", "-c", fmt.Sprintf("read go; echo '%s' > %s; exec sleep 1000", bad, evil))
	in, err := writer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	r.knows(writer)
	if _, err := io.WriteString(in, "go\n"); err != nil {
		t.Fatal(err)
	}
	e := r.waitEvent(event.Detection, evil)
	if e.Quarantine == "" || e.Process.PID != writer.Process.Pid || e.Process.Exe == "" {
		t.Errorf("event %+v, by %+v", e, e.Process)
	}
	if _, err := os.Stat(evil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := writer.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("who wrote it was killed, though it does not run it: %v", err)
	}
	writer.Process.Kill()
	writer.Wait()
}

func TestRealDeadlineAndLateKill(t *testing.T) {
	r := protect(t, func(c *Config) { c.ExecDeadline, c.Kill = 50*time.Millisecond, true })
	for name, path := range map[string]string{"elf": r.elf("elf", "sleep", bad), "script": r.program("script", bad)} {
		release := r.scanner.holdUp()
		cmd := command(t, path, "1000")
		if name == "script" {
			cmd = command(t, path, "sleep", "1000")
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.knows(cmd)
		r.waitEvent(event.Timeout, path)
		until(t, name+" let through", func() bool {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
			return strings.Contains(string(text), "1000") && !strings.Contains(string(text), "env")
		})
		release()
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("%s ended with %v", name, err)
		}
		if e := r.waitEvent(event.Detection, path); len(e.Actions) == 0 || e.Actions[0] != event.Killed {
			t.Errorf("%s: event %+v", name, e)
		}
	}
}

// logger writes events to a file that is named later.
type logger struct {
	*madeSink
	path atomic.Pointer[string]
}

func (l *logger) Emit(e event.Event) {
	l.madeSink.Emit(e)
	path := l.path.Load()
	if path == nil {
		return
	}
	if file, err := os.OpenFile(*path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintln(file, e.Message)
		file.Close()
	}
}

func TestRealOwnLogOnGuardedFileSystem(t *testing.T) {
	var log logger
	r := protect(t, func(c *Config) {
		log.madeSink, c.Sink = c.Sink.(*madeSink), &log
		c.Open, c.Write = []string{"/"}, true
	})
	path := filepath.Join(r.dir, "log")
	log.path.Store(&path)
	for i := range 20 {
		if runs(t, r.program(fmt.Sprint("evil", i), bad)) {
			t.Fatal("it ran")
		}
	}
	lines := func() int {
		text, _ := os.ReadFile(path)
		return strings.Count(string(text), "\n")
	}
	until(t, "all events", func() bool { return len(log.of(event.Detection)) == 20 && lines() >= 20 })
}

func TestRealMountsComeAndGo(t *testing.T) {
	r := protect(t, nil)
	point := filepath.Join(r.dir, "new mount")
	for range 2 {
		if err := os.MkdirAll(point, 0o755); err != nil {
			t.Fatal(err)
		}
		mountstest.Mount(t, mountstest.Source(t)+"-new", point, "tmpfs", 0, "")
		r.guards(point)
		if runs(t, r.program("new mount/evil", bad)) {
			t.Error("what came on a new mount ran")
		}
		mountstest.Unmount(t, point)
		until(t, "unguarded", func() bool {
			guarded, _, _ := r.Coverage()
			return len(guarded) == 1
		})
	}
	if runs(t, r.program("evil", bad)) {
		t.Error("the first mount is no longer guarded")
	}
}

func TestRealOtherWaysToAFile(t *testing.T) {
	r := protect(t, nil)
	evil := r.program("evil", bad)
	other := t.TempDir()
	mountstest.Mount(t, r.dir, other, "", syscall.MS_BIND, "")
	if runs(t, filepath.Join(other, "evil")) {
		t.Error("it ran through a bind mount")
	}
	if err := os.Link(evil, filepath.Join(r.dir, "linked")); err != nil {
		t.Fatal(err)
	}
	if runs(t, filepath.Join(r.dir, "linked")) {
		t.Error("it ran by another name")
	}
	for _, d := range []string{"lower", "upper", "work"} {
		if err := os.Mkdir(filepath.Join(r.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.program("lower/evil", bad)
	r.program("lower/good", "")
	merged := t.TempDir()
	mountstest.Mount(t, mountstest.Source(t)+"-overlay", merged, "overlay", 0,
		fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", r.dir))
	r.guards(merged)
	if runs(t, filepath.Join(merged, "evil")) {
		t.Error("it ran from a container's root")
	}
	if !runs(t, filepath.Join(merged, "good")) {
		t.Error("a clean program did not run from a container's root")
	}
}

func TestRealOtherNamespaces(t *testing.T) {
	r := protect(t, func(c *Config) { c.Quarantine, c.Mounts = true, mine{mountstest.Source(t), true} })
	point := filepath.Join(r.dir, "point")
	if err := os.Mkdir(point, 0o755); err != nil {
		t.Fatal(err)
	}
	evil := r.program("evil", bad)
	script := fmt.Sprintf("mount -t tmpfs %s-user %s && cp %s %s/evil2 && echo ready && read x && exec %s/evil2", mountstest.Source(t), point, evil, point, point)
	cmd := command(t, "unshare", "-Urm", "sh", "-c", script)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ready [5]byte
	if _, err := io.ReadFull(out, ready[:]); err != nil {
		mountstest.Skip(t, fmt.Sprintf("no user namespaces here: %v", err))
	}
	r.guards(point)
	if _, err := io.WriteString(in, "go\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it ran in a user's own mount namespace")
	}
	var taken []Finding
	until(t, "taken", func() bool {
		r.keeper.mu.Lock()
		defer r.keeper.mu.Unlock()
		taken = r.keeper.taken
		return len(taken) > 0
	})
	if taken[0].Root == nil {
		t.Error("nobody says whose root its path is seen from")
	}
}

func TestRealProgramsWithoutAName(t *testing.T) {
	for name, every := range map[string]time.Duration{"by looking": 20 * time.Millisecond, "by listening": time.Hour} {
		t.Run(name, func(t *testing.T) { withoutAName(t, every) })
	}
}

func withoutAName(t *testing.T, every time.Duration) {
	r := protect(t, func(c *Config) { c.Blind, c.Kill, c.BlindEvery = true, true, every })
	switch {
	case every < time.Hour:
		if r.execs != nil { // it must be found without
			r.execs.Close()
		}
	case r.execs == nil:
		mountstest.Skip(t, "this kernel tells of no executions")
	}
	// Protection begins after the file was run and deleted.
	deleted := command(t, r.elf("gone", "sleep", ""), "1000")
	if err := deleted.Start(); err != nil {
		t.Fatal(err)
	}
	defer deleted.Wait()
	defer deleted.Process.Kill()
	r.knows(deleted)
	until(t, "running", func() bool {
		link, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", deleted.Process.Pid))
		return strings.HasSuffix(link, "/gone")
	})
	if err := os.Remove(filepath.Join(r.dir, "gone")); err != nil {
		t.Fatal(err)
	}
	for _, evil := range []bool{false, true} {
		cmd := command(t, os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "VITRINE_TEST_MODE=memory")
		if evil {
			cmd.Env = append(cmd.Env, "VITRINE_TEST_TEXT="+bad)
		}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.knows(cmd)
		if _, err := io.WriteString(in, "x"); err != nil {
			t.Fatal(err)
		}
		of := func(k event.Kind) (found event.Event) {
			until(t, string(k)+" of a program in memory", func() bool {
				for _, e := range r.sink.of(k) {
					if e.Process != nil && e.Process.PID == cmd.Process.Pid {
						found = e
						return true
					}
				}
				return false
			})
			return found
		}
		if evil {
			if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Errorf("it ended with %v", err)
			}
			if e := of(event.Detection); !strings.Contains(e.File.Path, "memfd:") {
				t.Errorf("event %+v", e)
			}
			continue
		}
		of(event.Blind)
		cmd.Process.Kill()
		cmd.Wait()
	}
	if every == time.Hour { // it was deleted after it was told
		return
	}
	until(t, "the deleted one was looked at", func() bool { return r.scanner.scans(filepath.Join(r.dir, "gone")+" (deleted)") == 1 })
}

// descriptors is how many this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestRealManyAtOnceLeaveNothing(t *testing.T) {
	r := protect(t, func(c *Config) { c.Open, c.Write, c.Quarantine = []string{"/"}, true, true })
	var script strings.Builder
	for i := range 60 {
		name := r.program(fmt.Sprint("p", i), map[bool]string{true: bad, false: "fine"}[i%3 == 0])
		fmt.Fprintf(&script, "(%[1]s; cat %[1]s; echo '# more' >> %[1]s; %[1]s) >/dev/null 2>&1 &\n", name)
	}
	before := descriptors(t)
	if out, err := command(t, "sh", "-c", script.String()+"wait").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	until(t, "all that is bad was taken", func() bool { return len(r.keeper.paths()) == 20 })
	until(t, "no descriptor is left", func() bool {
		s := r.Stats()
		return s.Waiting == 0 && s.Pending == 0 && descriptors(t) <= before
	})
	if s := r.Stats(); s.Blocked < 20 || s.Timeouts != 0 || s.Failed != 0 || s.Starved != 0 {
		t.Errorf("counted %+v", s)
	}
}

func TestRealRival(t *testing.T) {
	mountstest.NeedRoot(t)
	other, _ := guardian(t)
	r := protect(t, func(c *Config) { c.Processes.Root = "/proc" })
	until(t, "told of the other", func() bool {
		for _, e := range r.sink.of(event.Degraded) {
			if e.Process != nil && e.Process.PID == other.Process.Pid && strings.Contains(e.Message, "run one of them") {
				return true
			}
		}
		return false
	})
}

func TestRealStartedTwiceInARow(t *testing.T) {
	r := protect(t, nil)
	evil := r.program("evil", bad)
	if runs(t, evil) {
		t.Fatal("it ran")
	}
	r.stop()
	if !runs(t, evil) {
		t.Error("nobody guards, and it was refused")
	}
	again, err := New(Config{Scanner: r.scanner, Cache: noCache{}, Sink: r.sink, Mounts: mine{source: mountstest.Source(t)}})
	if err != nil {
		t.Fatal(err)
	}
	r.Guard = again
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- again.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	r.guards(r.dir)
	if runs(t, evil) {
		t.Error("it ran past the second guard")
	}
}

func TestRealEndReleasesWhoWaits(t *testing.T) {
	r := protect(t, func(c *Config) { c.ExecDeadline = time.Hour })
	release := r.scanner.holdUp()
	defer release()
	cmd := command(t, r.program("a", ""))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "waiting", func() bool { return r.Stats().Waiting == 1 })
	r.stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("who waited: %v", err)
	}
	if n := len(r.sink.of(event.Incomplete)); n != 0 {
		t.Errorf("%d events of an orderly end", n)
	}
}

// A child of the guard's that has not become another program yet holds the group
// as well as the guard does. Were it to wait for an answer while the guard is
// killed, nobody would ever answer anybody: so it never waits.
func TestRealOwnForkNeverWaits(t *testing.T) {
	r := protect(t, func(c *Config) { c.ExecDeadline = time.Hour })
	release := r.scanner.holdUp()
	defer release()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := exec.CommandContext(ctx, r.program("a", "")).Run(); err != nil {
		t.Errorf("the child: %v", err)
	}
	if n := r.Stats().Scans; n != 0 {
		t.Errorf("%d scans", n)
	}
}

// guardian is a guard in a process of its own, whose scans never end.
func guardian(t *testing.T, extra ...*os.File) (*exec.Cmd, string) {
	t.Helper()
	dir := mountstest.Tmpfs(t)
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "VITRINE_TEST_MODE=guard", "VITRINE_TEST_SOURCE="+mountstest.Source(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.ExtraFiles = extra
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	var ready [5]byte
	if _, err := io.ReadFull(out, ready[:]); err != nil {
		t.Fatalf("the guard's process: %v", err)
	}
	return cmd, filepath.Join(dir, "a")
}

// stuck starts a program whose execution waits for the guard.
func stuck(t *testing.T, path string) (*exec.Cmd, <-chan error) {
	t.Helper()
	cmd := command(t, path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "waiting in the kernel", func() bool {
		where, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", cmd.Process.Pid))
		return strings.Contains(string(where), "fanotify")
	})
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return cmd, done
}

func TestRealKilledGuardReleasesWhoWaits(t *testing.T) {
	g, path := guardian(t)
	_, done := stuck(t, path)
	begun := time.Now()
	g.Process.Kill()
	if err := <-done; err != nil {
		t.Errorf("who waited: %v", err)
	}
	t.Logf("released after %v", time.Since(begun))
}

func TestRealWatchdogReleasesWhoWaits(t *testing.T) {
	mountstest.NeedRoot(t)
	beats, pulse, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	g, path := guardian(t, pulse)
	pulse.Close()
	_, done := stuck(t, path)
	pidfd, err := openPIDFD(g.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	dog := exec.Command(os.Args[0], "-test.run=^$")
	dog.Env = append(os.Environ(), "VITRINE_TEST_MODE=watchdog")
	dog.ExtraFiles = []*os.File{beats, pidfd}
	out, err := dog.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dog.Start(); err != nil {
		t.Fatal(err)
	}
	defer dog.Process.Kill()
	beats.Close()
	begun := time.Now()
	if err := g.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("who waited: %v", err)
	}
	t.Logf("released after %v", time.Since(begun))
	if text, _ := io.ReadAll(out); !strings.Contains(string(text), watchdog.Killed.String()) {
		t.Errorf("the watchdog said %q", text)
	}
	dog.Wait()
}
