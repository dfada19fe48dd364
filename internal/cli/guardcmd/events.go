package guardcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/eventlog"
	"vitrine/internal/quantity"

	"github.com/spf13/cobra"
)

type eventsOptions struct {
	asking
	since  string
	kinds  []string
	follow bool
	color  term.When
}

// eventKinds is what --kind takes.
func eventKinds() []string {
	var names []string
	for _, k := range event.Kinds() {
		names = append(names, string(k))
	}
	return names
}

func newEvents(env term.Env) *cobra.Command {
	var o eventsOptions
	c := &cobra.Command{
		Use:   "events [flags]",
		Short: "Say what happened on this machine",
		Example: `vitrine events --since 1h
vitrine events --kind detection --kind network --follow
vitrine events --since 2026-01-31T08:00:00Z --json`,
		Long: `The guard is asked over its socket. When it is not running, root reads the file of
events itself. Without --since all that is kept is shown, oldest first.

Kinds: ` + strings.Join(eventKinds(), ", ") + ".",
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runEvents(c, env, o) },
		Annotations: map[string]string{
			page.Exit: page.Exits("there were events", "there were none"),
			page.See:  "vitrine-status(1), vitrine-quarantine(1), vitrine-guard(1)",
		},
	}
	c.Flags().StringVar(&o.since, "since", "", "only what happened since `TIME`: a duration before now such as 1h or 7d, or a time such as 2026-01-31T08:00:00Z")
	c.Flags().StringArrayVar(&o.kinds, "kind", nil, "only events of this `KIND`; repeatable")
	c.Flags().BoolVarP(&o.follow, "follow", "f", false, "go on with what happens from now on")
	painted(c, &o.color)
	o.add(c, "vitrine.events/v1, one line each")
	_ = c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(eventKinds(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// wanted reads the flags.
func (o *eventsOptions) wanted(c *cobra.Command, now time.Time) (eventlog.Args, error) {
	args := eventlog.Args{Follow: o.follow}
	if o.since != "" {
		d, err := quantity.ParseDuration(o.since)
		args.Since = now.Add(-d)
		if err != nil {
			args.Since, err = time.Parse(time.RFC3339, o.since)
		}
		if err != nil {
			return args, term.Usage(c, "--since: %q is neither a duration such as 1h nor a time such as 2026-01-31T08:00:00Z", o.since)
		}
	}
	for _, k := range o.kinds {
		if !event.Kind(k).Known() {
			err := fmt.Errorf("--kind: there is no kind %q", k)
			if near := term.Nearest(k, eventKinds()); len(near) > 0 {
				return args, term.Hint(err, "did you mean %s?", term.Alternatives("", near))
			}
			return args, term.Usage(c, "%w", err)
		}
		args.Kinds = append(args.Kinds, event.Kind(k))
	}
	return args, nil
}

func runEvents(c *cobra.Command, env term.Env, o eventsOptions) error {
	args, err := o.wanted(c, env.Now())
	if err != nil {
		return err
	}
	out := eventWriter{env: env, json: o.json, paint: env.Paint(o.color, env.Stdout)}
	err = o.with(c, env, func(ctx context.Context, client *control.Client) error {
		return client.Call(ctx, "events", args, out.take)
	})
	if errors.Is(err, control.ErrNotRunning) && !o.follow && (os.Geteuid() == 0 || o.config != "") {
		err = o.fromFile(args, &out)
	}
	if err == nil && out.n == 0 && !o.follow {
		return term.ErrNo
	}
	return err
}

// fromFile reads the file that the configuration names.
func (o *eventsOptions) fromFile(args eventlog.Args, out *eventWriter) error {
	l, err := o.load()
	if err != nil {
		return err
	}
	e := l.Config.Events
	if e.File == "" {
		return term.Hint(errors.New("the guard is not running, and no file of events is configured"), "journalctl SYSLOG_IDENTIFIER=vitrine")
	}
	skipped, err := eventlog.Read(e.File, e.Keep, eventlog.Filter{Since: args.Since, Kinds: args.Kinds}, func(line eventlog.Line) error {
		return out.take(line.JSON)
	})
	if skipped > 0 {
		fmt.Fprintf(out.env.Stderr, "vitrine: %s cannot be read\n", term.Plural(int64(skipped), "line", "lines"))
	}
	if errors.Is(err, os.ErrNotExist) {
		return term.Hint(fmt.Errorf("the guard is not running, and there is no %s", e.File), "systemctl start vitrine-guard")
	}
	return err
}

// eventWriter prints events.
type eventWriter struct {
	env   term.Env
	json  bool
	paint term.Paint
	n     int
}

func (w *eventWriter) take(text json.RawMessage) error {
	w.n++
	if w.json {
		_, err := w.env.Stdout.Write(append(text[:len(text):len(text)], '\n'))
		return err
	}
	e, err := eventlog.Decode(text)
	if err != nil {
		return err
	}
	_, err = w.env.Stdout.Write([]byte(w.lines(&e)))
	return err
}

// lines is an event for people: what happened, and below it who and to what.
func (w *eventWriter) lines(e *event.Event) string {
	var b strings.Builder
	role := map[event.Severity]term.Role{event.Medium: term.Warn, event.High: term.Bad, event.Critical: term.Bad, event.Fatal: term.Bad}
	kind := fmt.Sprintf("%-10s", e.Kind)
	if r, ok := role[e.Severity]; ok {
		kind = w.paint.Word(r, kind)
	}
	fmt.Fprintf(&b, "%s  %s  %s\n", e.Time.Local().Format("2006-01-02 15:04:05"), kind, term.Clean(e.Message))
	detail := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "    %-10s  %s\n", name, text)
		}
	}
	var actions []string
	for _, a := range e.Actions {
		actions = append(actions, string(a))
	}
	detail("done", strings.Join(actions, ", "))
	if f := e.File; f != nil {
		detail("file", term.Escape(f.Path))
		detail("sha256", f.Hash)
	}
	for _, f := range e.Findings {
		detail("found", term.Escape(strings.Join(append(f.Path[:len(f.Path):len(f.Path)], f.Name), " » ")))
	}
	if c := e.Connection; c != nil {
		detail("indicator", term.Escape(strings.TrimSpace(c.Indicator+" "+c.List)))
	}
	detail("process", shownProcess(e.Process))
	detail("quarantine", term.Escape(e.Quarantine))
	return b.String()
}

// maxArgv is how many columns of a command line people are shown; --json has all.
const maxArgv = 160

func shownProcess(p *event.Process) string {
	if p == nil {
		return ""
	}
	text := fmt.Sprintf("%d uid %d", p.PID, p.UID)
	for _, part := range []string{p.Exe, p.Comm} {
		if part != "" {
			text += " " + term.Escape(part)
			break
		}
	}
	if len(p.Argv) > 0 {
		text += " (" + term.Shorten(term.Escape(strings.Join(p.Argv, " ")), maxArgv) + ")"
	}
	if p.Container != "" {
		text += " in " + term.Escape(p.Container)
	}
	return text
}
