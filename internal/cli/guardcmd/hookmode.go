package guardcmd

import (
	"vitrine/internal/endpoint/hook"

	"github.com/spf13/cobra"
)

// newHookMode makes the command that executes the administrator's own command for
// the guard. Nobody calls it by hand.
func newHookMode() *cobra.Command {
	return &cobra.Command{
		Use:                hook.Mode + " PROGRAM ARG...",
		Short:              "Execute a command for the guard",
		Long:               "Started by vitrine guard, for protection.hook in its configuration.",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE:               func(_ *cobra.Command, args []string) error { return hook.Main(args) },
	}
}
