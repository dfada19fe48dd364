package guardcmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/lists"

	"github.com/spf13/cobra"
)

func newExclude(env term.Env) *cobra.Command {
	l := listCommand{name: "exclude", what: "PATTERN"}
	c := &cobra.Command{
		Use:   "exclude",
		Short: "Leave files and folders out",
		Example: `vitrine exclude add /srv/db/ --reason "database, checked by its own host" --for 30d
vitrine exclude test /srv/db/main.ibd
vitrine exclude list`,
		Long: `What a pattern matches is not looked at, by the guard or by scans of the guard.
Whoever can write there can put malware there: leave out as little as will do.

  *.iso          any file or folder of that name, anywhere
  cache/tmp      the end of a path
  /srv/db        a whole path
  /srv/db/       likewise, a folder only; with all below it

* stands for anything but a slash, ** for anything, ? for one character.`,
		Args:        term.UnknownCommand,
		RunE:        func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine-allow(1), vitrine-config(1)"},
	}
	c.AddCommand(
		l.newList(env, "List what is left out", "First what the configuration says, then what was added."),
		l.newAdd(env, "PATTERN...", "Leave out what a pattern matches", `vitrine exclude add /srv/db/ --reason "database"
vitrine exclude add '*.iso' --reason "checked when they are made" --for 30d`, "Quote patterns, so that the shell does not replace them by the files they match."),
		l.newRemove(env, "PATTERN...", "Look at it again", "Those of the configuration are removed there."),
		newExcludeTest(env),
	)
	return c
}

// excludeTest is the answer; its JSON is docs/spec/cli/vitrine.exclude.test.v1.json.
type excludeTest struct {
	Schema string         `json:"schema"`
	Paths  []lists.Tested `json:"paths"`
}

func newExcludeTest(env term.Env) *cobra.Command {
	var a asking
	c := &cobra.Command{
		Use:     "test [flags] PATH...",
		Short:   "Say whether a path is left out, and why",
		Example: "vitrine exclude test /srv/db/main.ibd",
		Long: `PATH need not exist. A symbolic link is judged by its own name, as the guard judges
what it leads to by that one's.`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return term.Usage(c, "name at least one path")
			}
			return runExcludeTest(c, env, &a, paths)
		},
		Annotations: map[string]string{page.Exit: page.Exits("all of them are left out", "one of them is looked at"), page.See: "vitrine-exclude-list(1)"},
	}
	a.add(c, "vitrine.exclude.test/v1")
	return c
}

func runExcludeTest(c *cobra.Command, env term.Env, a *asking, paths []string) error {
	out := excludeTest{Schema: "vitrine.exclude.test/v1", Paths: []lists.Tested{}}
	all := true
	err := a.with(c, env, func(ctx context.Context, client *control.Client) error {
		for _, path := range paths {
			path, err := filepath.Abs(path)
			if err != nil {
				return err
			}
			info, err := os.Lstat(path)
			args := lists.TestArgs{Path: term.Escape(path), Dir: err == nil && info.IsDir()}
			t, err := control.One[lists.Tested](ctx, client, "exclude.test", args)
			if err != nil {
				return err
			}
			all = all && t.Excluded
			out.Paths = append(out.Paths, t)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.json {
		err = document(env, out)
	} else {
		err = out.print(env)
	}
	if err == nil && !all {
		return term.ErrNo
	}
	return err
}

func (out excludeTest) print(env term.Env) error {
	for _, t := range out.Paths {
		text := "looked at"
		if e := t.By; e != nil {
			text = "left out by " + term.Escape(e.What)
			if e.Source != "" {
				text += " (" + term.Escape(e.Source) + ")"
			} else {
				text += fmt.Sprintf(" (uid %d on %s: %s)", e.UID, day(e.Added), term.Escape(e.Reason))
			}
		}
		// The guard gave the path back as it was asked, escaped.
		if _, err := fmt.Fprintf(env.Stdout, "%s: %s\n", t.Path, text); err != nil {
			return err
		}
	}
	return nil
}
