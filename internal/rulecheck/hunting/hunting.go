package hunting

import (
	"vitrine/internal/rulecheck"
	"vitrine/yara/syntax"
)

// From these scores on a rule is reported.
const (
	scoreLow    = 1
	scoreMedium = 2
	scoreHigh   = 3
)

// Checker judges rules. It may be used by several goroutines at once.
type Checker struct{ words *vocabulary }

// New makes a Checker.
func New() *Checker { return &Checker{newVocabulary()} }

// File gives a finding for every rule of a file that would fire on documents.
// Private rules fire only through others, and are judged there. The rules of the
// files given with it, which are compiled together with it, are known and not judged.
func (c *Checker) File(f *syntax.File, with ...*syntax.File) []rulecheck.Finding {
	r := &reader{words: c.words, rules: map[string]*syntax.Rule{}, ways: map[string]way{}}
	global := way{}
	for _, file := range append([]*syntax.File{f}, with...) {
		for rule := range file.Rules() {
			r.rules[rule.Name] = rule
			r.names = append(r.names, rule.Name)
		}
	}
	for _, name := range r.names {
		if r.rules[name].Global {
			global = global.and(r.ofRule(r.rules[name]))
		}
	}
	var out []rulecheck.Finding
	for rule := range f.Rules() {
		if rule.Private {
			continue
		}
		if finding, bad := c.judge(f.Name, rule, r.ofRule(rule).and(global)); bad {
			out = append(out, finding)
		}
	}
	return out
}

func (c *Checker) judge(file string, rule *syntax.Rule, w way) (f rulecheck.Finding, bad bool) {
	if !w.never {
		w = c.words.joined(w)
	}
	score := w.score()
	if score < scoreLow {
		return f, false
	}
	chief := w.chief()
	f = rulecheck.Finding{Kind: rulecheck.Hunting, Check: "documents", Rule: rule.Name, String: chief.name,
		Reason: w.reason(), File: file, Line: chief.pos.Line, Col: chief.pos.Col}
	switch {
	case score >= scoreHigh:
		f.Severity = rulecheck.High
	case score >= scoreMedium:
		f.Severity = rulecheck.Medium
	}
	return f, true
}
