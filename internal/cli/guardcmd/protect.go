package guardcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/gap"
	"vitrine/internal/quantity"

	"github.com/spf13/cobra"
)

func newProtect(env term.Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "protect",
		Short: "Switch protection off and on",
		Example: `vitrine protect off --reason "restore of a backup" --for 30m
vitrine protect on`,
		Long: `While protection is off, nothing is stopped. Switching it off needs a reason, is an
event, and is remembered with its duration. When it is switched on again, what was
run, written or mounted meanwhile is looked at before the machine is called protected.`,
		Args:        term.UnknownCommand,
		RunE:        func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{page.Exit: page.Exits("done", "it stands that way already"), page.See: "vitrine-status(1), vitrine-exclude(1)"},
	}
	c.AddCommand(newProtectOff(env), newProtectOn(env))
	return c
}

// protectAnswer is the answer; its JSON is docs/spec/cli/vitrine.protect.v1.json.
type protectAnswer struct {
	Schema string `json:"schema"`
	gap.Status
}

func newProtectOff(env term.Env) *cobra.Command {
	var a asking
	var args gap.OffArgs
	c := &cobra.Command{
		Use:   "off [flags]",
		Short: "Stop nothing for a while",
		Example: `vitrine protect off --reason "restore of a backup" --for 30m
vitrine protect off --reason "driver of the vendor, ticket 4711"`,
		Long: `Without --for it stays off until somebody switches it on, also over a restart of the
machine.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if strings.TrimSpace(args.Reason) == "" {
				return term.Usage(c, "--reason: switching off needs a reason, which is kept")
			}
			if args.For != "" {
				d, err := quantity.ParseDuration(args.For)
				if err != nil || d == 0 {
					return term.Usage(c, "--for: %q is not a duration such as 30m", args.For)
				}
				args.For = d.String()
			}
			return a.with(c, env, func(ctx context.Context, client *control.Client) error {
				s, err := control.One[gap.Status](ctx, client, "protect.off", args)
				if err != nil {
					return err
				}
				return printProtect(env, a.json, s)
			})
		},
		Annotations: map[string]string{page.Exit: page.Exits("it is off", "it was off already"), page.See: "vitrine-protect-on(1), vitrine-status(1)"},
	}
	c.Flags().StringVar(&args.Reason, "reason", "", "why, in a few `WORDS`; needed")
	c.Flags().StringVar(&args.For, "for", "", "switch it on again after a `DURATION` such as 30m")
	a.add(c, "vitrine.protect/v1")
	return c
}

func newProtectOn(env term.Env) *cobra.Command {
	var a asking
	var now bool
	c := &cobra.Command{
		Use:     "on [flags]",
		Short:   "Stop malware again, and look at what happened meanwhile",
		Example: "vitrine protect on",
		Long: `Malware is stopped from the first moment. The command ends when everything that
happened while protection was off has been looked at; --no-wait ends it at once, and
the looking goes on.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runProtectOn(c, env, &a, !now) },
		Annotations: map[string]string{
			page.Exit: page.Exits("the machine is protected; with --no-wait: it is on", "it is on, and the machine is not protected, or with --no-wait it was on already"),
			page.See:  "vitrine-protect-off(1), vitrine-status(1)",
		},
	}
	c.Flags().BoolVar(&now, "no-wait", false, "do not wait until all is looked at")
	a.add(c, "vitrine.protect/v1")
	return c
}

func runProtectOn(c *cobra.Command, env term.Env, a *asking, wait bool) error {
	var last gap.Status
	line := term.Line{W: env.Stderr}
	err := a.with(c, env, func(ctx context.Context, client *control.Client) error {
		return client.Call(ctx, "protect.on", gap.OnArgs{Wait: wait}, func(text json.RawMessage) error {
			last = gap.Status{}
			if err := json.Unmarshal(text, &last); err != nil {
				return err
			}
			if last.Work != nil && env.Terminal(env.Stderr) {
				line.Show(working(*last.Work))
			}
			return nil
		})
	})
	line.Clear()
	if err != nil {
		return err
	}
	if err := printProtect(env, a.json, last); err != nil {
		return err
	}
	if wait && last.State != gap.Protected {
		return term.ErrNo
	}
	return nil
}

// working is how far the looking is, short enough for a narrow terminal.
func working(w gap.Work) string {
	return fmt.Sprintf("%.20s: %s of %s looked at, %s found", term.Clean(w.Step), term.Count(w.Scanned), term.Count(w.Suspects), term.Count(w.Found))
}

func printProtect(env term.Env, asJSON bool, s gap.Status) error {
	if asJSON {
		return document(env, protectAnswer{"vitrine.protect/v1", s})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.State)
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "  %s\n", term.Clean(p))
	}
	if s.State == gap.Off {
		until := "until vitrine protect on"
		if !s.Until.IsZero() {
			until = "until " + s.Until.Local().Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(&b, "nothing is stopped since %s, %s: %s\n", s.Since.Local().Format("2006-01-02 15:04:05"), until, term.Clean(s.Reason))
	}
	for _, g := range s.Open {
		if !g.To.IsZero() { // else it is what was said just now
			fmt.Fprintf(&b, "%s\n", gapLine(g, env.Now()))
		}
	}
	if n := len(s.Gaps); n > 0 && s.State != gap.Off && len(s.Open) == 0 {
		fmt.Fprintf(&b, "%s\n", gapLine(s.Gaps[n-1], env.Now()))
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}

// gapLine is a time without protection, in a line.
func gapLine(g gap.Gap, now time.Time) string {
	text := fmt.Sprintf("without protection from %s for %s", g.From.Local().Format("2006-01-02 15:04:05"), term.Elapsed(g.Duration(now)))
	if g.Why == gap.First {
		text = "without protection until " + g.To.Local().Format("2006-01-02 15:04:05") + ", before the guard first ran"
	}
	if g.Reason != "" {
		text += ": " + term.Clean(g.Reason)
	}
	text += fmt.Sprintf("; %s looked at because of it, %s found", term.Plural(g.Scanned, "file", "files"), term.Count(g.Found))
	if left := g.Incomplete + g.Unread; left > 0 {
		text += fmt.Sprintf(", %s not wholly looked at", term.Count(left))
	}
	return text
}
