package daemon

import (
	"context"
	"os"
	"sync"

	"vitrine/internal/endpoint/guard"
	"vitrine/internal/endpoint/known"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/worker"
)

// scanning is the scanners as all rooms use them: what the administrator has
// allowed is clean, whatever scanners say. Whenever the rules or that list change,
// everything that was known of files is forgotten.
type scanning struct {
	pool    *worker.Pool
	table   *known.Table
	allowed *lists.Allowed

	mu     sync.Mutex
	forget []func() error // what else remembers verdicts
}

// scan hands a file to a scanner.
func (s *scanning) scan(ctx context.Context, file *os.File, name string, c worker.Class) (verdict.Verdict, error) {
	v, err := s.pool.Scan(ctx, worker.Job{File: file, Name: name, Class: c})
	if err != nil || v.State != verdict.Malicious {
		return v, err
	}
	if e, ok := s.allowed.Has(v.SHA256); ok {
		v.State, v.Findings, v.Why = verdict.Clean, nil, "allowed: "+e.Reason
	}
	return v, nil
}

// changed has all verdicts made anew.
func (s *scanning) changed() error {
	s.table.Forget("")
	s.table.Forget(s.pool.Rules())
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, f := range s.forget {
		if err := f(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// onChange adds somebody who remembers verdicts.
func (s *scanning) onChange(f func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget = append(s.forget, f)
}

// forGuard is the scanners for the guard, forSweeps for what nobody waits for,
// forStore for what comes back from the quarantine, and forClients for those at
// clamd's socket.
type (
	forGuard   struct{ *scanning }
	forSweeps  struct{ *scanning }
	forStore   struct{ *scanning }
	forClients struct{ *scanning }
)

func (s forGuard) Rules() string { return s.pool.Rules() }

func (s forGuard) Scan(ctx context.Context, file *os.File, name string, c guard.Class) (verdict.Verdict, error) {
	return s.scan(ctx, file, name, map[guard.Class]worker.Class{guard.Exec: worker.Exec, guard.Open: worker.Open, guard.Write: worker.Write, guard.Blind: worker.Write}[c])
}

func (s forSweeps) Scan(ctx context.Context, name string, file *os.File) (verdict.Verdict, error) {
	return s.scan(ctx, file, name, worker.Background)
}

func (s forStore) Scan(ctx context.Context, file *os.File, name string) (verdict.Verdict, error) {
	return s.scan(ctx, file, name, worker.Background)
}

func (s forClients) Scan(ctx context.Context, name string, file *os.File) (verdict.Verdict, error) {
	return s.scan(ctx, file, name, worker.Open)
}
