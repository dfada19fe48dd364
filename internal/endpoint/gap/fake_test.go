package gap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/sweep"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// machine is a made-up machine: a folder with a list of mounts and no processes,
// clocks that stand still, and an examiner that keeps what it was asked.
type machine struct {
	t    testing.TB
	root string
	dir  string // of the switch
	info string // the list of mounts

	mu     sync.Mutex
	now    time.Time
	up     time.Duration
	boot   string
	timers []chan time.Time
	asked  []string
	events []event.Event
	down   bool          // the examiner gives no verdicts
	hold   chan struct{} // if set, it waits before each
}

const oneMount = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

func newMachine(t testing.TB) *machine {
	m := &machine{t: t, root: t.TempDir(), dir: filepath.Join(durabletest.Dir(t), "gap"), boot: "first", up: time.Hour}
	m.now = time.Now().Add(time.Hour) // files made by the test are older than anything that happens in it
	m.info = filepath.Join(t.TempDir(), "mountinfo")
	m.mounted(oneMount)
	return m
}

func (m *machine) mounted(table string) {
	m.t.Helper()
	if err := os.WriteFile(m.info, []byte(table), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// write makes a file as if at the machine's time: change times cannot be set, so
// the modification time says it.
func (m *machine) write(name, data string) string {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Chtimes(path, m.now, m.now); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *machine) id(path string) verdict.File {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		m.t.Fatal(err)
	}
	return verdict.Of(&st)
}

// pass lets time pass for both clocks.
func (m *machine) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.up = m.now.Add(d), m.up+d
}

// ring ends every wait.
func (m *machine) ring() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.timers {
		t <- m.now
	}
	m.timers = nil
}

func (m *machine) after(time.Duration) <-chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := make(chan time.Time, 1)
	m.timers = append(m.timers, t)
	return t
}

func (m *machine) Emit(e event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
}

func (m *machine) Examine(ctx context.Context, t sweep.Target) (sweep.Outcome, error) {
	if m.hold != nil {
		select {
		case <-m.hold:
		case <-ctx.Done():
			return sweep.Outcome{}, ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return sweep.Outcome{}, errors.New("no scanners")
	}
	m.asked = append(m.asked, strings.TrimPrefix(t.Path, m.root))
	data, err := os.ReadFile(t.Path)
	switch {
	case err != nil:
		return sweep.Outcome{}, nil
	case string(data) == "bad":
		return sweep.Outcome{State: verdict.Malicious}, nil
	case string(data) == "half":
		return sweep.Outcome{State: verdict.Incomplete}, nil
	}
	return sweep.Outcome{State: verdict.Clean}, nil
}

// took gives what was examined since it was last asked, sorted.
func (m *machine) took() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.asked
	m.asked = nil
	slices.Sort(all)
	return all
}

func (m *machine) config() Config {
	return Config{
		Dir: m.dir, Examiner: m, Sink: m, Machine: sweep.Machine{Root: m.root, MountInfo: m.info}, Lanes: 1, After: m.after,
		Clock: Clock{
			Now:  func() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.now },
			Boot: func() (string, time.Duration) { m.mu.Lock(); defer m.mu.Unlock(); return m.boot, m.up },
		},
	}
}

func (m *machine) open() *Switch {
	m.t.Helper()
	s, err := Open(m.config())
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// run runs a switch until stop is called, which is how the guard ends in good
// order.
func (m *machine) run(s *Switch) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			m.t.Error(err)
		}
	})
}

// until waits for a state.
func (m *machine) until(s *Switch, want State) Status {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var last Status
	err := s.Follow(ctx, time.Hour, func(st Status) error {
		if last = st; st.State == want {
			return errDone
		}
		return nil
	})
	if !errors.Is(err, errDone) {
		m.t.Fatalf("never %s: %+v", want, last)
	}
	return last
}

// session is one life of the guard that ends in good order, with its gap closed.
func (m *machine) session() {
	s := m.open()
	stop := m.run(s)
	m.until(s, Protected)
	stop()
	m.took()
}

func (m *machine) kinds() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := ""
	for _, e := range m.events {
		text += fmt.Sprintf("%s: %s\n", e.Kind, e.Message)
	}
	return text
}
