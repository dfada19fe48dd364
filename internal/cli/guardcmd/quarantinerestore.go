package guardcmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/quarantine"

	"github.com/spf13/cobra"
)

// quarantineRestoreOptions are the flags of vitrine quarantine restore.
type quarantineRestoreOptions struct {
	quarantineFlags
	to     string
	allow  bool
	force  bool
	noScan bool
}

func newQuarantineRestore(env term.Env) *cobra.Command {
	var o quarantineRestoreOptions
	c := &cobra.Command{
		Use:   "restore ID... [flags]",
		Short: "Put a file back as it was",
		Example: `vitrine quarantine restore 4f2c9a01
vitrine quarantine restore 4f2c9a01 --to /srv/lab/sample
vitrine quarantine restore 4f2c9a01 --allow`,
		Long: `The file comes back with its bytes, owner, mode, times, access control lists,
capabilities and other extended attributes. Nothing is ever replaced. It is looked at
again with the rules of now, and stays in the quarantine when it is still found
malicious or could not be looked at as a whole; --allow restores it all the same and
allows this content on this machine from then on. Without the guard there is nobody
to look at it, and --no-rescan is needed.

Members of the guard's group may restore to where a file was; all else is for root.`,
		Args: atLeastOneID,
		RunE: func(c *cobra.Command, args []string) error { return runQuarantineRestore(c, env, o, args) },
		ValidArgsFunction: func(c *cobra.Command, a []string, s string) ([]string, cobra.ShellCompDirective) {
			return o.ids(env)(c, a, s)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("all of them are restored", "one is not there, or was refused"),
			page.See:  "vitrine-quarantine-list(1), vitrine-quarantine-show(1)",
		},
	}
	c.Flags().StringVar(&o.to, "to", "", "put it there: a `FILE` that does not exist")
	c.Flags().BoolVar(&o.allow, "allow", false, "even if it is malicious; allow its content from now on")
	c.Flags().BoolVar(&o.force, "force", false, "even if part of its metadata cannot be kept there")
	c.Flags().BoolVar(&o.noScan, "no-rescan", false, "do not look at it again")
	o.add(c, "vitrine.quarantine.restore/v1")
	return c
}

// quarantineRestored is the answer; its JSON is docs/spec/cli/vitrine.quarantine.restore.v1.json.
type quarantineRestored struct {
	Schema   string                `json:"schema"`
	Restored []quarantine.Restored `json:"restored"`
	Refused  []quarantineRefusal   `json:"refused"`
}

// quarantineRefusal is an entry with which it did not work.
type quarantineRefusal struct {
	ID  string `json:"id"` // as it was given
	Why string `json:"why"`
}

func runQuarantineRestore(c *cobra.Command, env term.Env, o quarantineRestoreOptions, ids []string) error {
	if o.to != "" && len(ids) > 1 {
		return term.Usage(c, "--to takes one entry, not %d", len(ids))
	}
	to, err := quarantineTarget(o.to)
	if err != nil {
		return err
	}
	out := quarantineRestored{Schema: "vitrine.quarantine.restore/v1", Restored: []quarantine.Restored{}, Refused: []quarantineRefusal{}}
	err = o.with(c.Context(), env, func(ctx context.Context, q quarantineStore) error {
		return eachEntry(env, ids, &out.Refused, func(id string) error {
			args := quarantine.RestoreArgs{ID: id, To: quarantine.Name(to), Allow: o.allow, Force: o.force, NoScan: o.noScan}
			r, err := oneOf[quarantine.Restored](ctx, q, "quarantine.restore", args)
			if err != nil {
				return err
			}
			out.Restored = append(out.Restored, r)
			if o.json {
				return nil
			}
			return printRestored(env, r)
		})
	})
	return quarantineEnd(env, o.json, out, err)
}

// quarantineTarget makes the path of --to one without links: a link that somebody
// puts there later is not followed.
func quarantineTarget(to string) (string, error) {
	if to == "" {
		return "", nil
	}
	full, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(full))
	if err != nil {
		return "", fmt.Errorf("--to %s: %w", term.Escape(to), err)
	}
	return filepath.Join(folder, filepath.Base(full)), nil
}

func printRestored(env term.Env, r quarantine.Restored) error {
	text := r.Entry.ID + " restored to " + r.Path.Shown()
	if r.Allowed {
		text += ", allowed from now on: " + r.Entry.SHA256
	}
	if len(r.Lost) > 0 {
		text += ", without " + term.Clean(strings.Join(r.Lost, ", "))
	}
	_, err := fmt.Fprintln(env.Stdout, text)
	return err
}

// eachEntry does something with each entry, tells what did not work, and goes on.
func eachEntry(env term.Env, ids []string, refused *[]quarantineRefusal, do func(id string) error) error {
	var worst error
	for _, id := range ids {
		why := do(id)
		err := quarantineAnswer(env, why)
		switch {
		case err == nil:
			continue
		case errors.Is(err, term.ErrNo):
			if worst == nil {
				worst = err
			}
		case errors.Is(err, context.Canceled), errors.Is(err, term.ErrInterrupted):
			return err
		default:
			term.Report(env.Stderr, "vitrine", err)
			worst = term.ErrReported
		}
		*refused = append(*refused, quarantineRefusal{ID: id, Why: why.Error()})
	}
	return worst
}

// quarantineEnd prints the document, whatever came of it.
func quarantineEnd(env term.Env, asJSON bool, out any, err error) error {
	if !asJSON || err != nil && !errors.Is(err, term.ErrNo) && !errors.Is(err, term.ErrReported) {
		return err
	}
	return errors.Join(document(env, out), err)
}
