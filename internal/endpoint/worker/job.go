// Package worker keeps the processes that look into files, and hands them one
// file at a time each. It is the side of root: it reads no byte of a file, and
// believes nothing of what a scanner says but that it is a verdict.
//
// A file that a scanner dies of, or never comes to an end with, costs that one
// process: its verdict is Failed, the process is started anew, and the file is not
// handed out again for a while. New rules are loaded by new processes before the
// old ones end, so there is never a moment without any.
package worker

import (
	"errors"
	"os"
)

// Class says who waits for a verdict. The lower the value, the sooner its turn.
type Class uint8

// The classes.
const (
	Exec       Class = iota // a program is to be run: its caller stands still
	Open                    // a file is being opened: its caller stands still
	Write                   // a file was written and closed: nobody stands still
	Background              // a scheduled scan; it never takes the last free worker
	classes
)

// String is the class as a word.
func (c Class) String() string {
	if c >= classes {
		return "unknown"
	}
	return [...]string{"exec", "open", "write", "background"}[c]
}

// Job is a file to look into.
type Job struct {
	// File is open for reading. The worker is handed this very descriptor; the
	// caller still closes it, as soon as Scan has returned.
	File  *os.File
	Name  string // for people; a scanner never gets to know it
	Class Class
}

// ErrClosed is the error of a pool that was closed.
var ErrClosed = errors.New("the scanners were stopped")
