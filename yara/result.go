package yara

import (
	"slices"

	"vitrine/yara/internal/search"
)

// Result is the outcome of one scan.
type Result struct {
	Matches []RuleMatch // non-private rules whose condition holds, in the order added
	Limits  []LimitHit  // what was cut short; the result is then not the whole answer
}

// RuleMatch is a rule whose condition holds.
type RuleMatch struct {
	Rule *Rule
	// Strings has the matches of the strings that are not private, in the order
	// the strings are written and by offset. ScanConfig.Matches only.
	Strings []StringMatch
}

// StringMatch is one occurrence of a string.
type StringMatch struct {
	Index  int    // in Rule.Strings
	Name   string // with the $
	Offset int64
	Data   []byte // the matched bytes: part of the scanned data
	XorKey byte   // strings with xor: the key; 0 otherwise
}

// LimitHit tells which limit cut what.
type LimitHit struct {
	Limit  string // one of the constants
	Rule   *Rule
	String string // with the $; empty for LimitLoop
}

// The limits.
const (
	LimitMatches = "matches" // MaxMatches or MaxListed: further matches of the string are not known or not listed
	LimitRegex   = "regex"   // RegexWindow: a longer match of the string may exist
	LimitLoop    = "loop"    // MaxLoop: the rule was taken not to match
)

// match makes the report of a matching rule.
func (s *Scanner) match(r int32) RuleMatch {
	m := RuleMatch{Rule: s.rules.rule(r)}
	if !s.config.Matches {
		return m
	}
	for i, str := range s.rules.set.Rules[r].Strings {
		if str.Private {
			continue
		}
		list := s.search.Matches(str.Pattern)
		if s.config.Fast && !str.List {
			list = list[:min(1, len(list))]
		}
		m.Strings = s.list(m, i, list)
	}
	return m
}

// list adds matches of the i-th string of a rule to its report, as long as
// there is room and time: many rules with many matches do not fill the memory.
func (s *Scanner) list(m RuleMatch, i int, found []search.Match) []StringMatch {
	out := m.Strings
	if room := s.config.MaxListed - s.listed; len(found) > room {
		found = found[:room]
		s.result.Limits = append(s.result.Limits, LimitHit{Limit: LimitMatches, Rule: m.Rule, String: m.Rule.Strings[i].Name})
	}
	s.listed += len(found)
	out = slices.Grow(out, len(found))
	for n, f := range found {
		if n%4096 == 4095 && s.stop() != nil {
			break
		}
		out = append(out, StringMatch{
			Index: i, Name: m.Rule.Strings[i].Name, Offset: f.Offset, XorKey: f.Key, Data: s.search.Data(f),
		})
	}
	return out
}

// reportCuts tells which strings were not searched to the end.
func (s *Scanner) reportCuts() {
	for _, p := range s.search.Touched() {
		cut := s.search.CutOf(p)
		owner := s.rules.plan.Owner(p)
		if cut == 0 || owner.Rule < 0 {
			continue
		}
		rule := s.rules.rule(owner.Rule)
		hit := LimitHit{Rule: rule, String: rule.Strings[owner.String].Name}
		if cut&search.CutMatches != 0 {
			hit.Limit = LimitMatches
			s.result.Limits = append(s.result.Limits, hit)
		}
		if cut&search.CutRegex != 0 && s.search.Err() == nil {
			hit.Limit = LimitRegex
			s.result.Limits = append(s.result.Limits, hit)
		}
	}
}
