package chaincmd

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/update"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
	"vitrine/internal/engine"

	"github.com/spf13/cobra"
)

// updateOptions is the command line of update.
type updateOptions struct {
	from  string
	trust string
	state string
	back  string

	release bool
	json    bool

	trustGiven bool // rather than left at its default
}

func newUpdate(env term.Env, disk durable.Disk) *cobra.Command {
	var o updateOptions
	c := &cobra.Command{
		Use:   "update [flags]",
		Short: "Get the newest rules, if everybody can see them",
		Example: `vitrine update --from https://updates.example.org
vitrine update --from /media/usb/site
vitrine update --from https://updates.example.org --trust ./trust`,
		Long: `Rules are taken only if those who may have signed them, they are in the log, enough
witnesses have seen that log, and they follow those this machine has without a gap.
Then they are tried on this machine before they are used. When anything is wrong,
the rules in use stay, protection goes on, and vitrine status says what it was.

--from is a site or an offline copy of one; nothing depends on which. The site
learns which files are asked for, and nothing else.

With --release the newest release of this program is proved in the same way, and laid
ready if enough rebuilders got the same bytes and none got others. It is not put in the
place of the one that runs: that is for you, or your package manager.

The first update of a machine needs TRUST: a folder with root.json and policy.txt,
from whoever runs the service. Afterwards the machine's own newer ones count.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o.trustGiven = c.Flags().Changed("trust")
			return runUpdate(c.Context(), env, o, disk)
		},
		Annotations: map[string]string{page.Exit: page.Exits("up to date", "something was offered that must not be taken"), page.See: "vitrine-status(1), vitrine-verify(1)"},
	}
	c.Flags().StringVar(&o.from, "from", "", "the `SITE`: a URL or a folder")
	c.Flags().StringVar(&o.trust, "trust", "/etc/vitrine/trust", "the `FOLDER` to trust at the first update")
	state.Flag(c, &o.state)
	c.Flags().StringVar(&o.back, "back", "", "use the bundle before the newest of a `CHANNEL`, until there is a newer one; gets nothing")
	c.Flags().BoolVar(&o.release, "release", false, "lay the newest release of this program ready, if enough rebuilders agree")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema vitrine.update/v1)")
	return c
}

func runUpdate(ctx context.Context, env term.Env, o updateOptions, disk durable.Disk) error {
	if o.back != "" {
		return runBack(env, o)
	}
	if o.from == "" {
		o.from = env.Getenv("VITRINE_SITE")
	}
	if o.from == "" {
		return errors.New("update needs --from SITE, a URL or a folder, or the variable VITRINE_SITE")
	}
	from, err := openSite(o.from)
	if err != nil {
		return err
	}
	dir, err := state.Dir(env, o.state)
	if err != nil {
		return err
	}
	dir.Disk = disk
	c := update.Config{Dir: dir, Site: from, Now: env.Now, Engine: engine.Version, Channels: []string{"core", "urgent"}, Clean: ownFiles, Random: rand.Reader}
	if o.release {
		c.Release = ownRelease()
	}
	if c.Root, c.Policy, err = firstTrust(dir, o); err != nil {
		return err
	}
	ctx, stop := interruptible(ctx, env)
	defer stop()
	r, err := update.Run(ctx, c)
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), term.ErrInterrupted) {
		return term.ErrInterrupted
	}
	if r != nil {
		err = errors.Join(err, reportUpdate(env, o, r, err))
	}
	if errors.Is(err, update.ErrRefused) {
		term.Lines(env, "vitrine", err)
		fmt.Fprintln(env.Stderr, "The rules in use were not changed.")
		return term.ErrNo
	}
	return err
}

// runBack is for a bundle that turns out to be bad on this machine.
func runBack(env term.Env, o updateOptions) error {
	dir, err := state.Dir(env, o.state)
	if err != nil {
		return err
	}
	held, err := dir.Lock()
	if err != nil {
		return err
	}
	defer held.Unlock()
	if err := dir.Back(o.back); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s: the bundle before the newest is in use, until there is a newer one\n", o.back)
	return err
}

// firstTrust reads the trust of the first start, which later starts do not need.
func firstTrust(dir installed.Dir, o updateOptions) (root, policy []byte, err error) {
	if kept, err := dir.Store().Root(); err == nil && kept != nil {
		return nil, nil, sameTrust(dir, o)
	}
	root, policy, err = trust(o.trust)
	if errors.Is(err, os.ErrNotExist) {
		err = term.Hint(fmt.Errorf("this machine trusts nobody yet: %w", err), "--trust FOLDER with root.json and policy.txt of the service")
	}
	return root, policy, err
}

// sameTrust refuses to go on with the trust of a first start that never led to an
// update, when another is given: it would be passed over in silence.
func sameTrust(dir installed.Dir, o updateOptions) error {
	s, err := dir.State()
	if err != nil || !o.trustGiven || !s.Succeeded.IsZero() || s.PolicyVersion > 0 {
		return nil // what is wrong with the state is told by the update
	}
	_, given, err := trust(o.trust)
	if err != nil {
		return err
	}
	kept, err := dir.Policy()
	if err != nil || kept == nil || bytes.Equal(kept, given) {
		return err
	}
	return term.Hint(fmt.Errorf("this machine began with another policy than that of %s, and has never been up to date", o.trust), "remove %s to begin anew", dir.Path)
}

// ownFiles are files of this machine in which no rule may find anything: the
// program itself, and what no machine runs without.
func ownFiles() []bundle.File {
	names := []string{"/bin/sh", "/bin/bash", "/bin/ls", "/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2", "/usr/lib/systemd/systemd"}
	if self, err := os.Executable(); err == nil {
		names = append(names, self)
	}
	var list []bundle.File
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil {
			list = append(list, bundle.File{Name: name, Data: data})
		}
	}
	return list
}

// updateReport is the answer; its JSON is docs/spec/cli/vitrine.update.v1.json.
type updateReport struct {
	Schema   string          `json:"schema"`
	Log      string          `json:"log"`
	Size     int64           `json:"size"`
	Fresh    *time.Time      `json:"fresh"`
	Stale    string          `json:"stale"`
	Clock    string          `json:"clock"`
	Channels []channelReport `json:"channels"`
	Release  *releaseJSON    `json:"release"` // null unless asked for
	Error    string          `json:"error"`
}

type channelReport struct {
	Channel string     `json:"channel"`
	Serial  int64      `json:"serial"`
	Before  int64      `json:"before"`
	Waits   *time.Time `json:"waits"`
}

var staleWords = map[update.Staleness]string{update.FreshEnough: "fresh", update.Old: "old", update.TooOld: "too-old"}

func reportUpdate(env term.Env, o updateOptions, r *update.Report, problem error) error {
	if o.json {
		return printJSON(env, makeReport(r, problem))
	}
	for _, c := range r.Channels {
		if err := printChannel(env, c); err != nil {
			return err
		}
	}
	if err := printRelease(env, r.Release); err != nil {
		return err
	}
	if r.Clock != nil {
		fmt.Fprintf(env.Stderr, "vitrine: warning: %v; the witnesses' time counts\n", r.Clock)
	}
	if r.Stale != update.FreshEnough {
		fmt.Fprintf(env.Stderr, "vitrine: warning: no quorum of witnesses has signed since %s: updates may be kept from this machine\n", r.Fresh.Format(time.RFC3339))
	}
	return nil
}

func printChannel(env term.Env, c update.Channel) (err error) {
	switch {
	case c.Failed && c.Serial == 0:
		_, err = fmt.Fprintf(env.Stdout, "%s: none is installed\n", c.Name)
	case c.Failed:
		_, err = fmt.Fprintf(env.Stdout, "%s: bundle %d stays in use\n", c.Name, c.Serial)
	case c.Serial == 0 && c.Waits.IsZero():
		_, err = fmt.Fprintf(env.Stdout, "%s: nothing published yet\n", c.Name)
	case c.Again:
		_, err = fmt.Fprintf(env.Stdout, "%s: bundle %d installed again\n", c.Name, c.Serial)
	case c.Serial != c.Before:
		_, err = fmt.Fprintf(env.Stdout, "%s: bundle %d installed\n", c.Name, c.Serial)
	default:
		_, err = fmt.Fprintf(env.Stdout, "%s: bundle %d is the newest\n", c.Name, c.Serial)
	}
	if err == nil && !c.Waits.IsZero() {
		_, err = fmt.Fprintf(env.Stdout, "%s: a newer one comes into force on %s\n", c.Name, c.Waits.Format(time.RFC3339))
	}
	return err
}

func makeReport(r *update.Report, problem error) updateReport {
	out := updateReport{Schema: "vitrine.update/v1", Log: r.Log, Size: r.Size, Fresh: when(r.Fresh), Stale: staleWords[r.Stale], Channels: []channelReport{}, Release: makeReleaseReport(r.Release)}
	if r.Clock != nil {
		out.Clock = r.Clock.Error()
	}
	if problem != nil {
		out.Error = problem.Error()
	}
	for _, c := range r.Channels {
		out.Channels = append(out.Channels, channelReport{c.Name, c.Serial, c.Before, when(c.Waits)})
	}
	return out
}

// when is a time, or nil for none.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func printJSON(env term.Env, v any) error {
	encoder := json.NewEncoder(env.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
