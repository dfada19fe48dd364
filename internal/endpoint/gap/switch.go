package gap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/files"
	"vitrine/internal/endpoint/sweep"
)

// Examiner looks at one file and has done what is to be done about it;
// *sweep.Examiner is one. It is called from several goroutines. The error says
// that no verdicts come any more.
type Examiner interface {
	Examine(ctx context.Context, t sweep.Target) (sweep.Outcome, error)
}

// Config says where the switch is kept and what a gap is closed with. Dir and
// Examiner have to be set.
type Config struct {
	Dir      string // made when it is not there
	Examiner Examiner
	Sink     event.Sink
	Report   bool                   // the guard is configured to tell only
	Paths    []string               // all that is guarded, as whole paths; empty: every local file system
	Exclude  func() []files.Pattern // is left out, as it is by the guard, asked when a walk begins; nil: nothing
	Machine  sweep.Machine          // zero: this machine

	Lanes      int           // files at once; 0: 4
	Alive      time.Duration // how often it is kept that the guard runs; 0: 30 s
	MaxJournal int           // files in the journal; 0: 100,000
	MaxGaps    int           // closed ones to remember; 0: 32

	Disk  durable.Disk
	Clock Clock                                // zero: the machine's own
	After func(time.Duration) <-chan time.Time // nil: time.After
}

// Switch is the switch. Its methods may be called from any goroutine.
type Switch struct {
	config Config
	store  store
	events event.Sink

	acting  atomic.Bool // not off
	journal journal

	mu       sync.Mutex
	kept     kept
	last     alive
	problems []string
	unsaved  error // why switch.json is not as kept is; nil: it is
	stale    error // why alive.json is older than it should be
	work     *Work
	cancel   func()        // ends the closing that is at work
	changed  chan struct{} // closed at every change
}

var (
	// ErrOff: it is off already.
	ErrOff = errors.New("protection is off already")
	// ErrOn: it is on already.
	ErrOn = errors.New("protection is on already")
	// ErrReason: it is switched off with a reason or not at all.
	ErrReason = errors.New("switching off needs a reason")
)

// maxReason bounds a reason and a name.
const maxReason = 500

type noSink struct{}

func (noSink) Emit(event.Event) {}

// Open reads how the switch stands and finds out whether the guard was away. What
// was kept and cannot be read is told and counts as never kept. A folder that
// cannot be written, as on a full disk, is told too (see Unkept) and is no error:
// a machine whose disk is full needs its protection as well.
func Open(c Config) (*Switch, error) {
	c.Lanes, c.MaxJournal, c.MaxGaps = or(c.Lanes, 4), or(c.MaxJournal, 100_000), or(c.MaxGaps, 32)
	c.Alive = or(c.Alive, 30*time.Second)
	if c.Clock.Now == nil {
		c.Clock = machineClock()
	}
	if c.After == nil {
		c.After = time.After
	}
	s := &Switch{config: c, store: store{c.Disk, c.Dir}, events: c.Sink, changed: make(chan struct{})}
	if s.events == nil {
		s.events = noSink{}
	}
	s.journal.most = c.MaxJournal
	if c.Dir == "" || c.Examiner == nil {
		return nil, errors.New("protection switch: it has no folder, or nobody who examines")
	}
	s.begin()
	return s, nil
}

func or[T int | time.Duration](value, instead T) T {
	if value <= 0 {
		return instead
	}
	return value
}

func (s *Switch) begin() {
	err := s.config.Disk.MkdirAll(s.config.Dir, 0o700)
	if err == nil {
		err = s.config.Disk.Sweep(s.config.Dir)
	}
	if err != nil {
		s.trouble("what an earlier run left half written", err)
	}
	if _, err := s.store.read("switch.json", &s.kept); err != nil {
		s.kept = kept{}
		s.trouble("how the switch stood", err)
	}
	ran, err := s.store.read("alive.json", &s.last)
	if err != nil {
		s.trouble("when the guard last ran", err)
	}
	s.notice(ran && err == nil)
	s.acting.Store(s.kept.Off == nil)
	if err := cmp.Or(s.save(), s.stamp(false)); err != nil {
		s.trouble("after a restart, until when the guard ran and how the switch stood", err)
	}
}

func (s *Switch) trouble(what string, err error) {
	s.events.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: fmt.Sprintf("%s is not known: %v", what, err)})
}

// notice makes a gap of the time since the guard last ran.
func (s *Switch) notice(ran bool) {
	now := s.config.Clock.Now()
	id, uptime := s.config.Clock.Boot()
	g := openGap{Gap: Gap{From: s.last.Wall, To: now, Why: Crash, On: "start"}, Mounts: s.last.Mounts}
	switch {
	case !ran:
		g.Why, g.From = First, now
	case s.last.Clean:
		g.Why = NotRunning
	}
	if ran {
		g.Everything = s.last.setBack(now, id, uptime)
	}
	if s.kept.Off != nil { // what was off before is one gap with this
		s.expire(now)
		if n := len(s.kept.Open); n > 0 && g.Everything {
			s.kept.Open[n-1].Everything = true
		}
		s.journal.miss() // nobody kept it
		return
	}
	s.kept.Open = append(s.kept.Open, g)
	s.tellGap(g.Gap)
}

func (s *Switch) tellGap(g Gap) {
	now := s.config.Clock.Now()
	e := event.Event{Kind: event.Gap, Severity: event.Medium, Duration: g.Duration(now), Message: g.title(now)}
	if g.Everything {
		e.Message += "; the clock was set back, so every file is scanned"
	}
	s.events.Emit(e)
}

// Acting reports whether the guard is to block and to act. While the protection
// is off it only looks on, and tells Saw. It costs one load.
func (s *Switch) Acting() bool { return s.acting.Load() }

// Off switches the protection off: for good, or for d if that is more than
// nothing. Nothing that waits for a verdict is held any longer than its own
// deadline.
func (s *Switch) Off(reason, by string, d time.Duration) error {
	reason, by = strings.TrimSpace(reason), strings.TrimSpace(by)
	if reason == "" {
		return ErrReason
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.Off != nil {
		return ErrOff
	}
	now := s.config.Clock.Now()
	o := &off{Since: now, By: cutTo(by, maxReason), Reason: cutTo(reason, maxReason)}
	if d > 0 {
		o.Until = now.Add(d)
	}
	before := s.kept
	s.kept.Off = o
	s.kept.Open = append(slices.Clone(s.kept.Open), openGap{Gap{From: now, Why: SwitchedOff, By: o.By, Reason: o.Reason}, s.mounts()})
	if err := s.save(); err != nil {
		s.kept = before
		return err
	}
	s.journal.reset()
	s.acting.Store(false)
	if s.cancel != nil {
		s.cancel()
	}
	s.tell()
	s.events.Emit(event.Event{Kind: event.Switch, Severity: event.High, Duration: max(d, 0), Message: fmt.Sprintf("protection was switched off by %s: %s", o.By, o.Reason)})
	return nil
}

func cutTo(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "?")
}

// On switches the protection on. It acts from now on, and is called protected
// when what happened meanwhile has been scanned, which Run does.
func (s *Switch) On(by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.Off == nil {
		return ErrOn
	}
	s.on(s.config.Clock.Now(), cutTo(strings.TrimSpace(by), maxReason))
	return nil
}

// on ends what Off began. If that cannot be kept it holds all the same, and
// somebody is told: after a restart it would be off. The lock is held.
func (s *Switch) on(now time.Time, by string) {
	s.kept.Off, s.kept.Open = nil, slices.Clone(s.kept.Open)
	var g Gap
	if n := len(s.kept.Open); n > 0 {
		last := &s.kept.Open[n-1]
		last.To, last.On = now, by
		last.Everything = last.Everything || now.Before(last.From)
		g = last.Gap
	}
	s.acting.Store(true)
	if err := s.save(); err != nil {
		s.trouble("whether protection stays on after a restart", err)
	}
	s.tell()
	s.events.Emit(event.Event{Kind: event.Switch, Severity: event.Info, Message: "protection was switched on by " + by})
	s.tellGap(g)
}

// expire switches on when the time is up, and gives how long that is still.
// The lock is held, or nobody else is there yet.
func (s *Switch) expire(now time.Time) (left time.Duration, ends bool) {
	o := s.kept.Off
	switch {
	case o == nil || o.Until.IsZero():
		return 0, false
	case now.Before(o.Until) && !now.Before(o.Since):
		return o.Until.Sub(now), true
	}
	s.on(now, "the end of its time")
	return 0, false
}

// Missing says which parts of the protection are missing; none: all are there.
func (s *Switch) Missing(problems []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(s.problems, problems) {
		return
	}
	s.problems = slices.Clone(problems)
	s.tell()
}

// Status says how the switch stands.
func (s *Switch) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status()
}

func (s *Switch) status() Status {
	st := Status{State: s.state(), Problems: slices.Clone(s.problems), Gaps: slices.Clone(s.kept.Gaps)}
	if err := s.unkept(); err != nil {
		st.Problems = append(st.Problems, err.Error())
	}
	if o := s.kept.Off; o != nil {
		st.Since, st.By, st.Reason, st.Until = o.Since, o.By, o.Reason, o.Until
	}
	for _, g := range s.kept.Open {
		st.Open = append(st.Open, g.Gap)
	}
	if s.work != nil {
		work := *s.work
		st.Work = &work
	}
	return st
}

func (s *Switch) state() State {
	switch {
	case s.kept.Off != nil:
		return Off
	case len(s.kept.Open) > 0:
		return Closing
	case len(s.problems) > 0 || s.unkept() != nil:
		return Degraded
	case s.config.Report:
		return Report
	}
	return Protected
}

// Follow calls each with the status: at once, when the state changes, and while
// something goes on at most once in every, until each fails or ctx ends.
func (s *Switch) Follow(ctx context.Context, every time.Duration, each func(Status) error) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	told, due := State(""), true
	for {
		s.mu.Lock()
		changed, status := s.changed, s.status()
		s.mu.Unlock()
		if due || status.State != told {
			if err := each(status); err != nil {
				return err
			}
			told, due = status.State, false
		}
		select {
		case <-changed:
		case <-ticker.C:
			due = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell wakes those who follow. The lock is held.
func (s *Switch) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Switch) save() error {
	s.unsaved = s.store.write("switch.json", s.kept)
	return s.unsaved
}

// Unkept says why what has to outlive the guard cannot be kept just now; nil: it
// is kept. It is tried again as often as it is kept that the guard runs.
func (s *Switch) Unkept() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unkept()
}

func (s *Switch) unkept() error {
	err := cmp.Or(s.unsaved, s.stale)
	if err == nil {
		return nil
	}
	return fmt.Errorf("after a restart it is not known until when the guard ran and how the switch stood: %w", err)
}
