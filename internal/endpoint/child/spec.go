// Package child starts this very program again in another mode: as another user,
// without a network, within a memory limit, with the file descriptors it is
// handed and nothing else of its parent's. It starts no other program, and
// nothing it starts outlives its parent.
//
// What a mode does to itself once it runs is in package sandbox.
package child

import (
	"os"
	"time"
)

// Spec says what to start. Only Mode has to be set; the zero value of all else
// gives a child with the user and the network of its parent.
type Spec struct {
	Mode string   // the first argument, such as "mode-scanner"
	Args []string // those behind it

	// User is the account to run as; empty: that of the parent. When there is no
	// such account, the child runs as nobody; the Report says so.
	User string
	// Caps are capabilities (unix.CAP_…) that it keeps for itself all the same.
	Caps []uintptr
	// NoNetwork puts it into a network of its own that nothing is in, not even a
	// loopback device that is up. Its System V IPC and host name are its own then, too.
	NoNetwork bool
	// Memory is the most it may use, in bytes; 0: any. It holds once Start has returned:
	// a child that is handed nothing before cannot use more until then.
	Memory int64

	Files []*os.File // it has them as descriptors 3, 4, … The parent keeps its own
	Env   []string   // its whole environment, besides what Memory adds
	// Line is told what the child writes on standard output and error: at most
	// MaxPerMinute lines of at most MaxLine bytes, without control characters. It is
	// called from one goroutine; while it blocks, so may the child. Nil: nobody.
	Line func(line string)

	// Program is what is started; empty: /proc/self/exe, this very program even if
	// its file was replaced.
	Program string
	// System is the directory that proc and sys lie in, for tests; empty: "/".
	System string
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// What is taken of the lines that a child writes. Lines past MaxPerMinute are
// counted, and the count is told as a line of its own.
const (
	MaxLine      = 1024
	MaxPerMinute = 600
	keptLines    = 20
)

// Exit is how a child ended.
type Exit struct {
	Code   int           // of the program; -1 when a signal ended it
	Signal string        // its name, such as "SIGKILL"; empty: none
	Memory bool          // the kernel killed it for the memory it took
	Reason string        // the line with which a Go program says why it breaks off; empty: none
	Last   []string      // the lines it wrote last, oldest first
	Ran    time.Duration // from start to end
}

// String is the exit in a few words.
func (e Exit) String() string {
	switch {
	case e.Memory:
		return "killed: it took more memory than it may"
	case e.Signal != "":
		return "ended by " + e.Signal
	case e.Reason != "":
		return "ended: " + e.Reason
	}
	text := "ended with exit code " + itoa(e.Code)
	if n := len(e.Last); n > 0 {
		text += " (" + e.Last[n-1] + ")"
	}
	return text
}
