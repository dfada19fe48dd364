package guardcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/sweep"

	"github.com/spf13/cobra"
)

func newSweep(env term.Env) *cobra.Command {
	var flags sweepFlags
	var wait bool
	c := &cobra.Command{
		Use:   "sweep [flags] PATH...",
		Short: "Have the guard scan what lies on this machine",
		Example: `vitrine sweep quick --wait
vitrine sweep full
vitrine sweep /srv /home
vitrine sweep list`,
		Long: `A sweep runs inside the guard, when the machine has nothing better to do; what it
finds is treated as the guard treats what it meets. One sweep runs at a time, the
others wait. A sweep goes on where it was after a restart. Files that have not
changed since they were last scanned by the same rules are not scanned again.

A PATH that is called like one of the commands is written with a slash: ./list

vitrine scan looks at files without the guard, and does nothing about them.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return term.Usage(c, "name a path, or quick or full")
			}
			args, err := sweepPaths(paths)
			if err != nil {
				return err
			}
			args.Wait = wait
			return runSweep(c.Context(), env, flags, args)
		},
		Annotations: sweepPage("vitrine-scan(1), vitrine-quarantine(1)"),
	}
	flags.add(c, "vitrine.sweep/v1")
	addWait(c, &wait)
	c.AddCommand(newSweepProfile(env, sweep.Quick), newSweepProfile(env, sweep.Full), newSweepList(env), newSweepStop(env))
	return c
}

func sweepPage(see string) map[string]string {
	return map[string]string{page.Exit: page.Exits("asked for; with --wait: nothing was found", "with --wait: something was found"), page.See: see}
}

func addWait(c *cobra.Command, wait *bool) {
	c.Flags().BoolVar(wait, "wait", false, "wait until the sweep is over, and show how far it is; interrupting does not stop it")
}

func newSweepProfile(env term.Env, profile sweep.Profile) *cobra.Command {
	var flags sweepFlags
	var wait bool
	c := &cobra.Command{
		Use:         string(profile) + " [flags]",
		Short:       "Scan all local file systems",
		Example:     "vitrine sweep " + string(profile) + "\nvitrine sweep " + string(profile) + " --wait",
		Long:        "Network file systems, those of other processes, and those that the kernel makes up are\nleft out, and so is what the configuration excludes.",
		Args:        term.NoArguments,
		Annotations: sweepPage("vitrine-sweep(1), vitrine-sweep-list(1)"),
		RunE: func(c *cobra.Command, _ []string) error {
			return runSweep(c.Context(), env, flags, sweep.StartArgs{Profile: profile, Wait: wait})
		},
	}
	if profile == sweep.Quick {
		c.Short = "Scan what runs, what starts by itself and what was just brought in"
		c.Long = `The programs of all processes and the libraries they have loaded, also those that were
deleted; units, timers, cron, init and login scripts, autostart, preloaded libraries
and added kernel modules, with the programs they name; temporary folders, and the
downloads and desktops of all users; and what sweep.quick of the configuration adds.`
	}
	flags.add(c, "vitrine.sweep/v1")
	addWait(c, &wait)
	return c
}

// sweepPaths makes paths whole: the guard is in another folder.
func sweepPaths(paths []string) (sweep.StartArgs, error) {
	args := sweep.StartArgs{Profile: sweep.Paths}
	for _, p := range paths {
		// A name that is not there is a slip: sweeps go on where files are missing.
		if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
			return args, term.Hint(fmt.Errorf("%s: there is no such file or folder", strconv.Quote(p)), "vitrine sweep --help")
		}
		whole, err := filepath.Abs(p)
		if err != nil {
			return args, err
		}
		args.Paths = append(args.Paths, sweep.Path(whole))
	}
	return args, nil
}

// sweepFlags say where the guard is.
type sweepFlags struct {
	config, socket string
	json           bool
}

func (f *sweepFlags) add(c *cobra.Command, schema string) {
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON document (schema "+schema+")")
	c.Flags().StringVar(&f.config, "config", "", "the guard's configuration `FILE` (default: "+config.Path+")")
	c.Flags().StringVar(&f.socket, "socket", "", "the guard's `SOCKET`, in place of the configured one")
	page.Group(c, "Where", "config", "socket")
}

// call asks the guard one thing. What it refuses with "no" is told, and is the
// answer no.
func (f *sweepFlags) call(ctx context.Context, env term.Env, verb string, args any, each func(sweep.Status)) error {
	socket := f.socket
	if socket == "" {
		loaded, err := config.Load(f.config)
		if err != nil {
			return err
		}
		socket = loaded.Config.Control.Socket
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := control.Dial(socket)
	if err != nil {
		return quarantineAnswer(env, err)
	}
	defer client.Close()
	err = client.Call(ctx, verb, args, func(text json.RawMessage) error {
		var s sweep.Status
		if err := json.Unmarshal(text, &s); err != nil {
			return fmt.Errorf("%s: %w", verb, err)
		}
		each(s)
		return nil
	})
	if ctx.Err() != nil {
		return term.ErrInterrupted
	}
	return quarantineAnswer(env, err)
}

// sweepAnswer is the answer of all but list; its JSON is
// docs/spec/cli/vitrine.sweep.v1.json.
type sweepAnswer struct {
	Schema string       `json:"schema"`
	Sweep  sweep.Status `json:"sweep"`
}

func runSweep(ctx context.Context, env term.Env, f sweepFlags, args sweep.StartArgs) error {
	meter := sweepMeter{env: env, line: term.Line{W: env.Stderr}, drawing: env.Terminal(env.Stderr) && env.Getenv("TERM") != "dumb"}
	var last sweep.Status
	err := f.call(ctx, env, "sweep.start", args, func(s sweep.Status) {
		last = s
		meter.draw(s)
	})
	meter.line.Clear()
	if err != nil {
		return err
	}
	if err := printSweep(env, f.json, last); err != nil || !args.Wait {
		return err
	}
	switch {
	case last.Found > 0:
		return term.ErrNo
	case last.State != sweep.Done || last.Unread > 0:
		return term.ErrReported
	}
	return nil
}

// sweepMeter is the line that shows how far a sweep is.
type sweepMeter struct {
	env     term.Env
	line    term.Line
	drawing bool
}

func (m *sweepMeter) draw(s sweep.Status) {
	columns, ok := m.env.Width(m.env.Stderr)
	if !m.drawing || !ok || s.State.Over() {
		return
	}
	text := fmt.Sprintf("sweep %s: %s, %s", s.ID, term.Plural(s.Files, "file", "files"), term.Bytes(s.Bytes))
	if s.State == sweep.Waiting {
		text = fmt.Sprintf("sweep %s waits for another", s.ID)
	}
	if s.Found > 0 {
		text += fmt.Sprintf(", %d found", s.Found)
	}
	if left := columns - 3 - len(text) - 2; s.At != "" && left > 8 {
		text += "  " + term.Shorten(term.Escape(string(s.At)), left)
	}
	m.line.Show(term.Shorten(text, max(columns-3, 1)))
}

func printSweep(env term.Env, asJSON bool, s sweep.Status) error {
	if asJSON {
		return printSweepJSON(env, sweepAnswer{"vitrine.sweep/v1", s})
	}
	if !s.State.Over() {
		_, err := fmt.Fprintf(env.Stdout, "sweep %s (%s): %s\n", s.ID, s.Profile, s.State)
		return err
	}
	text := fmt.Sprintf("sweep %s (%s): %s; %s, %d found, %d incomplete, %d not read",
		s.ID, s.Profile, s.State, term.Plural(s.Files, "file", "files"), s.Found, s.Incomplete, s.Unread)
	if s.Why != "" {
		text += ": " + term.Clean(s.Why)
	}
	_, err := fmt.Fprintln(env.Stdout, text)
	return err
}

func printSweepJSON(env term.Env, v any) error {
	e := json.NewEncoder(env.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// sweepOf is what a sweep covers, in one cell.
func sweepOf(s sweep.Status) string {
	if s.Profile != sweep.Paths {
		return string(s.Profile)
	}
	names := make([]string, len(s.Paths))
	for i, p := range s.Paths {
		names[i] = term.Escape(string(p))
	}
	return strings.Join(names, " ")
}
