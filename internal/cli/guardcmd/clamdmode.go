package guardcmd

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"vitrine/internal/cli/guardcmd/clamdfront"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// newClamdMode makes the command that a guard starts to answer clamd's
// protocol. Nobody calls it by hand.
func newClamdMode(env term.Env) *cobra.Command {
	var settings clamdfront.Settings
	c := &cobra.Command{
		Use:    clamdfront.Mode,
		Short:  "Answer clamd's protocol for the guard",
		Long:   "Started by vitrine guard, which hands it a listening socket. It is no use without.",
		Hidden: true,
		Args:   term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := env.Interrupt(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			err := clamdfront.Answer(ctx, settings, func(text string) { fmt.Fprintln(env.Stderr, text) })
			if errors.Is(err, clamdfront.ErrNotStarted) {
				return term.Hint(fmt.Errorf("%s: %w", clamdfront.Mode, clamdfront.ErrNotStarted), "clamd.enabled in the configuration has it started")
			}
			return err
		},
	}
	settings.Flags(c.Flags())
	return c
}
