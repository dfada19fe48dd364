// Package engine is the sealed room: bytes in, findings out. It matches rules
// and hash lists against an object and against everything packed inside it.
// It opens no files, starts no processes, reaches no network, and writes
// extracted members nowhere but into memory.
package engine

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"vitrine/internal/engine/archive"
	"vitrine/internal/engine/clamav"
	"vitrine/internal/engine/hashset"
	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

// Config says what to look for and within which limits.
type Config struct {
	Rules     *yara.Rules  // nil: no rules
	Deny      *hashset.Set // nil: no hash list
	Allow     *hashset.Set // nil: nothing is allowed; an allowed object is not scanned, nor what is inside it
	Limits    limit.Limits // zero: the defaults
	Passwords []string     // tried on encrypted archives after "infected" and "virus"
	NoUnpack  bool         // look at objects only, never inside them
	Matches   bool         // report the places of string matches

	Signatures *clamav.Database // ClamAV's; nil: none

	// Now is a monotonic clock that Limits.MaxTime is also held against. Nil
	// leaves that to the deadline of a context, which serves all but tests.
	Now func() time.Time
}

// Engine is the shared, immutable part.
type Engine struct{ config Config }

// New checks the configuration.
func New(c Config) (*Engine, error) {
	if err := c.Limits.Validate(); err != nil {
		return nil, fmt.Errorf("configure engine: %w", err)
	}
	c.Limits = c.Limits.Filled()
	return &Engine{config: c}, nil
}

// Worker scans one object at a time. Make one per goroutine.
type Worker struct {
	engine   *Engine
	budget   *limit.Budget
	unpacker *archive.Unpacker
	matcher  matcher // nil: no rules
	renew    func() (matcher, error)
	needs    hashset.Algorithms

	signatures *clamav.Scanner // nil: none
}

// matcher is what a worker needs of a yara.Scanner.
type matcher interface {
	Scan(ctx context.Context, data []byte) (*yara.Result, error)
}

// NewWorker makes a Worker.
func (e *Engine) NewWorker() (*Worker, error) {
	w := &Worker{engine: e, needs: e.config.Allow.Needs() | e.config.Deny.Needs()}
	// Memory given up by one member must be gone before the next one takes as
	// much: left to itself, the collector lets twice the budget build up.
	w.budget = limit.NewBudget(limit.Config{Limits: e.config.Limits, Now: e.config.Now, Collect: runtime.GC})
	w.unpacker = archive.New(w.budget, e.config.Passwords)
	if e.config.Signatures != nil {
		var err error
		if w.signatures, err = e.config.Signatures.NewScanner(); err != nil {
			return nil, err
		}
	}
	if e.config.Rules == nil {
		return w, nil
	}
	w.renew = func() (matcher, error) {
		return yara.NewScanner(e.config.Rules, yara.ScanConfig{Matches: e.config.Matches, MaxListed: maxListed, Now: e.config.Now})
	}
	var err error
	if w.matcher, err = w.renew(); err != nil {
		return nil, fmt.Errorf("make scanner: %w", err)
	}
	return w, nil
}

// Scan scans one object and all inside it. It never fails: what could not be
// looked at is in Report.Incomplete. When ctx ends, Scan returns soon with
// what it has, and an Incomplete that says so. data must not change meanwhile
// and is not kept.
func (w *Worker) Scan(ctx context.Context, data []byte) Report {
	ctx, cancel := context.WithTimeout(ctx, w.engine.config.Limits.MaxTime)
	defer cancel()
	w.budget.Begin(ctx, int64(len(data)))
	s := &scan{w: w, config: &w.engine.config, ctx: ctx}
	s.object(nil, data, nil, false)
	s.close()
	w.unpacker.Trim()
	return s.report
}

// Report is what one object held.
type Report struct {
	Findings   []Finding
	Incomplete []Incomplete
	Allowed    bool  // the object is on the allow-list
	Objects    int   // looked at: the object itself and every member
	Bytes      int64 // looked at, members included
}

// Finding is one rule or listed hash found. Findings come in the order of the
// objects: an object before its members, members as they lie in the container;
// of one object first the hash, then ClamAV's signatures, then the rules in
// their order.
type Finding struct {
	// Path has the names of the members, outermost first; empty: the object
	// itself. Names are raw bytes, of at most 4096. A compressed stream is a
	// container with one member, which is called by the name stored in it or
	// else by its kind, as "(xz)"; "(payload)" is that of an rpm package and
	// "(trailing)" a container behind the end of another.
	Path   []string
	Name   string          // the name of the rule or signature, or that in the hash list
	Rule   *yara.RuleMatch // nil for a hash or signature; a copy that stays valid
	Digest string          // what was found by its digest: "sha256:…", as listed
}

// Incomplete is a part that was not, or not wholly, looked at.
type Incomplete struct {
	Path   []string
	Reason limit.Reason
	Detail string // one line for people
}
