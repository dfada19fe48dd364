package sweep

import (
	"context"
	"fmt"

	"vitrine/internal/endpoint/event"
)

// maxRescans is how many places wait to be asked for.
const maxRescans = 64

// Rescan asks for a sweep of all below a path, because it is not known what
// happened there. It writes nothing and waits for nobody: who calls it may stand
// between a program and its start. Run puts it into the queue; when too much
// waits already, everything is swept instead.
func (r *Runner) Rescan(path, why string) {
	select {
	case r.rescans <- rescan{path, why}:
	default:
		r.missed.Store(true)
	}
	r.nudge()
}

// rescan is a place that somebody wants looked at.
type rescan struct{ path, why string }

// nudge has Run look for work.
func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// enqueue puts what Rescan was asked for into the queue.
func (r *Runner) enqueue(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case a := <-r.rescans:
			r.request(Request{Profile: Paths, Paths: []Path{Path(a.path)}, By: a.why})
			continue
		default:
		}
		if r.missed.Swap(false) {
			r.request(Request{Profile: Full, By: "too many places at once"})
			continue
		}
		return
	}
}

func (r *Runner) request(req Request) {
	if _, err := r.Start(req); err != nil {
		r.events.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: fmt.Sprintf("%v is to be scanned again (%s), and is not: %v", req.Paths, req.By, err)})
	}
}
