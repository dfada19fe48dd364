package guard

import (
	"context"
	"fmt"
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
	inode := inodeOf(s.id)
	if !g.config.Report && g.config.Switch.Acting() && g.acting.enter(inode) {
		defer g.acting.leave(inode)
		if n := g.kill(s, late); n > 0 {
			e.Actions = append(e.Actions, event.Killed)
			e.Severity, e.Count = event.Critical, int64(n)
		}
		id, err := g.take(s, v)
		if id != "" {
			e.Actions, e.Quarantine = append(e.Actions, event.Quarantined), id
		}
		if err != nil {
			message += fmt.Sprintf("; not taken away: %v", err)
		}
	}
	if len(e.Actions) == 0 {
		e.Actions, e.Severity = []event.Action{event.Reported}, event.Critical
	}
	e.Message = message
	g.emit(e)
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

// kill ends what runs the file: who was let through too early, and whatever
// process has it as its program. It gives how many.
func (g *Guard) kill(s *subject, late bool) int {
	if !g.config.Kill {
		return 0
	}
	n := 0
	if late {
		if h := g.hold(s); h != nil {
			n += g.killOne(h)
			h.Close()
		}
	}
	_ = g.config.Processes.Each(g.ctx, func(r process.Running) bool {
		p, ok := r.Program()
		if !ok || p.Ino != s.id.Ino || p.Dev != s.id.Dev {
			return true
		}
		if h, err := r.Handle(); err == nil {
			n += g.killOne(h)
			h.Close()
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

// busy is the files that something is being done about. The zero value is
// ready.
type busy struct {
	mu sync.Mutex
	by map[inode]bool
}

// enter is false when somebody else is at it.
func (b *busy) enter(i inode) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[i] {
		return false
	}
	if b.by == nil {
		b.by = map[inode]bool{}
	}
	b.by[i] = true
	return true
}

func (b *busy) leave(i inode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.by, i)
}
