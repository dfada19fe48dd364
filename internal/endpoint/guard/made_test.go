package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/known"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// limit is for what must not hang; nothing is measured by it.
const limit = 20 * time.Second

// bad is what the made-up scanner looks for. It is put together as the tests
// run, so that neither the repository nor this program holds it.
var bad = strings.Join([]string{"VITRINE", "TEST", "MALWARE"}, "-")

// until waits for a condition, or fails.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond) // between two looks at a condition
	}
}

// madeScanner reads files and finds bad. It can be held up.
type madeScanner struct {
	mu    sync.Mutex
	rules string
	seen  map[string]int // by name
	state verdict.State  // of every file, when it is set
	hold  chan struct{}  // not nil: every scan waits for it
	busy  int
}

func newScanner() *madeScanner { return &madeScanner{rules: "aa", seen: map[string]int{}} }

func (s *madeScanner) Rules() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules
}

func (s *madeScanner) scans(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[name]
}

func (s *madeScanner) busyNow() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy
}

// holdUp makes scans wait until the returned function is called.
func (s *madeScanner) holdUp() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hold := make(chan struct{})
	s.hold = hold
	return sync.OnceFunc(func() {
		s.mu.Lock()
		s.hold = nil
		s.mu.Unlock()
		close(hold)
	})
}

func (s *madeScanner) Scan(ctx context.Context, file *os.File, name string, _ Class) (verdict.Verdict, error) {
	s.mu.Lock()
	s.seen[name]++
	s.busy++
	hold, state, rules := s.hold, s.state, s.rules
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return verdict.Verdict{}, ctx.Err()
		}
	}
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<30))
	if err != nil {
		return verdict.Verdict{}, err
	}
	v := verdict.Verdict{State: verdict.Clean, Size: int64(len(text)), Objects: 1, Rules: rules}
	if bytes.Contains(text, []byte(bad)) {
		v.State, v.Findings = verdict.Malicious, []verdict.Finding{{Name: "Test.Malware"}}
	}
	if state != "" {
		v.State, v.Why = state, "made up"
	}
	return v, nil
}

// madeSink keeps events.
type madeSink struct {
	mu  sync.Mutex
	all []event.Event
}

func (s *madeSink) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

func (s *madeSink) of(k event.Kind) []event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []event.Event
	for _, e := range s.all {
		if e.Kind == k {
			some = append(some, e)
		}
	}
	return some
}

// madeKeeper removes files by their path, and says it took them.
type madeKeeper struct {
	mu    sync.Mutex
	taken []Finding
	fails error
}

func (k *madeKeeper) Take(_ context.Context, f Finding) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails != nil {
		return "", k.fails
	}
	k.taken = append(k.taken, f)
	path := f.Path
	if f.Root != nil {
		path = filepath.Join("/proc/self/fd", itoa(int(f.Root.Fd())), path)
	}
	return "id" + itoa(len(k.taken)), os.Remove(path)
}

func (k *madeKeeper) paths() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []string
	for _, f := range k.taken {
		all = append(all, f.Path)
	}
	return all
}

// madeKernel hands out events that tests put in, and keeps the answers.
type madeKernel struct {
	mu      sync.Mutex
	events  []fanotify.Event
	answers map[int]bool
	twice   bool
	ignored map[int]bool
	flushes int
	marks   map[string]fanotify.Mask
	fails   map[string]error
	wake    chan struct{}
	err     error
}

func newKernel() *madeKernel {
	return &madeKernel{answers: map[int]bool{}, ignored: map[int]bool{}, marks: map[string]fanotify.Mask{}, fails: map[string]error{}, wake: make(chan struct{}, 1)}
}

func (k *madeKernel) kernel() Kernel { return Kernel{k, k, k} }

func (k *madeKernel) put(events ...fanotify.Event) {
	k.mu.Lock()
	k.events = append(k.events, events...)
	k.mu.Unlock()
	k.nudge()
}

func (k *madeKernel) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *madeKernel) Read(events []fanotify.Event) (int, error) {
	k.mu.Lock()
	n := copy(events, k.events)
	k.events = k.events[n:]
	err := k.err
	k.mu.Unlock()
	if n > 0 || err != nil {
		return n, err
	}
	select {
	case <-k.wake:
		return 0, nil
	case <-time.After(2 * time.Millisecond): // the guard's clock may stand still
		return 0, os.ErrDeadlineExceeded
	}
}

func (k *madeKernel) SetReadDeadline(time.Time) error { return nil }

func (k *madeKernel) Respond(fd int, allow bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var st unix.Stat_t
	if _, ok := k.answers[fd]; ok || unix.Fstat(fd, &st) != nil {
		k.twice = true // twice, or after its descriptor was closed
	}
	k.answers[fd] = allow
	return nil
}

func (k *madeKernel) answer(fd int) (allow, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	allow, ok = k.answers[fd]
	return allow, ok
}

func (k *madeKernel) forget(fd int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.answers, fd)
}

func (k *madeKernel) Ignore(fd int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ignored[fd] = true
	return nil
}

func (k *madeKernel) Unignore(fd int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.ignored, fd)
	return nil
}

func (k *madeKernel) isIgnored(fd int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ignored[fd]
}

func (k *madeKernel) FlushIgnored() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flushes++
	clear(k.ignored)
	return nil
}

func (k *madeKernel) Mark(_ fanotify.Scope, path string, mask fanotify.Mask) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	real, err := os.Readlink(path)
	if err != nil {
		return err
	}
	if err := k.fails[real]; err != nil {
		return err
	}
	k.marks[real] = mask
	return nil
}

func (k *madeKernel) Unmark(_ fanotify.Scope, path string, _ fanotify.Mask) error {
	return errors.New("unused")
}

func (k *madeKernel) Clear() error { return nil }

// madeMounts tells what it is told to.
type madeMounts struct{ lists chan []mounts.Mount }

func (m madeMounts) Run(ctx context.Context, changed func([]mounts.Mount)) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case list := <-m.lists:
			changed(list)
		}
	}
}

// timers are fired by hand.
type timers struct {
	mu  sync.Mutex
	now time.Time
	all []*timer
}

type timer struct {
	at   time.Time
	fire func()
}

func (c *timers) clock() Clock {
	return Clock{
		Now: func() time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.now
		},
		After: func(d time.Duration, f func()) func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			own := &timer{c.now.Add(d), f}
			c.all = append(c.all, own)
			return func() bool { return c.remove(own) }
		},
	}
}

func (c *timers) remove(own *timer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.all, own)
	if i >= 0 {
		c.all = slices.Delete(c.all, i, i+1)
	}
	return i >= 0
}

// pass lets time go by, and fires what is due.
func (c *timers) pass(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []*timer
	c.all = slices.DeleteFunc(c.all, func(own *timer) bool {
		if own.at.After(c.now) {
			return false
		}
		due = append(due, own)
		return true
	})
	c.mu.Unlock()
	for _, own := range due {
		own.fire()
	}
}

// made is a guard over a made-up kernel, scanner, keeper, sink and clock.
type made struct {
	*Guard
	t       *testing.T
	kernel  *madeKernel
	scanner *madeScanner
	keeper  *madeKeeper
	sink    *madeSink
	time    *timers
	dir     string
	pid     int // of who asks: no process has it
}

// run starts a guard that ends with the test.
func run(t *testing.T, change func(*Config)) *made {
	t.Helper()
	m := &made{t: t, kernel: newKernel(), scanner: newScanner(), keeper: &madeKeeper{}, sink: &madeSink{}, dir: t.TempDir(), pid: 1 << 23}
	m.time = &timers{now: time.Now().Add(time.Hour)} // files are settled
	table := known.New(known.Config{Now: m.time.clock().Now})
	table.Forget(m.scanner.Rules())
	c := Config{Scanner: m.scanner, Cache: table, Keeper: m.keeper, Sink: m.sink, Mounts: madeMounts{}, Clock: m.time.clock()}
	if change != nil {
		change(&c)
	}
	g, err := Over(c, m.kernel.kernel())
	if err != nil {
		t.Fatal(err)
	}
	m.Guard = g
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		m.kernel.nudge()
		if err := <-done; err != nil {
			t.Errorf("the guard ended with %v", err)
		}
		if m.kernel.twice {
			t.Error("a question was answered twice, or after its descriptor was closed")
		}
	})
	return m
}

func (m *made) file(name, text string) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// event is one about a file, of a process that is not there.
func (m *made) event(path string, mask fanotify.Mask) fanotify.Event {
	m.t.Helper()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		m.t.Fatal(err)
	}
	m.kernel.forget(fd) // the number of an earlier one
	return fanotify.Event{Mask: mask, PID: m.pid, FD: fd, PIDFD: -1}
}

// ask puts a question and gives its number.
func (m *made) ask(path string, mask fanotify.Mask) int {
	e := m.event(path, mask)
	m.kernel.put(e)
	return e.FD
}

// answer waits for the answer to a question.
func (m *made) answer(fd int) (allow bool) {
	m.t.Helper()
	until(m.t, "an answer", func() bool {
		var ok bool
		allow, ok = m.kernel.answer(fd)
		return ok
	})
	return allow
}

func (m *made) waitFor(k event.Kind, n int) []event.Event {
	m.t.Helper()
	until(m.t, string(k)+" events", func() bool { return len(m.sink.of(k)) >= n })
	return m.sink.of(k)
}

func itoa(n int) string {
	return string(appendInt(nil, n))
}

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}
