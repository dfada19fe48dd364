package guardcmd

import (
	"context"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/sweep"

	"github.com/spf13/cobra"
)

func newSweepStop(env term.Env) *cobra.Command {
	var flags sweepFlags
	c := &cobra.Command{
		Use:   "stop [flags] [ID]",
		Short: "Stop a sweep for good",
		Example: `vitrine sweep stop
vitrine sweep stop 12`,
		Long: "Without an ID, the one that runs is stopped. What it has found already stays found.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return term.Usage(c, "one sweep at a time")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var id string
			if len(args) > 0 {
				id = args[0]
			}
			return runSweepStop(c.Context(), env, flags, id)
		},
		Annotations: map[string]string{page.Exit: page.Exits("stopped", "there is no such sweep, or it is over"), page.See: "vitrine-sweep(1), vitrine-sweep-list(1)"},
	}
	flags.add(c, "vitrine.sweep/v1")
	return c
}

func runSweepStop(ctx context.Context, env term.Env, f sweepFlags, id string) error {
	var last sweep.Status
	if err := f.call(ctx, env, "sweep.stop", sweep.StopArgs{ID: id}, func(s sweep.Status) { last = s }); err != nil {
		return err
	}
	return printSweep(env, f.json, last)
}
