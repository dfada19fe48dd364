package chaincmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/web"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
)

// monitorOptions is the command line of monitor.
type monitorOptions struct {
	from       []string
	trust      string
	state      string
	stale      time.Duration
	interval   time.Duration
	again      bool
	json       bool
	key        string
	prometheus string
}

func newMonitor(env term.Env) *cobra.Command {
	var o monitorOptions
	c := &cobra.Command{
		Use:   "monitor [flags]",
		Short: "Watch the log, its witnesses and mirrors, and all that is published",
		Example: `vitrine monitor --from https://updates.example.org --from https://mirror.example.net --trust ./trust
vitrine monitor --from ./site --json --key monitor.key > report.txt
vitrine monitor --from https://updates.example.org --interval 10m --prometheus /var/lib/node_exporter/vitrine.prom`,
		Long: `Anybody can run it, and everybody is safer for it. It checks that all mirrors and
witnesses were shown one history, and this the same as in earlier runs; that the log
is whole; that those signed each entry who may; that no chain has a gap; that each
file is the one that was logged; that bundles are what their sources give, and hold no
rule that fires on documents; and who has built each release again.

Only what is new is read. If the log has forked, both signed notes are kept in the
folder evidence of STATE: together they prove it to anybody.

--key signs the JSON report as a note, so that others can rely on it. The file holds
a note's private key, and only its owner may be able to read it.`,
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runMonitor(c.Context(), env, o) },
		Annotations: map[string]string{page.Exit: page.Exits("all is well", "alarm"), page.See: "vitrine-verify-log(1), vitrine-verify-entry(1)"},
	}
	f := c.Flags()
	f.StringArrayVar(&o.from, "from", nil, "a `SITE`, or a mirror of it: a URL or a folder; may be repeated")
	f.StringVar(&o.trust, "trust", "/etc/vitrine/trust", "the `FOLDER` to trust at the first run")
	f.StringVar(&o.state, "state", "", "the monitor's own `FOLDER` (default: monitor in that of the machine)")
	f.DurationVar(&o.stale, "stale", time.Hour, "how old the newest cosignatures may be")
	f.DurationVar(&o.interval, "interval", 0, "keep running, and look that often; otherwise look once")
	f.BoolVar(&o.again, "again", false, "read every entry again")
	f.BoolVar(&o.json, "json", false, "print one JSON document for each run (schema vitrine.monitor/v1)")
	f.StringVar(&o.key, "key", "", "sign the JSON document with the note key in `FILE`")
	f.StringVar(&o.prometheus, "prometheus", "", "write metrics to `FILE`, for a node exporter")
	return c
}

func runMonitor(ctx context.Context, env term.Env, o monitorOptions) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	c, err := o.config(env)
	if err != nil {
		return err
	}
	signer, err := o.signer()
	if err != nil {
		return err
	}
	for {
		c.Now = env.Now()
		err := o.once(ctx, env, c, signer)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if o.interval <= 0 {
			return err
		}
		if err != nil && !errors.Is(err, term.ErrNo) && !errors.Is(err, term.ErrReported) {
			term.Lines(env, "vitrine", err)
		}
		c.Again = false
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(o.interval):
		}
	}
}

// config opens what is to be watched.
func (o *monitorOptions) config(env term.Env) (monitor.Config, error) {
	c := monitor.Config{Quiet: o.stale, Again: o.again, Progress: progress(env), Witness: func(url string) (site.Fetcher, error) { return web.New(url, witnessTimeout) }}
	if len(o.from) == 0 && env.Getenv("VITRINE_SITE") != "" {
		o.from = []string{env.Getenv("VITRINE_SITE")}
	}
	if len(o.from) == 0 {
		return c, errors.New("--from SITE is missing: a URL or a folder")
	}
	for _, name := range o.from {
		from, err := openSite(name)
		if err != nil {
			return c, err
		}
		c.Mirrors = append(c.Mirrors, monitor.Mirror{Name: name, Site: from})
	}
	if c.Dir.Path = o.state; c.Dir.Path == "" {
		dir, err := state.Dir(env, "")
		if err != nil {
			return c, err
		}
		c.Dir = installed.Dir{Path: filepath.Join(dir.Path, "monitor")}
	}
	text, err := c.Dir.Policy()
	if err != nil || text != nil {
		return c, err
	}
	c.Root, c.Policy, err = trust(o.trust)
	if errors.Is(err, os.ErrNotExist) {
		err = term.Hint(fmt.Errorf("this monitor trusts nobody yet: %w", err), "--trust FOLDER with root.json and policy.txt of the service")
	}
	return c, err
}

// witnessTimeout is how long a witness may take to answer a monitor.
const witnessTimeout = 10 * time.Second

// signer reads the key for reports; nil if there is none.
func (o *monitorOptions) signer() (note.Signer, error) {
	if o.key == "" {
		return nil, nil
	}
	info, err := os.Stat(o.key)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, term.Hint(fmt.Errorf("%s can be read by others, with the mode %#o", o.key, info.Mode().Perm()), "chmod 600 %s", o.key)
	}
	text, err := os.ReadFile(o.key)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s is no private key of a note, of type Ed25519", o.key) // never what is in it
	}
	return signer, nil
}

// once looks once and tells.
func (o *monitorOptions) once(ctx context.Context, env term.Env, c monitor.Config, signer note.Signer) error {
	report, problem := monitor.Run(ctx, c)
	if report == nil {
		return problem
	}
	err := problem
	if o.prometheus != "" {
		err = errors.Join(err, durable.Disk{}.WriteFile(o.prometheus, report.Prometheus(), 0o644))
	}
	switch {
	case signer != nil:
		err = errors.Join(err, printSigned(env, report, signer))
	case o.json:
		err = errors.Join(err, printJSON(env, report))
	default:
		err = errors.Join(err, printMonitor(env, report))
	}
	switch {
	case err != nil:
		return err
	case report.Result == monitor.Alarm:
		return term.ErrNo
	case report.Result == monitor.Unknown:
		for _, e := range report.Unknown {
			fmt.Fprintf(env.Stderr, "vitrine: %s\n", eventText(e))
		}
		return term.ErrReported
	}
	return nil
}

// printSigned writes the JSON report as a note. Its text has no empty line, so
// it ends where the signatures begin.
func printSigned(env term.Env, report *monitor.Report, signer note.Signer) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: b.String()}, signer)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	_, err = env.Stdout.Write(signed)
	return err
}

func eventText(e monitor.Event) string { return term.Clean(e.Subject) + ": " + term.Clean(e.Text) }

var resultWords = map[string]string{monitor.Well: "all is well", monitor.Alarm: "ALARM", monitor.Unknown: "not everything could be found out"}

func printMonitor(env term.Env, r *monitor.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", resultWords[r.Result])
	for _, e := range r.Alarms {
		fmt.Fprintf(&b, "alarm       %s: %s\n", e.Kind, eventText(e))
	}
	for _, e := range r.Unknown {
		fmt.Fprintf(&b, "unknown     %s: %s\n", e.Kind, eventText(e))
	}
	for _, e := range r.Notices {
		fmt.Fprintf(&b, "notice      %s: %s\n", e.Kind, eventText(e))
	}
	if r.Log != "" {
		fmt.Fprintf(&b, "log         %s: %s, %s of them new\n", r.Log, term.Plural(r.Size, "entry", "entries"), term.Count(r.Checked))
	}
	if r.Fresh != nil {
		fmt.Fprintf(&b, "witnessed   by a quorum at %s\n", r.Fresh.Format(time.RFC3339))
	}
	printStanding(&b, r)
	for _, e := range r.New {
		fmt.Fprintf(&b, "entry       %d: %s %s, signed by %s\n", e.Index, term.Clean(e.Type), term.Clean(strings.Join(e.Subjects, ", ")), shortKeys(e.SignedBy))
	}
	if r.Earlier > 0 {
		fmt.Fprintf(&b, "entries     have raised %s so far\n", term.Plural(r.Earlier, "alarm", "alarms"))
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}

func printStanding(b *strings.Builder, r *monitor.Report) {
	yes := map[bool]string{true: "whole", false: "not found whole"}
	for _, m := range r.Mirrors {
		fmt.Fprintf(b, "mirror      %s: %s, %s\n", term.Clean(m.Site), term.Plural(m.Size, "entry", "entries"), yes[m.Whole])
	}
	for _, w := range r.Witnesses {
		if w.Good && w.Time != nil {
			fmt.Fprintf(b, "witness     %s: %s at %s\n", w.Name, term.Plural(w.Size, "entry", "entries"), w.Time.Format(time.RFC3339))
		}
	}
	for _, c := range r.Chains {
		fmt.Fprintf(b, "chain       %s: %d, entry %d\n", c.Chain, c.Serial, c.Index)
	}
	for _, rel := range r.Releases {
		fmt.Fprintf(b, "release     %s: built again alike by %d, %d needed; otherwise by %d\n", term.Clean(rel.Version), len(rel.Matches), rel.Needed, len(rel.Mismatches))
	}
}

func shortKeys(ids []string) string {
	if len(ids) == 0 {
		return "nobody who may"
	}
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf("%.16s…", id))
	}
	return strings.Join(list, ", ")
}
