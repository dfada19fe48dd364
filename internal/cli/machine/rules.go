package machine

import (
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// newRules makes the parent of the commands for people who write and keep rules.
func newRules(env term.Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "Work on sets of rules",
		Example: `vitrine rules lint rules/
vitrine rules compile -o rules.vyr rules/`,
		Args: term.UnknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{
			page.Exit: page.Exits("done", ""),
			page.See:  "vitrine-scan(1), vitrine-yara(1)",
		},
	}
	c.AddCommand(newRulesCompile(env), newRulesLint(env), newRulesTest(env), newRulesImport(env), newRulesProfile(env))
	return c
}
