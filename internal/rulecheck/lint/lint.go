// Package lint finds mistakes in rules and what makes them slow.
//
// Correct looks at parsed files: strings and rules that are there twice, private rules
// that nobody uses, metadata that is missing, external variables. Speed looks at
// compiled rules and their trees: strings that are found by little or by what every
// file holds, rules that no string wakes, loops without bounds. The package opens no
// file and decides nothing about what a rule is for: that is hunting's work.
package lint

import (
	"vitrine/internal/rulecheck"
	"vitrine/yara"
	"vitrine/yara/syntax"
)

// Config says what to ask for.
type Config struct {
	Meta      []string        // keys every public rule must have
	Externals map[string]bool // variables the product does not define by itself
}

// Linter looks at files one after another and remembers the rules seen.
type Linter struct {
	config Config
	names  map[string]string // rule: file and line
	texts  map[string]string // rule without name and metadata: name
}

// New makes a Linter.
func New(c Config) *Linter {
	return &Linter{config: c, names: map[string]string{}, texts: map[string]string{}}
}

// Diagnostics gives what the compiler said: errors are high, warnings low.
func Diagnostics(list []yara.Diagnostic, severity rulecheck.Severity) (out []rulecheck.Finding) {
	check := "warning"
	if severity == rulecheck.High {
		check = "error"
	}
	for _, d := range list {
		out = append(out, rulecheck.Finding{Severity: severity, Kind: rulecheck.Correctness, Check: check,
			Rule: d.Rule, Reason: d.Message, File: d.File, Line: d.Line, Col: d.Col})
	}
	return out
}

// about begins a finding on a rule.
func about(f *syntax.File, rule *syntax.Rule, at syntax.Pos, kind rulecheck.Kind, check string, severity rulecheck.Severity, reason string) rulecheck.Finding {
	return rulecheck.Finding{Severity: severity, Kind: kind, Check: check, Rule: rule.Name, Reason: reason,
		File: f.Name, Line: at.Line, Col: at.Col}
}
