package sweep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vitrine/internal/endpoint/control"
)

// StartArgs is what sweep.start takes. With Wait it answers with the status
// again and again until the sweep is over; otherwise once.
type StartArgs struct {
	Profile Profile `json:"profile"`
	Paths   []Path  `json:"paths,omitempty"`
	Wait    bool    `json:"wait,omitempty"`
}

// StopArgs is what sweep.stop takes: an id, or nothing for the one that runs.
type StopArgs struct {
	ID string `json:"id,omitempty"`
}

// followEvery is how often who waits hears of progress.
const followEvery = 500 * time.Millisecond

// Verbs gives what the guard's socket answers about sweeps. Each value of an
// answer is a Status.
func (r *Runner) Verbs() map[string]control.Verb {
	return map[string]control.Verb{
		"sweep.start": {Handle: r.answerStart},
		"sweep.list":  {Handle: r.answerList},
		"sweep.stop":  {Handle: r.answerStop},
	}
}

func (r *Runner) answerStart(ctx context.Context, c control.Call) error {
	var args StartArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	req := Request{Profile: args.Profile, Paths: args.Paths, By: fmt.Sprintf("uid %d", c.Peer.UID)}
	if err := req.Validate(); err != nil {
		return control.Refuse(control.Usage, "%v", err)
	}
	status, err := r.Start(req)
	switch {
	case errors.Is(err, ErrFull):
		return control.Refuse(control.Busy, "%v", err)
	case err != nil:
		return err
	case !args.Wait:
		return c.Reply(status)
	}
	return r.Follow(ctx, status.ID, followEvery, func(s Status) error { return c.Reply(s) })
}

func (r *Runner) answerList(_ context.Context, c control.Call) error {
	for _, s := range r.List() {
		if err := c.Reply(s); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) answerStop(ctx context.Context, c control.Call) error {
	var args StopArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	status, err := r.Stop(args.ID)
	switch {
	case errors.Is(err, ErrUnknown) && args.ID == "":
		return control.Refuse(control.No, "no sweep is running")
	case errors.Is(err, ErrUnknown):
		return control.Refuse(control.No, "no sweep %s is waiting or running", strings.ToValidUTF8(args.ID, "?"))
	case err != nil:
		return err
	}
	// One that runs ends in a moment; who stops it wants to hear that it has.
	err = r.Follow(ctx, status.ID, followEvery, func(s Status) error { status = s; return nil })
	if err != nil && !errors.Is(err, ErrUnknown) { // forgotten meanwhile: then it is over
		return err
	}
	return c.Reply(status)
}
