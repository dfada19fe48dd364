package machine

import (
	"fmt"
	"slices"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/rulecheck"

	"github.com/spf13/cobra"
)

// lintOptions is the command line of rules lint.
type lintOptions struct {
	failOn string
	only   []string
	meta   []string
	define []string
	sum    bool
	json   bool
}

func newRulesLint(env term.Env) *cobra.Command {
	var o lintOptions
	c := &cobra.Command{
		Use:   "lint [flags] PATH...",
		Short: "Find rules that are wrong, slow, or hunt documents",
		Example: `vitrine rules lint rules/
vitrine rules lint --only hunting --fail-on medium downloaded.zip
vitrine rules lint --summary rules/ more-rules/
vitrine rules lint --require-meta author --require-meta license --json rules/`,
		Long: `Each PATH is a file of rules, a directory with *.yar and *.yara files, or a zip
archive of them. Files are compiled together with what they include. Three kinds of
findings are printed, each with a severity, and a table of how many there are:

  correctness  what does not compile (high), rules and strings that are there
               twice, private rules without use, metadata that is missing
  performance  strings found by little or by what every file holds, rules that
               no string wakes, loops as long as the file
  hunting      rules that would fire on documents rather than on code

For hunting it does not matter what a rule says of itself, or in which language or
encoding. Of all the ways to satisfy its condition the one is taken that asks most
for what documents hold (classification markings, keys and passwords, names of
persons and machines, formats of documents) and least for what only code holds.
A rule that needs no code at all is high.

The variables filename, filepath, extension, filetype and owner are known, because
rules for whole machines use them; vitrine scan does not define them.`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return term.Usage(c, "nothing to look at: name a file, a directory or a zip archive")
			}
			return runRulesLint(env, o, paths)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("no finding is as bad as --fail-on", "a finding is as bad as --fail-on, or worse"),
			page.See:  "vitrine-rules(1), vitrine-explain(1)",
		},
	}
	c.Flags().StringVar(&o.failOn, "fail-on", "high", "exit with 1 from this severity on: `high`, medium or low")
	c.Flags().StringArrayVar(&o.only, "only", nil, "print one `KIND` only: correctness, performance or hunting; repeatable")
	c.Flags().StringArrayVar(&o.meta, "require-meta", []string{"description"}, "metadata every rule must have: a `KEY`; repeatable")
	c.Flags().StringArrayVarP(&o.define, "define", "d", nil, "define an external variable, `VAR=VALUE`; may be repeated")
	c.Flags().BoolVar(&o.sum, "summary", false, "print the table only, not each finding")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema vitrine.rules.lint/v1)")
	// Completion of values is a courtesy: an error here means a misspelt flag name, which its script would show.
	_ = c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"high", "medium", "low"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("only", cobra.FixedCompletions([]string{"correctness", "performance", "hunting"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func runRulesLint(env term.Env, o lintOptions, paths []string) error {
	from, err := rulecheck.ParseSeverity(o.failOn)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	for _, kind := range o.only {
		if !slices.Contains([]rulecheck.Kind{rulecheck.Correctness, rulecheck.Performance, rulecheck.Hunting}, rulecheck.Kind(kind)) {
			return fmt.Errorf("--only: %q is no kind: correctness, performance or hunting", kind)
		}
	}
	run, err := newLinting(o)
	if err != nil {
		return err
	}
	run.start(env, "checking", false)
	unread := ruleset.Each(ruleset.Config{Paths: paths, Externals: run.externals}, run.file)
	run.finish()
	if run.report.Files > 0 || unread == nil {
		if err := run.report.print(env, o); err != nil {
			return err
		}
	}
	if unread != nil {
		return tell(env, unread)
	}
	if slices.ContainsFunc(run.report.Findings, func(f rulecheck.Finding) bool { return f.Severity >= from }) {
		return term.ErrNo
	}
	return nil
}
