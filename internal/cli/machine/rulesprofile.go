package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/cli/yaracmd"
	"vitrine/yara"

	"github.com/spf13/cobra"
)

// profileOptions is the command line of rules profile.
type profileOptions struct {
	define []string
	top    int
	json   bool
}

func newRulesProfile(env term.Env) *cobra.Command {
	var o profileOptions
	c := &cobra.Command{
		Use:   "profile [flags] RULES DIR...",
		Short: "Measure which rules take time on a collection of files",
		Example: `vitrine rules profile rules/ /usr/bin
vitrine rules profile --top 100 --json rules.zip corpus/`,
		Long: `Scans every file below DIR, as it is, on one processor, and prints of each rule the
time its condition took, in how many files it was a candidate, which is to say
evaluated, and how many it matched; the slowest first. Rules whose strings never
occur are not evaluated and not printed. Below each rule stand its strings that were
tried most often: at how many places a piece of the string stood, so that all of it
had to be compared, and how many matches that gave.
The search for strings is one pass for all rules and belongs to none. What slows it
down is tried often and seldom found: such strings, of all rules, are printed last.
vitrine rules lint tells of them without files. An interrupt ends it early: what was measured by then is printed.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) < 2 || o.top < 0 {
				return term.Usage(c, "name rules, and directories to measure them on")
			}
			return runRulesProfile(c.Context(), env, o, args[0], args[1:])
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("measured", ""),
			page.See:  "vitrine-rules(1), vitrine-rules-lint(1)",
		},
	}
	c.Flags().StringArrayVarP(&o.define, "define", "d", nil, "define an external variable, `VAR=VALUE`; may be repeated")
	c.Flags().IntVar(&o.top, "top", 20, "print the slowest `N` rules; 0 prints all")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema vitrine.rules.profile/v1)")
	return c
}

// profileReport is the answer of rules profile; its JSON is
// docs/spec/cli/vitrine.rules.profile.v1.json.
type profileReport struct {
	Schema  string         `json:"schema"`
	Rules   int            `json:"rules"`
	Files   int            `json:"files"`
	Seconds float64        `json:"seconds"` // of everything: reading, searching, evaluating
	Slowest []profiledRule `json:"slowest"`
	Busiest []busyString   `json:"busiest"` // of all rules, the most often tried first
}

type profiledRule struct {
	Rule       string  `json:"rule"`
	Namespace  string  `json:"namespace"`
	Seconds    float64 `json:"seconds"`
	Candidates int     `json:"candidates"`
	Matches    int     `json:"matches"`

	Strings []profiledString `json:"strings"` // in the order written
}

type profiledString struct {
	String string `json:"string"`
	Tried  int    `json:"tried"`
	Found  int    `json:"found"`
}

// busyString is a string with the rule it is of.
type busyString struct {
	Rule      string `json:"rule"`
	Namespace string `json:"namespace"`
	profiledString
}

func runRulesProfile(ctx context.Context, env term.Env, o profileOptions, rules string, dirs []string) error {
	externals, err := yaracmd.Externals(o.define)
	if err != nil {
		return err
	}
	set, err := ruleset.Load(ruleset.Config{Paths: []string{rules}, Externals: externals})
	if err != nil {
		return tellRules(env, err)
	}
	var profile yara.Profile
	scanner, err := yara.NewScanner(set.Rules, yara.ScanConfig{Now: env.Now, Profile: &profile})
	if err != nil {
		return err
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := newRulesTrial(env, set.Rules, scanner)
	report := profileReport{Schema: "vitrine.rules.profile/v1", Rules: set.Rules.Len(), Slowest: []profiledRule{}, Busiest: []busyString{}}
	start := env.Now()
	for _, dir := range dirs {
		t.walk(ctx, dir, func(string, []string) { report.Files++ })
	}
	report.Seconds = env.Now().Sub(start).Seconds()
	report.take(&profile, o.top)
	if err := report.print(env, o.json); err != nil {
		return err
	}
	if errors.Is(context.Cause(ctx), term.ErrInterrupted) {
		return term.ErrInterrupted
	}
	if t.unread {
		return term.ErrReported
	}
	return nil
}

func (r *profileReport) take(p *yara.Profile, top int) {
	rules := p.Rules()
	if top > 0 {
		rules = rules[:min(top, len(rules))]
	}
	for _, p := range rules {
		rule := profiledRule{p.Rule.Name, p.Rule.Namespace, p.Time.Seconds(), p.Candidates, p.Matches, []profiledString{}}
		for _, s := range p.Strings {
			rule.Strings = append(rule.Strings, profiledString{s.Name, s.Tried, s.Found})
		}
		r.Slowest = append(r.Slowest, rule)
	}
	for _, s := range p.Busiest(top) {
		r.Busiest = append(r.Busiest, busyString{s.Rule.Name, s.Rule.Namespace, profiledString{s.Name, s.Tried, s.Found}})
	}
}

func (r *profileReport) print(env term.Env, asJSON bool) error {
	if asJSON {
		return indented(env.Stdout, r)
	}
	var rules, busy term.Table
	if len(r.Slowest) > 0 {
		rules.Row("TIME", "CANDIDATE", "MATCHED", "RULE")
	}
	for _, p := range r.Slowest {
		took := time.Duration(p.Seconds * float64(time.Second)).Round(time.Microsecond)
		rules.Row(took.String(), fmt.Sprint(p.Candidates), fmt.Sprint(p.Matches), p.Rule)
		for _, line := range p.lines() {
			rules.Row("", "", "", line)
		}
	}
	if len(r.Busiest) > 0 {
		busy.Row("TRIED", "FOUND", "STRING")
	}
	for _, s := range r.Busiest {
		busy.Row(fmt.Sprint(s.Tried), fmt.Sprint(s.Found), s.Rule+" "+s.String)
	}
	for _, t := range []*term.Table{&rules, &busy} {
		if err := t.Print(env.Stdout, ""); err != nil {
			return err
		}
	}
	took := time.Duration(r.Seconds * float64(time.Second)).Round(time.Millisecond)
	line := strings.Join([]string{term.Plural(int64(r.Rules), "rule", "rules"), term.Plural(int64(r.Files), "file", "files"), took.String() + " in all"}, ", ")
	_, err := fmt.Fprintln(env.Stdout, line)
	return err
}

// maxProfiledStrings is how many strings of a rule people are told of; programs
// get all.
const maxProfiledStrings = 5

// lines tells of the strings that were tried, the most often tried first.
func (p *profiledRule) lines() []string {
	tried := slices.DeleteFunc(slices.Clone(p.Strings), func(s profiledString) bool { return s.Tried == 0 })
	slices.SortStableFunc(tried, func(a, b profiledString) int { return b.Tried - a.Tried })
	var out []string
	for _, s := range tried[:min(len(tried), maxProfiledStrings)] {
		out = append(out, fmt.Sprintf("  %s: tried %d, found %d", s.String, s.Tried, s.Found))
	}
	if more := len(tried) - maxProfiledStrings; more > 0 {
		out = append(out, "  and "+term.Plural(int64(more), "more string", "more strings"))
	}
	return out
}
