package yara

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"vitrine/yara/internal/eval"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/plan"
	"vitrine/yara/internal/search"
)

// The limits of the zero ScanConfig: YARA's, and for loops one that no rule of
// use comes near.
const (
	DefaultMaxMatches  = 1_000_000
	DefaultMaxListed   = 1 << 20
	DefaultRegexWindow = 4096
	DefaultMaxLoop     = 100_000_000
)

// ScanConfig says how to scan. The zero value has YARA's limits.
type ScanConfig struct {
	// Externals replaces values given at compilation; types must agree.
	Externals map[string]any
	// Matches asks for every match of every string of the matching rules in
	// RuleMatch.Strings. Without it only the rules are reported, faster.
	Matches bool
	// Fast with Matches stops searching a string after its first match where
	// no condition needs more, and reports that match only (yara -f).
	Fast bool
	// Console gets the lines written by console.log; nil drops them.
	Console func(line string)
	// ModuleData is data handed to a module by name (yara -x).
	ModuleData map[string][]byte
	// Now is the clock of the module time and of Timeout; nil means time.Now.
	Now func() time.Time

	// Profile gathers what each rule costs; nil measures nothing.
	Profile *Profile

	MaxMatches  int           // per string; 0 means DefaultMaxMatches
	RegexWindow int           // bytes a regular expression may look ahead or back; 0 means DefaultRegexWindow
	MaxListed   int           // matches in one Result; 0 means DefaultMaxListed, 64 MiB of them
	MaxLoop     int           // loop iterations per rule and scan; 0 means DefaultMaxLoop
	Timeout     time.Duration // per Scan; 0 means none but the context's
}

// ErrTimeout is returned by Scan when Timeout has passed. The Result then
// holds the rules decided so far. Rules are decided after the search, so none
// are when that took all the time.
var ErrTimeout = errors.New("scan timed out")

// Scanner scans with one set of rules. It is not safe for concurrent use:
// make one per goroutine; they share the Rules.
type Scanner struct {
	rules  *Rules
	config ScanConfig

	search *search.Searcher
	eval   *eval.Evaluator

	ctx      context.Context
	deadline time.Time
	head     []byte  // of the data
	open     []bool  // by class of patterns, for that head
	rulesNow []int32 // to be evaluated
	found    []int32 // patterns
	result   Result
	listed   int               // matches in result
	log      func(line string) // Config.Console
	now      func() int64      // Config.Now, in seconds
	parts    []*Scanner        // of a joined set
	all      bool              // evaluate every rule: what tests compare with
}

// NewScanner returns a Scanner, or an error when an external variable is
// unknown or has another type.
func NewScanner(r *Rules, c ScanConfig) (*Scanner, error) {
	setDefault(&c.MaxMatches, DefaultMaxMatches)
	setDefault(&c.MaxListed, DefaultMaxListed)
	setDefault(&c.RegexWindow, DefaultRegexWindow)
	setDefault(&c.MaxLoop, DefaultMaxLoop)
	if c.Now == nil {
		c.Now = time.Now
	}
	if r.set == nil {
		return newJoined(r, c)
	}
	externals, err := r.externals(c.Externals)
	if err != nil {
		return nil, err
	}
	s := &Scanner{rules: r, config: c}
	s.now = func() int64 { return c.Now().Unix() }
	if s.log = c.Console; s.log == nil {
		s.log = func(string) {}
	}
	s.search = search.NewSearcher(r.plan.Index, r.set.Patterns, search.Config{
		Tally: c.Profile.tallyOf(r), MaxMatches: c.MaxMatches, RegexWindow: c.RegexWindow, Lists: c.Matches && !c.Fast, Stop: s.stop})
	s.eval = eval.New(r.set, s.search, eval.Config{MaxLoop: c.MaxLoop, Stop: s.stop, Externals: externals, Extra: c.ModuleData})
	return s, nil
}

func setDefault(v *int, d int) {
	if *v <= 0 {
		*v = d
	}
}

// externals gives the values of the externals with some replaced.
func (r *Rules) externals(given map[string]any) ([]module.Value, error) {
	values := make([]module.Value, len(r.set.Externals))
	known := map[string]int{}
	for i, x := range r.set.Externals {
		values[i] = x.Value
		known[x.Name] = i
	}
	for name, v := range given {
		i, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("external variable %q: not declared when the rules were compiled", name)
		}
		value, ok := externalValue(v)
		if !ok || value.Kind != values[i].Kind {
			return nil, fmt.Errorf("external variable %q: a %T where the rules were compiled with another type", name, v)
		}
		values[i] = value
	}
	return values, nil
}

// SetExternals replaces values of external variables for the scans that
// follow. Those not named get the values of the compilation.
func (s *Scanner) SetExternals(given map[string]any) error {
	if s.rules.set == nil {
		return s.setExternals(given)
	}
	values, err := s.rules.externals(given)
	if err == nil {
		s.eval.SetExternals(values)
	}
	return err
}

// stop is asked now and then by whatever may take long.
func (s *Scanner) stop() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.deadline.IsZero() && s.config.Now().After(s.deadline) {
		return ErrTimeout
	}
	return nil
}

// Scan scans data, which must not change meanwhile. The Result is valid until
// the next Scan. With an error (the context's, or ErrTimeout) the Result still
// holds what was found before it.
func (s *Scanner) Scan(ctx context.Context, data []byte) (*Result, error) {
	if s.rules.set == nil {
		return s.scanParts(ctx, data)
	}
	s.begin(ctx, data)
	err := s.search.Search()
	if err == nil {
		s.choose(data)
		err = s.evaluate()
	}
	s.reportCuts()
	return &s.result, err
}

func (s *Scanner) begin(ctx context.Context, data []byte) {
	s.ctx, s.deadline = ctx, time.Time{}
	if s.config.Timeout > 0 {
		s.deadline = s.config.Now().Add(s.config.Timeout)
	}
	s.openClasses(data[:min(4, len(data))])
	s.search.Reset(data, plan.Kind(s.head), s.open)
	s.eval.Reset(module.Context{
		Ctx: ctx, Data: data, Log: s.log, Now: s.now, YARAX: s.rules.set.YARAX,
	})
	s.listed = 0
	s.result = Result{Matches: s.result.Matches[:0], Limits: s.result.Limits[:0]}
}

// openClasses finds the patterns that matter in a file that begins with head.
// Files often begin like the one before.
func (s *Scanner) openClasses(head []byte) {
	if s.open == nil || s.all || !bytes.Equal(s.head, head) {
		s.open = s.rules.plan.Open(head, s.open)
		s.head = append(s.head[:0], head...)
	}
	if s.all {
		for i := range s.open {
			s.open[i] = true
		}
	}
}

// choose lists the rules that may match.
func (s *Scanner) choose(data []byte) {
	s.rulesNow, s.found = s.rulesNow[:0], s.found[:0]
	if s.all {
		for r := range s.rules.set.Rules {
			s.rulesNow = append(s.rulesNow, int32(r))
		}
		return
	}
	for _, p := range s.search.Touched() {
		if s.search.Found(p) {
			s.found = append(s.found, p)
		}
	}
	s.rulesNow = s.rules.plan.Candidates(s.rulesNow, s.found, data[:min(4, len(data))], int64(len(data)), s.eval)
}

func (s *Scanner) evaluate() error {
	if err := s.eval.Err(); err != nil { // while modules were asked which rules to look at
		return err
	}
	for _, r := range s.rulesNow {
		if s.profiled(r) && !s.rules.set.Rules[r].Private {
			s.result.Matches = append(s.result.Matches, s.match(r))
			if err := s.stop(); s.config.Matches && err != nil {
				return err
			}
		}
		if err := s.eval.Err(); err != nil {
			return err
		}
	}
	return s.search.Err()
}

// matches reports whether a rule and the global rules of its namespace hold.
func (s *Scanner) matches(r int32) bool {
	if !s.holds(r) {
		return false
	}
	ns := s.rules.set.Rules[r].Namespace
	for _, g := range s.rules.set.Namespaces[ns].Globals {
		if !s.holds(g) {
			return false
		}
	}
	return true
}

func (s *Scanner) holds(r int32) bool {
	ok, overrun := s.eval.Rule(r)
	if overrun {
		s.result.Limits = append(s.result.Limits, LimitHit{Limit: LimitLoop, Rule: s.rules.rule(r)})
	}
	return ok
}
