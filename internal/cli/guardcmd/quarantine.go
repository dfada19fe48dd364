package guardcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/quarantine"

	"github.com/spf13/cobra"
)

func newQuarantine(env term.Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "quarantine",
		Short: "See, restore, delete or hand on what was taken away",
		Example: `vitrine quarantine list
vitrine quarantine show 4f2c9a01
vitrine quarantine restore 4f2c9a01`,
		Long: `A file in which malware was found is moved into the quarantine: encrypted, so that
nothing can run or read it, with all that is needed to put it back as it was. The
guard is asked over its socket. When it is not running, root works on the store
itself.

An entry goes by its id, or by any part of the id that no other entry has.`,
		Args: term.UnknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{
			page.Exit: page.Exits("done", "no such entry, or it was refused"),
			page.See:  "vitrine-guard(1), vitrine-scan(1)",
		},
	}
	c.AddCommand(newQuarantineList(env), newQuarantineShow(env), newQuarantineRestore(env), newQuarantineDelete(env), newQuarantineExport(env))
	return c
}

// quarantineFlags say where the quarantine is.
type quarantineFlags struct {
	asking
	dir string
}

func (f *quarantineFlags) add(c *cobra.Command, schema string) {
	f.asking.add(c, schema)
	c.Flags().StringVar(&f.dir, "dir", "", "the quarantine's `FOLDER` when the guard is not running, in place of the configured one")
	page.Group(c, "Where", "config", "socket", "dir")
}

// quarantineStore is the quarantine as the guard's socket shows it, or as it is
// shown the same way when there is no guard.
type quarantineStore struct {
	call  func(ctx context.Context, verb string, args any, each func(json.RawMessage) error) error
	close func() error
}

// open finds the quarantine. Notices go to notice.
func (f *quarantineFlags) open(env term.Env, notice func(string)) (quarantineStore, error) {
	loaded, err := f.load()
	if err != nil {
		return quarantineStore{}, err
	}
	c := loaded.Config
	if f.socket != "" {
		c.Control.Socket = f.socket
	}
	if f.dir != "" {
		c.Quarantine.Dir = f.dir
	}
	client, err := control.Dial(c.Control.Socket)
	if err == nil {
		return quarantineStore{client.Call, client.Close}, nil
	}
	if !errors.Is(err, control.ErrNotRunning) || os.Geteuid() != 0 && f.dir == "" {
		return quarantineStore{}, err
	}
	return openQuarantine(env, c, notice)
}

// openQuarantine opens the store itself.
func openQuarantine(env term.Env, c config.Config, notice func(string)) (quarantineStore, error) {
	if _, err := os.Lstat(c.Quarantine.Dir); errors.Is(err, os.ErrNotExist) {
		notice("the guard is not running, and there is no quarantine at " + c.Quarantine.Dir)
		return quarantineStore{call: answerFrom(nil), close: func() error { return nil }}, nil
	}
	allowed, err := lists.OpenAllowed(durable.Disk{}, filepath.Join(c.State.Dir, "guard"), env.Now)
	if err != nil {
		return quarantineStore{}, err
	}
	s, err := quarantine.Open(quarantine.Config{Dir: c.Quarantine.Dir, Now: env.Now, Allow: quarantineAllow{allowed}})
	if errors.Is(err, durable.ErrLocked) {
		return quarantineStore{}, term.Hint(err, "another command is at work there, or the guard is starting: try again")
	}
	if err != nil {
		return quarantineStore{}, err
	}
	notice("the guard is not running: working on " + c.Quarantine.Dir + " itself")
	for _, r := range s.Recovered() {
		notice(r.ID + ": " + r.What)
	}
	return quarantineStore{answerFrom(s.Verbs()), s.Close}, nil
}

// quarantineAllow puts a digest on the list that the guard reads when it starts.
type quarantineAllow struct{ list *lists.Allowed }

func (a quarantineAllow) Allow(_ context.Context, sha256, why string) error {
	_, err := a.list.Add(lists.Entry{What: sha256, Reason: why, UID: uint32(os.Getuid())})
	return err
}

// answerFrom asks verbs as a client asks a guard; of none there is nothing to say
// but an empty list.
func answerFrom(verbs map[string]control.Verb) func(context.Context, string, any, func(json.RawMessage) error) error {
	return func(ctx context.Context, verb string, args any, each func(json.RawMessage) error) error {
		if verbs == nil && verb == "quarantine.list" {
			return nil
		} else if verbs == nil {
			return &control.Error{Code: control.No, Text: "the quarantine is empty"}
		}
		text, err := json.Marshal(args)
		if err != nil {
			return err
		}
		me := local.Peer{PID: os.Getpid(), UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
		return verbs[verb].Handle(ctx, control.Call{Peer: me, Args: text, Reply: func(v any) error {
			text, err := json.Marshal(v)
			if err != nil {
				return err
			}
			return each(text)
		}})
	}
}

// with runs one command on the quarantine.
func (f *quarantineFlags) with(ctx context.Context, env term.Env, do func(context.Context, quarantineStore) error) (err error) {
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	q, err := f.open(env, func(text string) { fmt.Fprintf(env.Stderr, "vitrine: %s\n", term.Clean(text)) })
	if err != nil {
		return quarantineAnswer(env, err)
	}
	defer func() { err = errors.Join(err, q.close()) }()
	return quarantineAnswer(env, do(ctx, q))
}

// quarantineAnswer is an error as the command ends with it: a refusal is told
// and is the answer no.
func quarantineAnswer(env term.Env, err error) error {
	var refused *control.Error
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Hint != "" {
		err = term.Hint(err, "%s", refused.Hint)
	}
	if refused.Code == control.No {
		term.Report(env.Stderr, "vitrine", err)
		return term.ErrNo
	}
	return err
}

// all asks for something and gives every value of the answer.
func allOf[T any](ctx context.Context, q quarantineStore, verb string, args any) (all []T, err error) {
	err = q.call(ctx, verb, args, func(text json.RawMessage) error {
		var v T
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("%s: %w", verb, err)
		}
		all = append(all, v)
		return nil
	})
	return all, err
}

// oneOf asks for something that has one value.
func oneOf[T any](ctx context.Context, q quarantineStore, verb string, args any) (one T, err error) {
	all, err := allOf[T](ctx, q, verb, args)
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%s: %d values instead of one", verb, len(all))
	}
	if err != nil {
		return one, err
	}
	return all[0], nil
}

// ids completes the ids of entries.
func (f *quarantineFlags) ids(env term.Env) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		q, err := f.open(env, func(string) {})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer q.close()
		entries, err := allOf[quarantine.Entry](c.Context(), q, "quarantine.list", struct{}{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var ids []string
		for _, e := range entries {
			ids = append(ids, e.ID+"\t"+e.Path.Shown())
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

// atLeastOneID is the Args of commands on entries.
func atLeastOneID(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return term.Usage(c, "name an entry: vitrine quarantine list shows what there is")
	}
	return nil
}
