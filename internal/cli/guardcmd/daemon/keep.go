package daemon

import (
	"context"
	"fmt"
	"os"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/guard"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/quarantine"
	"vitrine/internal/endpoint/sweep"

	"golang.org/x/sys/unix"
)

// keeper takes files away for the guard.
type keeper struct{ store *quarantine.Store }

// Take implements guard.Keeper.
func (k keeper) Take(ctx context.Context, f guard.Finding) (string, error) {
	e, err := k.store.Take(ctx, f.File, quarantine.About{Path: f.Path, Root: f.Root, Process: f.Process, Verdict: f.Verdict})
	return e.ID, err
}

// actor does with what sweeps find what the guard does with what it meets.
type actor struct {
	store            *quarantine.Store
	quarantine, kill bool
	acting           func() bool
	sink             event.Sink
}

// Found implements sweep.Actor.
func (a actor) Found(ctx context.Context, f sweep.Found) []event.Action {
	e := event.Event{
		Kind: event.Detection, Severity: event.High, Findings: f.Verdict.Findings, Rules: f.Verdict.Rules,
		File:    &event.File{Path: f.Path, ID: f.ID, Size: f.ID.Size, Hash: f.Verdict.SHA256},
		Message: f.Path + ": " + first(f),
	}
	if f.PID > 0 {
		if p, err := (process.Proc{}).Look(f.PID); err == nil {
			e.Process = &p
		}
	}
	if a.acting() {
		a.act(ctx, f, &e)
	}
	if len(e.Actions) == 0 {
		e.Actions = []event.Action{event.Reported}
	}
	a.sink.Emit(e)
	return e.Actions
}

func first(f sweep.Found) string {
	if len(f.Verdict.Findings) == 0 {
		return "malicious"
	}
	return f.Verdict.Findings[0].Name
}

// act ends what runs the file, and takes it away.
func (a actor) act(ctx context.Context, f sweep.Found, e *event.Event) {
	if a.kill && endAll(ctx, f) > 0 {
		e.Actions, e.Severity = append(e.Actions, event.Killed), event.Critical
	}
	if !a.quarantine {
		return
	}
	root := rootOf(f.PID)
	if root != nil {
		defer root.Close()
	}
	kept, err := a.store.Take(ctx, f.File, quarantine.About{Path: f.Path, Root: root, Process: e.Process, Verdict: f.Verdict})
	if err != nil {
		e.Message += fmt.Sprintf("; not taken away: %v", err)
		return
	}
	e.Actions, e.Quarantine = append(e.Actions, event.Quarantined), kept.ID
}

// rootOf is where the path of a program leads that was found because a process runs
// it, when that lives in another mount namespace; nil otherwise.
func rootOf(pid int) *os.File {
	if pid == 0 {
		return nil
	}
	var root *os.File
	process.Proc{}.Visit(os.Getpid(), func(me process.Running) bool {
		process.Proc{}.Visit(pid, func(r process.Running) bool {
			if r.MountNamespace() != me.MountNamespace() {
				root, _ = r.Root() // it has ended: what can be reached from here is taken
			}
			return true
		})
		return true
	})
	return root
}

// endAll kills whatever runs the file, and says how many there were.
func endAll(ctx context.Context, f sweep.Found) int {
	n := 0
	_ = process.Proc{}.Each(ctx, func(r process.Running) bool {
		p, ok := r.Program()
		if !ok || p.Ino != f.ID.Ino || p.Dev != f.ID.Dev {
			return true
		}
		if h, err := r.Handle(); err == nil {
			if h.PID > 1 && h.PID != os.Getpid() && h.Signal(unix.SIGKILL) == nil {
				n++
			}
			h.Close()
		}
		return true
	})
	return n
}

// allower puts what somebody restores on the list of what is allowed.
type allower struct {
	*scanning
	list *lists.Allowed
}

// Allow implements quarantine.Allower.
func (a allower) Allow(_ context.Context, sha256, why string) error {
	if _, err := a.list.Add(lists.Entry{What: sha256, Reason: why}); err != nil {
		return err
	}
	return a.changed()
}
