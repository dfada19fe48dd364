package files

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Reason is a stable word for why a file was not read.
type Reason string

// The reasons.
const (
	Missing    Reason = "missing"    // named, and not there
	Vanished   Reason = "vanished"   // found on the walk, gone when it was opened
	Permission Reason = "permission" // the kernel refused
	NotAFile   Reason = "special"    // named, and a FIFO, a socket or a device
	Failed     Reason = "error"      // anything else; Problem.Err says what
)

// Problem is why a file or directory was not read.
type Problem struct {
	Op     string // what was being done: "open", "list", "read", …
	Reason Reason
	Err    error
}

func (p *Problem) Error() string { return fmt.Sprintf("%s: %v", p.Op, p.Err) }

// Unwrap gives the error of the system.
func (p *Problem) Unwrap() error { return p.Err }

// Line is the problem in one line, with the path as the caller wants it shown.
func (p *Problem) Line(path string) string {
	if p.Reason == Vanished {
		return fmt.Sprintf("%s %s: vanished before it was read", p.Op, path)
	}
	return fmt.Sprintf("%s %s: %v", p.Op, path, p.Err)
}

func problem(op string, err error, named bool) *Problem {
	p := &Problem{Op: op, Reason: Failed, Err: err}
	switch {
	case errors.Is(err, unix.ENOENT) && named:
		p.Reason = Missing
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESTALE):
		p.Reason = Vanished
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		p.Reason = Permission
	}
	return p
}

func special() *Problem {
	return &Problem{Op: "scan", Reason: NotAFile, Err: errors.New("neither a file nor a directory")}
}
