package term

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Code is what a command leaves to the shell. The codes mean the same for
// every command, so a script needs to learn them once. A code that is not in
// this list must be read as a failure.
type Code int

// The exit codes. A crash of the Go runtime exits with 2 by itself, so that it
// can never be taken for a clean answer.
const (
	Yes         Code = 0   // yes, clean, done
	No          Code = 1   // the command did its work, and the answer is no, or found
	CouldNot    Code = 2   // it could not answer: usage, input, output
	Interrupted Code = 130 // stopped by a signal
)

// ErrNo is returned by a command whose answer is no. It prints nothing: the
// answer has been printed.
var ErrNo = errors.New("the answer is no")

// ErrReported is returned by a command that could not answer and has already
// said why on stderr, line by line.
var ErrReported = errors.New("could not answer")

// ErrInterrupted is returned by a command stopped by a signal.
var ErrInterrupted = errors.New("interrupted")

// Exit is the one place that turns the outcome of a command into an exit code.
func Exit(err error) Code {
	switch {
	case err == nil:
		return Yes
	case errors.Is(err, ErrInterrupted):
		return Interrupted
	case errors.Is(err, ErrNo):
		return No
	default:
		return CouldNot
	}
}

// silent reports whether err needs no words: everything has been said, or
// nobody is left to read it.
func silent(err error) bool {
	for _, quiet := range []error{ErrNo, ErrReported, ErrInterrupted, syscall.EPIPE} {
		if errors.Is(err, quiet) {
			return true
		}
	}
	return false
}

// Report prints an error in the shape every command uses: one line with the
// program's name, then at most one hint that says what to do next.
func Report(w io.Writer, program string, err error) {
	if err == nil || silent(err) {
		return
	}
	fmt.Fprintf(w, "%s: %s\n", program, Clean(err.Error()))
	var hinted *Hinted
	if errors.As(err, &hinted) && hinted.Hint != "" {
		fmt.Fprintf(w, "hint: %s\n", Clean(hinted.Hint))
	}
}

// Hinted is an error with one line that tells the reader what to do about it.
type Hinted struct {
	Err  error
	Hint string
}

// Hint puts a hint to an error.
func Hint(err error, format string, args ...any) error {
	return &Hinted{Err: err, Hint: fmt.Sprintf(format, args...)}
}

func (h *Hinted) Error() string { return h.Err.Error() }

// Unwrap gives the error without its hint.
func (h *Hinted) Unwrap() error { return h.Err }
