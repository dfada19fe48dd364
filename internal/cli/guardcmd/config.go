package guardcmd

import (
	"context"
	"io"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"

	"github.com/spf13/cobra"
)

func newConfig(env term.Env) *cobra.Command {
	var a asking
	var running, defaults bool
	var color term.When
	c := &cobra.Command{
		Use:   "config [flags]",
		Short: "Show how the guard is configured, and where each value comes from",
		Example: `vitrine config
vitrine config --running
vitrine config --default > /etc/vitrine/vitrine.toml`,
		Long: `Reads and checks the file: all its mistakes are told at once, with their lines. A
guard that runs goes by what it read last; --running shows that.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if defaults {
				_, err := io.WriteString(env.Stdout, config.DefaultFile())
				return err
			}
			r, err := a.report(c, env, running)
			if err != nil {
				return err
			}
			if a.json {
				return document(env, r)
			}
			return printConfig(env, r, env.Paint(color, env.Stdout))
		},
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine-guard(1), vitrine-status(1)"},
	}
	c.Flags().BoolVar(&running, "running", false, "ask the guard that runs")
	c.Flags().BoolVar(&defaults, "default", false, "print a file with every key, its meaning and its default")
	painted(c, &color)
	a.add(c, "vitrine.config/v1")
	apart(c, [2]string{"default", "running"}, [2]string{"default", "json"})
	return c
}

// report reads the file, or asks the guard.
func (a *asking) report(c *cobra.Command, env term.Env, running bool) (r config.Listing, err error) {
	if !running {
		l, err := config.Load(a.config)
		if err != nil {
			return r, term.Lines(env, "vitrine", err)
		}
		return l.Listing(), nil
	}
	err = a.with(c, env, func(ctx context.Context, client *control.Client) error {
		r, err = control.One[config.Listing](ctx, client, "config", nil)
		return err
	})
	return r, err
}

func printConfig(env term.Env, r config.Listing, paint term.Paint) error {
	var t term.Table
	for _, v := range r.Values {
		source := paint.Word(term.Dim, term.Escape(v.Source))
		if v.Source != "default" {
			source = term.Escape(v.Source)
		}
		t.Row(v.Key, term.Clean(v.Text()), source)
	}
	return t.Print(env.Stdout, "")
}
