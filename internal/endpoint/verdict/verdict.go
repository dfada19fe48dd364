// Package verdict is what the machine's rooms tell each other of a file: which
// file in which state, and what was found in it. It holds no content, reads no
// file and judges nothing.
package verdict

import (
	"time"

	"golang.org/x/sys/unix"
)

// File is one state of one file: a change of its content changes the File. It
// goes by the change time, which only the kernel sets, and not by the
// modification time alone, which anyone may set.
type File struct {
	Dev, Ino     uint64
	Size         int64 // in bytes
	Mtime, Ctime int64 // in nanoseconds since 1970
}

// Of is the state that a stat has shown.
func Of(st *unix.Stat_t) File {
	return File{Dev: uint64(st.Dev), Ino: st.Ino, Size: st.Size, Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano()}
}

// State is the outcome of looking at a file.
type State string

const (
	Clean      State = "clean"      // looked at wholly, nothing found
	Malicious  State = "malicious"  // Findings says what was found
	Incomplete State = "incomplete" // nothing found, and not all was looked at; Why says why
	Failed     State = "failed"     // could not be looked at: a worker died or ran out of time; Why says which
)

// Finding is one rule or listed hash found in a file or in what is packed inside it.
type Finding struct {
	Name   string   `json:"name"`             // of the rule, signature or list entry
	Path   []string `json:"path,omitempty"`   // members, outermost first; none: the file itself. Raw bytes of foreign names
	Digest string   `json:"digest,omitempty"` // "sha256:…" when it was found by its digest
}

// Verdict is what a scanner says of a file.
type Verdict struct {
	State    State         `json:"state"`
	Findings []Finding     `json:"findings,omitempty"`
	SHA256   string        `json:"sha256,omitempty"` // of the whole file, in hexadecimal; of malicious files always
	Size     int64         `json:"size"`             // bytes of the file
	Objects  int           `json:"objects"`          // the file and every member looked at
	Rules    string        `json:"rules"`            // identity of the rules, in hexadecimal; a verdict holds for these alone
	Why      string        `json:"why,omitempty"`    // one line for people
	Took     time.Duration `json:"took"`             // nanoseconds
}
