// Package machine holds the commands of the binary vitrine, one file each. It
// is the only place that knows all rooms of the machine's side and puts them
// together.
//
// It never opens a foreign file but through internal/endpoint/files, never
// parses one but through internal/engine, and has no way to send anything
// anywhere: a test of cmd/vitrine reads that from the binary itself.
package machine

import (
	"context"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// Run runs the command line and gives the exit code. More commands may come from
// elsewhere, with the GroupID they stand under: this package cannot reach those
// that speak to a network or start processes.
func Run(ctx context.Context, env term.Env, args []string, more ...*cobra.Command) term.Code {
	return term.Run(ctx, env, New(env, more...), args)
}

// New makes the command tree.
func New(env term.Env, more ...*cobra.Command) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "vitrine",
		Short: "Endpoint protection that anyone can check",
		Example: `vitrine scan ~/Downloads
vitrine explain eicar_test_file`,
		Args:              term.UnknownCommand,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(c *cobra.Command, _ []string) error {
			if version {
				return runVersion(env, false)
			}
			return c.Help()
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("done", ""),
			page.See:  "vitrine-scan(1), vitrine-explain(1), vitrine-yara(1), vitrine-rules(1)",
		},
	}
	root.Flags().BoolVar(&version, "version", false, "do what vitrine version does")
	root.AddGroup(
		&cobra.Group{ID: "protect", Title: "Protect"},
		&cobra.Group{ID: "see", Title: "See"},
		&cobra.Group{ID: "prove", Title: "Update and prove"},
		&cobra.Group{ID: "check", Title: "Check and set up"},
	)
	add(root, "protect", newScan(env), newYara(env))
	add(root, "see", newExplain(env))
	add(root, "check", newRules(env), newVersion(env), newCompletion(env))
	root.AddCommand(more...)
	page.Install(root)
	return root
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}
