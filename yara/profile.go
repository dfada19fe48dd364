package yara

import (
	"cmp"
	"slices"
	"time"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/search"
)

// Profile gathers what the rules of a Scanner cost over many scans. The zero
// Profile is ready; it belongs to the goroutine of its Scanner.
type Profile struct {
	rules map[*Rule]*RuleProfile
	sets  []tallied
}

// tallied is what was done for the strings of a set, by pattern.
type tallied struct {
	rules *Rules
	tally []search.Tally
}

// RuleProfile is what one rule cost. The search for its strings is shared by all
// rules and not in it; strings checked on demand and modules are, with the rule
// that asks first.
type RuleProfile struct {
	Rule       *Rule
	Candidates int             // scans in which the condition was evaluated
	Matches    int             // scans in which it held, with the global rules
	Time       time.Duration   // by ScanConfig.Now
	Strings    []StringProfile // in the order written

	set   *Rules
	index int32
}

// StringProfile is what the search for one string of a rule cost. Strings that
// are alike in several rules are searched once, and each has the counts of all.
type StringProfile struct {
	Rule *Rule
	Name string // with the $; "$" for an anonymous string
	// Tried is the number of places at which a piece of the string stood, so
	// that all of it had to be held against the data. A string is not tried any
	// more in a scan once it was found, unless a condition asks for more of it.
	Tried int
	// Found is how many matches that gave. Of a string with long jumps its parts
	// count, and what several of its pieces lead to counts for each.
	Found int
}

// Rules gives the rules that were evaluated, the slowest first.
func (p *Profile) Rules() []RuleProfile {
	out := make([]RuleProfile, 0, len(p.rules))
	for _, r := range p.rules {
		entry := *r
		entry.Strings = p.stringsOf(r.set, r.index)
		out = append(out, entry)
	}
	slices.SortFunc(out, func(a, b RuleProfile) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Candidates, a.Candidates),
			cmp.Compare(a.Rule.Namespace, b.Rule.Namespace), cmp.Compare(a.Rule.Name, b.Rule.Name))
	})
	return out
}

// Busiest gives the strings of all rules, evaluated or not, that were tried most
// often: n at most, or with 0 all that were tried at all.
func (p *Profile) Busiest(n int) []StringProfile {
	var out []StringProfile
	for _, t := range p.sets {
		for i := range t.rules.set.Rules {
			if !t.any(i) {
				continue
			}
			for _, s := range p.stringsOf(t.rules, int32(i)) {
				if s.Tried > 0 {
					out = append(out, s)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b StringProfile) int {
		return cmp.Or(cmp.Compare(b.Tried, a.Tried), cmp.Compare(b.Found, a.Found),
			cmp.Compare(a.Rule.Namespace, b.Rule.Namespace), cmp.Compare(a.Rule.Name, b.Rule.Name))
	})
	if n > 0 {
		out = out[:min(n, len(out))]
	}
	return out
}

// any reports whether a string of a rule was tried. Only such rules are worth
// unpacking.
func (t *tallied) any(rule int) bool {
	return slices.ContainsFunc(t.rules.set.Rules[rule].Strings, func(s ir.String) bool { return t.tally[s.Pattern].Tried > 0 })
}

func (p *Profile) stringsOf(set *Rules, rule int32) []StringProfile {
	about, tally := set.rule(rule), p.tallyOf(set)
	out := make([]StringProfile, len(about.Strings))
	for i, s := range set.set.Rules[rule].Strings {
		out[i] = StringProfile{about, about.Strings[i].Name, tally[s.Pattern].Tried, tally[s.Pattern].Found}
	}
	return out
}

// tallyOf gives the counts of a set, the same ones to all its scanners. Without
// a Profile there are none.
func (p *Profile) tallyOf(r *Rules) []search.Tally {
	if p == nil {
		return nil
	}
	for _, t := range p.sets {
		if t.rules == r {
			return t.tally
		}
	}
	p.sets = append(p.sets, tallied{r, make([]search.Tally, r.set.Patterns.Len())})
	return p.sets[len(p.sets)-1].tally
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
		p.rules[rule] = &RuleProfile{Rule: rule, set: s.rules, index: r}
	}
	entry := p.rules[rule]
	entry.Candidates++
	entry.Time += took
	if ok {
		entry.Matches++
	}
	return ok
}
