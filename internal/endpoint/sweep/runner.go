package sweep

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/files"
)

// Config says what sweeps look at and with what. Scanner and Dir have to be set.
type Config struct {
	Scanner Scanner
	Memory  Memory
	Actor   Actor
	Sink    event.Sink

	Dir     string                 // where it is kept how far they are; made when it is not there
	Exclude func() []files.Pattern // is left out everywhere, asked when a walk begins; nil: nothing
	Quick   []string               // further paths of the quick profile
	Lanes   int                    // files at once; 0: 2
	Busy    bool                   // run at ordinary priority instead of when the machine is idle
	CPU     int                    // percent of the time in which a lane may have files scanned; 0: 100

	Machine Machine       // what there is to look at; zero: this machine
	Every   time.Duration // how often it is kept how far a sweep is; 0: 10 s
	Tell    time.Duration // how often an event says how far it is; 0: 5 min
	Disk    durable.Disk
	Now     func() time.Time                     // nil: time.Now
	After   func(time.Duration) <-chan time.Time // nil: time.After
}

// Runner runs sweeps, one at a time.
type Runner struct {
	config Config
	events event.Sink

	mu      sync.Mutex
	sweeps  []*sweep // in the order they were asked for
	next    int      // id
	changed chan struct{}
	wake    chan struct{}

	rescans chan rescan
	missed  atomic.Bool // there were more
}

// sweep is one that was asked for.
type sweep struct {
	Status
	Last position // all before it has been looked at
	stop func()   // ends it; nil: it does not run
	halt bool     // somebody asked it to stop
}

// Bounds of what is waiting and what is remembered.
const (
	maxWaiting = 32
	maxOver    = 32
)

var (
	// ErrFull: too many sweeps wait already.
	ErrFull = errors.New("too many sweeps are waiting")
	// ErrUnknown: there is no sweep of that id, or it is over.
	ErrUnknown = errors.New("no such sweep")
)

type noSink struct{}

func (noSink) Emit(event.Event) {}

// Open reads what was going on when the last Runner ended. Nothing runs before
// Run.
func Open(c Config) (*Runner, error) {
	if c.Lanes <= 0 {
		c.Lanes = 2
	}
	if c.Every <= 0 {
		c.Every = 10 * time.Second
	}
	if c.Tell <= 0 {
		c.Tell = 5 * time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	r := &Runner{config: c, events: c.Sink, changed: make(chan struct{}), wake: make(chan struct{}, 1), rescans: make(chan rescan, maxRescans)}
	if r.events == nil {
		r.events = noSink{}
	}
	if c.Dir == "" {
		return nil, errors.New("sweeps: no folder is named")
	}
	r.load()
	return r, nil
}

// Start puts a sweep at the end of the queue. One that waits already and covers
// the same is given instead of another.
func (r *Runner) Start(req Request) (Status, error) {
	if err := req.Validate(); err != nil {
		return Status{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting := 0
	for _, s := range r.sweeps {
		if s.State != Waiting {
			continue
		}
		if s.Profile == req.Profile && slices.Equal(s.Paths, req.Paths) {
			return s.Status, nil
		}
		waiting++
	}
	if waiting >= maxWaiting {
		return Status{}, ErrFull
	}
	r.next++
	s := &sweep{Status: Status{ID: strconv.Itoa(r.next), Request: req, State: Waiting, Asked: r.config.Now()}}
	r.sweeps = append(r.sweeps, s)
	r.keep()
	r.tell()
	r.nudge()
	return s.Status, nil
}

// Stop ends a sweep for good; an empty id means the one that runs.
func (r *Runner) Stop(id string) (Status, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sweeps {
		if s.State.Over() || id != s.ID && (id != "" || s.State != Running) {
			continue
		}
		s.halt = true
		if s.stop != nil {
			s.stop()
			return s.Status, nil
		}
		s.State, s.Ended = Stopped, r.config.Now()
		r.tell()
		return s.Status, r.save()
	}
	return Status{}, ErrUnknown
}

// List gives the sweeps that wait, run or are remembered, oldest first.
func (r *Runner) List() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Status, 0, len(r.sweeps))
	for _, s := range r.sweeps {
		all = append(all, s.Status)
	}
	return all
}

// Follow calls each with the status of a sweep: at once, then at most once in
// every, and when the sweep is over, until then or until each fails or ctx ends.
func (r *Runner) Follow(ctx context.Context, id string, every time.Duration, each func(Status) error) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for told := false; ; {
		status, changed, err := r.status(id)
		if err != nil {
			return err
		}
		if !told || status.State.Over() {
			if err := each(status); err != nil || status.State.Over() {
				return err
			}
			told = true
		}
		select {
		case <-changed:
		case <-ticker.C:
			told = false
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// status gives a sweep, and what is closed when it changes.
func (r *Runner) status(id string) (Status, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sweeps {
		if s.ID == id {
			return s.Status, r.changed, nil
		}
	}
	return Status{}, nil, ErrUnknown
}

// tell wakes those who follow. The lock is held.
func (r *Runner) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Run runs what was asked for until ctx ends. What runs then goes on in the
// next Runner of the same folder.
func (r *Runner) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		r.enqueue(ctx)
		s := r.take()
		if s == nil {
			select {
			case <-r.wake:
			case <-ctx.Done():
			}
			continue
		}
		r.run(ctx, s)
	}
	return nil
}

// take gives the sweep whose turn it is: one that ran before a restart, or else
// the first that waits.
func (r *Runner) take() *sweep {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, state := range []State{Running, Waiting} {
		for _, s := range r.sweeps {
			if s.State == state {
				return s
			}
		}
	}
	return nil
}
