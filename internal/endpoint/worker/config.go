package worker

import (
	"errors"
	"runtime"
	"time"

	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/wire"
)

// Config says how many scanners there are and what they look for. The zero Config
// is two to four of them, as who starts them, that know no rules.
type Config struct {
	Workers int    // how many, at most; 0: as many as processors, at least 2 and at most 4
	Idle    int    // how many stay when there is nothing to do; 0: 1, and all where rules take long to load
	User    string // the account they run as; empty: that of the guard
	Memory  int64  // bytes that each may use; 0: any
	Rules   wire.Rules
	MaxSize int64         // bytes of the largest file that is looked into; 0: any
	MaxTime time.Duration // for one file; 0: 30 s

	// Deadlines hold files of a class to less than MaxTime; 0: MaxTime. A scanner
	// says what it has when the time is over. Grace later it is killed; 0: 3 s.
	Deadlines [classes]time.Duration
	Grace     time.Duration
	Linger    time.Duration // how long one that has nothing to do stays past Idle; 0: 1 min

	LoadTime time.Duration // for loading the rules; 0: 2 min
	Wait     time.Duration // for a scanner, when none runs at all; 0: 1 min
	Poison   time.Duration // how long a file that a scanner died of is not tried; 0: 1 min, and longer each time

	Backoff child.Backoff // between starts
	Sink    event.Sink    // nil: nobody is told
	// Started is told of every process before it opens anything of its own accord, so
	// that a guard can let it; nil: nobody is. It must not block.
	Started func(pid int)

	// For tests: another program, more environment, walls to leave out, and clocks.
	Program string
	Env     []string
	Walls   []string
	Now     func() time.Time
	After   func(time.Duration) <-chan time.Time
}

func (c Config) filled() (Config, error) {
	if c.Workers < 0 || c.Idle < 0 || c.Memory < 0 || c.MaxSize < 0 || c.MaxTime < 0 {
		return c, errors.New("configure scanners: a number below zero")
	}
	if c.Workers == 0 {
		c.Workers = min(max(runtime.NumCPU(), 2), 4)
	}
	for _, d := range []struct {
		field   *time.Duration
		instead time.Duration
	}{
		{&c.MaxTime, 30 * time.Second}, {&c.Grace, 3 * time.Second}, {&c.LoadTime, 2 * time.Minute},
		{&c.Wait, time.Minute}, {&c.Poison, time.Minute}, {&c.Linger, time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.instead
		}
	}
	c.Idle = min(c.Idle, c.Workers)
	for i := range c.Deadlines {
		if c.Deadlines[i] <= 0 || c.Deadlines[i] > c.MaxTime {
			c.Deadlines[i] = c.MaxTime
		}
	}
	if c.Sink == nil {
		c.Sink = nobody{}
	}
	if c.Started == nil {
		c.Started = func(int) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	return c, nil
}

type nobody struct{}

func (nobody) Emit(event.Event) {}

func (c Config) limits() wire.Limits {
	return wire.Limits{MaxSize: c.MaxSize, MaxTime: c.MaxTime, Memory: c.Memory}
}
