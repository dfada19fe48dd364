package guard

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// look has the file scanned, once for all who ask about the same state of it at
// the same time, and keeps the verdict.
func (g *Guard) look(s *subject) verdict.Verdict {
	if s.id.Size > g.config.MaxFileSize {
		return verdict.Verdict{State: verdict.Incomplete, Size: s.id.Size,
			Why: fmt.Sprintf("%d bytes, more than the %d that are looked at", s.id.Size, g.config.MaxFileSize)}
	}
	ctx, cancel := context.WithTimeout(g.ctx, g.config.LateLimit)
	defer cancel()
	return g.flights.do(ctx, flightKey{s.id, s.class <= Open}, func() verdict.Verdict {
		if v, ok := g.config.Cache.Get(s.id); ok { // a scan has ended since it was asked for
			return v
		}
		return g.scan(ctx, s)
	})
}

// tries is how often a file that changes meanwhile is scanned.
const tries = 2

// scan gives a verdict on a state that the file still has when it is given.
func (g *Guard) scan(ctx context.Context, s *subject) verdict.Verdict {
	file := s.open()
	for range tries {
		g.stats.scans.Add(1)
		v, err := g.config.Scanner.Scan(ctx, file, s.path, s.class)
		if err != nil {
			return verdict.Verdict{State: verdict.Failed, Size: s.id.Size, Why: err.Error()}
		}
		g.goOn()
		now, ok := stateOf(int(file.Fd()))
		if !ok || now == s.id || v.State == verdict.Malicious {
			if now == s.id {
				g.config.Cache.Put(s.id, v) // it keeps what is sure
			}
			return v
		}
		s.id = now
	}
	return verdict.Verdict{State: verdict.Incomplete, Size: s.id.Size, Why: "it changes while it is looked at"}
}

func stateOf(fd int) (verdict.File, bool) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return verdict.File{}, false
	}
	return verdict.Of(&st), true
}

// settled is how long ago a file must have changed for its times to tell the
// next change: the kernel's clock of changes moves in steps.
const settled = 50 * time.Millisecond

// quiet has the kernel ask no more about a file that was found clean, until it
// is written. Whoever has it open for writing could change it through a mapping
// without the kernel's notice: such a file stays asked about.
func (g *Guard) quiet(s *subject, v verdict.Verdict) {
	fd := s.event.FD
	if s.file != nil {
		fd = int(s.file.Fd())
	}
	if g.clock.Now().Sub(time.Unix(0, s.id.Ctime)) < settled || v.Rules != g.config.Scanner.Rules() {
		return
	}
	if g.kernel.Silencer.Ignore(fd) != nil {
		return
	}
	now, ok := stateOf(fd)
	if ok && now == s.id && v.Rules == g.config.Scanner.Rules() && !beingWritten(fd) {
		g.stats.ignored.Add(1)
		return
	}
	_ = g.kernel.Silencer.Unignore(fd)
}

// beingWritten reports whether anybody has the file open for writing: then the
// kernel gives no read lease on it. The lease is given back at once.
func beingWritten(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
	}
	return err == unix.EAGAIN
}

// flightKey: who waits does not wait for a scan that is in no hurry.
type flightKey struct {
	file   verdict.File
	urgent bool
}

type flight struct {
	done chan struct{}
	v    verdict.Verdict
}

// flights are the scans under way. The zero value is ready.
type flights struct {
	mu sync.Mutex
	by map[flightKey]*flight
}

func (f *flights) do(ctx context.Context, k flightKey, scan func() verdict.Verdict) verdict.Verdict {
	f.mu.Lock()
	if running, ok := f.by[k]; ok {
		f.mu.Unlock()
		select {
		case <-running.done:
			return running.v
		case <-ctx.Done():
			return verdict.Verdict{State: verdict.Failed, Size: k.file.Size, Why: ctx.Err().Error()}
		}
	}
	if f.by == nil {
		f.by = map[flightKey]*flight{}
	}
	mine := &flight{done: make(chan struct{}), v: verdict.Verdict{State: verdict.Failed, Why: "the scan broke off"}}
	f.by[k] = mine
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.by, k)
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.v = scan()
	return mine.v
}
