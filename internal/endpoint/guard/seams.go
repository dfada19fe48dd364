package guard

import (
	"context"
	"os"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/verdict"
)

// Class says who waits for a verdict, most urgent first.
type Class uint8

const (
	Exec  Class = iota // a program is about to run
	Open               // a file is being opened
	Write              // a file was written and closed: nobody waits
	Blind              // a program runs that no mark could show: nobody waits
)

func (c Class) String() string { return [...]string{"exec", "open", "write", "blind"}[c] }

// Scanner looks into files. A verdict always comes, Failed when a scanner died
// of the file; the error means that ctx or the scanner itself has ended.
type Scanner interface {
	// Scan reads file, which stays the caller's, and does not keep it. name is
	// for people.
	Scan(ctx context.Context, file *os.File, name string, c Class) (verdict.Verdict, error)
	// Rules is the identity of the rules in use.
	Rules() string
}

// Cache is what is known of files. Only Clean and Malicious verdicts of the
// rules in use are kept; known.Table is one.
type Cache interface {
	Get(verdict.File) (verdict.Verdict, bool)
	Put(verdict.File, verdict.Verdict)
}

// Finding is a file in which malware was found, and who met it.
type Finding struct {
	File    *os.File // open for reading, the caller's; its path may lead elsewhere by now
	Path    string   // as the kernel tells it, seen from Root; raw bytes
	Root    *os.File // the root of who met it, when that lives in another mount namespace; nil: the guard's own
	Process *event.Process
	Verdict verdict.Verdict
}

// Keeper takes files away, so that they can be brought back; its answer is the
// id to do so with.
type Keeper interface {
	Take(ctx context.Context, f Finding) (id string, err error)
}

// Rescanner is asked to look at everything that can be reached under a path,
// because the kernel could not tell all that happened there, or because it
// began to be watched only now. It must not wait for the work to be done.
type Rescanner interface {
	Rescan(path, why string)
}

// Switch says whether to act. While it is off nothing is refused, scanned or
// taken away; it is told what happens instead. *gap.Switch is one. The reader
// calls all three: they must not wait.
type Switch interface {
	Acting() bool
	Saw(path string, f verdict.File) // executed, opened, or written and closed
	Missed()                         // events were dropped
}

// on is the Switch of a guard without one.
type on struct{}

func (on) Acting() bool             { return true }
func (on) Saw(string, verdict.File) {}
func (on) Missed()                  {}

// Listener gives events and takes answers; *fanotify.Group is one.
type Listener interface {
	Read([]fanotify.Event) (int, error)
	SetReadDeadline(time.Time) error
	Respond(fd int, allow bool) error
}

// Silencer stops questions about files that need none; *fanotify.Group is one.
type Silencer interface {
	Ignore(fd int) error
	Unignore(fd int) error
	FlushIgnored() error
}

// Marker says which file systems are watched; *fanotify.Group is one.
type Marker interface {
	Mark(s fanotify.Scope, path string, mask fanotify.Mask) error
	Unmark(s fanotify.Scope, path string, mask fanotify.Mask) error
	Clear() error // drops every mark
}

// Mounts calls changed with what is mounted, at once and after every change,
// until ctx ends. The paths of Mount.Point must lead there from this process.
// mounts.Machine is the real one.
type Mounts interface {
	Run(ctx context.Context, changed func([]mounts.Mount)) error
}

// Clock is the time. The zero value is the machine's.
type Clock struct {
	Now   func() time.Time                               // nil: time.Now
	After func(time.Duration, func()) (stop func() bool) // nil: time.AfterFunc
}

func (c Clock) filled() Clock {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	return c
}
