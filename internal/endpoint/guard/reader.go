package guard

import (
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// This file is the reader: all that runs on the one goroutine that must never
// stand still. It makes system calls on descriptors it was given, and no others.

// read takes events until the listener is closed or the guard ends.
func (g *Guard) read() error {
	events := make([]fanotify.Event, fanotify.MaxEvents)
	for g.ctx.Err() == nil {
		g.config.Beat()
		if err := g.kernel.Listener.SetReadDeadline(g.clock.Now().Add(g.config.BeatEvery)); err != nil {
			return g.ended(err)
		}
		n, err := g.kernel.Listener.Read(events)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, fanotify.ErrLimit):
			g.starved(err)
		case err != nil:
			return g.ended(err)
		}
		for i := range events[:n] {
			g.handle(events[i])
		}
	}
	return nil
}

func (g *Guard) ended(err error) error {
	if g.ctx.Err() != nil || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return fmt.Errorf("guard: nothing is guarded any more: %w", err)
}

// handle owns e's descriptors.
func (g *Guard) handle(e fanotify.Event) {
	g.stats.events.Add(1)
	switch {
	case e.Mask&fanotify.Overflow != 0:
		e.Close()
		g.overflow("the kernel dropped events")
	case e.FD < 0:
		e.Close()
		g.starved(e.Err)
	case e.Mask.Permission():
		g.ask(e)
	default:
		g.note(e)
	}
}

// ask answers a question, or hands it to a goroutine and a timer.
func (g *Guard) ask(e fanotify.Event) {
	q := &question{number: e.FD, asked: g.clock.Now()}
	q.event, q.class = e, Open
	if e.Mask.Execution() {
		q.class = Exec
	}
	if !g.regards(&q.subject) {
		g.reply(q, true)
		q.close()
		return
	}
	v, ok := g.config.Cache.Get(q.id)
	switch {
	case ok && v.State == verdict.Clean:
		g.stats.hits.Add(1)
		g.quiet(&q.subject, v)
		g.reply(q, true)
		q.close()
	case ok:
		g.stats.hits.Add(1)
		g.elsewhere(q, func() { g.refuse(q, v) })
	case g.unsure.has(q.id):
		g.stats.hits.Add(1)
		g.reply(q, true)
		q.close()
	default:
		g.wait(q)
	}
}

// regards fills in what the file is; false: it is nobody's business.
func (g *Guard) regards(s *subject) bool {
	if g.own.caused(&s.event) {
		g.stats.own.Add(1)
		return false
	}
	var st unix.Stat_t
	if unix.Fstat(s.event.FD, &st) != nil {
		return false
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		if st.Mode&unix.S_IFMT == unix.S_IFIFO {
			g.linger(s)
		}
		return false
	}
	s.id = verdict.Of(&st)
	if g.own.runs(s.id) {
		g.stats.own.Add(1)
		return false
	}
	s.path = pathOf(s.event.FD)
	if !g.filter.Load().covers(s.path, s.class) {
		g.stats.excluded.Add(1)
		return false
	}
	if !g.config.Switch.Acting() {
		g.config.Switch.Saw(s.path, s.id)
		return false
	}
	return true
}

// lingering is how long the guard's own end of a FIFO stays open.
const lingering = time.Second

// linger keeps a FIFO open for a while. The kernel has opened its reading end
// for us, and that has woken writers who waited for one: were it closed before
// who asked has opened it, they would write to nobody.
func (g *Guard) linger(s *subject) {
	fd, err := unix.FcntlInt(uintptr(s.event.FD), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		g.clock.After(lingering, func() { unix.Close(fd) })
	}
}

// note puts a file that nobody waits for on the list of those to look at.
func (g *Guard) note(e fanotify.Event) {
	s := &subject{event: e, class: Write}
	switch {
	case e.Mask&fanotify.Exec != 0:
		s.class = Exec
	case e.Mask&fanotify.CloseWrite != 0:
		_ = g.kernel.Silencer.Unignore(e.FD) // writes through a mapping have not done so
	default:
		s.class = Open
	}
	if !g.regards(s) {
		s.close()
		return
	}
	if !g.pending.put(s) {
		s.close()
		g.overflow("too many files were written at once")
	}
}

// wait has a question decided elsewhere, with a timer beside it.
func (g *Guard) wait(q *question) {
	if !g.config.DenyOnTimeout && g.breaker.open(q.asked) {
		g.crowded(q)
		return
	}
	if g.waiting.Add(1) > int64(g.config.Waiting) {
		g.waiting.Add(-1)
		g.crowded(q)
		return
	}
	if q.event.PIDFD < 0 && q.event.PID > 0 { // an old kernel's: the number is right while its owner waits
		q.handle, _ = process.Open(q.event.PID)
	}
	deadline := g.config.OpenDeadline
	if q.class == Exec {
		deadline = g.config.ExecDeadline
		g.Look() // what it runs may run others from memory
	}
	path, id := q.path, q.id // the scan may meet a later state
	q.mu.Lock()
	q.stop = g.clock.After(deadline, func() { g.overdue(q, path, id) })
	q.mu.Unlock()
	g.work.Go(func() {
		defer g.waiting.Add(-1)
		defer q.close()
		g.resolve(q)
	})
}

// elsewhere has a verdict that is known carried out, off the reader.
func (g *Guard) elsewhere(q *question, do func()) {
	g.waiting.Add(1)
	g.work.Go(func() {
		defer g.waiting.Add(-1)
		defer q.close()
		do()
	})
}

// crowded answers a question that there is no room for as the deadline would,
// and has the file looked at by those who follow.
func (g *Guard) crowded(q *question) {
	g.stats.crowded.Add(1)
	allow := g.onTimeout(q.class)
	g.reply(q, allow)
	s := q.subject
	s.refused = !allow
	if !g.pending.put(&s) {
		s.close()
		g.overflow("too many files were run or opened at once")
	}
}

// onTimeout is the answer without a verdict.
func (g *Guard) onTimeout(c Class) bool {
	return c != Exec || !g.config.DenyOnTimeout || g.config.Report
}

// reply gives the answer, if it is still to be given.
func (g *Guard) reply(q *question, allow bool) bool {
	first, err := q.answer(g.kernel.Listener, allow, false)
	return g.replied(q, first, err)
}

func (g *Guard) replied(q *question, first bool, err error) bool {
	if first {
		g.stats.took(g.clock.Now().Sub(q.asked))
	}
	if err != nil && !errors.Is(err, fanotify.ErrGone) && !errors.Is(err, os.ErrClosed) {
		g.stats.failedAnswers.Add(1)
	}
	return first
}

// starved: the kernel has refused an opener because the guard has no descriptor
// left.
func (g *Guard) starved(err error) {
	if g.stats.starved.Add(1)%everyNth == 1 {
		g.emit(event.Event{Kind: event.Degraded, Severity: event.High, Count: g.stats.starved.Load(),
			Message: fmt.Sprintf("the kernel refused access to a file because the guard could not be handed it: %v", err)})
	}
}

// everyNth is how many of the same trouble make one event.
const everyNth = 1024

// overflow tells that events are missing, and has what they were about looked
// at again.
func (g *Guard) overflow(why string) {
	g.config.Switch.Missed()
	n := g.stats.overflows.Add(1)
	if n%everyNth != 1 {
		return
	}
	g.emit(event.Event{Kind: event.Overflow, Severity: event.High, Count: n, Message: why + "; what they were about is scanned again"})
	if g.config.Rescanner != nil {
		g.work.Go(func() {
			for _, point := range g.watched.points() {
				g.config.Rescanner.Rescan(point, why)
			}
		})
	}
}
