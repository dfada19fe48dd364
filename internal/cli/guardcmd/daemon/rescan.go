package daemon

import (
	"fmt"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/sweep"
)

// rescanner has a place looked at again by a sweep.
type rescanner struct {
	runner *sweep.Runner
	sink   event.Sink
}

// Rescan implements guard.Rescanner.
func (r rescanner) Rescan(path, why string) {
	_, err := r.runner.Start(sweep.Request{Profile: sweep.Paths, Paths: []sweep.Path{sweep.Path(path)}, By: "guard: " + why})
	if err != nil {
		r.sink.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: fmt.Sprintf("%s is not scanned again: %v", path, err)})
	}
}
