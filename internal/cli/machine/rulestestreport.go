package machine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vitrine/internal/cli/term"
)

// rulesTestReport is the answer of rules test; its JSON is
// docs/spec/cli/vitrine.rules.test.v1.json.
type rulesTestReport struct {
	Schema   string        `json:"schema"`
	Rules    int           `json:"rules"`    // that can match
	Untested []string      `json:"untested"` // those without samples
	Tested   []testedRule  `json:"tested"`
	Missed   []ruleAndFile `json:"missed"`
	Alarms   []ruleAndFile `json:"alarms"`
	Clean    int           `json:"clean_files"`
}

type testedRule struct {
	Rule    string `json:"rule"`
	Samples int    `json:"samples"`
	Found   int    `json:"found"`
	Alarms  int    `json:"alarms"`
}

func (t *rulesTrial) report() *rulesTestReport {
	r := &rulesTestReport{Schema: "vitrine.rules.test/v1", Rules: len(t.known), Untested: []string{}, Tested: []testedRule{},
		Missed: append([]ruleAndFile{}, t.missed...), Alarms: append([]ruleAndFile{}, t.alarms...), Clean: t.cleaned}
	alarms := map[string]int{}
	for _, a := range t.alarms {
		alarms[a.Rule]++
	}
	for _, name := range slices.Sorted(maps.Keys(t.known)) {
		tally := t.tested[name]
		if tally == nil {
			r.Untested = append(r.Untested, name)
			tally = &ruleTally{}
		}
		if tally.samples > 0 || alarms[name] > 0 {
			r.Tested = append(r.Tested, testedRule{name, tally.samples, tally.found, alarms[name]})
		}
	}
	return r
}

func (r *rulesTestReport) print(env term.Env, asJSON bool) error {
	if asJSON {
		return indented(env.Stdout, r)
	}
	var table term.Table
	if len(r.Tested) > 0 {
		table.Row("RULE", "SAMPLES", "FOUND", "CLEAN FILES FOUND")
	}
	for _, rule := range r.Tested {
		table.Row(rule.Rule, fmt.Sprint(rule.Samples), fmt.Sprint(rule.Found), fmt.Sprint(rule.Alarms))
	}
	if err := table.Print(env.Stdout, ""); err != nil {
		return err
	}
	var b strings.Builder
	for _, m := range r.Missed {
		fmt.Fprintf(&b, "missed: %s: %s\n", m.Rule, term.Escape(m.File))
	}
	for _, a := range r.Alarms {
		fmt.Fprintf(&b, "false alarm: %s: %s\n", a.Rule, term.Escape(a.File))
	}
	fmt.Fprintf(&b, "%s: %d missed, %d false alarms in %s, %d without samples\n", term.Plural(int64(r.Rules), "rule", "rules"),
		len(r.Missed), len(r.Alarms), term.Plural(int64(r.Clean), "clean file", "clean files"), len(r.Untested))
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}
