package guardcmd

import (
	"context"
	"fmt"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/lists"

	"github.com/spf13/cobra"
)

// listCommand is what the commands of the two lists have in common.
type listCommand struct {
	name string // allow or exclude
	what string // what stands in the head of its table
	// key makes an entry's name of an argument; nil: the argument is the name.
	key func(string) (string, error)
}

func (l listCommand) schema() string { return "vitrine." + l.name + "/v1" }

// listAnswer is the answer of list, add and remove; its JSON is
// docs/spec/cli/vitrine.allow.v1.json and vitrine.exclude.v1.json.
type listAnswer struct {
	Schema  string        `json:"schema"`
	Entries []lists.Entry `json:"entries"`
}

func (l listCommand) newList(env term.Env, short, long string) *cobra.Command {
	var a asking
	c := &cobra.Command{
		Use:   "list [flags]",
		Short: short,
		Example: fmt.Sprintf(`vitrine %s list
vitrine %[1]s list --json`, l.name),
		Long: long,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, env, func(ctx context.Context, client *control.Client) error {
				all, err := control.All[lists.Entry](ctx, client, l.name+".list", nil)
				if err != nil {
					return err
				}
				return l.print(env, a.json, all)
			})
		},
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: fmt.Sprintf("vitrine-%s-add(1), vitrine-%[1]s-remove(1)", l.name)},
	}
	a.add(c, l.schema())
	return c
}

func (l listCommand) print(env term.Env, asJSON bool, all []lists.Entry) error {
	if asJSON {
		return document(env, listAnswer{l.schema(), append([]lists.Entry{}, all...)})
	}
	var t term.Table
	if len(all) > 0 {
		t.Row(l.what, "ADDED", "BY", "UNTIL", "REASON")
	}
	for _, e := range all {
		by, added := fmt.Sprintf("uid %d", e.UID), day(e.Added)
		if e.Source != "" {
			by, added = term.Escape(e.Source), "-"
		}
		t.Row(term.Escape(e.What), added, by, day(e.Until), term.Escape(e.Reason))
	}
	return t.Print(env.Stdout, "")
}

// day is a time in a table; none is a dash.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// newAdd makes the command that adds entries; args is how Use names them.
func (l listCommand) newAdd(env term.Env, args, short, example, long string) *cobra.Command {
	var a asking
	var reason, until string
	c := &cobra.Command{
		Use: "add [flags] " + args, Short: short, Example: example, Long: long,
		RunE: func(c *cobra.Command, names []string) error {
			if len(names) == 0 {
				return term.Usage(c, "name at least one")
			}
			if reason == "" {
				return term.Usage(c, "--reason: whoever reads the list later must know why")
			}
			return l.change(c, env, &a, names, func(ctx context.Context, client *control.Client, what string) (lists.Entry, error) {
				return control.One[lists.Entry](ctx, client, l.name+".add", lists.AddArgs{What: what, Reason: reason, For: until})
			})
		},
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: fmt.Sprintf("vitrine-%s-list(1), vitrine-%[1]s-remove(1)", l.name)},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, in a few `WORDS`; needed")
	c.Flags().StringVar(&until, "for", "", "for how long: a `DURATION` such as 12h or 30d (default: until it is removed)")
	a.add(c, l.schema())
	return c
}

func (l listCommand) newRemove(env term.Env, args, short, long string) *cobra.Command {
	var a asking
	c := &cobra.Command{
		Use: "remove [flags] " + args, Short: short, Long: long,
		Example: fmt.Sprintf("vitrine %s remove %s", l.name, map[string]string{"allow": "./installer", "exclude": "'*.iso'"}[l.name]),
		RunE: func(c *cobra.Command, names []string) error {
			if len(names) == 0 {
				return term.Usage(c, "name at least one")
			}
			return l.change(c, env, &a, names, func(ctx context.Context, client *control.Client, what string) (lists.Entry, error) {
				return control.One[lists.Entry](ctx, client, l.name+".remove", lists.RemoveArgs{What: what})
			})
		},
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return l.known(c.Context(), &a)
		},
		Annotations: map[string]string{page.Exit: page.Exits("done", "there is no such entry"), page.See: fmt.Sprintf("vitrine-%s-list(1)", l.name)},
	}
	a.add(c, l.schema())
	return c
}

// known completes entries.
func (l listCommand) known(ctx context.Context, a *asking) ([]string, cobra.ShellCompDirective) {
	client, err := a.dial()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	defer client.Close()
	all, err := control.All[lists.Entry](ctx, client, l.name+".list", nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var out []string
	for _, e := range all {
		if e.Source == "" {
			out = append(out, e.What+"\t"+term.Escape(e.Reason))
		}
	}
	return out, cobra.ShellCompDirectiveDefault
}

// change adds or removes one entry after the other, and prints those it did even
// if a later one fails.
func (l listCommand) change(c *cobra.Command, env term.Env, a *asking, names []string, do func(context.Context, *control.Client, string) (lists.Entry, error)) error {
	var whats []string
	for _, name := range names {
		what := name
		if l.key != nil {
			var err error
			if what, err = l.key(name); err != nil {
				return err
			}
		}
		whats = append(whats, what)
	}
	return a.with(c, env, func(ctx context.Context, client *control.Client) error {
		var done []lists.Entry
		var failed error
		for _, what := range whats {
			e, err := do(ctx, client, what)
			if err != nil {
				failed = err
				break
			}
			done = append(done, e)
		}
		if len(done) > 0 || a.json {
			if err := l.print(env, a.json, done); err != nil {
				return err
			}
		}
		return failed
	})
}
