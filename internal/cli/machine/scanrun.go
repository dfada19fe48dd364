package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"vitrine/internal/cli/machine/scanreport"
	"vitrine/internal/cli/machine/sweep"
	"vitrine/internal/cli/term"
)

// runScan is the whole of the command scan: load, sweep, tell.
func runScan(ctx context.Context, env term.Env, o scanOptions, paths []string) error {
	p, err := o.prepare(env)
	if err != nil {
		return err
	}
	source, err := o.sources(env, paths)
	if err != nil {
		return err
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := newDesk(env, o, p)
	outcomes, err := sweep.Start(ctx, sweep.Config{
		Jobs:       o.workers(),
		NewScanner: func() (sweep.Scanner, error) { return p.engine.NewWorker() },
		MaxSize:    int64(o.maxFileSize),
		MaxCopy:    int64(o.maxMemory),
		Progress:   &d.progress,
	}, source.each)
	if err != nil {
		return err
	}
	if d.drawing {
		go source.count(ctx, &d.progress)
	}
	lost := d.serve(outcomes, stop)
	return d.end(lost, errors.Is(context.Cause(ctx), term.ErrInterrupted))
}

func (o *scanOptions) workers() int {
	if o.jobs > 0 {
		return o.jobs
	}
	return runtime.NumCPU()
}

// desk is the one goroutine that writes: findings to stdout, everything else
// to stderr, and the progress line between them.
type desk struct {
	meter
	options scanOptions
	writer  scanreport.Writer
	tally   tally
	ledger  ledger
	first   string
}

func newDesk(env term.Env, o scanOptions, p *prepared) *desk {
	d := &desk{options: o, ledger: noDoor{}}
	d.start(env, "scanning", o.quiet)
	d.writer = scanreport.New(o.format, env.Stdout, env.Paint(o.color, env.Stdout))
	d.tally.set = p.set
	d.tally.Summary = scanreport.Summary{
		Version:    Version(),
		Started:    d.progress.Started,
		RuleCount:  p.set.Identity.Count,
		RuleSHA256: p.set.Identity.SHA256,
		Bundles:    p.bundles,
		HashCount:  p.deny.Len(),
		AllowCount: p.allow.Len(),

		SignatureCount: p.signatures.Len(),
	}
	return d
}

// serve tells every outcome until there are no more. When stdout is lost it
// calls stop, so that the sweep ends, and gives the error.
func (d *desk) serve(outcomes <-chan sweep.Outcome, stop func()) (lost error) {
	tick, stopTick := d.env.Tick(term.ProgressEvery)
	defer stopTick()
	ask := make(chan os.Signal, 1)
	defer d.env.Notify(ask, syscall.SIGUSR1)()
	defer d.line.Clear()
	for {
		select {
		case outcome, more := <-outcomes:
			if !more {
				return lost
			}
			for _, e := range d.tally.add(outcome) {
				if lost == nil {
					lost = d.tell(e)
				}
			}
			if lost != nil {
				stop()
			}
		case now := <-tick:
			d.draw(now)
		case <-ask:
			d.line.Clear()
			fmt.Fprintf(d.env.Stderr, "vitrine: %s\n", d.progress.Text("scanning", d.env.Now(), 1<<16))
		}
	}
}

// tell writes one event. Only an error of stdout counts: what cannot be said
// on stderr is in the exit code.
func (d *desk) tell(e scanreport.Event) error {
	d.line.Clear()
	if f, ok := e.(scanreport.Finding); ok && d.first == "" && f.File != "" {
		d.first = f.Rule
	}
	switch e.(type) {
	case scanreport.Unread:
		fmt.Fprintf(d.env.Stderr, "vitrine: %s\n", scanreport.Note(e))
	case scanreport.Incomplete:
		if !d.options.quiet {
			fmt.Fprintln(d.env.Stderr, scanreport.Note(e))
		}
	}
	return d.writer.Event(e)
}

// end writes the summary and says how it went.
func (d *desk) end(lost error, interrupted bool) error {
	s := &d.tally.Summary
	s.Elapsed = d.env.Now().Sub(s.Started)
	s.Interrupted = interrupted
	s.Departures = d.ledger.Departures()
	if lost == nil {
		lost = d.writer.End(*s)
	}
	if d.options.format == "text" && !d.options.noSummary && !d.options.quiet {
		s.Text(d.env.Stderr)
		if d.first != "" {
			fmt.Fprintf(d.env.Stderr, "hint: %s\n", d.options.explain(d.first))
		}
	}
	switch {
	case lost != nil:
		return fmt.Errorf("write standard output: %w", lost)
	case interrupted:
		return term.ErrInterrupted
	}
	return verdict(s, d.options.strict)
}

// verdict is the answer of a scan that came to its end. Something found is
// found, even when another file was unread; something unread is no answer.
func verdict(s *scanreport.Summary, strict bool) error {
	missing := s.Unread.Total() > 0
	switch {
	case strict && (missing || s.Incomplete.Total() > 0):
		return term.ErrReported
	case s.Findings > 0:
		return term.ErrNo
	case missing:
		return term.ErrReported
	}
	return nil
}

// explain is the command that tells more about a rule of this scan.
func (o *scanOptions) explain(rule string) string {
	command := "vitrine explain"
	for _, path := range o.rules {
		command += " --rules " + shellWord(path)
	}
	return command + " " + rule
}
