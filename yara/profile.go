package yara

import (
	"cmp"
	"slices"
	"time"
)

// Profile gathers what the rules of a Scanner cost over many scans. The zero
// Profile is ready; it belongs to the goroutine of its Scanner.
type Profile struct{ rules map[*Rule]*RuleProfile }

// RuleProfile is what one rule cost. The search for its strings is shared by all
// rules and not in it; strings checked on demand and modules are, with the rule
// that asks first.
type RuleProfile struct {
	Rule       *Rule
	Candidates int           // scans in which the condition was evaluated
	Matches    int           // scans in which it held, with the global rules
	Time       time.Duration // by ScanConfig.Now
}

// Rules gives the rules that were evaluated, the slowest first.
func (p *Profile) Rules() []RuleProfile {
	out := make([]RuleProfile, 0, len(p.rules))
	for _, r := range p.rules {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b RuleProfile) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Candidates, a.Candidates),
			cmp.Compare(a.Rule.Namespace, b.Rule.Namespace), cmp.Compare(a.Rule.Name, b.Rule.Name))
	})
	return out
}

// profiled is matches, measured where that is asked for.
func (s *Scanner) profiled(r int32) bool {
	p := s.config.Profile
	if p == nil {
		return s.matches(r)
	}
	start := s.config.Now()
	ok := s.matches(r)
	took := s.config.Now().Sub(start)
	rule := s.rules.rule(r)
	if p.rules == nil {
		p.rules = map[*Rule]*RuleProfile{}
	}
	if p.rules[rule] == nil {
		p.rules[rule] = &RuleProfile{Rule: rule}
	}
	entry := p.rules[rule]
	entry.Candidates++
	entry.Time += took
	if ok {
		entry.Matches++
	}
	return ok
}
