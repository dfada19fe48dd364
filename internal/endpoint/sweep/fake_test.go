package sweep

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

// fake is a scanner, an actor, a memory and a sink that keep what they are given.
type fake struct {
	mu     sync.Mutex
	names  []string // scanned, in order
	found  []Found
	events []event.Event
	known  map[verdict.File]verdict.Verdict
	at     func(name string) error // called before a verdict is given
}

func (s *fake) Scan(ctx context.Context, name string, f *os.File) (verdict.Verdict, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
	if err != nil {
		return verdict.Verdict{}, err
	}
	if s.at != nil {
		if err := s.at(name); err != nil {
			return verdict.Verdict{}, err
		}
	}
	if ctx.Err() != nil {
		return verdict.Verdict{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = append(s.names, name)
	switch {
	case bytes.HasPrefix(data, []byte("bad")):
		return verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{{Name: "Bad"}}}, nil
	case bytes.HasPrefix(data, []byte("half")):
		return verdict.Verdict{State: verdict.Incomplete, Why: "too large"}, nil
	case bytes.HasPrefix(data, []byte("dead")):
		return verdict.Verdict{State: verdict.Failed, Why: "a scanner died"}, nil
	}
	return verdict.Verdict{State: verdict.Clean}, nil
}

func (s *fake) Found(_ context.Context, f Found) []event.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.File = nil
	s.found = append(s.found, f)
	return []event.Action{event.Quarantined}
}

func (s *fake) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *fake) Get(f verdict.File) (verdict.Verdict, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.known[f]
	return v, ok
}

func (s *fake) Put(f verdict.File, v verdict.Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[verdict.File]verdict.Verdict{}
	}
	if v.State == verdict.Clean || v.State == verdict.Malicious {
		s.known[f] = v
	}
}

func (s *fake) scanned() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

// write makes files, with the folders they lie in, below dir.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// config is a Runner's over fakes.
func config(t testing.TB, s *fake) Config {
	return Config{Scanner: s, Actor: s, Sink: s, Dir: filepath.Join(durabletest.Dir(t), "sweep"), Lanes: 1, Every: time.Nanosecond, Now: ticking()}
}

// ticking is a clock that goes on by a second whenever it is looked at.
func ticking() func() time.Time {
	var mu sync.Mutex
	now := time.Unix(1_800_000_000, 0).UTC()
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func open(t testing.TB, c Config) *Runner {
	t.Helper()
	r, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// during runs the Runner while do runs.
func during(t testing.TB, r *Runner, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	do()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// over waits until a sweep is over.
func over(t testing.TB, r *Runner, id string) Status {
	t.Helper()
	var last Status
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Follow(ctx, id, time.Hour, func(s Status) error { last = s; return nil }); err != nil {
		t.Fatal(err)
	}
	return last
}

func start(t testing.TB, r *Runner, paths ...string) string {
	t.Helper()
	req := Request{Profile: Paths}
	for _, p := range paths {
		req.Paths = append(req.Paths, Path(p))
	}
	s, err := r.Start(req)
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

var errDown = errors.New("the scanners were stopped")
