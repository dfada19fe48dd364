package guard

import (
	"errors"
	"fmt"
	"path"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/process"
)

// Watch says what is done about one kind of access.
type Watch int

const (
	Hold   Watch = iota // who asks waits for the verdict
	Follow              // who asks goes on; the verdict is carried out when it comes
	Off                 // nothing
)

// Config is what a guard is made of. Scanner, Cache and Sink must be there; the
// zero value of everything else blocks what is executed and found malicious,
// and takes nothing away.
type Config struct {
	Report bool  // never block, never touch: only tell
	Exec   Watch // programs about to run
	Write  bool  // look at files that were written and closed
	Blind  bool  // look for programs that run from memory or were deleted

	// Open are paths whose opens wait for a verdict, whoever opens for whatever.
	// The whole file system that such a path lies on is asked about; opens
	// outside of the path are let through at once.
	Open []string
	// Paths are all that is guarded; empty: every file system that can be.
	Paths []string
	// Excluded says which paths nobody looks at; nil: none. It is called by the
	// reader: it must be quick and must not touch a file.
	Excluded func(path string) bool

	ExecDeadline  time.Duration // 0: 2 s
	OpenDeadline  time.Duration // 0: 0.5 s
	DenyOnTimeout bool          // refuse to run what was not looked at in time; opens always pass
	LateLimit     time.Duration // how long a verdict is waited for after the deadline; 0: 1 min
	MaxFileSize   int64         // bytes; larger files are Incomplete without a look; 0: 512 MiB

	Quarantine bool // take malicious files away
	Kill       bool // kill what runs malicious files

	Waiting    int           // questions waiting for a verdict, at most; more are answered as at a deadline. 0: 1024
	Pending    int           // files waiting to be looked at after writing, at most. 0: 2048
	Scribes    int           // of those, how many are looked at at a time. 0: 4
	BlindEvery time.Duration // how often all processes are looked through. 0: 2 s
	BeatEvery  time.Duration // how often Beat is called. 0: 250 ms

	Scanner   Scanner
	Cache     Cache
	Keeper    Keeper    // nil: nothing is taken away
	Rescanner Rescanner // nil: what the kernel dropped is told, and not made up for
	Switch    Switch    // nil: it always acts
	Sink      event.Sink
	Mounts    Mounts         // nil: this machine's
	Processes process.Proc   // zero: this machine's
	Table     *process.Table // who processes were, for events that come late; nil: a table of its own
	// Beat tells the watchdog that the reader is alive. It is called by the
	// reader, and by nobody else, whenever it is about to wait.
	Beat  func()
	Clock Clock
}

// Validate says what a guard cannot work with.
func (c Config) Validate() error {
	if c.Scanner == nil || c.Cache == nil || c.Sink == nil {
		return errors.New("guard: scanner, cache and sink are needed")
	}
	for _, p := range append(append([]string{}, c.Open...), c.Paths...) {
		if !path.IsAbs(p) || path.Clean(p) != p {
			return fmt.Errorf("guard: path %q is not absolute and clean", p)
		}
	}
	return nil
}

// Defaults of Config.
const (
	defaultExecDeadline = 2 * time.Second
	defaultOpenDeadline = 500 * time.Millisecond
	defaultLateLimit    = time.Minute
	defaultMaxFileSize  = 512 << 20
	defaultWaiting      = 1024
	defaultPending      = 2048
	defaultScribes      = 4
	defaultBlindEvery   = 2 * time.Second
	defaultBeatEvery    = 250 * time.Millisecond
)

func (c Config) filled() Config {
	orElse(&c.ExecDeadline, defaultExecDeadline)
	orElse(&c.OpenDeadline, defaultOpenDeadline)
	orElse(&c.LateLimit, defaultLateLimit)
	orElse(&c.MaxFileSize, defaultMaxFileSize)
	orElse(&c.Waiting, defaultWaiting)
	orElse(&c.Pending, defaultPending)
	orElse(&c.Scribes, defaultScribes)
	orElse(&c.BlindEvery, defaultBlindEvery)
	orElse(&c.BeatEvery, defaultBeatEvery)
	if c.Excluded == nil {
		c.Excluded = func(string) bool { return false }
	}
	if c.Switch == nil {
		c.Switch = on{}
	}
	if c.Beat == nil {
		c.Beat = func() {}
	}
	if c.Table == nil {
		c.Table = process.NewTable(0)
	}
	c.Clock = c.Clock.filled()
	return c
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
