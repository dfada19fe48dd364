package gap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/mounts"

	"golang.org/x/sys/unix"
)

// retry is how long a closing that could not go on waits.
const retry = 10 * time.Second

// Run closes gaps, switches on when the time is up, and keeps that the guard
// runs, until ctx ends. Then it keeps that the guard ended in good order.
func (s *Switch) Run(ctx context.Context) error {
	stamped := make(chan struct{})
	go func() {
		defer close(stamped)
		s.stamps(ctx)
	}()
	for ctx.Err() == nil {
		s.turn(ctx)
	}
	<-stamped
	return s.stamp(true)
}

// turn does what there is to do, or waits until there is something.
func (s *Switch) turn(ctx context.Context) {
	s.mu.Lock()
	left, ends := s.expire(s.config.Clock.Now())
	changed, work := s.changed, s.kept.Off == nil && len(s.kept.Open) > 0
	s.mu.Unlock()
	var end <-chan time.Time
	switch {
	case work:
		if err := s.close(ctx); err == nil || ctx.Err() != nil {
			return
		}
		end, changed = s.config.After(retry), nil
	case ends:
		end = s.config.After(min(left, s.config.Alive)) // the clock may be set meanwhile
	}
	select {
	case <-changed:
	case <-end:
	case <-ctx.Done():
	}
}

// stamps keeps now and then that the guard runs.
func (s *Switch) stamps(ctx context.Context) {
	failed := false
	for {
		select {
		case <-s.config.After(s.config.Alive):
		case <-ctx.Done():
			return
		}
		err := s.stamp(false)
		if err != nil && !failed {
			s.trouble("after a restart, until when the guard ran", err)
		}
		failed = err != nil
	}
}

// stamp keeps that the guard runs at this moment. A clock that was set back
// while the protection is off makes change times worthless for that gap.
func (s *Switch) stamp(clean bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Clock.Now()
	id, uptime := s.config.Clock.Boot()
	was := s.unkept()
	if n := len(s.kept.Open); n > 0 && s.kept.Off != nil && s.last.setBack(now, id, uptime) && !s.kept.Open[n-1].Everything {
		s.kept.Open[n-1].Everything = true
		s.unsaved = errors.New("not written yet")
	}
	if s.unsaved != nil {
		if err := s.save(); err != nil {
			return err
		}
	}
	s.last = alive{Wall: now, Boot: id, Uptime: uptime, Clean: clean, Mounts: s.mounts()}
	s.stale = s.store.write("alive.json", s.last)
	if (was == nil) != (s.stale == nil) {
		s.tell()
	}
	return s.stale
}

// maxMounts bounds how many mounts are kept; those beyond count as new.
const maxMounts = 10_000

// mounts names the local file systems that are mounted now, so that one that
// took the place of another has another name.
func (s *Switch) mounts() []string {
	all, err := mounts.Read(s.config.Machine.MountTable())
	if err != nil {
		return nil // then all of them are new later on
	}
	names := []string{}
	for _, m := range all {
		if m.Kind() == mounts.Local && len(names) < maxMounts {
			names = append(names, s.mountName(m))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Switch) mountName(m mounts.Mount) string {
	var st unix.Statfs_t
	if unix.Statfs(s.config.Machine.Root+m.Point, &st) != nil {
		st = unix.Statfs_t{}
	}
	return fmt.Sprintf("%q %s %q %q %x-%x", m.Point, m.Type, m.Source, m.Root, uint32(st.Fsid.Val[0]), uint32(st.Fsid.Val[1]))
}

// close scans what happened in the open gaps, and then counts them as closed.
func (s *Switch) close(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	if s.kept.Off != nil || len(s.kept.Open) == 0 {
		s.mu.Unlock()
		return nil
	}
	gaps := slices.Clone(s.kept.Open)
	s.cancel, s.work = cancel, &Work{}
	s.tell()
	s.mu.Unlock()

	err := s.examine(ctx, gaps)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = nil
	switch {
	case ctx.Err() != nil || s.kept.Off != nil: // it ends, or was switched off: next time
		s.journal.miss()
		s.work = nil
		return nil
	case err != nil:
		s.journal.miss()
		s.work.Step, s.work.Why = "waiting", err.Error()
		s.tell()
		return err
	}
	s.closed(gaps)
	return nil
}

// closed moves gaps to the history. The lock is held.
func (s *Switch) closed(gaps []openGap) {
	now, counts := s.config.Clock.Now(), s.work.Counts
	s.work = nil
	s.kept.Gaps = slices.Clone(s.kept.Gaps)
	for _, g := range gaps {
		g.Closed, g.Counts = now, counts
		s.kept.Gaps = append(s.kept.Gaps, g.Gap)
	}
	if n := len(s.kept.Gaps); n > s.config.MaxGaps {
		s.kept.Gaps = s.kept.Gaps[n-s.config.MaxGaps:]
	}
	s.kept.Open = nil
	if err := s.save(); err != nil {
		s.trouble("after a restart, which gaps are closed", err)
	}
	s.tell()
	e := event.Event{Kind: event.Gap, Severity: event.Info, Count: counts.Found, Duration: gaps[0].Duration(now)}
	e.Message = fmt.Sprintf("the gap is closed: %d suspects, %d scanned, %d found, %d not wholly scanned, %d not read",
		counts.Suspects, counts.Scanned, counts.Found, counts.Incomplete, counts.Unread)
	if counts.Found > 0 {
		e.Severity = event.High
	} else if counts.Incomplete+counts.Unread > 0 {
		e.Severity = event.Low
	}
	s.events.Emit(e)
}
