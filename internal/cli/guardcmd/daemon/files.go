package daemon

import (
	"context"
	"fmt"
	"slices"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/files"
	"vitrine/internal/endpoint/gap"
	"vitrine/internal/endpoint/guard"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/sweep"
	"vitrine/internal/endpoint/wire"
)

// rulesOf names what scanners look for.
func rulesOf(c config.Scanner) wire.Rules {
	r := wire.Rules{Builtin: c.Builtin, Installed: c.State, Paths: c.Rules, Hashes: c.Hashes, Allow: c.Allow, Passwords: c.Passwords}
	if c.ClamAV != "" {
		r.ClamAV = []string{c.ClamAV}
	}
	return r
}

// does reports whether malware is answered with an action.
func (d *daemon) does(action string) bool {
	return d.config.Protection.Mode == config.Block && slices.Contains(d.config.Protection.Actions, action)
}

// takes reports whether malware is moved into the quarantine.
func (d *daemon) takes() bool { return d.store != nil && d.does(config.Quarantining) }

// patterns is what is left out now, for sweeps: with the quarantine, where nothing
// could be found.
func (d *daemon) patterns() []files.Pattern {
	entries := append(d.excluded.All(), lists.Entry{What: d.config.Quarantine.Dir})
	var all []files.Pattern
	for _, e := range entries {
		if p, err := files.ParsePattern(e.What, "/"); err == nil { // those of the list were read before
			all = append(all, p)
		}
	}
	return all
}

// actor is what is done about malware that nobody has run or opened.
func (d *daemon) actor() actor {
	return actor{
		store: d.store, quarantine: d.takes(), kill: d.does(config.Kill), sink: d.sink,
		acting: func() bool { return d.toggle.Acting() },
	}
}

func (d *daemon) openSweeps(ctx context.Context) error {
	var err error
	d.sweeps, err = sweep.Open(sweep.Config{
		Scanner: forSweeps{d.scanning}, Memory: d.scanning.table, Actor: d.actor(), Sink: d.sink,
		Dir: d.dir("guard/sweep"), Exclude: d.patterns, Quick: d.config.Sweep.Quick, Busy: !d.config.Sweep.Idle, CPU: d.config.Sweep.CPU,
	})
	if err != nil {
		return fmt.Errorf("open sweeps: %w", err)
	}
	d.background(ctx, func(ctx context.Context) {
		if err := d.sweeps.Run(ctx); err != nil && ctx.Err() == nil {
			d.say(event.Degraded, event.High, "sweeps have ended: %v", err)
		}
	})
	return nil
}

func (d *daemon) openSwitch(context.Context) error {
	examiner := &sweep.Examiner{Scanner: forSweeps{d.scanning}, Memory: d.scanning.table, Actor: d.actor(), Sink: d.sink}
	toggle, err := gap.Open(gap.Config{
		Dir: d.dir("guard/gap"), Examiner: examiner, Sink: d.sink, Report: d.config.Protection.Mode == config.Report,
		Paths: d.config.Protection.Paths, Exclude: d.patterns, Disk: durable.Disk{},
	})
	if err != nil {
		return fmt.Errorf("open the switch: %w", err)
	}
	d.toggle = toggle
	return nil
}

// openGuard makes the guard; it watches nothing before serve runs it.
func (d *daemon) openGuard(context.Context) error {
	p := d.config.Protection
	var err error
	d.guard, err = guard.New(guard.Config{
		Report: p.Mode == config.Report, Exec: execution(p), Write: p.Write, Blind: p.Blind, Open: p.Open, Paths: p.Paths, Excluded: d.leftOut,
		ExecDeadline: p.ExecDeadline, OpenDeadline: p.OpenDeadline, DenyOnTimeout: p.OnTimeout == config.Deny, MaxFileSize: p.MaxFileSize,
		Quarantine: d.takes(), Kill: d.does(config.Kill),
		Scanner: forGuard{d.scanning}, Cache: d.scanning.table, Keeper: keeper{d.store}, Rescanner: rescanner{d.sweeps, d.sink}, Switch: d.toggle, Sink: d.sink,
		Beat: func() {
			if d.pulse != nil {
				d.pulse()
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	d.scanning.onChange(d.guard.Forget)
	for _, m := range d.guard.Missing() {
		d.say(event.Degraded, event.Medium, "%v", m)
	}
	return nil
}

// leftOut says which paths nobody looks at. It is asked for every event.
func (d *daemon) leftOut(path string) bool {
	_, out := d.excluded.Match(path, false)
	return out
}

func execution(p config.Protection) guard.Watch {
	switch p.Exec {
	case config.Block:
		return guard.Hold
	case config.Scan:
		return guard.Follow
	}
	return guard.Off
}
