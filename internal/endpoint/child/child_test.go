package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/endpoint/sandbox"
)

// The children of these tests are this test's own program, in modes of its own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "mode-") {
		mode(os.Args[1], os.Args[2:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// about is what a child says of itself.
type about struct {
	Args       []string
	Env        []string
	UID, GID   int
	Groups     []int
	Interfaces []string
	Third      string // what came by descriptor 3, before all else
	Open       []string
	Dir        string
	DataLimit  uint64
	Caps       string
	Parent     int
}

func mode(name string, args []string) {
	switch name {
	case "mode-about":
		if err := json.NewEncoder(os.NewFile(4, "answer")).Encode(self()); err != nil {
			panic(err)
		}
	case "mode-lines":
		for n := range 2000 {
			fmt.Println("line", n)
		}
		fmt.Fprintln(os.Stderr, "bad \x1b[31m\xff\tend "+strings.Repeat("x", 5000))
		fmt.Print("no newline")
	case "mode-panic":
		panic("on purpose")
	case "mode-eat":
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
			runtime.KeepAlive(all)
		}
	case "mode-exit":
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	case "mode-stubborn":
		ignore := make(chan os.Signal, 1)
		signal.Notify(ignore, syscall.SIGTERM)
		fmt.Println("ready")
		select {}
	case "mode-wait":
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.NewFile(3, "wait"))
	case "mode-parent":
		p, err := Start(Spec{Mode: "mode-wait", Files: []*os.File{os.NewFile(3, "wait")}})
		if err != nil {
			panic(err)
		}
		fmt.Println("child", p.PID())
		select {}
	}
}

func self() about {
	a := about{Args: os.Args[1:], Env: os.Environ(), UID: os.Getuid(), GID: os.Getgid(), Parent: os.Getppid()}
	text, _ := io.ReadAll(os.NewFile(3, "third"))
	a.Third = string(text)
	a.Groups, _ = os.Getgroups()
	if dev, err := os.ReadFile("/proc/net/dev"); err == nil {
		for _, line := range strings.Split(string(dev), "\n")[2:] {
			if name, _, ok := strings.Cut(line, ":"); ok {
				a.Interfaces = append(a.Interfaces, strings.TrimSpace(name))
			}
		}
	}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		where, _ := os.Readlink("/proc/self/fd/" + e.Name())
		a.Open = append(a.Open, where)
	}
	a.Dir, _ = os.Getwd()
	var limit unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_DATA, &limit)
	a.DataLimit = limit.Cur
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if caps, ok := strings.CutPrefix(line, "CapEff:\t"); ok {
			a.Caps = strings.TrimSpace(caps)
		}
	}
	return a
}

// ask starts a child that says all of itself.
func ask(t *testing.T, s Spec) (about, *Process) {
	t.Helper()
	third, hand, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	defer hand.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s.Mode, s.Files = "mode-about", []*os.File{third, w}
	p, err := Start(s)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	// Until now it waits, as all children do that are limited.
	if _, err := hand.WriteString("handed over"); err != nil {
		t.Fatal(err)
	}
	hand.Close()
	var a about
	if err := json.NewDecoder(r).Decode(&a); err != nil {
		t.Fatalf("%v: %+v", err, p.Exit())
	}
	if e := p.Exit(); e.Code != 0 {
		t.Fatalf("%+v", e)
	}
	return a, p
}

func put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal("not run as root")
	}
	t.Skip("needs root: it becomes somebody else")
}

func TestChildHasNothingOfItsParent(t *testing.T) {
	t.Setenv("SECRET", "of the parent")
	kept, err := os.Open(put(t, "kept", "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	a, _ := ask(t, Spec{Args: []string{"more"}, Env: []string{"GIVEN=1"}})
	if !slices.Equal(a.Args, []string{"mode-about", "more"}) || !slices.Equal(a.Env, []string{"GIVEN=1"}) || a.Third != "handed over" || a.Dir != "/" {
		t.Errorf("%+v", a)
	}
	for _, name := range a.Open {
		if name == kept.Name() {
			t.Errorf("it holds a file of its parent: %q", a.Open)
		}
	}
	if a.Parent != os.Getpid() {
		t.Errorf("its parent is %d", a.Parent)
	}
}

func TestChildIsNobodyNowhere(t *testing.T) {
	asRoot(t)
	a, p := ask(t, Spec{User: "no-such-account", NoNetwork: true, Caps: []uintptr{unix.CAP_DAC_READ_SEARCH}})
	if a.UID == 0 || a.GID == 0 || len(a.Groups) > 1 || len(a.Groups) == 1 && a.Groups[0] != a.GID {
		t.Errorf("it is %d:%d %v", a.UID, a.GID, a.Groups)
	}
	if a.Caps != "0000000000000004" {
		t.Errorf("its capabilities are %s", a.Caps)
	}
	for _, name := range a.Interfaces {
		if name == "eth0" || strings.HasPrefix(name, "en") {
			t.Errorf("it has a network: %v", a.Interfaces)
		}
	}
	r := p.Report()
	if !r.Has(sandbox.User) || !r.Has(sandbox.Namespace) || !r.Has(sandbox.ParentEnd) || !strings.Contains(r[0].Detail, "no account") {
		t.Errorf("the report: %+v", r)
	}
}

func TestAccount(t *testing.T) {
	asRoot(t)
	if c, part := account("nobody"); c == nil || c.Uid == 0 || !part.InForce || part.Detail != "nobody" {
		t.Errorf("nobody: %+v, %+v", c, part)
	}
	if c, _ := account("root"); c == nil || c.Uid == 0 {
		t.Errorf("root is not who a child becomes: %+v", c)
	}
	if c, part := account(""); c != nil || !part.InForce {
		t.Errorf("none: %+v, %+v", c, part)
	}
}

func TestLines(t *testing.T) {
	var told []string
	p, err := Start(Spec{Mode: "mode-lines", Line: func(s string) { told = append(told, s) }, Now: func() time.Time { return time.Unix(1e9, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	e := p.Exit()
	if len(told) != MaxPerMinute+1 || told[0] != "line 0" || !strings.Contains(told[MaxPerMinute], "1402 lines more") {
		t.Errorf("%d lines, the last %q", len(told), told[len(told)-1])
	}
	last := e.Last[len(e.Last)-2]
	if len(e.Last) != keptLines || !strings.HasPrefix(last, "bad \uFFFD[31m\uFFFD end xxx") || len(last) > MaxLine+10 || e.Last[keptLines-1] != "no newline" {
		t.Errorf("the last: %q", e.Last)
	}
}

func TestExits(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Mode: "mode-exit", Args: []string{"0"}}, "ended with exit code 0"},
		{Spec{Mode: "mode-exit", Args: []string{"7"}}, "ended with exit code 7"},
		{Spec{Mode: "mode-panic"}, "ended: panic: on purpose"},
	} {
		p, err := Start(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Exit().String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if _, err := Start(Spec{Mode: "mode-exit", Program: "/no/such/program"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// ready starts a child and waits until it says so.
func ready(t *testing.T, s Spec) *Process {
	t.Helper()
	said := make(chan string, 10)
	s.Line = func(line string) { said <- line }
	p, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	if line := <-said; line != "ready" {
		t.Fatalf("it said %q", line)
	}
	return p
}

func TestStop(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	p := ready(t, Spec{Mode: "mode-wait", Files: []*os.File{r}})
	if e := p.Stop(time.Minute); e.Signal != "SIGTERM" {
		t.Errorf("%+v", e)
	}
	p = ready(t, Spec{Mode: "mode-stubborn"})
	if e := p.Stop(10 * time.Millisecond); e.Signal != "SIGKILL" || e.Memory {
		t.Errorf("%+v", e)
	}
	p.Kill() // safe when it has ended
	if e := p.Stop(time.Minute); e.Signal != "SIGKILL" {
		t.Errorf("%+v", e)
	}
}

// A child does not end with the thread of whoever has asked for it.
func TestChildOutlivesAThread(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	started := make(chan *Process)
	go func() {
		runtime.LockOSThread() // its thread ends with it
		p, err := Start(Spec{Mode: "mode-wait", Files: []*os.File{r}})
		if err != nil {
			t.Error(err)
		}
		started <- p
	}()
	p := <-started
	if p == nil {
		t.FailNow()
	}
	for range 100 { // threads come and go
		done := make(chan bool)
		go func() {
			runtime.LockOSThread()
			close(done)
		}()
		<-done
	}
	w.Close() // now it ends by itself
	if e := p.Exit(); e.Code != 0 {
		t.Errorf("%+v", e)
	}
}

// A child ends with its parent, however that ends.
func TestChildEndsWithItsParent(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	said := make(chan string, 10)
	p, err := Start(Spec{Mode: "mode-parent", Files: []*os.File{w}, Line: func(s string) { said <- s }})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if line := <-said; !strings.HasPrefix(line, "child ") {
		t.Fatalf("it said %q", line)
	}
	p.Kill()
	// Both held the pipe: it ends when both have.
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the child lives on: %v", err)
	}
}

func TestMemoryIsLimited(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs more memory than the limit")
	}
	a, p := ask(t, Spec{Memory: 64 << 20})
	if a.DataLimit != 64<<20+slack || !slices.Contains(a.Env, "GOMEMLIMIT=60397974") {
		t.Errorf("limit %d, environment %q", a.DataLimit, a.Env)
	}
	grouped := p.Report().Has(sandbox.Memory)
	eater, err := Start(Spec{Mode: "mode-eat", Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	e := eater.Exit()
	if e.Memory != grouped && e.Signal == "SIGKILL" || e.Code == 0 {
		t.Errorf("%+v, in a group: %v", e, grouped)
	}
	if os.Geteuid() == 0 && !grouped {
		skipOrFail(t, fmt.Sprintf("no control group: %+v", p.Report()))
	}
	if !e.Memory {
		t.Errorf("%+v", e)
	}
	if _, err := os.Stat(eater.group.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its group is still there: %v", err)
	}
}

func skipOrFail(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func TestBackoff(t *testing.T) {
	b := Backoff{First: time.Second, Most: 5 * time.Second, Steady: time.Minute}
	for i, c := range []struct{ ran, want time.Duration }{
		{0, 0}, {0, time.Second}, {time.Second, 2 * time.Second}, {0, 4 * time.Second}, {0, 5 * time.Second}, {0, 5 * time.Second},
		{time.Minute, 0}, {0, time.Second},
	} {
		if got := b.After(c.ran); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
	var zero Backoff
	if zero.After(0) != 0 || zero.After(0) != 100*time.Millisecond {
		t.Error("the zero Backoff waits otherwise")
	}
}

// A child that ends is started again, and no more once it is stopped.
func TestKeep(t *testing.T) {
	var mu sync.Mutex
	var codes []int
	var waits []time.Duration
	starts := 0
	third := make(chan bool)
	k := Keep(t.Context(), KeepConfig{
		Spec: func() (Spec, error) {
			if starts++; starts == 2 {
				return Spec{}, errors.New("not this time")
			}
			return Spec{Mode: "mode-exit", Args: []string{"3"}}, nil
		},
		Backoff: Backoff{First: time.Second},
		Ended: func(e Exit, err error, wait time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			codes, waits = append(codes, e.Code), append(waits, wait)
			if (err != nil) != (len(codes) == 2) {
				t.Errorf("%d: %v", len(codes), err)
			}
			if len(codes) == 3 {
				close(third)
			}
		},
		After: func(d time.Duration) <-chan time.Time {
			c := make(chan time.Time, 1)
			if d < 2*time.Second {
				c <- time.Time{}
			}
			return c
		},
	})
	<-third
	k.Stop()
	if !slices.Equal(codes, []int{3, 0, 3}) || !slices.Equal(waits, []time.Duration{0, time.Second, 2 * time.Second}) || k.Restarts() < 2 || k.Process() != nil {
		t.Errorf("%v, %v, %d restarts", codes, waits, k.Restarts())
	}
}

func TestKeepStopsWhatRuns(t *testing.T) {
	started := make(chan *Process, 1)
	ctx, cancel := context.WithCancel(t.Context())
	k := Keep(ctx, KeepConfig{
		Spec:    func() (Spec, error) { return Spec{Mode: "mode-stubborn"}, nil },
		Grace:   time.Millisecond,
		Started: func(p *Process) { started <- p },
	})
	p := <-started
	if k.Process() != p {
		t.Error("it does not know its process")
	}
	cancel()
	k.Stop()
	if e := p.Exit(); e.Signal == "" {
		t.Errorf("%+v", e)
	}
}
