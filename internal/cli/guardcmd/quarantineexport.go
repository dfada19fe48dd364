package guardcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/quarantine"

	"github.com/spf13/cobra"
)

// quarantineExportOptions are the flags of vitrine quarantine export.
type quarantineExportOptions struct {
	quarantineFlags
	output    string
	password  string
	documents bool
}

func newQuarantineExport(env term.Env) *cobra.Command {
	var o quarantineExportOptions
	c := &cobra.Command{
		Use:   "export ID... --output FILE [flags]",
		Short: "Write entries to an encrypted archive, to hand them on",
		Example: `vitrine quarantine export 4f2c9a01 --output sample.zip
unzip -P infected sample.zip`,
		Long: `The archive is a zip file under the password "infected", which keeps what is in it
from being opened by accident and from nothing else. It holds each file, named for its
SHA-256, and a meta.json with all that is known of it: paths, users and command lines
among that. The entries stay in the quarantine.

Documents, and archives that hold them, are people's own content: they are refused
unless --documents is given, and so is what the scanner could not look into.

Only root may export.`,
		Args: atLeastOneID,
		RunE: func(c *cobra.Command, args []string) error { return runQuarantineExport(c, env, o, args) },
		ValidArgsFunction: func(c *cobra.Command, a []string, s string) ([]string, cobra.ShellCompDirective) {
			return o.ids(env)(c, a, s)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("the archive is written", "an entry is not there, or holds a document"),
			page.See:  "vitrine-quarantine-list(1), vitrine-quarantine-show(1)",
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE`, which must not exist")
	c.Flags().StringVar(&o.password, "password", "infected", "encrypt with this `WORD`")
	c.Flags().BoolVar(&o.documents, "documents", false, "documents too, and what could not be looked into")
	o.add(c, "vitrine.quarantine.export/v1")
	return c
}

// quarantineExported is the answer; its JSON is docs/spec/cli/vitrine.quarantine.export.v1.json.
type quarantineExported struct {
	Schema  string             `json:"schema"`
	File    quarantine.Name    `json:"file"`
	Size    int64              `json:"size"`
	Entries []quarantine.Entry `json:"entries"`
}

func runQuarantineExport(c *cobra.Command, env term.Env, o quarantineExportOptions, ids []string) error {
	if o.output == "" {
		return term.Usage(c, "say where to: --output FILE")
	}
	out := quarantineExported{Schema: "vitrine.quarantine.export/v1", File: quarantine.Name(o.output), Entries: []quarantine.Entry{}}
	err := o.with(c.Context(), env, func(ctx context.Context, q quarantineStore) error {
		file, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return err
		}
		args := quarantine.ExportArgs{IDs: ids, Password: o.password, Documents: o.documents}
		err = q.call(ctx, "quarantine.export", args, func(text json.RawMessage) error {
			return out.take(file, text)
		})
		if err == nil {
			err = file.Sync()
		}
		err = errors.Join(err, file.Close())
		if err != nil {
			return errors.Join(err, os.Remove(o.output))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if o.json {
		return document(env, out)
	}
	_, err = fmt.Fprintf(env.Stdout, "%s: %s, %s\n", out.File.Shown(), term.Plural(int64(len(out.Entries)), "entry", "entries"), term.Bytes(out.Size))
	return err
}

// take takes one value of the answer.
func (out *quarantineExported) take(file *os.File, text json.RawMessage) error {
	var v quarantine.Exported
	if err := json.Unmarshal(text, &v); err != nil {
		return fmt.Errorf("quarantine.export: %w", err)
	}
	n, err := file.Write(v.Data)
	out.Size += int64(n)
	out.Entries = append(out.Entries, v.Entries...)
	return err
}
