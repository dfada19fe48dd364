package guardcmd

import (
	"context"
	"fmt"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/netguard"

	"github.com/spf13/cobra"
)

func newNetguardTest(env term.Env) *cobra.Command {
	var f netguardFlags
	c := &cobra.Command{
		Use:   "test ADDRESS|NAME|URL [flags]",
		Short: "Show the path a connection would take",
		Example: `vitrine netguard test 192.0.2.1
vitrine netguard test [2001:db8::1]:443
vitrine netguard test https://www.example.org/x
vitrine netguard test www.example.org --list ./c2.txt --json`,
		Long: `Nothing is connected, and no name is asked for: each part of the network guard that is
in force says what it would do, and which line of which list makes it.

With --list it is answered from those lists alone, as if every part were in force.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "one address, name or URL is needed, not %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runNetguardTest(c.Context(), env, f, args[0]) },
		Annotations: map[string]string{
			page.Exit: page.Exits("it goes through", "it is refused"),
			page.See:  "vitrine-netguard-list(1)",
		},
	}
	f.add(c, "vitrine.netguard.test/v1")
	return c
}

// netguardPath is the answer; its JSON is docs/spec/cli/vitrine.netguard.test.v1.json.
type netguardPath struct {
	Schema string `json:"schema"`
	netguard.Path
}

func runNetguardTest(ctx context.Context, env term.Env, f netguardFlags, target string) error {
	out := netguardPath{Schema: "vitrine.netguard.test/v1"}
	var err error
	if len(f.lists) > 0 {
		out.Path, _, err = netguard.TestLists(target, netguard.Files(f.lists))
	} else {
		out.Path, err = askNetguard[netguard.Path](ctx, env, f, "test", netguard.TestArgs{Target: target})
	}
	if err != nil {
		return quarantineAnswer(env, err)
	}
	if f.json {
		err = printNetguard(env, out)
	} else {
		err = printPath(env, out.Path)
	}
	if err == nil && out.Outcome == netguard.Refused {
		err = term.ErrNo
	}
	return err
}

// printPath is the answer for people: what comes of it, then each step.
func printPath(env term.Env, p netguard.Path) error {
	what := "goes through"
	switch {
	case p.Outcome == netguard.Refused:
		what = "is refused"
	case p.Listed:
		what = "goes through, although it is listed"
	}
	if _, err := fmt.Fprintf(env.Stdout, "%s %s\n", term.Escape(p.Target), what); err != nil {
		return err
	}
	var t term.Table
	for _, s := range p.Steps {
		why := s.Note
		if s.Hit != nil {
			why = fmt.Sprintf("%s:%d: %s", term.Escape(s.Hit.List), s.Hit.Line, term.Escape(s.Hit.Indicator))
		}
		t.Row(s.At, s.Outcome, why)
	}
	return t.Print(env.Stdout, "  ")
}
