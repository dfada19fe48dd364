package guardcmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/quarantine"

	"github.com/spf13/cobra"
)

func newQuarantineList(env term.Env) *cobra.Command {
	var flags quarantineFlags
	c := &cobra.Command{
		Use:   "list [flags]",
		Short: "List what is in the quarantine, oldest first",
		Example: `vitrine quarantine list
vitrine quarantine list --json`,
		Long: `Taking: the copy is safe, and whether the original is gone is not sure. Broken: what
is stored cannot be read back.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return flags.with(c.Context(), env, func(ctx context.Context, q quarantineStore) error {
				return runQuarantineList(ctx, env, q, flags.json)
			})
		},
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine-quarantine-show(1), vitrine-quarantine-restore(1)"},
	}
	flags.add(c, "vitrine.quarantine.list/v1")
	return c
}

// quarantineList is the answer; its JSON is docs/spec/cli/vitrine.quarantine.list.v1.json.
type quarantineList struct {
	Schema  string             `json:"schema"`
	Stored  int64              `json:"stored"` // bytes on disk of all
	Entries []quarantine.Entry `json:"entries"`
}

func runQuarantineList(ctx context.Context, env term.Env, q quarantineStore, asJSON bool) error {
	entries, err := allOf[quarantine.Entry](ctx, q, "quarantine.list", struct{}{})
	if err != nil {
		return err
	}
	out := quarantineList{Schema: "vitrine.quarantine.list/v1", Entries: append([]quarantine.Entry{}, entries...)}
	for _, e := range entries {
		out.Stored += e.Stored
	}
	if asJSON {
		return document(env, out)
	}
	var t term.Table
	if len(entries) > 0 {
		t.Row("ID", "TAKEN", "STATE", "SIZE", "FOUND", "PATH")
	}
	for _, e := range entries {
		t.Row(e.ID, e.Taken.Local().Format("2006-01-02 15:04"), string(e.State), term.Bytes(e.Size), foundIn(e), quarantinePath(e))
	}
	if err := t.Print(env.Stdout, ""); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s, %s on disk\n", term.Plural(int64(len(entries)), "entry", "entries"), term.Bytes(out.Stored))
	return err
}

// foundIn is what was found, in one cell.
func foundIn(e quarantine.Entry) string {
	if len(e.Findings) == 0 {
		return "-"
	}
	text := term.Escape(e.Findings[0].Name)
	if n := len(e.Findings) - 1; n > 0 {
		text += fmt.Sprintf(" +%d", n)
	}
	return text
}

// quarantinePath is where it was, as one cell, or why that is not known.
func quarantinePath(e quarantine.Entry) string {
	switch {
	case e.State == quarantine.Broken:
		return "(" + term.Clean(e.Why) + ")"
	case e.Deleted:
		return e.Path.Shown() + " (deleted)"
	case e.Root != "":
		return e.Path.Shown() + " (in " + term.Escape(e.Root) + ")"
	}
	return e.Path.Shown()
}

func newQuarantineShow(env term.Env) *cobra.Command {
	var flags quarantineFlags
	c := &cobra.Command{
		Use:   "show ID [flags]",
		Short: "Show all that is known of an entry",
		Example: `vitrine quarantine show 4f2c9a01
vitrine quarantine show --json 4f2c9a01`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "name one entry: vitrine quarantine list shows what there is")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return flags.with(c.Context(), env, func(ctx context.Context, q quarantineStore) error {
				return runQuarantineShow(ctx, env, q, args[0], flags.json)
			})
		},
		ValidArgsFunction: flags.ids(env),
		Annotations:       map[string]string{page.Exit: page.Exits("done", "no such entry"), page.See: "vitrine-quarantine-list(1), vitrine-quarantine-restore(1)"},
	}
	flags.add(c, "vitrine.quarantine.show/v1")
	return c
}

// quarantineShow is the answer; its JSON is docs/spec/cli/vitrine.quarantine.show.v1.json.
type quarantineShow struct {
	Schema string           `json:"schema"`
	Entry  quarantine.Entry `json:"entry"`
	Same   []string         `json:"same"`
}

func runQuarantineShow(ctx context.Context, env term.Env, q quarantineStore, id string, asJSON bool) error {
	shown, err := oneOf[quarantine.Shown](ctx, q, "quarantine.show", quarantine.OneArgs{ID: id})
	if err != nil {
		return err
	}
	if asJSON {
		return document(env, quarantineShow{"vitrine.quarantine.show/v1", shown.Entry, append([]string{}, shown.Same...)})
	}
	return quarantineTable(shown).Print(env.Stdout, "")
}

// quarantineTable is an entry for people.
func quarantineTable(shown quarantine.Shown) *term.Table {
	e, t := shown.Entry, &term.Table{}
	row := func(name, format string, args ...any) { t.Row(name, fmt.Sprintf(format, args...)) }
	row("id", "%s", e.ID)
	row("state", "%s", quarantineState(e))
	row("taken", "%s", e.Taken.Local().Format(time.RFC3339))
	if e.State == quarantine.Broken {
		return t
	}
	row("path", "%s", quarantinePath(e))
	for _, other := range e.OtherNames {
		row("also", "%s (the same file, which stays)", other.Shown())
	}
	if n := int(e.Meta.Nlink) - 1 - len(e.OtherNames); n > 0 {
		row("also", "%s elsewhere, which stay", term.Plural(int64(n), "name", "names"))
	}
	for _, f := range e.Findings {
		row("found", "%s", term.Escape(strings.Join(append(f.Path, f.Name), " » ")))
	}
	row("size", "%s (%s bytes)", term.Bytes(e.Size), term.Count(e.Size))
	row("sha256", "%s", e.SHA256)
	if len(shown.Same) > 0 {
		row("same", "the same bytes are in %s", strings.Join(shown.Same, ", "))
	}
	quarantineMetadata(row, e)
	return t
}

func quarantineState(e quarantine.Entry) string {
	if e.Why == "" {
		return string(e.State)
	}
	return string(e.State) + ": " + term.Clean(e.Why)
}

func quarantineMetadata(row func(name, format string, args ...any), e quarantine.Entry) {
	m := e.Meta
	row("owner", "uid %d, gid %d, mode %04o", m.UID, m.GID, m.Mode)
	row("modified", "%s", time.Unix(0, m.Mtime).Format(time.RFC3339Nano))
	for _, x := range m.Xattr {
		row("attribute", "%s (%s)", x.Name.Shown(), term.Plural(int64(len(x.Value)), "byte", "bytes"))
	}
	if m.Dropped > 0 {
		row("attribute", "%s more of users, not kept", term.Count(int64(m.Dropped)))
	}
	if p := e.Process; p != nil {
		row("process", "%d of uid %d: %s", p.PID, p.UID, term.Clean(strings.Join(append([]string{p.Exe}, p.Argv...), " ")))
		if p.Container != "" {
			row("container", "%s", term.Escape(p.Container))
		}
	}
	if e.Rules != "" {
		row("rules", "%s", term.Escape(e.Rules))
	}
}
