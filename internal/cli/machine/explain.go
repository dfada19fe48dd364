package machine

import (
	"encoding/json"
	"fmt"
	"strings"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// explainOptions is the command line of explain.
type explainOptions struct {
	rules []string
	json  bool
}

func newExplain(env term.Env) *cobra.Command {
	var o explainOptions
	c := &cobra.Command{
		Use:   "explain [flags] RULE",
		Short: "Say what a rule looks for, and why",
		Example: `vitrine explain eicar_test_file
vitrine explain --rules rules/ my_rule
vitrine explain --json eicar_test_file`,
		Long: `What is shown is read from the rule itself: what it says of itself, what its
strings look like, and the condition that decides.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "name one rule")
			}
			return runExplain(env, o, args[0])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return o.complete(start), cobra.ShellCompDirectiveNoFileComp
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("explained", "there is no rule of that name"),
			page.See:  "vitrine-scan(1)",
		},
	}
	c.Flags().StringArrayVar(&o.rules, "rules", nil, "also look in the rules of `FILE|DIR|ZIP`; repeatable")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema vitrine.explain/v1)")
	return c
}

// complete lists the rules whose names begin with start, with their
// descriptions, for completion in a shell. Rules that do not compile have
// nobody to tell about it there.
func (o *explainOptions) complete(start string) []string {
	set, err := ruleset.Load(ruleset.Config{Builtin: quarry.Builtin(), Paths: o.rules})
	if err != nil {
		return nil
	}
	var words []string
	for rule := range set.Rules.All() {
		about := rule.MetaText("description")
		switch {
		case !strings.HasPrefix(rule.Name, start):
		case about == "":
			words = append(words, rule.Name)
		default:
			words = append(words, cobra.CompletionWithDesc(rule.Name, about))
		}
	}
	return words
}

func runExplain(env term.Env, o explainOptions, name string) error {
	set, err := loadRules(env, o.rules, true)
	if err != nil {
		return err
	}
	rules, names := explained(set, name)
	if len(rules) == 0 {
		fmt.Fprintf(env.Stderr, "vitrine: no rule is called %q\n", name)
		if near := term.Nearest(name, names); len(near) > 0 {
			fmt.Fprintf(env.Stderr, "hint: did you mean %s?\n", term.Alternatives("", near))
		}
		return term.ErrNo
	}
	if o.json {
		encoder := json.NewEncoder(env.Stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(explanation{Schema: "vitrine.explain/v1", Rules: rules})
	}
	for i := range rules {
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		if err := rules[i].text(env.Stdout); err != nil {
			return err
		}
	}
	return nil
}
