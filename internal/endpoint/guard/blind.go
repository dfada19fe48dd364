package guard

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// blind is what looking through all processes goes by.
type blind struct {
	nudge chan struct{}
	seen  map[process.Key]inode // of programs that were looked at; used by sweep alone

	mu      sync.Mutex
	devices map[uint64]bool // file systems that programs may have been started from before they were watched
}

func newBlind() *blind {
	return &blind{nudge: make(chan struct{}, 1), seen: map[process.Key]inode{}, devices: map[uint64]bool{}}
}

// device has programs of a file system looked at in the next sweep.
func (b *blind) device(d mounts.Device) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.devices[unix.Mkdev(d.Major, d.Minor)] = true
}

func (b *blind) takeDevices() map[uint64]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.devices
	b.devices = map[uint64]bool{}
	return taken
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
	now, devices := map[process.Key]inode{}, g.blind.takeDevices()
	err := g.config.Processes.Each(ctx, func(r process.Running) bool {
		p, ok := r.Program()
		if !ok || !(p.Unlinked || devices[p.Dev]) || g.own.is(r.PID) || g.watched.isForeign(p.Dev) {
			return true
		}
		if k, err := r.Key(); err == nil {
			now[k] = inode{p.Dev, p.Ino}
			if g.blind.seen[k] != now[k] {
				g.inspect(r, p)
			}
		}
		return true
	})
	if err == nil {
		g.blind.seen = now
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
