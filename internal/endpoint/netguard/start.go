package netguard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/bpf"
	"vitrine/internal/endpoint/netguard/coverage"
	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/live"
	"vitrine/internal/endpoint/netguard/nft"
)

// Guard is the network guard in force. Its methods may be called by many
// goroutines.
type Guard struct {
	c        Config
	sink     event.Sink
	bpf      *bpf.Guard // nil: not in force
	nft      *nft.Guard
	names    *names
	live     *live.Sockets // nil: the kernel does not let us
	ended    atomic.Uint64
	repeats  repeats
	sets     atomic.Pointer[generations]
	watching *watch
	running  sync.WaitGroup
	stop     context.CancelFunc
	began    time.Time
	updating sync.Mutex
	close    sync.Once
	closed   error

	mu       sync.Mutex
	missing  []coverage.Missing
	warnings []string
	unread   error // of the lists, at the start
	own      map[netip.Addr]bool
	dropped  uint64 // of bpf's events, as told last
}

// generations is the set that counts, and the one before: a refusal may be told
// after the lists have changed.
type generations struct {
	now, before *indicator.Set
	since       time.Time
}

// lateEvents is how long after a change of lists a refusal by those before is
// still told.
const lateEvents = time.Minute

// forget lets go of the set before, once nothing can be told of it any more.
func (g *Guard) forget() {
	if s := g.sets.Load(); s.before != nil && g.c.Now().Sub(s.since) > lateEvents {
		g.sets.CompareAndSwap(s, &generations{now: s.now, since: s.since})
	}
}

// Start puts the network guard in force. It fails when the configuration cannot
// be meant, and when nothing at all could be put in force; what else is missing
// is in Status and told to the sink. The context ends nothing: Close does.
func Start(ctx context.Context, c Config, sink event.Sink) (*Guard, error) {
	c, err := c.orDefault()
	if err != nil {
		return nil, err
	}
	g := &Guard{c: c, sink: sink, began: c.Now(), repeats: newRepeats(c.Now)}
	set, problems := read(c.Lists)
	g.sets.Store(&generations{now: set})
	g.open()
	if g.bpf == nil && g.nft == nil && g.names == nil {
		return nil, fmt.Errorf("start the network guard: %w", errors.Join(append([]error{errNothing}, g.reasons()...)...))
	}
	ctx, g.stop = context.WithCancel(context.WithoutCancel(ctx))
	g.loops(ctx)
	g.unread = problems
	g.degraded(errors.Join(problems, g.use(set)))
	g.changed(set)
	return g, nil
}

// changed tells what is in force now.
func (g *Guard) changed(set *indicator.Set) {
	networks, names := set.Len()
	skipped := 0
	for _, l := range set.Lists() {
		skipped += l.Skipped
	}
	g.sink.Emit(event.Event{Kind: event.Change, Severity: event.Info, Rules: set.Identity(), Message: fmt.Sprintf(
		"network guard: %d addresses and networks and %d names of %d lists are in force by %s; %d lines could not be used",
		networks, names, len(set.Lists()), strings.Join(g.backends(), ", "), skipped)})
}

// open opens what the configuration asks for and the machine has.
func (g *Guard) open() {
	var err error
	if g.c.Backend != config.NFT {
		if g.bpf, err = g.openBPF(); err != nil {
			g.miss(err)
		} else {
			g.miss(missings(g.bpf.Missing())...)
		}
	} else {
		g.miss(&coverage.Missing{Part: "eBPF on connect", Uncovered: "who it was that connected: the packet filter knows the user at best", Err: errNotAsked})
	}
	if g.c.Backend != config.BPF {
		if g.nft, err = nft.Open(g.c.Table); err != nil {
			g.nft = nil
			g.miss(err)
		} else {
			g.miss(missings(g.nft.Missing())...)
		}
	} else {
		g.miss(&coverage.Missing{Part: "nftables", Uncovered: "raw sockets, the kernel's own sockets and forwarded traffic", Err: errNotAsked})
	}
	if g.bpf != nil || g.nft != nil {
		if g.live, err = live.Open(); err != nil {
			g.live = nil
			g.miss(err)
		}
	}
	if !g.c.Resolver.IsValid() {
		g.miss(&coverage.Missing{Part: "resolver", Uncovered: "listed names: only listed addresses are refused", Err: errNotAsked})
		return
	}
	if g.names, err = g.openNames(); err != nil {
		g.names = nil
		g.miss(err)
	}
}

// errNotAsked is why something is missing that the configuration leaves out.
var errNotAsked = errors.New("left out by the configuration")

func (g *Guard) openBPF() (*bpf.Guard, error) {
	dir := g.c.Cgroup
	if dir == "" {
		text, err := os.ReadFile(filepath.Join(g.c.Root, "proc/self/mountinfo"))
		if err != nil {
			return nil, &coverage.Missing{Part: "cgroup2", Uncovered: "who it was that connected", Err: err}
		}
		if dir, err = bpf.Root(bytes.NewReader(text)); err != nil {
			return nil, err
		}
	}
	b, err := bpf.Open(bpf.Config{Cgroup: dir})
	if err == nil {
		g.c.Cgroup = dir
	}
	return b, err
}

func missings(all []coverage.Missing) (errs []error) {
	for i := range all {
		errs = append(errs, &all[i])
	}
	return errs
}

// miss keeps what is missing, of errors that are *coverage.Missing.
func (g *Guard) miss(errs ...error) {
	for _, err := range errs {
		var m *coverage.Missing
		if !errors.As(err, &m) {
			m = &coverage.Missing{Part: "network", Uncovered: "not known", Err: err}
		}
		g.missing = append(g.missing, *m)
		if !errors.Is(err, errNotAsked) {
			g.degraded(err)
		}
	}
}

func (g *Guard) reasons() (errs []error) {
	for i := range g.missing {
		errs = append(errs, &g.missing[i])
	}
	return errs
}

// degraded tells that something is not as it should be.
func (g *Guard) degraded(err error) {
	if err != nil {
		g.sink.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: "network guard: " + oneLine(err)})
	}
}

// loops starts what runs beside.
func (g *Guard) loops(ctx context.Context) {
	if g.bpf != nil {
		g.running.Go(g.tellBPF)
	}
	if g.nft != nil {
		g.running.Go(g.tellNFT)
	}
	if g.names != nil {
		g.names.start(ctx)
	}
	var err error
	if g.watching, err = watchAddresses(); err != nil {
		g.degraded(fmt.Errorf("follow the machine's own addresses: %w", err))
	} else {
		g.running.Go(func() { g.watching.each(g.ownChanged) })
	}
	g.running.Go(func() { g.late(ctx) })
	g.learnOwn()
}

// read reads the lists. Those that cannot be opened are in the error; the set
// holds all others.
func read(lists []Source) (*indicator.Set, error) {
	b := indicator.NewBuilder(indicator.Limits{})
	var errs []error
	for _, s := range lists {
		r, err := s.Open()
		if err != nil {
			errs = append(errs, fmt.Errorf("the list %s is not in force: %w", s.Name, err))
			continue
		}
		_, err = b.Read(s.Name, r)
		errs = append(errs, err)
		r.Close()
	}
	return b.Build(), errors.Join(errs...)
}

// Update reads lists and makes them the ones that count, all at once in each
// backend. When one cannot be read nothing changes, so that what was refused
// stays refused. When a backend fails, it keeps what it had.
func (g *Guard) Update(lists []Source) error {
	g.updating.Lock()
	defer g.updating.Unlock()
	set, err := read(lists)
	if err != nil {
		g.degraded(err)
		return fmt.Errorf("update the lists; those before stay in force: %w", err)
	}
	g.mu.Lock()
	g.unread = nil
	g.mu.Unlock()
	if err := g.use(set); err != nil {
		g.degraded(err)
		return err
	}
	g.changed(set)
	return nil
}

// use makes a set the one that counts.
func (g *Guard) use(set *indicator.Set) error {
	compiled := set.Compile()
	var errs []error
	if g.bpf != nil {
		errs = append(errs, g.bpf.Update(compiled))
	}
	if g.nft != nil {
		errs = append(errs, g.nft.Update(compiled))
	}
	if g.names != nil {
		g.names.remote.Use(set)
	}
	if was := g.sets.Load(); was.now != set {
		g.sets.Store(&generations{now: set, before: was.now, since: g.c.Now()})
	}
	g.warn(set, compiled)
	return errors.Join(append(errs, g.endLive(set))...)
}

// Close takes everything back and waits until it is.
func (g *Guard) Close() error {
	g.close.Do(func() { g.closed = g.shut() })
	return g.closed
}

func (g *Guard) shut() error {
	g.stop()
	var errs []error
	if g.watching != nil {
		errs = append(errs, g.watching.Close())
	}
	if g.names != nil {
		g.names.close()
	}
	if g.bpf != nil {
		errs = append(errs, g.bpf.Close())
	}
	if g.nft != nil {
		errs = append(errs, g.nft.Close())
	}
	g.running.Wait()
	if g.live != nil {
		errs = append(errs, g.live.Close())
	}
	return errors.Join(errs...)
}

// Remove takes away what a guard that died has left on this machine: the table
// of the packet filter. It is for a start without a network guard; Start does it
// by itself. Nothing left is no error.
func Remove(c Config) error { return nft.Remove(c.Table) }
