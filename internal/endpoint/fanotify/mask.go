package fanotify

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Mask is a set of things that happen to a file.
type Mask uint64

const (
	ExecPermission Mask = unix.FAN_OPEN_EXEC_PERM // about to be executed; the opener waits for an answer
	OpenPermission Mask = unix.FAN_OPEN_PERM      // about to be opened, to execute or not; the opener waits
	Exec           Mask = unix.FAN_OPEN_EXEC      // was opened to be executed; nobody waits
	Open           Mask = unix.FAN_OPEN           // was opened; nobody waits
	CloseWrite     Mask = unix.FAN_CLOSE_WRITE    // the last use of a writable open has ended, mappings included
	Overflow       Mask = unix.FAN_Q_OVERFLOW     // events were dropped; comes without a file
)

// opens is everything an ignore mark silences: opening, not writing.
const opens = ExecPermission | OpenPermission | Exec | Open

// Permission reports whether somebody waits for the answer.
func (m Mask) Permission() bool { return m&(ExecPermission|OpenPermission) != 0 }

// Execution reports whether the file is opened to be executed.
func (m Mask) Execution() bool { return m&(ExecPermission|Exec) != 0 }

func (m Mask) String() string {
	var words []string
	for _, w := range []struct {
		bit  Mask
		name string
	}{
		{ExecPermission, "exec?"}, {OpenPermission, "open?"}, {Exec, "exec"}, {Open, "open"},
		{CloseWrite, "close-write"}, {Overflow, "overflow"},
	} {
		if m&w.bit != 0 {
			words = append(words, w.name)
		}
	}
	return strings.Join(words, "|")
}
