package sweep

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/files"
	"vitrine/internal/endpoint/verdict"
)

// run carries one sweep out, to its end or that of ctx.
func (r *Runner) run(ctx context.Context, s *sweep) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !r.begin(s, cancel) {
		return
	}
	err := r.carryOut(ctx, s)
	r.finish(ctx, s, err)
}

// begin marks a sweep as running; false when it was stopped before that.
func (r *Runner) begin(s *sweep, stop func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.State.Over() {
		return false
	}
	e := event.Event{Kind: event.Sweep, Severity: event.Info, Message: s.title() + " began"}
	if s.State == Running {
		s.Resumed++
		e.Message = s.title() + " goes on after a restart"
	} else {
		s.State, s.Began = Running, r.config.Now()
	}
	s.stop = stop
	r.keep()
	r.tell()
	r.events.Emit(e)
	return true
}

func (s *sweep) title() string { return fmt.Sprintf("sweep %s (%s)", s.ID, s.Profile) }

// finish says how a sweep ended, unless it only pauses for a restart.
func (r *Runner) finish(ctx context.Context, s *sweep, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.stop = nil
	switch {
	case s.halt:
		s.State = Stopped
	case ctx.Err() != nil:
		r.keep()
		return
	case err != nil:
		s.State, s.Why = Failed, err.Error()
	default:
		s.State = Done
	}
	s.Ended = r.config.Now()
	r.forget()
	r.keep()
	r.tell()
	r.events.Emit(s.summary())
}

func (s *sweep) summary() event.Event {
	e := event.Event{Kind: event.Sweep, Severity: event.Info, Count: s.Files, Duration: s.Ended.Sub(s.Began)}
	e.Message = fmt.Sprintf("%s ended: %s; %d files, %d found, %d not wholly scanned, %d not read", s.title(), s.State, s.Files, s.Found, s.Incomplete, s.Unread)
	switch {
	case s.Found > 0:
		e.Severity = event.High
	case s.State == Failed:
		e.Severity, e.Message = event.Medium, e.Message+": "+s.Why
	}
	return e
}

// item is one thing on the way of a sweep.
type item struct {
	target Target
	at     position
	turn   int // its number
}

// course is a sweep on its way: one goroutine walks, lanes examine.
type course struct {
	*Runner
	sweep    *sweep
	examiner Examiner
	items    chan item
	ctx      context.Context
	fail     context.CancelCauseFunc

	from  position // where it was when it was interrupted
	order sequence
	kept  time.Time
	told  time.Time
}

func (r *Runner) carryOut(ctx context.Context, s *sweep) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	c := &course{Runner: r, sweep: s, items: make(chan item), ctx: ctx, fail: fail, from: s.Last}
	c.kept = r.config.Now()
	c.told = c.kept
	c.examiner = Examiner{Scanner: r.config.Scanner, Memory: r.config.Memory, Actor: r.config.Actor, Sink: r.config.Sink, Ahead: !r.config.Busy}
	var lanes sync.WaitGroup
	for range r.config.Lanes {
		lanes.Go(c.lane)
	}
	walked := make(chan struct{})
	go func() {
		defer close(walked)
		defer close(c.items)
		if !r.config.Busy {
			beIdle()
		}
		c.walk()
	}()
	<-walked
	lanes.Wait()
	return context.Cause(ctx)
}

// lane examines files until there are no more.
func (c *course) lane() {
	if !c.config.Busy {
		beIdle()
	}
	for it := range c.items {
		began := c.config.Now()
		out, err := c.examiner.Examine(c.ctx, it.target)
		if err != nil {
			c.fail(err)
			continue
		}
		c.count(it, out)
		if !out.Known {
			c.rest(c.config.Now().Sub(began))
		}
	}
}

// rest waits for as long as it takes that scanning had only its share of the
// time.
func (c *course) rest(took time.Duration) {
	share := time.Duration(c.config.CPU)
	if share <= 0 || share >= 100 || took <= 0 {
		return
	}
	select {
	case <-c.config.After(took * (100 - share) / share):
	case <-c.ctx.Done():
	}
}

// walk goes over all there is to look at: first what runs, which is asked anew
// after a restart, then the places.
func (c *course) walk() {
	places, err := c.places()
	if err != nil {
		c.fail(err)
		return
	}
	if c.sweep.Profile == Quick {
		c.config.Machine.Programs(c.ctx, func(t Target) bool { return c.send(item{target: t}) })
	}
	walker := files.Walker{OneFileSystem: c.sweep.Profile == Full}
	if c.config.Exclude != nil {
		walker.Exclude = c.config.Exclude()
	}
	for _, root := range places {
		if c.ctx.Err() != nil {
			return
		}
		walker.Walk(c.ctx, root, func(e files.Entry) bool { return c.visit(root, e) })
	}
}

// places gives the roots of the sweep in their order.
func (c *course) places() ([]string, error) {
	switch c.sweep.Profile {
	case Quick:
		return inOrder(append(c.config.Machine.Places(), c.config.Quick...)), nil
	case Full:
		roots, err := c.config.Machine.FileSystems()
		return inOrder(roots), err
	}
	paths := make([]string, len(c.sweep.Paths))
	for i, p := range c.sweep.Paths {
		paths[i] = string(p)
	}
	return inOrder(paths), nil
}

// visit passes on what comes after the place where the sweep was interrupted.
func (c *course) visit(root string, e files.Entry) bool {
	if !c.from.behind(root, e.Path) {
		return c.ctx.Err() == nil
	}
	at := position{Path(root), Path(e.Path)}
	switch {
	case e.Kind == files.File:
		return c.send(item{target: Target{Path: e.Path, Named: e.Named}, at: at})
	case e.Kind == files.Unread && e.Err.Reason != files.Vanished && !(e.Named && c.sweep.Profile != Paths):
		c.examiner.tell(Target{Path: e.Path}, verdict.File{}, e.Err.Error(), "")
		return c.note(at, func(n *Counts) { n.Unread++ })
	case e.Kind == files.Excluded:
		return c.note(at, func(n *Counts) { n.Skipped++ })
	}
	return c.ctx.Err() == nil
}

func (c *course) send(it item) bool {
	it.turn = c.order.begin()
	select {
	case c.items <- it:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// note counts what is not examined.
func (c *course) note(at position, add func(*Counts)) bool {
	it := item{at: at, turn: c.order.begin()}
	c.done(it, add)
	return c.ctx.Err() == nil
}

// count counts what was examined.
func (c *course) count(it item, out Outcome) {
	c.done(it, func(n *Counts) {
		switch out.State {
		case "":
			return
		case verdict.Malicious:
			n.Found++
		case verdict.Incomplete:
			n.Incomplete++
		case verdict.Failed:
			n.Unread++
			return
		}
		n.Files++
		n.Bytes += out.Size
		if out.Known {
			n.Known++
		}
	})
}

// done counts one thing, and now and then keeps how far the sweep is.
func (c *course) done(it item, add func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.sweep.Counts)
	if it.target.Path != "" {
		c.sweep.At = Path(it.target.Path)
	}
	if last, ok := c.order.end(it.turn, it.at); ok && last.Root != "" {
		c.sweep.Last = last
	}
	c.tell()
	now := c.config.Now()
	if now.Sub(c.kept) >= c.config.Every || now.Before(c.kept) {
		c.kept = now
		c.keep()
	}
	if now.Sub(c.told) >= c.config.Tell || now.Before(c.told) {
		c.told = now
		c.events.Emit(event.Event{Kind: event.Sweep, Severity: event.Info, Count: c.sweep.Files, Duration: now.Sub(c.sweep.Began),
			Message: fmt.Sprintf("%s goes on: %d files, %d found", c.sweep.title(), c.sweep.Files, c.sweep.Found)})
	}
}
