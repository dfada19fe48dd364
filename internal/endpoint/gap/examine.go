package gap

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/files"
	"vitrine/internal/endpoint/sweep"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// maxBatch is how many suspects are held to be sorted; more are scanned in
// several rounds.
const maxBatch = 200_000

// slack is how much older than the gap a change may look: file systems count
// coarsely.
const slack = 2 * time.Second

// search is the closing of some gaps.
type search struct {
	*Switch
	ctx        context.Context
	since      int64 // change times from here on are suspect, in nanoseconds
	everything bool
	before     map[string]bool // mounts that were there when the first gap began
	owned      map[string]bool // files of packages that came in the gap
	batch      []suspect
	seen       int64
	fault      error // of the examiner
}

// suspect is a file to be scanned, the lower its class the sooner.
type suspect struct {
	class int
	path  string
}

// examine scans what happened in gaps.
func (s *Switch) examine(ctx context.Context, gaps []openGap) error {
	h := &search{Switch: s, ctx: ctx, since: gaps[0].From.UnixNano(), before: map[string]bool{}}
	known, first := true, true
	for _, g := range gaps {
		h.since = min(h.since, g.From.UnixNano())
		h.everything = h.everything || g.Everything
		known = known && g.Why == SwitchedOff
		first = first && g.Why == First
	}
	h.since -= int64(slack)
	for _, m := range gaps[0].Mounts {
		h.before[m] = true
	}
	h.progress(func(w *Work) { w.Step = "scanning what runs" })
	h.run(func(visit func(sweep.Target) bool) {
		s.config.Machine.Programs(ctx, func(t sweep.Target) bool { return !h.guarded(t.Path) || visit(t) })
	})
	if first || h.fault != nil || ctx.Err() != nil {
		return h.outcome()
	}
	seen, all := s.journal.take()
	found := h.journaled(seen)
	if !known || len(gaps) > 1 || !all || !found || h.everything {
		h.owned = h.packages()
		h.walk(false)
	} else {
		h.walk(true)
	}
	return h.outcome()
}

func (h *search) outcome() error {
	if h.fault != nil {
		return h.fault
	}
	return h.ctx.Err()
}

// progress changes what is told of the work.
func (h *search) progress(change func(*Work)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h.work)
	h.tell()
}

// run has targets examined, several at once.
func (h *search) run(each func(visit func(sweep.Target) bool)) {
	if h.fault != nil || h.ctx.Err() != nil {
		return
	}
	ctx, fail := context.WithCancelCause(h.ctx)
	defer fail(nil)
	targets := make(chan sweep.Target)
	var lanes sync.WaitGroup
	for range h.config.Lanes {
		lanes.Go(func() {
			for t := range targets {
				out, err := h.config.Examiner.Examine(ctx, t)
				if err != nil {
					fail(err)
					continue
				}
				h.progress(func(w *Work) { w.count(out) })
			}
		})
	}
	each(func(t sweep.Target) bool {
		select {
		case targets <- t:
			return true
		case <-ctx.Done():
			return false
		}
	})
	close(targets)
	lanes.Wait()
	if h.ctx.Err() == nil {
		h.fault = context.Cause(ctx)
	}
}

func (w *Work) count(out sweep.Outcome) {
	if out.State == "" { // it is gone, and a suspect no more
		w.Suspects = max(w.Suspects-1, w.done())
		return
	}
	w.Suspects = max(w.Suspects, w.done()+1) // it was told of with others, or is new
	switch out.State {
	case verdict.Malicious:
		w.Found++
	case verdict.Incomplete:
		w.Incomplete++
	case verdict.Failed:
		w.Unread++
		return
	}
	w.Scanned++
}

// done is how many suspects have been dealt with.
func (c Counts) done() int64 { return c.Scanned + c.Unread }

// journaled scans what the journal holds, and reports whether it could be found
// again: a file may have been renamed since, but not be lost.
func (h *search) journaled(seen map[file]string) bool {
	h.progress(func(w *Work) { w.Step = "scanning what was executed and written" })
	all := true
	h.run(func(visit func(sweep.Target) bool) {
		for f, path := range seen {
			path, ok := f.locate(path)
			if !ok {
				all = false // deleted, or moved elsewhere: change times know
				continue
			}
			if !visit(sweep.Target{Path: path}) {
				return
			}
		}
	})
	return all
}

// locate finds a file where it was, or under another name in the same folder:
// most programs write a new file and then rename it.
func (f file) locate(path string) (string, bool) {
	if f.at(path) {
		return path, true
	}
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if name := filepath.Join(dir, e.Name()); e.Type().IsRegular() && f.at(name) {
			return name, true
		}
	}
	return "", false
}

func (f file) at(path string) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil && st.Dev == f.dev && st.Ino == f.ino
}

// walk looks for suspects where it is guarded, or only in file systems that were
// mounted in the gap, and scans them.
func (h *search) walk(newOnly bool) {
	h.progress(func(w *Work) { w.Step = "looking for what changed" })
	roots, err := h.roots()
	if err != nil {
		h.fault = err
		return
	}
	walker := files.Walker{OneFileSystem: true}
	if h.config.Exclude != nil {
		walker.Exclude = h.config.Exclude()
	}
	for _, r := range roots {
		if h.fault != nil || h.ctx.Err() != nil {
			return
		}
		if newOnly && !r.fresh {
			continue
		}
		whole := h.everything || r.fresh
		walker.Walk(h.ctx, h.config.Machine.Root+r.path, func(e files.Entry) bool { return h.visit(e, whole) })
	}
	h.scan()
}

func (h *search) visit(e files.Entry, whole bool) bool {
	if h.seen++; h.seen%1000 == 0 {
		h.progress(func(w *Work) { w.Seen = h.seen })
	}
	switch {
	case e.Kind == files.Unread && e.Err.Reason != files.Vanished && e.Err.Reason != files.Missing:
		h.progress(func(w *Work) { w.Unread, w.Suspects = w.Unread+1, w.Suspects+1 })
		h.events.Emit(event.Event{Kind: event.Incomplete, Severity: event.Low, File: &event.File{Path: e.Path}, Message: "not looked at: " + e.Err.Error()})
	case e.Kind == files.File && (whole || h.isChanged(e.Path)):
		h.batch = append(h.batch, suspect{h.class(e.Path, whole), e.Path})
		if len(h.batch) >= maxBatch {
			h.scan()
		}
	}
	return h.fault == nil && h.ctx.Err() == nil
}

// isChanged goes by the change time, which nobody but the kernel sets, and by
// the modification time, which costs nothing more.
func (h *search) isChanged(path string) bool {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err != unix.ENOENT // such as a path too long for this call: look at it
	}
	return st.Ctim.Nano() >= h.since || st.Mtim.Nano() >= h.since
}

// class is where strangers write first, then the rest, then what a package
// brought.
func (h *search) class(path string, whole bool) int {
	inside := strings.TrimPrefix(path, h.config.Machine.Root)
	switch {
	case h.owned[inside]:
		return 2
	case whole:
		return 0
	}
	for _, top := range []string{"/tmp/", "/var/tmp/", "/dev/shm/", "/run/", "/home/", "/root/", "/srv/", "/opt/", "/media/", "/mnt/", "/var/www/"} {
		if strings.HasPrefix(inside, top) {
			return 0
		}
	}
	return 1
}

// scan scans the suspects that were found so far, the likeliest first.
func (h *search) scan() {
	slices.SortStableFunc(h.batch, func(a, b suspect) int { return a.class - b.class })
	batch := h.batch
	h.batch = nil
	h.progress(func(w *Work) { w.Step, w.Suspects = "scanning what changed", w.done()+int64(len(batch)) })
	h.run(func(visit func(sweep.Target) bool) {
		for _, b := range batch {
			if !visit(sweep.Target{Path: b.path}) {
				return
			}
		}
	})
	h.progress(func(w *Work) { w.Step = "looking for what changed" })
}
