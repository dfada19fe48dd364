// Package daemon is the guard as a running process: it puts the rooms of the
// machine together as the configuration says, starts them in their order, answers
// for their condition, and ends them in reverse. What is malware is decided in
// scanners, processes of their own; what is done about it, in the rooms.
//
// It parses no content of files.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/cli/guardcmd/sorting"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
	"vitrine/internal/endpoint/clamd"
	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/eventlog"
	"vitrine/internal/endpoint/gap"
	"vitrine/internal/endpoint/guard"
	"vitrine/internal/endpoint/hook"
	"vitrine/internal/endpoint/known"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/netguard"
	"vitrine/internal/endpoint/quarantine"
	"vitrine/internal/endpoint/sweep"
	"vitrine/internal/endpoint/worker"
)

// Options is what a guard is started with.
type Options struct {
	Loaded  *config.Loaded
	Again   func() (*config.Loaded, error) // reads the configuration anew
	Version string
	Tell    func(event.Event) // told everything that happens, by one goroutine; nil: nobody is
	Now     func() time.Time
	Notify  string // socket of who wants to know that it is ready; empty: nobody
}

// daemon is the rooms, once they are open.
type daemon struct {
	options Options
	config  config.Config
	notify  notifier
	started time.Time

	log      *eventlog.Log
	sink     event.Sink          // the log, and the administrator's command
	missing  []condition.Missing // found at the start
	troubles []string            // likewise, and for as long as the guard runs
	allowed  *lists.Allowed
	excluded *lists.Excluded
	scanning *scanning
	store    *quarantine.Store // nil: storeErr says why
	storeErr error
	sweeps   *sweep.Runner
	toggle   *gap.Switch
	guard    *guard.Guard
	owned    owned // the scanners, which the guard lets do their work
	pulse    func()
	ready    atomic.Bool // all rooms are open
	clients  clamd.Stats // what is asked at clamd's socket

	mu      sync.Mutex
	network *netguard.Guard // nil: not configured, or it failed
	netErr  error
	loaded  time.Time // when the rules were

	ends []func() // in the order of starting
}

// Run guards until ctx ends. An error means that nothing was, or is, guarded.
func Run(ctx context.Context, o Options) error {
	d := &daemon{options: o, config: o.Loaded.Config, notify: notifier{o.Notify}, started: o.Now()}
	defer d.end()
	for _, step := range []func(context.Context) error{
		d.lock, d.openLog, d.openLists, d.startScanners, d.openQuarantine, d.openSwitch, d.openSweeps, d.openGuard, d.ownScanners, d.startWatchdog, d.startNetwork, d.startClamd,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return d.serve(ctx)
}

// atEnd has something done when the guard ends.
func (d *daemon) atEnd(f func()) { d.ends = append(d.ends, f) }

func (d *daemon) end() {
	d.notify.tell("STOPPING=1")
	for i := len(d.ends) - 1; i >= 0; i-- {
		d.ends[i]()
	}
}

// dir is a folder below the guard's own, with rights for nobody else.
func (d *daemon) dir(name string) string { return filepath.Join(d.config.State.Dir, name) }

// lock makes sure that there is one guard for one folder of state.
func (d *daemon) lock(context.Context) error {
	own := d.dir("guard")
	if err := (durable.Disk{}).MkdirAll(own, 0o700); err != nil {
		return fmt.Errorf("the guard's folder: %w", err)
	}
	held, err := durable.Lock(filepath.Join(own, "lock"))
	if errors.Is(err, durable.ErrLocked) {
		return term.Hint(fmt.Errorf("a guard runs already with %s", d.config.State.Dir), "vitrine status")
	}
	if err != nil {
		return fmt.Errorf("the guard's folder: %w", err)
	}
	d.atEnd(func() { _ = held.Unlock() })
	return nil
}

func (d *daemon) openLog(ctx context.Context) error {
	host, _ := os.Hostname()
	tick := time.NewTicker(time.Second)
	d.log, d.missing = eventlog.Open(eventlog.Start{
		Config: d.config.Events, Product: eventlog.Product{Version: d.options.Version, Hostname: host}, Now: d.options.Now, Tick: tick.C,
		Metrics: d.metrics, Exec: hook.Detached,
	})
	told := d.follow()
	d.atEnd(func() { d.ready.Store(false); tick.Stop(); _ = d.log.Close(); <-told })
	d.sink = d.log
	return d.startHook(ctx)
}

// follow tells whoever has started the guard what happens; it is done when the log
// is closed.
func (d *daemon) follow() (done <-chan struct{}) {
	end := make(chan struct{})
	if d.options.Tell == nil {
		close(end)
		return end
	}
	lines := d.log.Follow(256)
	go func() {
		defer close(end)
		for line := range lines.Lines() {
			d.options.Tell(line.Event)
		}
	}()
	return end
}

// metrics is the counters, once there is something to count.
func (d *daemon) metrics() []byte {
	if !d.ready.Load() {
		return nil
	}
	return d.condition().Metrics()
}

// sinks is several that are told the same.
type sinks []event.Sink

// Emit implements event.Sink.
func (s sinks) Emit(e event.Event) {
	for _, one := range s {
		one.Emit(e)
	}
}

// startHook has the administrator's own command run for what is found and refused.
func (d *daemon) startHook(ctx context.Context) error {
	argv := d.config.Protection.Hook
	if len(argv) == 0 || !slices.Contains(d.config.Protection.Actions, config.Notify) {
		return nil
	}
	h, err := hook.New(hook.Config{Argv: argv, Failed: func(err error) { d.say(event.Degraded, event.Low, "%v", err) }})
	if err != nil {
		return fmt.Errorf("protection.hook: %w", err)
	}
	d.sink = sinks{d.log, h}
	d.background(ctx, h.Run)
	return nil
}

// say makes an event of something that is about no file and no process.
func (d *daemon) say(kind event.Kind, severity event.Severity, format string, args ...any) {
	d.log.Emit(event.Event{Kind: kind, Severity: severity, Message: fmt.Sprintf(format, args...)})
}

// trouble tells what is wrong from the start on, and until the guard is started
// again. It is for the steps of the start alone.
func (d *daemon) trouble(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.troubles = append(d.troubles, text)
	d.say(event.Degraded, event.High, "%s", text)
}

// openLists reads what is allowed and what is left out. A list that is damaged is
// not trusted and not overwritten, and keeps nothing from being guarded.
func (d *daemon) openLists(context.Context) error {
	var err error
	if d.allowed, err = lists.OpenAllowed(durable.Disk{}, d.dir("guard"), d.options.Now); err != nil {
		d.trouble("nothing is allowed: %v", err)
	}
	if d.excluded, err = lists.OpenExcluded(durable.Disk{}, d.dir("guard"), d.options.Now); err != nil {
		d.trouble("nothing but what the configuration says is left out: %v", err)
	}
	return d.excluded.Fix(d.config.Protection.Exclude, d.options.Loaded.File)
}

func (d *daemon) startScanners(ctx context.Context) error {
	c := d.config.Scanner
	pool, err := worker.New(ctx, worker.Config{
		Workers: c.Workers, User: c.User, Memory: c.Memory, MaxTime: c.MaxTime, MaxSize: d.config.Protection.MaxFileSize, Rules: rulesOf(c), Sink: d.sink,
		Started: d.owned.started,
	})
	if err != nil {
		return fmt.Errorf("start scanners: %w", err)
	}
	d.atEnd(pool.Close)
	d.loaded = d.options.Now()
	d.scanning = &scanning{pool: pool, table: known.New(known.Config{}), allowed: d.allowed}
	for _, w := range pool.Status().Warnings {
		d.say(event.Degraded, event.Medium, "rules: %s", w)
	}
	return d.scanning.changed()
}

// openQuarantine opens the store. Without one malware is refused all the same.
func (d *daemon) openQuarantine(ctx context.Context) error {
	c := d.config.Quarantine
	var err error
	d.store, err = quarantine.Open(quarantine.Config{
		Dir: c.Dir, Keep: c.Keep, MaxSize: c.MaxSize, Scanner: forStore{d.scanning}, Sorter: sorting.New(worker.Config{User: d.config.Scanner.User, Memory: d.config.Scanner.Memory, MaxTime: d.config.Scanner.MaxTime, Sink: d.sink}, d.ownAll), Allow: allower{d.scanning, d.allowed}, Sink: d.sink,
	})
	if err != nil {
		d.store, d.storeErr = nil, err
		d.say(event.Degraded, event.High, "malware is refused, and nothing is taken away: the quarantine cannot be used: %v", err)
		return nil
	}
	d.atEnd(func() { _ = d.store.Close() })
	d.every(ctx, time.Hour, func() {
		if _, err := d.store.Retain(ctx); err != nil && ctx.Err() == nil {
			d.say(event.Degraded, event.Medium, "the quarantine's limits: %v", err)
		}
	})
	return nil
}

// every does something at once and then again and again, until the guard ends.
func (d *daemon) every(ctx context.Context, period time.Duration, do func()) {
	d.background(ctx, func(ctx context.Context) {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			do()
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// background runs something until it ends by itself or the guard does; then it is
// waited for.
func (d *daemon) background(ctx context.Context, run func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	d.atEnd(func() { cancel(); <-done })
}
