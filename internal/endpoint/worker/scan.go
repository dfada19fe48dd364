package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// Scan has a file looked into. A verdict always comes, Failed when nobody could
// look; the error is ErrClosed or that of ctx. When ctx ends before the file was
// handed out it never is.
func (p *Pool) Scan(ctx context.Context, j Job) (verdict.Verdict, error) {
	file, reason := stat(j.File)
	if reason != "" {
		return p.failed(file, reason), nil
	}
	w, err := p.ask(j, file)
	if err != nil {
		return verdict.Verdict{}, err
	}
	defer p.leave(w, j.File)
	for {
		select {
		case <-w.done:
			return w.verdict, w.err
		case <-ctx.Done():
			return verdict.Verdict{}, ctx.Err()
		case <-p.config.After(p.config.Wait):
			p.giveUp(w)
		}
	}
}

// stat says which file it is, and why it cannot be looked into.
func stat(f *os.File) (verdict.File, string) {
	var st unix.Stat_t
	raw, err := f.SyscallConn()
	if err == nil {
		err = errors.Join(raw.Control(func(fd uintptr) {
			if e := unix.Fstat(int(fd), &st); e != nil {
				err = e
			}
		}), err)
	}
	switch {
	case err != nil:
		return verdict.File{}, "stat: " + err.Error()
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return verdict.Of(&st), "it is no file"
	}
	return verdict.Of(&st), ""
}

func (p *Pool) failed(f verdict.File, why string) verdict.Verdict {
	return verdict.Verdict{State: verdict.Failed, Size: f.Size, Rules: p.Rules(), Why: why}
}

// ask puts a file in the queue, or finds it there.
func (p *Pool) ask(j Job, f verdict.File) (*job, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if why, ok := p.poison.why(f, p.config.Now()); ok {
		w := &job{done: make(chan struct{})}
		w.finish(verdict.Verdict{State: verdict.Failed, Size: f.Size, Rules: p.identity, Why: why}, nil)
		return w, nil
	}
	class := min(j.Class, Background)
	if w := p.queue.join(f, class, j.File); w != nil {
		p.wake.Broadcast()
		return w, nil
	}
	p.next++
	w := &job{id: p.next, file: f, class: class, name: j.Name, open: []*os.File{j.File}, done: make(chan struct{})}
	p.queue.add(w)
	p.wake.Broadcast()
	return w, nil
}

func (p *Pool) leave(w *job, file *os.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.leave(w, file)
}

// giveUp fails a job that waits for a scanner, when none runs.
func (p *Pool) giveUp(w *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !w.begun.IsZero() || p.queue.known[w.file] != w {
		return
	}
	reason := ""
	for _, s := range p.slots {
		if s.worker != nil && !s.worker.dead {
			return
		}
		reason = s.waiting
	}
	p.queue.remove(w)
	p.queue.forget(w)
	p.failures++
	w.finish(verdict.Verdict{State: verdict.Failed, Size: w.file.Size, Rules: p.identity, Why: "no scanner runs: " + reason}, nil)
}

// serve gives jobs to a worker until it ends. The reason is empty when it is no
// longer needed.
func (p *Pool) serve(s *slot, w *worker) (reason string) {
	for {
		j, file := p.take(w)
		if j == nil {
			p.mu.Lock()
			needed := w.dead && !w.retired && !p.closed
			p.mu.Unlock()
			if !needed {
				return ""
			}
			return w.end().String()
		}
		limit := p.config.Deadlines[j.class]
		v, err := w.scan(j.id, file, limit, p.config.Grace)
		switch {
		case err == nil:
			p.answered(w, j, v)
		case errors.Is(err, errUnsent) && j.unsent < maxUnsent:
			p.unsent(w, j)
			if !errors.Is(err, os.ErrClosed) {
				return w.end().String()
			}
		default:
			return p.lost(s, w, j, err, limit+p.config.Grace)
		}
	}
}

// take waits for a job that this worker may do now. Nil: it may do no more.
func (p *Pool) take(w *worker) (*job, *os.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.idle = true
	since := p.config.Now()
	p.wake.Broadcast() // one more is free: a scheduled scan may go on
	defer func() { w.idle = false }()
	for {
		if w.dead || w.retired || p.closed {
			return nil, nil
		}
		if j := p.queue.take(p.free() > 1 || len(p.slots) == 1, p.config.Now()); j != nil {
			w.job = j
			return j, j.open[0]
		}
		if w.resting = p.idled(w, since); w.resting {
			return nil, nil
		}
		p.wake.Wait()
	}
}

// free counts the workers that wait for a job.
func (p *Pool) free() int {
	n := 0
	for _, s := range p.slots {
		if w := s.worker; w != nil && w.idle && !w.dead && !w.retired {
			n++
		}
	}
	return n
}

func (p *Pool) answered(w *worker, j *job, v verdict.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.job = nil
	w.scans++
	p.scans++
	p.poison.fine(j.file)
	p.queue.forget(j)
	j.finish(v, nil)
}

// maxUnsent is how often a file is handed to another scanner, since the one it was
// for has ended through no fault of the file.
const maxUnsent = 3

// unsent puts a job back that was not handed over, for those who still wait.
func (p *Pool) unsent(w *worker, j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.job = nil
	if len(j.open) > 0 && !p.closed {
		j.begun = time.Time{}
		j.unsent++
		p.queue.add(j)
		p.wake.Broadcast()
		return
	}
	p.queue.forget(j)
	j.finish(verdict.Verdict{}, ErrClosed)
}

// lost ends a worker that has failed at a file, and tells who waits for the file.
func (p *Pool) lost(s *slot, w *worker, j *job, err error, limit time.Duration) string {
	if !hungUp(err) {
		w.process.Kill()
	}
	exit := w.end()
	if hungUp(err) && exit.Signal == "SIGKILL" && !exit.Memory && j.unsent < maxUnsent {
		p.unsent(w, j) // no file can do that: somebody has killed it
		return exit.String()
	}
	reason := why(err, exit, limit)
	p.mu.Lock()
	w.job, w.dead = nil, true
	p.queue.forget(j)
	if p.closed {
		p.mu.Unlock()
		j.finish(verdict.Verdict{}, ErrClosed)
		return ""
	}
	p.failures++
	p.poison.add(j.file, reason, p.config.Now())
	rules := p.identity
	p.mu.Unlock()
	j.finish(verdict.Verdict{State: verdict.Failed, Size: j.file.Size, Rules: rules, Why: "a scanner " + reason}, nil)
	p.config.Sink.Emit(event.Event{
		Kind: event.Worker, Severity: event.High, Actions: []event.Action{event.Reported}, Rules: rules,
		File:    &event.File{Path: j.name, ID: j.file, Size: j.file.Size},
		Message: fmt.Sprintf("scanner %d %s, at a file that was not looked into", s.number, reason),
	})
	return reason
}
