package guard

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// takeTime is how long taking a file away may last.
const takeTime = 5 * time.Minute

// act does what the configuration asks for about a malicious file, and tells.
// late: who met it was let through before the verdict came, and runs it now.
func (g *Guard) act(s *subject, v verdict.Verdict, done []event.Action, late bool) {
	g.stats.detections.Add(1)
	g.identify(s)
	e := event.Event{
		Kind: event.Detection, Severity: event.High, Process: s.who, File: fileOf(s, v),
		Findings: v.Findings, Rules: v.Rules, Duration: v.Took, Actions: done,
	}
	message := fmt.Sprintf("%s: %s", s.path, names(v))
	if !g.config.Report && g.config.Switch.Acting() {
		message += g.carryOut(s, v, &e, late)
	}
	if len(e.Actions) == 0 {
		e.Actions, e.Severity = []event.Action{event.Reported}, event.Critical
	}
	e.Message = message
	g.emit(e)
}

// carryOut kills and takes away, and gives what is to be said of it.
func (g *Guard) carryOut(s *subject, v verdict.Verdict, e *event.Event, late bool) (remark string) {
	inode := inodeOf(s.id)
	mine := g.acting.enter(inode)
	if mine {
		defer g.acting.leave(inode)
	}
	if n := g.kill(s, mine, late); n > 0 {
		e.Actions = append(e.Actions, event.Killed)
		e.Severity, e.Count = event.Critical, int64(n)
	}
	if !mine {
		return ""
	}
	id, err := g.take(s, v)
	if id != "" {
		e.Actions, e.Quarantine = append(e.Actions, event.Quarantined), id
	}
	if err != nil {
		return fmt.Sprintf("; not taken away: %v", err)
	}
	return ""
}

func names(v verdict.Verdict) string {
	var all []string
	for _, f := range v.Findings {
		all = append(all, f.Name)
	}
	if len(all) == 0 {
		return "malicious"
	}
	return strings.Join(all, ", ")
}

// take moves the file into the quarantine.
func (g *Guard) take(s *subject, v verdict.Verdict) (string, error) {
	if !g.config.Quarantine || g.config.Keeper == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(g.ctx, takeTime)
	defer cancel()
	id, err := g.config.Keeper.Take(ctx, Finding{File: s.open(), Path: s.path, Root: s.root, Process: s.who, Verdict: v})
	if err == nil {
		g.stats.kept.Add(1)
	}
	return id, err
}

// kill ends what runs the file: who was let through too early, and, if all is
// set, whatever process has it as its program. It gives how many.
func (g *Guard) kill(s *subject, all, late bool) (n int) {
	if !g.config.Kill {
		return 0
	}
	if h := g.hold(s); h != nil {
		if late {
			n += g.killOne(h)
		}
		_ = h.Close()
	}
	if !all {
		return n
	}
	_ = g.config.Processes.Each(g.ctx, func(r process.Running) bool {
		p, ok := r.Program()
		if !ok || p.Ino != s.id.Ino || p.Dev != s.id.Dev {
			return true
		}
		if h, err := r.Handle(); err == nil {
			n += g.killOne(h)
			_ = h.Close()
		}
		return true
	})
	return n
}

// killOne never kills the guard, its children or the first process.
func (g *Guard) killOne(h *process.Handle) int {
	if h.PID <= 1 || g.own.is(h.PID) || h.Signal(unix.SIGKILL) != nil {
		return 0
	}
	g.stats.killed.Add(1)
	return 1
}

// inode is a file, whatever state it is in.
type inode struct{ dev, ino uint64 }

func inodeOf(f verdict.File) inode { return inode{f.Dev, f.Ino} }

// busy is the files that something is being done about, or was a moment ago:
// whoever runs a file that stays there over and over makes events, and no more.
type busy struct {
	clock Clock
	mu    sync.Mutex
	by    map[inode]time.Time // until when; the zero time: it is being done
}

const (
	busyFor  = time.Second
	mostBusy = 1024
)

func newBusy(c Clock) *busy { return &busy{clock: c, by: map[inode]time.Time{}} }

// enter is false when somebody else is at it, or was.
func (b *busy) enter(i inode) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if until, ok := b.by[i]; ok && (until.IsZero() || now.Before(until)) {
		return false
	}
	if len(b.by) >= mostBusy {
		maps.DeleteFunc(b.by, func(_ inode, until time.Time) bool { return !until.IsZero() })
	}
	b.by[i] = time.Time{}
	return true
}

func (b *busy) leave(i inode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.by[i] = b.clock.Now().Add(busyFor)
}
