// Package sigtext turns ClamAV's body signatures (.ndb, .db) and logical
// signatures (.ldb) into text of YARA rules, so that one matcher finds both.
// It implements the format as ClamAV's signature manual describes it and as
// its loader reads it. It compiles and matches nothing.
//
// The conditions use variables that whoever scans must set: ep, the entry
// point's offset; ns, the number of sections; s0…, z0…, the offset and size of
// each section; sl, the offset of the last; vi and ve, where the version
// resource begins and ends. What is not there must lie far outside any file.
package sigtext

import (
	"errors"
	"fmt"
)

// Signature is one translated signature.
type Signature struct {
	Name      string
	Target    int    // 0: any file
	Container string // the CL_TYPE_… the object must lie in directly; empty: any
	Strings   string // the strings of the rule, one a line
	Condition string
	Variables []string // those of the condition, each once
}

// Rule is the text of the rule, under the given identifier.
func (s *Signature) Rule(name string) string {
	gate := ""
	switch s.Target {
	case 1:
		gate = "uint16(0) == 0x5A4D and "
	case 6:
		gate = "uint32(0) == 0x464C457F and "
	}
	return "rule " + name + " {\nstrings:\n" + s.Strings + "condition:\n" + gate + "(" + s.Condition + ")\n}\n"
}

// Unsupported is that a signature is well formed and says what no rule can.
type Unsupported string

func (u Unsupported) Error() string { return "not supported: " + string(u) }

// ErrLevel is that a signature is meant for other versions of ClamAV.
var ErrLevel = errors.New("meant for another level of the engine")

// Level is the functionality level that signatures are read for: ClamAV 1.4.
const Level = 213

// maxTargets is how many target types there are.
const maxTargets = 15

func malformed(format string, args ...any) error { return fmt.Errorf(format, args...) }
