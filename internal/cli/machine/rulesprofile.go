package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
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
occur are not evaluated and not printed. The search for strings is one pass for all
rules and belongs to none; vitrine rules lint tells which strings make it slow.
An interrupt ends it early: what was measured by then is printed.`,
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
}

type profiledRule struct {
	Rule       string  `json:"rule"`
	Namespace  string  `json:"namespace"`
	Seconds    float64 `json:"seconds"`
	Candidates int     `json:"candidates"`
	Matches    int     `json:"matches"`
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
	report := profileReport{Schema: "vitrine.rules.profile/v1", Rules: set.Rules.Len(), Slowest: []profiledRule{}}
	start := env.Now()
	for _, dir := range dirs {
		t.walk(ctx, dir, func(string, []string) { report.Files++ })
	}
	report.Seconds = env.Now().Sub(start).Seconds()
	report.take(profile.Rules(), o.top)
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

func (r *profileReport) take(rules []yara.RuleProfile, top int) {
	if top > 0 {
		rules = rules[:min(top, len(rules))]
	}
	for _, p := range rules {
		r.Slowest = append(r.Slowest, profiledRule{p.Rule.Name, p.Rule.Namespace, p.Time.Seconds(), p.Candidates, p.Matches})
	}
}

func (r *profileReport) print(env term.Env, asJSON bool) error {
	if asJSON {
		return indented(env.Stdout, r)
	}
	var table term.Table
	if len(r.Slowest) > 0 {
		table.Row("TIME", "CANDIDATE", "MATCHED", "RULE")
	}
	for _, p := range r.Slowest {
		took := time.Duration(p.Seconds * float64(time.Second)).Round(time.Microsecond)
		table.Row(took.String(), fmt.Sprint(p.Candidates), fmt.Sprint(p.Matches), p.Rule)
	}
	if err := table.Print(env.Stdout, ""); err != nil {
		return err
	}
	took := time.Duration(r.Seconds * float64(time.Second)).Round(time.Millisecond)
	line := strings.Join([]string{term.Plural(int64(r.Rules), "rule", "rules"), term.Plural(int64(r.Files), "file", "files"), took.String() + " in all"}, ", ")
	_, err := fmt.Fprintln(env.Stdout, line)
	return err
}
