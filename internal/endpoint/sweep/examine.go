package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// Scanner looks at one open file, which stays the caller's. An error says that
// no verdict came, and none will.
type Scanner interface {
	Scan(ctx context.Context, name string, f *os.File) (verdict.Verdict, error)
}

// Memory is what is known of files already; *known.Table is one.
type Memory interface {
	Get(verdict.File) (verdict.Verdict, bool)
	Put(verdict.File, verdict.Verdict)
}

// Actor does what is to be done about a malicious file, tells of it with an
// event, and gives what it did. It runs on the goroutine that found the file.
type Actor interface {
	Found(ctx context.Context, f Found) []event.Action
}

// Found is a file that was found malicious.
type Found struct {
	Path    string   // raw bytes
	File    *os.File // open; the Actor neither keeps nor closes it
	ID      verdict.File
	Verdict verdict.Verdict
	PID     int // a process that runs it; 0: none is known
}

// Examiner looks at single files. Scanner has to be set.
type Examiner struct {
	Scanner Scanner
	Memory  Memory     // nil: every file is scanned
	Actor   Actor      // nil: what is found is told, and nothing done
	Sink    event.Sink // nil: nobody is told
	// Ahead has files read ahead by the calling thread, at its own pace.
	Ahead bool
}

// Outcome is what came of looking at a file.
type Outcome struct {
	State   verdict.State // empty: there is no such file any more
	Known   bool          // the verdict was known already
	Size    int64
	Why     string // of Incomplete and Failed
	Actions []event.Action
}

// Target is a file to be looked at.
type Target struct {
	Path  string
	Named bool // somebody named it: a symbolic link is followed
	PID   int  // a process that runs it
	// Open opens it; nil: by its path.
	Open func() (*os.File, error)
}

// Examine looks at a file, and has done what is to be done about it. The error
// is that of ctx, or of scanners that give no verdicts any more; what concerns
// this file alone is in the Outcome.
func (x *Examiner) Examine(ctx context.Context, t Target) (Outcome, error) {
	open := t.Open
	if open == nil {
		open = func() (*os.File, error) { return openPath(t.Path, t.Named) }
	}
	f, err := open()
	switch {
	case gone(err):
		return Outcome{}, nil
	case err != nil:
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err // which file it is stands beside it
		}
		return x.failed(t, verdict.File{}, fmt.Sprintf("open: %v", err)), nil
	}
	defer f.Close()
	return x.file(ctx, t, f)
}

// gone reports an error that says there is no file: it was removed, or another
// thing is there now, or the process has ended.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOTDIR)
}

func (x *Examiner) file(ctx context.Context, t Target, f *os.File) (Outcome, error) {
	var st unix.Stat_t
	if err := stat(f, &st); err != nil {
		return x.failed(t, verdict.File{}, fmt.Sprintf("stat: %v", err)), nil
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return Outcome{}, nil
	}
	id := verdict.Of(&st)
	v, known := verdict.Verdict{}, false
	if x.Memory != nil {
		v, known = x.Memory.Get(id)
	}
	if !known {
		if x.Ahead {
			ahead(f, st.Size)
		}
		var err error
		if v, err = x.Scanner.Scan(ctx, t.Path, f); err != nil {
			return Outcome{}, err
		}
		if x.Memory != nil {
			x.Memory.Put(id, v)
		}
	}
	out := Outcome{State: v.State, Known: known, Size: st.Size, Why: v.Why}
	switch v.State {
	case verdict.Malicious:
		out.Actions = x.act(ctx, Found{t.Path, f, id, v, t.PID})
	case verdict.Clean:
	default:
		x.tell(t, id, v.Why, v.Rules)
	}
	return out, nil
}

func (x *Examiner) act(ctx context.Context, f Found) []event.Action {
	if x.Actor != nil {
		return x.Actor.Found(ctx, f)
	}
	done := []event.Action{event.Reported}
	if x.Sink != nil {
		x.Sink.Emit(event.Event{
			Kind: event.Detection, Severity: event.High, Actions: done, Findings: f.Verdict.Findings, Rules: f.Verdict.Rules,
			File:    &event.File{Path: f.Path, ID: f.ID, Size: f.ID.Size, Hash: f.Verdict.SHA256},
			Message: "malware was found; nothing was done about it",
		})
	}
	return done
}

func (x *Examiner) failed(t Target, id verdict.File, why string) Outcome {
	x.tell(t, id, why, "")
	return Outcome{State: verdict.Failed, Why: why}
}

// tell says that a file was not, or not wholly, looked at.
func (x *Examiner) tell(t Target, id verdict.File, why, rules string) {
	if x.Sink == nil {
		return
	}
	x.Sink.Emit(event.Event{
		Kind: event.Incomplete, Severity: event.Low, Rules: rules,
		File: &event.File{Path: t.Path, ID: id, Size: id.Size}, Message: "not wholly scanned: " + why,
	})
}

func stat(f *os.File, st *unix.Stat_t) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Fstat(int(fd), st) }); err != nil {
		return err
	}
	return failed
}

// openPath opens a file without waiting at a FIFO, without changing when it was
// last read, and without following a symbolic link that nobody named.
func openPath(path string, named bool) (*os.File, error) {
	flags := os.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC | unix.O_NOATIME
	if !named {
		flags |= unix.O_NOFOLLOW
	}
	f, err := os.OpenFile(path, flags, 0)
	if errors.Is(err, unix.EPERM) { // only the owner and root may leave the time alone
		f, err = os.OpenFile(path, flags&^unix.O_NOATIME, 0)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}
