package guard

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

const execAsk = fanotify.ExecPermission

func TestAnswersByVerdict(t *testing.T) {
	m := run(t, func(c *Config) { c.Quarantine = true })
	good, evil := m.file("good", "fine"), m.file("evil", bad)
	if !m.answer(m.ask(good, execAsk)) {
		t.Error("a clean file was refused")
	}
	if m.answer(m.ask(evil, execAsk)) {
		t.Error("a malicious file was let through")
	}
	e := m.waitFor(event.Detection, 1)[0]
	if !slices.Equal(e.Actions, []event.Action{event.Blocked, event.Quarantined}) || e.File.Path != evil || e.Quarantine != "id1" ||
		e.Process.PID != m.pid || e.Rules != "aa" || len(e.Findings) != 1 || e.Severity < event.High || !strings.Contains(e.Message, "Test.Malware") {
		t.Errorf("event %+v", e)
	}
	if _, err := os.Stat(evil); err == nil {
		t.Error("it was not taken away")
	}
	if s := m.Stats(); s.Events != 2 || s.Blocked != 1 || s.Scans != 2 || s.Detections != 1 || s.Kept != 1 || s.LatencySum < 0 {
		t.Errorf("counted %+v", s)
	}
}

func TestKnownFilesAreNotScannedAgain(t *testing.T) {
	m := run(t, nil)
	good, evil := m.file("good", "fine"), m.file("evil", bad)
	for i := range 3 {
		fd := m.ask(good, execAsk)
		if !m.answer(fd) || m.answer(m.ask(evil, execAsk)) {
			t.Fatal("wrong answer")
		}
		until(t, "a detection", func() bool { return len(m.sink.of(event.Detection)) == i+1 })
	}
	if a, b := m.scanner.scans(good), m.scanner.scans(evil); a != 1 || b != 1 {
		t.Errorf("scanned %d and %d times", a, b)
	}
	if s := m.Stats(); s.CacheHits != 4 || s.Ignored != 3 {
		t.Errorf("counted %+v", s)
	}
	if err := m.Forget(); err != nil || m.kernel.flushes != 1 {
		t.Errorf("forget: %v, %d flushes", err, m.kernel.flushes)
	}
}

func TestManyAskOneScan(t *testing.T) {
	m := run(t, nil)
	good := m.file("good", "fine")
	release := m.scanner.holdUp()
	defer release()
	var asked []int
	for range 20 {
		asked = append(asked, m.ask(good, execAsk))
	}
	until(t, "all wait", func() bool { return m.Stats().Waiting == 20 && m.scanner.busyNow() == 1 })
	release()
	for _, fd := range asked {
		if !m.answer(fd) {
			t.Error("refused")
		}
	}
	if n := m.scanner.scans(good); n > 2 { // one may come when the first has just ended, before it is known
		t.Errorf("scanned %d times", n)
	}
}

func TestDeadlineLetsThroughAndLateVerdictIsCarriedOut(t *testing.T) {
	m := run(t, func(c *Config) { c.Quarantine, c.Kill = true, true })
	evil := m.file("evil", bad)
	sleeper := exec.Command("sleep", "1000")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	bystander := exec.Command("sleep", "1000")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer bystander.Wait()
	defer bystander.Process.Kill()
	release := m.scanner.holdUp()
	defer release()
	e := m.event(evil, execAsk)
	e.PID = sleeper.Process.Pid
	var err error
	if e.PIDFD, err = unix.PidfdOpen(e.PID, 0); err != nil {
		t.Fatal(err)
	}
	m.kernel.put(e)
	until(t, "a scan", func() bool { return m.scanner.busyNow() == 1 })
	m.time.pass(defaultExecDeadline - 1)
	if _, ok := m.kernel.answer(e.FD); ok {
		t.Fatal("answered before the deadline")
	}
	m.time.pass(1)
	if !m.answer(e.FD) {
		t.Fatal("refused at the deadline")
	}
	late := m.waitFor(event.Timeout, 1)[0]
	if late.Duration != defaultExecDeadline || !slices.Equal(late.Actions, []event.Action{event.Allowed}) || late.File.Path != evil {
		t.Errorf("event %+v", late)
	}
	release()
	if err := sleeper.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("who ran it ended with %v", err)
	}
	d := m.waitFor(event.Detection, 1)[0]
	if !slices.Equal(d.Actions, []event.Action{event.Killed, event.Quarantined}) || d.Severity != event.Critical || d.Process.Comm != "sleep" {
		t.Errorf("event %+v, process %+v", d, d.Process)
	}
	if err := bystander.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("another process was killed: %v", err)
	}
}

func TestDenyOnTimeoutIsForProgramsOnly(t *testing.T) {
	m := run(t, func(c *Config) { c.DenyOnTimeout, c.Open = true, []string{"/"} })
	release := m.scanner.holdUp()
	defer release()
	run, open := m.ask(m.file("a", ""), execAsk), m.ask(m.file("b", ""), fanotify.OpenPermission)
	until(t, "two scans", func() bool { return m.scanner.busyNow() == 2 })
	m.time.pass(defaultExecDeadline)
	if m.answer(run) {
		t.Error("run without a verdict")
	}
	if !m.answer(open) {
		t.Error("not opened without a verdict")
	}
	for _, e := range m.waitFor(event.Timeout, 2) {
		if blocked := slices.Contains(e.Actions, event.Blocked); blocked != strings.HasSuffix(e.File.Path, "/a") {
			t.Errorf("event %+v", e)
		}
	}
}

func TestNobodyWaitsForScannersThatNeverAnswer(t *testing.T) {
	m := run(t, func(c *Config) { c.Kill = true })
	release := m.scanner.holdUp()
	defer release()
	for i := range mostMissed {
		fd := m.ask(m.file("late"+itoa(i), itoa(i)), execAsk)
		until(t, "a scan", func() bool { return m.scanner.busyNow() == i+1 })
		m.time.pass(defaultExecDeadline)
		m.answer(fd)
	}
	if e := m.waitFor(event.Degraded, 1)[0]; e.Severity != event.High {
		t.Errorf("event %+v", e)
	}
	evil := m.file("evil", bad)
	if !m.answer(m.ask(evil, execAsk)) { // though no time has passed
		t.Error("refused")
	}
	m.time.pass(probeEvery)
	probe := m.ask(m.file("probe", ""), execAsk)
	until(t, "one waits to find out", func() bool { return m.Stats().Waiting == mostMissed+1 })
	release()
	if !m.answer(probe) {
		t.Error("the one that waited was refused")
	}
	m.waitFor(event.Degraded, 2)
	if e := m.waitFor(event.Detection, 1)[0]; e.File.Path != evil || m.Stats().Crowded != 1 {
		t.Errorf("event %+v, %+v", e, m.Stats())
	}
	if m.answer(m.ask(m.file("evil2", bad+"2"), execAsk)) {
		t.Error("verdicts come again, and it was let through")
	}
}

func TestDenyingGuardGoesOnWaiting(t *testing.T) {
	m := run(t, func(c *Config) { c.DenyOnTimeout = true })
	release := m.scanner.holdUp()
	defer release()
	for i := range mostMissed + 1 {
		fd := m.ask(m.file("late"+itoa(i), itoa(i)), execAsk)
		until(t, "a scan", func() bool { return m.scanner.busyNow() == i+1 })
		m.time.pass(defaultExecDeadline)
		if m.answer(fd) {
			t.Error("let through")
		}
	}
	if m.Stats().Crowded != 0 || len(m.sink.of(event.Degraded)) != 0 {
		t.Errorf("counted %+v", m.Stats())
	}
}

func TestReportNeverBlocksNorTouches(t *testing.T) {
	m := run(t, func(c *Config) { c.Report, c.Quarantine, c.Kill = true, true, true })
	evil := m.file("evil", bad)
	if !m.answer(m.ask(evil, execAsk)) { // such a mark is not even set
		t.Error("blocked")
	}
	m.kernel.put(m.event(evil, fanotify.Exec))
	for _, e := range m.waitFor(event.Detection, 2) {
		if !slices.Equal(e.Actions, []event.Action{event.Reported}) || e.Severity != event.Critical {
			t.Errorf("event %+v", e)
		}
	}
	if _, err := os.Stat(evil); err != nil || len(m.keeper.paths()) > 0 {
		t.Error("the file was touched")
	}
}

func TestWhatCannotBeLookedAtPassesOnceLoudly(t *testing.T) {
	for _, state := range []verdict.State{verdict.Failed, verdict.Incomplete} {
		t.Run(string(state), func(t *testing.T) {
			m := run(t, nil)
			m.scanner.state = state
			name := m.file("strange", "x")
			for range 5 {
				if !m.answer(m.ask(name, execAsk)) {
					t.Error("refused")
				}
				m.waitFor(event.Incomplete, 1)
			}
			if n := m.scanner.scans(name); n != 1 {
				t.Errorf("handed to a scanner %d times", n)
			}
			if e := m.waitFor(event.Incomplete, 1)[0]; !strings.Contains(e.Message, "made up") || len(m.sink.of(event.Incomplete)) != 1 {
				t.Errorf("%d events, first %+v", len(m.sink.of(event.Incomplete)), e)
			}
			m.time.pass(unsureFor)
			m.answer(m.ask(name, execAsk))
			if n := m.scanner.scans(name); n != 2 {
				t.Errorf("after a while it was scanned %d times", n)
			}
		})
	}
}

func TestTooLargeIsIncompleteWithoutALook(t *testing.T) {
	m := run(t, func(c *Config) { c.MaxFileSize = 10 })
	name := m.file("large", "01234567890")
	if !m.answer(m.ask(name, execAsk)) {
		t.Error("refused")
	}
	if e := m.waitFor(event.Incomplete, 1)[0]; !strings.Contains(e.Message, "11 bytes") || m.scanner.scans(name) != 0 {
		t.Errorf("event %+v, %d scans", e, m.scanner.scans(name))
	}
}

func TestOwnAndStrangeThingsPass(t *testing.T) {
	m := run(t, nil)
	evil := m.file("evil", bad)
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	release, err := m.Own(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	asked := func(pid int, path string) bool {
		e := m.event(path, execAsk)
		e.PID = pid
		m.kernel.put(e)
		return m.answer(e.FD)
	}
	fifo := filepath.Join(m.dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"self": asked(os.Getpid(), evil), "child": asked(child.Process.Pid, evil), "own program": asked(m.pid, "/proc/self/exe"),
		"fifo": asked(m.pid, fifo), "directory": asked(m.pid, m.dir), "device": asked(m.pid, "/dev/null"),
	} {
		if !ok {
			t.Errorf("%s was refused", name)
		}
	}
	if s := m.Stats(); s.Scans != 0 || s.Own != 3 {
		t.Errorf("counted %+v", s)
	}
	// The number of a child that has ended may be another's.
	child.Process.Kill()
	child.Wait()
	if asked(child.Process.Pid, evil) {
		t.Error("the number of a former child is trusted")
	}
	release()
	release()
	if _, err := m.Own(m.pid); err == nil {
		t.Error("a process that is not there is excluded")
	}
}

// The kernel opens a FIFO's reading end to tell of its opening: writers that
// waited for a reader go on, and must not find that it has gone.
func TestFIFOKeepsItsReaderForAWhile(t *testing.T) {
	m := run(t, nil)
	fifo := filepath.Join(m.dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	hasReader := func() bool {
		fd, err := unix.Open(fifo, unix.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err == nil
	}
	e := m.event(fifo, fanotify.OpenPermission)
	m.kernel.put(e)
	if !m.answer(e.FD) {
		t.Error("refused")
	}
	until(t, "the event is dealt with", func() bool { return unix.Fstat(e.FD, &unix.Stat_t{}) != nil })
	if !hasReader() {
		t.Error("its reader has gone at once")
	}
	m.time.pass(lingering)
	if hasReader() {
		t.Error("its reader stays for ever")
	}
}

func TestFewDescriptors(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 400
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	m := run(t, nil)
	m.fit()
	if m.config.Waiting != 50 || m.config.Pending != 50 || m.pending.most != 50 || len(m.sink.of(event.Degraded)) != 1 {
		t.Errorf("%d and %d may wait", m.config.Waiting, m.config.Pending)
	}
}

func TestPathsThatNobodyLooksAt(t *testing.T) {
	m := run(t, nil)
	evil, other := m.file("evil", bad), m.file("other", bad)
	if err := m.Exclude(func(path string) bool { return path == evil }); err != nil {
		t.Fatal(err)
	}
	if !m.answer(m.ask(evil, execAsk)) || m.answer(m.ask(other, execAsk)) {
		t.Error("the wrong file is excluded")
	}
	if m.kernel.flushes != 1 || m.Stats().Excluded != 1 {
		t.Errorf("%d flushes, %+v", m.kernel.flushes, m.Stats())
	}
}

func TestCrowdIsAnsweredAndLookedAtLater(t *testing.T) {
	m := run(t, func(c *Config) { c.Waiting, c.Kill = 1, true })
	release := m.scanner.holdUp()
	defer release()
	first := m.ask(m.file("a", ""), execAsk)
	until(t, "a scan", func() bool { return m.scanner.busyNow() == 1 })
	evil := m.file("b", bad)
	if !m.answer(m.ask(evil, execAsk)) {
		t.Error("refused for want of room")
	}
	release()
	m.answer(first)
	if e := m.waitFor(event.Detection, 1)[0]; e.File.Path != evil || m.Stats().Crowded != 1 {
		t.Errorf("event %+v", e)
	}
}

// Who was refused for want of room does not run what is found malicious later.
func TestCrowdThatIsRefusedIsNotKilled(t *testing.T) {
	m := run(t, func(c *Config) { c.Waiting, c.Kill, c.DenyOnTimeout = 1, true, true })
	shell := exec.Command("sleep", "1000")
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	defer shell.Wait()
	defer shell.Process.Kill()
	release := m.scanner.holdUp()
	defer release()
	m.ask(m.file("a", ""), execAsk)
	until(t, "a scan", func() bool { return m.scanner.busyNow() == 1 })
	e := m.event(m.file("b", bad), execAsk)
	e.PID = shell.Process.Pid
	var err error
	if e.PIDFD, err = unix.PidfdOpen(e.PID, 0); err != nil {
		t.Fatal(err)
	}
	m.kernel.put(e)
	if m.answer(e.FD) {
		t.Error("let through")
	}
	release()
	if d := m.waitFor(event.Detection, 1)[0]; !slices.Equal(d.Actions, []event.Action{event.Blocked}) || m.Stats().Killed != 0 {
		t.Errorf("event %+v", d)
	}
}

// changing scans and has the file changed meanwhile.
type changing struct {
	*madeScanner
	path  string
	times int
}

func (c *changing) Scan(ctx context.Context, file *os.File, name string, class Class) (verdict.Verdict, error) {
	v, err := c.madeScanner.Scan(ctx, file, name, class)
	if c.scans(name) <= c.times {
		err = errors.Join(err, os.Chmod(c.path, os.FileMode(0o600+c.scans(name))), os.WriteFile(c.path, make([]byte, 1+c.scans(name)), 0))
	}
	return v, err
}

func TestFilesThatChangeMeanwhile(t *testing.T) {
	for times, want := range map[int]bool{1: true, 9: false} {
		c := &changing{madeScanner: newScanner(), times: times}
		m := run(t, nil)
		c.path = m.file("moving", "x")
		m.Guard.config.Scanner = c // nobody has asked yet
		fd := m.ask(c.path, execAsk)
		if !m.answer(fd) {
			t.Error("refused")
		}
		if want && (m.scanner.scans(c.path) != 0 || c.scans(c.path) != 2 || len(m.sink.of(event.Incomplete)) != 0) {
			t.Errorf("changed once: %d scans, %v", c.scans(c.path), m.sink.all)
		}
		if !want {
			m.waitFor(event.Incomplete, 1)
		}
	}
}

func TestQuietOnlyWhenSure(t *testing.T) {
	m := run(t, nil)
	path := m.file("a", "x")
	v := verdict.Verdict{State: verdict.Clean, Rules: "aa"}
	quiet := func() bool {
		e := m.event(path, execAsk)
		s := &subject{event: e}
		defer s.close()
		s.id, _ = stateOf(e.FD)
		m.Guard.quiet(s, v)
		defer m.kernel.Unignore(e.FD)
		return m.kernel.isIgnored(e.FD)
	}
	if !quiet() {
		t.Error("a clean file is asked about again")
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if quiet() {
		t.Error("a file that somebody may write through a mapping is not asked about")
	}
	writer.Close()
	if !quiet() {
		t.Error("nobody writes it any more")
	}
	v.Rules = "bb"
	if quiet() {
		t.Error("a verdict by other rules counts")
	}
	v.Rules = "aa"
	if err := os.WriteFile(path, []byte("y"), 0o644); err != nil {
		t.Fatal(err)
	}
	m.time.pass(time.Until(m.time.clock().Now()) * -1) // it was written a moment ago
	if quiet() {
		t.Error("a file that was written right now may have been written again")
	}
}

func TestListenerThatFails(t *testing.T) {
	k := newKernel()
	k.err = errors.New("broken")
	s := newScanner()
	g, err := Over(Config{Scanner: s, Cache: noCache{}, Sink: &madeSink{}, Mounts: madeMounts{}}, k.kernel())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing is guarded") {
		t.Errorf("ended with %v", err)
	}
}

// What was asked before the marks were dropped, and is read by nobody else.
func TestEndAnswersWhatIsLeft(t *testing.T) {
	m := &made{t: t, kernel: newKernel(), dir: t.TempDir()}
	g, err := Over(Config{Scanner: newScanner(), Cache: noCache{}, Sink: &madeSink{}, Mounts: madeMounts{}}, m.kernel.kernel())
	if err != nil {
		t.Fatal(err)
	}
	ask, wrote := m.event(m.file("a", bad), execAsk), m.event(m.file("b", bad), fanotify.CloseWrite)
	m.kernel.put(ask, wrote, fanotify.Event{Mask: fanotify.Overflow, FD: -1, PIDFD: -1})
	g.drain()
	if allow, ok := m.kernel.answer(ask.FD); !ok || !allow {
		t.Errorf("answered %v, let through %v", ok, allow)
	}
	for _, fd := range []int{ask.FD, wrote.FD} {
		if unix.Fstat(fd, &unix.Stat_t{}) == nil {
			t.Error("a descriptor is left")
		}
	}
}

type noCache struct{}

func (noCache) Get(verdict.File) (verdict.Verdict, bool) { return verdict.Verdict{}, false }
func (noCache) Put(verdict.File, verdict.Verdict)        {}

func TestConfigThatCannotBe(t *testing.T) {
	whole := Config{Scanner: newScanner(), Cache: noCache{}, Sink: &madeSink{}}
	if err := whole.Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range []string{"a", "/a/", "/a/../b", ""} {
		c := whole
		c.Paths = []string{p}
		if _, err := Over(c, newKernel().kernel()); err == nil {
			t.Errorf("path %q", p)
		}
	}
	if _, err := Over(Config{}, newKernel().kernel()); err == nil {
		t.Error("a guard without a scanner")
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		path, root string
		want       bool
	}{{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/", "/a", false}, {"/a", "/", true}, {"", "/a", false}} {
		if within(c.path, c.root) != c.want {
			t.Errorf("%+v", c)
		}
	}
}
