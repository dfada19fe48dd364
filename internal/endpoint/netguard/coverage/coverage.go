// Package coverage holds one word for what the network guard cannot do on a
// machine: a missing part, and what goes through because of it. It decides
// nothing and changes nothing.
package coverage

import "fmt"

// Missing is a part of the kernel or the machine that is not there. It is an
// error, so that whoever can do nothing without it returns it.
type Missing struct {
	Part      string // what is missing: "cgroup2", "programs on connect", …
	Uncovered string // what is not covered without it, for people
	Err       error  // what the kernel said
}

func (m *Missing) Error() string {
	return fmt.Sprintf("%s: %v (not covered: %s)", m.Part, m.Err, m.Uncovered)
}

// Unwrap gives what the kernel said.
func (m *Missing) Unwrap() error { return m.Err }
