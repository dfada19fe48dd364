package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/process"

	"golang.org/x/sys/unix"
)

// Kernel is where questions come from. A *fanotify.Group is all three.
type Kernel struct {
	Listener Listener
	Silencer Silencer
	Marker   Marker
}

// Guard is one running guard. Its methods may be called by any goroutine.
type Guard struct {
	config  Config
	kernel  Kernel
	group   *fanotify.Group // nil: the kernel was handed to Over
	missing []fanotify.Missing
	program *os.File // the guard's own, which the kernel does not ask about; nil: unknown
	clock   Clock

	own     *own
	filter  atomic.Pointer[filter]
	flights flights
	unsure  *unsure
	pending *pending
	blind   *blind
	execs   *process.Execs // nil: the kernel does not tell, or nobody asks
	watched *watchlist
	acting  *busy
	breaker breaker
	lookers chan struct{} // how many look at processes at a time
	waiting atomic.Int64
	stats   counters

	ctx  context.Context // of what goes on beyond one question
	stop context.CancelFunc
	work sync.WaitGroup
}

// New makes a guard over a fanotify group of its own. An error means that
// nothing can be guarded; what is only missing is in Missing. Nothing is watched
// before Run.
func New(c Config) (*Guard, error) {
	group, err := fanotify.New(fanotify.Config{})
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	g, err := Over(c, Kernel{group, group, group})
	if err != nil {
		return nil, errors.Join(err, group.Close())
	}
	g.group, g.missing = group, group.Missing()
	g.program = g.ownProgram()
	g.askNothingOfOwn()
	g.fit()
	if g.config.Blind {
		if g.execs, err = process.ListenExecs(); err != nil {
			g.missing = append(g.missing, fanotify.Missing{Feature: "CONFIG_PROC_EVENTS", Since: "2.6.15",
				Uncovered: fmt.Sprintf("programs that run from memory are found within %v, and not at once", g.config.BlindEvery)})
		}
	}
	return g, nil
}

// fit makes room for the descriptors of everything that may wait: without one
// the kernel refuses whoever opens a file.
func (g *Guard) fit() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	// Two descriptors each, and as many again for all else that the guard does.
	most := int(min(limit.Cur/8, 1<<20))
	if g.config.Waiting <= most && g.config.Pending <= most {
		return
	}
	g.config.Waiting, g.config.Pending = max(1, min(g.config.Waiting, most)), max(1, min(g.config.Pending, most))
	g.pending.most = g.config.Pending
	g.emit(event.Event{Kind: event.Degraded, Severity: event.Medium,
		Message: fmt.Sprintf("only %d files may be open: %d questions and %d written files may wait", limit.Cur, g.config.Waiting, g.config.Pending)})
}

// Over makes a guard over any kernel.
func Over(c Config, k Kernel) (*Guard, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.filled()
	if c.Mounts == nil {
		c.Mounts = mounts.Machine{}
	}
	c.Open, c.Paths = resolved(c.Open), resolved(c.Paths)
	g := &Guard{
		config: c, kernel: k, clock: c.Clock,
		own: newOwn(), unsure: newUnsure(c.Clock), pending: newPending(c.Pending),
		blind: newBlind(), acting: newBusy(c.Clock), lookers: make(chan struct{}, maxLookers),
	}
	g.watched = newWatchlist(g)
	g.filter.Store(&filter{open: c.Open, paths: c.Paths, excluded: c.Excluded})
	g.ctx, g.stop = context.WithCancel(context.Background())
	return g, nil
}

// resolved follows links in configured paths: the kernel tells where a file is,
// not how somebody got there.
func resolved(paths []string) []string {
	var out []string
	for _, p := range paths {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real
		}
		out = append(out, p)
	}
	return out
}

// Missing is what the kernel lacks.
func (g *Guard) Missing() []fanotify.Missing { return g.missing }

// Run guards until ctx ends; then its error is nil. Every other end is an
// error: nothing is guarded any more. When it returns, every opener has been
// let through, and a Guard over a group of its own has closed it. A Guard runs
// once.
func (g *Guard) Run(ctx context.Context) error {
	defer g.end()
	if g.group != nil {
		g.serve(g.announce)
	}
	g.serve(g.follow)
	if g.config.Blind {
		g.serve(g.sweep)
	}
	if g.execs != nil {
		g.serve(g.listen)
	}
	for range g.config.Scribes {
		g.serve(g.scribe)
	}
	done := make(chan error, 1)
	g.serve(func(context.Context) { done <- g.read() })
	select {
	case <-ctx.Done():
		return nil
	case err := <-done:
		return err
	}
}

// announce tells once of others who make openers wait, too.
func (g *Guard) announce(context.Context) {
	rivals, err := fanotify.Rivals(g.config.Processes.Root)
	if err != nil {
		g.emit(event.Event{Kind: event.Degraded, Severity: event.Low, Message: err.Error()})
	}
	for _, r := range rivals {
		if r.Permission {
			g.emit(event.Event{Kind: event.Degraded, Severity: event.High, Process: &event.Process{PID: r.PID, Comm: r.Comm},
				Message: fmt.Sprintf("%v holds up who opens files, too: the two can wait for each other; run one of them", r)})
		}
	}
}

func (g *Guard) serve(do func(context.Context)) {
	g.work.Go(func() { do(g.ctx) })
}

// end lets everybody through and waits for what is under way. Closing the group
// would do that too, but for one case: a child that was being started when the
// guard ended still holds the group, and may wait for an answer itself.
func (g *Guard) end() {
	_ = g.kernel.Marker.Clear() // nothing new is asked; that fails only where nothing is marked
	g.stop()
	_ = g.kernel.Listener.SetReadDeadline(g.clock.Now()) // else the reader ends a little later
	g.work.Wait()
	g.drain()
	if g.group != nil {
		_ = g.group.Close()
	}
	if g.program != nil {
		_ = g.program.Close()
	}
	g.pending.close()
}

// drain answers what was asked before the marks were dropped.
func (g *Guard) drain() {
	events := make([]fanotify.Event, fanotify.MaxEvents)
	for {
		if g.kernel.Listener.SetReadDeadline(g.clock.Now()) != nil {
			return
		}
		n, err := g.kernel.Listener.Read(events)
		if err != nil && !errors.Is(err, fanotify.ErrLimit) {
			return
		}
		for _, e := range events[:n] {
			if e.FD >= 0 && e.Mask.Permission() {
				_ = g.kernel.Listener.Respond(e.FD, true) // who is gone needs none
			}
			e.Close()
		}
	}
}

// Own takes everything that a process does for the guard's own work, until
// release is called: it is let through at once and not looked at. For the
// guard's children.
func (g *Guard) Own(pid int) (release func(), err error) { return g.own.add(pid) }

// Exclude says anew which paths nobody looks at.
func (g *Guard) Exclude(excluded func(path string) bool) error {
	next := *g.filter.Load()
	next.excluded = excluded
	g.filter.Store(&next)
	return g.Forget()
}

// Forget has the kernel ask again about every file: it must be called when the
// rules, or what is allowed, have changed.
func (g *Guard) Forget() error {
	g.unsure.clear()
	if err := g.kernel.Silencer.FlushIgnored(); err != nil {
		return fmt.Errorf("guard: ask again about every file: %w", err)
	}
	g.askNothingOfOwn()
	return nil
}

// ownProgram opens what the guard itself and its children run.
func (g *Guard) ownProgram() *os.File {
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		g.missing = append(g.missing, fanotify.Missing{Feature: "/proc/self/exe", Uncovered: "a child may be started a moment late"})
		return nil
	}
	return file
}

// askNothingOfOwn has the kernel ask nothing about the guard's own program. To
// answer would not do: until a new child has executed it, the Go runtime of the
// guard can stop none of the thread that forks, and when memory is to be freed in
// that moment all goroutines wait for it, the one that would answer with them.
func (g *Guard) askNothingOfOwn() {
	if g.program != nil {
		_ = g.kernel.Silencer.Ignore(int(g.program.Fd())) // asked about, it is let through
	}
}

func (g *Guard) emit(e event.Event) { g.config.Sink.Emit(e) }

// pathOf is where the kernel says a descriptor's file is. It opens nothing.
func pathOf(fd int) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return ""
	}
	return path
}
