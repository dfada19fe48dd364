package guard

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// blind is what looking at processes goes by.
type blind struct {
	nudge chan struct{}

	mu      sync.Mutex
	round   int
	seen    map[process.Key]sighting
	devices map[uint64]bool // file systems that programs may have been started from before they were watched
}

// sighting is the program of a process that was looked at, and the round of
// looking through all when it was last met.
type sighting struct {
	program inode
	round   int
}

func newBlind() *blind {
	return &blind{nudge: make(chan struct{}, 1), seen: map[process.Key]sighting{}, devices: map[uint64]bool{}}
}

// first reports whether nobody has looked at this program of a process yet.
func (b *blind) first(k process.Key, i inode) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, ok := b.seen[k]
	b.seen[k] = sighting{i, b.round}
	return !ok || old.program != i
}

// next begins a round and gives the file systems to look at in it.
func (b *blind) next() map[uint64]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.round++
	taken := b.devices
	b.devices = map[uint64]bool{}
	return taken
}

// forget drops what was not met in the round that has ended.
func (b *blind) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.seen, func(_ process.Key, s sighting) bool { return s.round < b.round })
}

// device has programs of a file system looked at in the next sweep.
func (b *blind) device(d mounts.Device) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.devices[unix.Mkdev(d.Major, d.Minor)] = true
}

// Look has all processes looked through soon, beside the regular times: for who
// learns that something was run. It does not wait.
func (g *Guard) Look() {
	select {
	case g.blind.nudge <- struct{}{}:
	default:
	}
}

// sweep looks through all processes at once, at intervals and when nudged, for
// programs that have no name in any file system: a mark cannot show those.
func (g *Guard) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		g.sweepOnce(ctx)
		g.pause(ctx, g.config.BlindEvery/8, nil) // however much is run
		g.pause(ctx, g.config.BlindEvery-g.config.BlindEvery/8, g.blind.nudge)
	}
}

// pause waits for a time, or until nudged, or for ctx to end.
func (g *Guard) pause(ctx context.Context, d time.Duration, nudge <-chan struct{}) {
	due := make(chan struct{})
	defer g.clock.After(d, func() { close(due) })()
	select {
	case <-ctx.Done():
	case <-due:
	case <-nudge:
	}
}

func (g *Guard) sweepOnce(ctx context.Context) {
	if !g.config.Switch.Acting() {
		return // what runs then is looked at when it is switched on
	}
	devices := g.blind.next()
	err := g.config.Processes.Each(ctx, func(r process.Running) bool {
		g.meet(r, devices)
		return true
	})
	if err == nil {
		g.blind.forget()
	}
}

// meet looks at the program of a process if no mark could show it, or if it
// lies on one of the devices, unless that was done before.
func (g *Guard) meet(r process.Running, devices map[uint64]bool) {
	p, ok := r.Program()
	if !ok || !(p.Unlinked || devices[p.Dev]) || g.own.is(r.PID) || g.watched.isForeign(p.Dev) {
		return
	}
	if k, err := r.Key(); err == nil && g.blind.first(k, inode{p.Dev, p.Ino}) {
		g.inspect(r, p)
	}
}

// listen looks at each process that becomes another program.
func (g *Guard) listen(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { _ = g.execs.Close() })()
	for ctx.Err() == nil {
		pids, lost, err := g.execs.Next()
		if err != nil {
			if ctx.Err() == nil {
				g.emit(event.Event{Kind: event.Degraded, Severity: event.Medium,
					Message: fmt.Sprintf("programs that run from memory are found within %v, and no longer at once: %v", g.config.BlindEvery, err)})
			}
			return
		}
		if lost {
			g.Look()
		}
		if !g.config.Switch.Acting() {
			continue
		}
		for _, pid := range pids {
			g.config.Processes.Visit(pid, func(r process.Running) bool {
				g.meet(r, nil)
				return true
			})
		}
	}
}

// inspect has the program of a process scanned.
func (g *Guard) inspect(r process.Running, p process.Program) {
	h, err := r.Handle()
	if err != nil {
		return
	}
	file, err := r.Open()
	if err != nil {
		h.Close()
		return
	}
	s := &subject{class: Blind, path: p.Path, file: file}
	s.event.PID, s.event.FD, s.event.PIDFD = r.PID, -1, -1
	s.handle = h
	defer s.close()
	s.id, _ = stateOf(int(file.Fd()))
	if g.own.runs(s.id) {
		return
	}
	v, known := g.config.Cache.Get(s.id)
	if !known {
		v = g.look(s)
	}
	g.judgeBlind(s, p, v)
}

func (g *Guard) judgeBlind(s *subject, p process.Program, v verdict.Verdict) {
	switch {
	case g.ctx.Err() != nil:
	case v.State == verdict.Malicious:
		g.act(s, v, nil, true)
	case p.Memory:
		g.identify(s)
		g.emit(event.Event{
			Kind: event.Blind, Severity: event.Low, Process: s.who, File: fileOf(s, v), Rules: v.Rules, Actions: []event.Action{event.Allowed},
			Message: fmt.Sprintf("process %d runs a program from memory, %s: %s", s.event.PID, p.Path, v.State),
		})
	}
}
