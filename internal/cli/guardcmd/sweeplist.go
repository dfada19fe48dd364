package guardcmd

import (
	"context"
	"fmt"
	"strconv"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/sweep"

	"github.com/spf13/cobra"
)

func newSweepList(env term.Env) *cobra.Command {
	var flags sweepFlags
	c := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the sweeps that wait, run, and are over",
		Example: `vitrine sweep list
vitrine sweep list --json`,
		Long:        "The last 32 that are over are remembered, over restarts too.",
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runSweepList(c.Context(), env, flags) },
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine-sweep(1), vitrine-sweep-stop(1)"},
	}
	flags.add(c, "vitrine.sweep.list/v1")
	return c
}

// sweepList is the answer; its JSON is docs/spec/cli/vitrine.sweep.list.v1.json.
type sweepList struct {
	Schema string         `json:"schema"`
	Sweeps []sweep.Status `json:"sweeps"`
}

func runSweepList(ctx context.Context, env term.Env, f sweepFlags) error {
	out := sweepList{"vitrine.sweep.list/v1", []sweep.Status{}}
	err := f.call(ctx, env, "sweep.list", struct{}{}, func(s sweep.Status) { out.Sweeps = append(out.Sweeps, s) })
	if err != nil {
		return err
	}
	if f.json {
		return printSweepJSON(env, out)
	}
	if len(out.Sweeps) == 0 {
		_, err := fmt.Fprintln(env.Stdout, "no sweeps")
		return err
	}
	var t term.Table
	t.Row("ID", "STATE", "ASKED", "FILES", "FOUND", "INCOMPLETE", "NOT READ", "WHAT")
	for _, s := range out.Sweeps {
		t.Row(s.ID, string(s.State), s.Asked.Local().Format("2006-01-02 15:04"), term.Count(s.Files),
			strconv.FormatInt(s.Found, 10), strconv.FormatInt(s.Incomplete, 10), strconv.FormatInt(s.Unread, 10), sweepOf(s))
	}
	return t.Print(env.Stdout, "")
}
