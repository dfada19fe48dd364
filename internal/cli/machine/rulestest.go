package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/cli/yaracmd"
	"vitrine/internal/endpoint/files"
	"vitrine/yara"

	"github.com/spf13/cobra"
)

// rulesTestOptions is the command line of rules test.
type rulesTestOptions struct {
	samples, clean, define []string
	json                   bool
}

func newRulesTest(env term.Env) *cobra.Command {
	var o rulesTestOptions
	c := &cobra.Command{
		Use:   "test [flags] --samples DIR [--clean DIR] RULES...",
		Short: "Hold rules against their samples and against clean files",
		Example: `vitrine rules test --samples samples/ rules/
vitrine rules test --samples samples/ --clean /usr/bin rules/
vitrine rules test --clean /usr --json rules.zip`,
		Long: `Every file below samples/NAME must be matched by the rule NAME; other rules may
match it as well. No file below a --clean directory may be matched by any rule.

Files are scanned as they are: archives among them are not unpacked. Private
rules match nothing by themselves, so they need no samples. Rules without samples
are counted.`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 || len(o.samples)+len(o.clean) == 0 {
				return term.Usage(c, "name rules, and --samples or --clean to hold them against")
			}
			return runRulesTest(c.Context(), env, o, paths)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("every sample was found and nothing clean", "a sample was missed, or something clean was found"),
			page.See:  "vitrine-rules(1), vitrine-scan(1)",
		},
	}
	c.Flags().StringArrayVar(&o.samples, "samples", nil, "hold the rule NAME against every file below `DIR`/NAME; repeatable")
	c.Flags().StringArrayVar(&o.clean, "clean", nil, "no rule may match a file below `DIR`; repeatable")
	c.Flags().StringArrayVarP(&o.define, "define", "d", nil, "define an external variable, `VAR=VALUE`; may be repeated")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema vitrine.rules.test/v1)")
	return c
}

func runRulesTest(ctx context.Context, env term.Env, o rulesTestOptions, paths []string) error {
	externals, err := yaracmd.Externals(o.define)
	if err != nil {
		return err
	}
	set, err := ruleset.Load(ruleset.Config{Paths: paths, Externals: externals})
	if err != nil {
		return tellRules(env, err)
	}
	scanner, err := yara.NewScanner(set.Rules, yara.ScanConfig{Now: env.Now})
	if err != nil {
		return err
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := newRulesTrial(env, set.Rules, scanner)
	for _, dir := range o.samples {
		t.samples(ctx, dir)
	}
	for _, dir := range o.clean {
		t.walk(ctx, dir, t.clean)
	}
	if errors.Is(context.Cause(ctx), term.ErrInterrupted) {
		return term.ErrInterrupted
	}
	if err := t.report().print(env, o.json); err != nil {
		return err
	}
	switch {
	case t.unread:
		return term.ErrReported
	case len(t.missed)+len(t.alarms) > 0:
		return term.ErrNo
	}
	return nil
}

// rulesTrial holds rules against files.
type rulesTrial struct {
	meter
	scanner *yara.Scanner
	view    files.View
	known   map[string]bool // names of rules that may be reported
	tested  map[string]*ruleTally

	missed, alarms []ruleAndFile
	cleaned        int
	unread         bool
}

type ruleTally struct{ samples, found int }

type ruleAndFile struct {
	Rule string `json:"rule"`
	File string `json:"file"`
}

func newRulesTrial(env term.Env, rules *yara.Rules, scanner *yara.Scanner) *rulesTrial {
	t := &rulesTrial{scanner: scanner, known: map[string]bool{}, tested: map[string]*ruleTally{}}
	t.start(env, "scanning", false)
	for rule := range rules.All() {
		if !rule.Private {
			t.known[rule.Name] = true
		}
	}
	return t
}

// walk hands every file below dir to use with the names of the rules that match.
func (t *rulesTrial) walk(ctx context.Context, dir string, use func(path string, matched []string)) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		t.complain("%s is no directory", dir)
		return
	}
	defer t.line.Clear()
	var w files.Walker
	w.Walk(ctx, dir, func(e files.Entry) bool {
		switch e.Kind {
		case files.Unread:
			t.complain("%s", e.Err.Line(e.Path))
		case files.File:
			t.scan(ctx, e, use)
		}
		return true
	})
}

func (t *rulesTrial) scan(ctx context.Context, e files.Entry, use func(path string, matched []string)) {
	t.begin(e.Path)
	var matched []string
	var failed error
	seen := t.view.File(ctx, e, func(data []byte) {
		result, err := t.scanner.Scan(ctx, data)
		failed = err
		t.progress.Add(int64(len(data)))
		for _, m := range result.Matches {
			matched = append(matched, m.Rule.Name)
		}
	})
	switch {
	case ctx.Err() != nil:
	case seen.Kind == files.Unread:
		t.complain("%s", seen.Problem.Line(e.Path))
	case failed != nil || seen.TooLarge || seen.Changed:
		t.complain("%s: not scanned to its end", e.Path)
	case seen.Kind == files.File:
		use(e.Path, matched)
	}
}

func (t *rulesTrial) complain(format string, args ...any) {
	t.unread = true
	t.line.Clear()
	fmt.Fprintf(t.env.Stderr, "vitrine: %s\n", term.Clean(fmt.Sprintf(format, args...)))
}

// samples holds rules against the directories called like them.
func (t *rulesTrial) samples(ctx context.Context, dir string) {
	t.walk(ctx, dir, func(path string, matched []string) {
		below, err := filepath.Rel(dir, path)
		if err != nil {
			t.complain("%s: %v", path, err)
			return
		}
		name, _, inside := strings.Cut(filepath.ToSlash(below), "/")
		if !inside || !t.known[name] {
			t.complain("%s: lies in no directory called like a rule that can match", path)
			return
		}
		tally := t.tested[name]
		if tally == nil {
			tally = &ruleTally{}
			t.tested[name] = tally
		}
		tally.samples++
		if slices.Contains(matched, name) {
			tally.found++
		} else {
			t.missed = append(t.missed, ruleAndFile{name, path})
		}
	})
}

func (t *rulesTrial) clean(path string, matched []string) {
	t.cleaned++
	for _, name := range matched {
		t.alarms = append(t.alarms, ruleAndFile{name, path})
	}
}
