package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/scanner"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/engine"
	"vitrine/yara"
)

// The scanners of these tests are this test's own program, in the mode that the
// product's has, with contents that make it misbehave.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Mode {
		if err := scan(); err != nil {
			os.Stderr.WriteString("vitrine: " + err.Error() + "\n")
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

// scan is a scanner with the rules of one file.
func scan() error {
	guard := wire.Open(3)
	setup, compiled, err := guard.Setup()
	if err != nil {
		return err
	}
	report := sandbox.Loading(sandbox.Config{Without: setup.Walls}, setup.Rules.Files())
	text, err := os.ReadFile(setup.Rules.Paths[0])
	if err != nil {
		return guard.Ready(wire.Ready{Error: err.Error()})
	}
	rules, err := yara.Compile(string(text))
	if err != nil {
		return guard.Ready(wire.Ready{Error: err.Error()})
	}
	e, err := engine.New(engine.Config{Rules: rules})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	identity := hex.EncodeToString(sum[:])
	_ = compiled
	report = append(report, sandbox.Final(sandbox.Config{Without: setup.Walls})...)
	if err := guard.Ready(wire.Ready{Rules: identity, Count: rules.Len(), Sandbox: report}); err != nil {
		return err
	}
	if how := os.Getenv("HOSTILE"); how != "" {
		return hostile(guard, how)
	}
	return scanner.Serve(guard, scanner.Config{Engine: e, Rules: identity, Limits: setup.Limits, Before: misbehave})
}

// misbehave is what no file shall be able to do to a scanner; here some can.
func misbehave(data []byte) {
	switch {
	case bytes.HasPrefix(data, []byte("CRASH")):
		panic("made to crash")
	case bytes.HasPrefix(data, []byte("LOOP")):
		for {
			sink = sink[:0]
		}
	case bytes.HasPrefix(data, []byte("EAT")):
		for {
			sink = append(sink, bytes.Repeat([]byte{1}, 1<<20)...)
		}
	case bytes.HasPrefix(data, []byte("SLOW")):
		time.Sleep(200 * time.Millisecond)
	}
}

var sink []byte

// hostile answers as a scanner would that was taken over.
func hostile(guard *wire.Scanner, how string) error {
	for {
		job, file, err := guard.Next()
		if err != nil {
			return err
		}
		file.Close()
		switch how {
		case "garbage":
			_, _ = unix.Write(3, []byte("\x00\xffnot an answer"))
		case "oversized":
			_, _ = unix.Write(3, bytes.Repeat([]byte("A"), 100<<10))
		case "other id":
			_ = guard.Answer(wire.Answer{ID: job.ID + 1, Verdict: verdict.Verdict{State: verdict.Clean, Rules: strings.Repeat("a", 64)}})
		case "other rules":
			_ = guard.Answer(wire.Answer{ID: job.ID, Verdict: verdict.Verdict{State: verdict.Clean, Rules: strings.Repeat("a", 64)}})
		case "silent exit":
			os.Exit(0)
		}
	}
}

const ruleText = `rule made_up { strings: $a = "MALWARE-OF-THIS-TEST" condition: $a }`

// events is a sink that keeps all.
type events struct {
	mu  sync.Mutex
	all []event.Event
}

func (e *events) Emit(x event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, x)
}

func (e *events) of(kind event.Kind) (out []event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.all {
		if x.Kind == kind {
			out = append(out, x)
		}
	}
	return out
}

type fixture struct {
	*Pool
	t      *testing.T
	dir    string
	rules  string
	events *events
}

// start makes a pool with the rule above. Backoff is short, and files count as old.
func start(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), events: &events{}}
	f.rules = filepath.Join(f.dir, "rules.yar")
	f.write("rules.yar", ruleText)
	c := Config{
		Workers: 2, Idle: 2, Rules: wire.Rules{Paths: []string{f.rules}}, Sink: f.events,
		Backoff: child.Backoff{First: time.Millisecond, Most: 10 * time.Millisecond},
		Now:     func() time.Time { return time.Now().Add(time.Hour) },
	}
	if change != nil {
		change(&c)
	}
	p, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	f.Pool = p
	return f
}

func (f *fixture) write(name, text string) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// scan has a file of this content looked into.
func (f *fixture) scan(name, text string, class Class) verdict.Verdict {
	f.t.Helper()
	file, err := os.Open(f.write(name, text))
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	v, err := f.Scan(f.t.Context(), Job{File: file, Name: name, Class: class})
	if err != nil {
		f.t.Errorf("%s: %v", name, err)
	}
	return v
}

// later has a file looked into beside; wait gives what came of it.
func (f *fixture) later(ctx context.Context, name, text string, class Class) (wait func() (verdict.Verdict, error)) {
	f.t.Helper()
	path := f.write(name, text)
	return f.again(ctx, path, class)
}

func (f *fixture) again(ctx context.Context, path string, class Class) (wait func() (verdict.Verdict, error)) {
	f.t.Helper()
	file, err := os.Open(path)
	if err != nil {
		f.t.Fatal(err)
	}
	type result struct {
		v   verdict.Verdict
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer file.Close()
		v, err := f.Scan(ctx, Job{File: file, Name: path, Class: class})
		done <- result{v, err}
	}()
	return func() (verdict.Verdict, error) {
		r := <-done
		return r.v, r.err
	}
}

// until waits for something to come true.
func (f *fixture) until(what string, is func(Status) bool) Status {
	f.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	for {
		if s := f.status(); is(s) {
			return s
		}
		select {
		case <-ctx.Done():
			f.t.Fatalf("%s: not so after 20 s: %+v", what, f.status())
		case <-tick.C:
		}
	}
}

func count(s Status, state string) (n int) {
	for _, w := range s.Workers {
		if w.State == state {
			n++
		}
	}
	return n
}

func idle(s Status) bool { return count(s, "idle") == len(s.Workers) }

func restarts(s Status) (n int) {
	for _, w := range s.Workers {
		n += w.Restarts
	}
	return n
}

// alive tells whether a process is there and no zombie.
func alive(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat"))
	return !errors.Is(err, os.ErrNotExist) && !strings.Contains(string(text), ") Z ")
}

// slowStart leaves out tests that start many processes where each takes a second.
func slowStart(t *testing.T) {
	t.Helper()
	if raceEnabled && testing.Short() {
		t.Skip("with the race detector a process takes long to start")
	}
}
