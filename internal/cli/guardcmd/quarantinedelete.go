package guardcmd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/quarantine"

	"github.com/spf13/cobra"
)

// quarantineDeleteOptions are the flags of vitrine quarantine delete.
type quarantineDeleteOptions struct {
	quarantineFlags
	yes bool
}

func newQuarantineDelete(env term.Env) *cobra.Command {
	var o quarantineDeleteOptions
	c := &cobra.Command{
		Use:   "delete ID... [flags]",
		Short: "Delete entries for good",
		Example: `vitrine quarantine delete 4f2c9a01
vitrine quarantine delete --yes 4f2c9a01 77e0b3d2`,
		Long: `Nothing brings back what was deleted. On a terminal you are asked; elsewhere --yes is
needed. Old entries go by themselves, as [quarantine] of the configuration says.`,
		Args: atLeastOneID,
		RunE: func(c *cobra.Command, args []string) error { return runQuarantineDelete(c, env, o, args) },
		ValidArgsFunction: func(c *cobra.Command, a []string, s string) ([]string, cobra.ShellCompDirective) {
			return o.ids(env)(c, a, s)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("all of them are deleted", "one is not there, or you said no"),
			page.See:  "vitrine-quarantine-list(1), vitrine-quarantine-export(1)",
		},
	}
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	o.add(c, "vitrine.quarantine.delete/v1")
	return c
}

// quarantineDeleted is the answer; its JSON is docs/spec/cli/vitrine.quarantine.delete.v1.json.
type quarantineDeleted struct {
	Schema  string              `json:"schema"`
	Deleted []quarantine.Entry  `json:"deleted"`
	Refused []quarantineRefusal `json:"refused"`
}

func runQuarantineDelete(c *cobra.Command, env term.Env, o quarantineDeleteOptions, ids []string) error {
	if !o.yes && !env.Terminal(env.Stdin) {
		return term.Usage(c, "nothing brings back what is deleted: say --yes")
	}
	out := quarantineDeleted{Schema: "vitrine.quarantine.delete/v1", Deleted: []quarantine.Entry{}, Refused: []quarantineRefusal{}}
	err := o.with(c.Context(), env, func(ctx context.Context, q quarantineStore) error {
		if !o.yes {
			if err := confirmDelete(ctx, env, q, ids); err != nil {
				return err
			}
		}
		return eachEntry(env, ids, &out.Refused, func(id string) error {
			e, err := oneOf[quarantine.Entry](ctx, q, "quarantine.delete", quarantine.OneArgs{ID: id})
			if err != nil {
				return err
			}
			out.Deleted = append(out.Deleted, e)
			if o.json {
				return nil
			}
			_, err = fmt.Fprintf(env.Stdout, "%s deleted: %s\n", e.ID, quarantinePath(e))
			return err
		})
	})
	return quarantineEnd(env, o.json, out, err)
}

// confirmDelete shows what goes and asks for a yes.
func confirmDelete(ctx context.Context, env term.Env, q quarantineStore, ids []string) error {
	for _, id := range ids {
		shown, err := oneOf[quarantine.Shown](ctx, q, "quarantine.show", quarantine.OneArgs{ID: id})
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "%s  %s\n", shown.Entry.ID, quarantinePath(shown.Entry))
	}
	fmt.Fprintf(env.Stderr, "delete %s for good? [y/N] ", term.Plural(int64(len(ids)), "entry", "entries"))
	line, err := bufio.NewReader(io.LimitReader(env.Stdin, 64)).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	fmt.Fprintln(env.Stderr, "vitrine: nothing was deleted")
	return term.ErrNo
}
