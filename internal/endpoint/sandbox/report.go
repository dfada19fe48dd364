package sandbox

import "strings"

// Part is one wall around a process, and whether it stands.
type Part struct {
	Name    string `json:"name"`              // a stable word, one of the constants
	InForce bool   `json:"in_force"`          // as far as the process could tell itself
	Detail  string `json:"detail,omitempty"`  // of what is in force, or why it is not
	Without string `json:"without,omitempty"` // not in force: what is not covered now, for people
}

// The names of parts. Those from Landlock to Rlimits are what a process does to
// itself; the others are what is done for it when it is started.
const (
	Landlock     = "landlock"
	Seccomp      = "seccomp"
	NoNewPrivs   = "no_new_privs"
	Capabilities = "capabilities"
	NotDumpable  = "not_dumpable"
	Rlimits      = "rlimits"

	User      = "user"
	Namespace = "namespaces"
	Memory    = "memory"
	ParentEnd = "dies_with_parent"
)

// Report is what is in force and what is missing.
type Report []Part

// Missing gives the parts that are not in force.
func (r Report) Missing() []Part {
	var out []Part
	for _, p := range r {
		if !p.InForce {
			out = append(out, p)
		}
	}
	return out
}

// Has tells whether a part is in force.
func (r Report) Has(name string) bool {
	for _, p := range r {
		if p.Name == name {
			return p.InForce
		}
	}
	return false
}

// String names what is missing, or is "complete".
func (r Report) String() string {
	var names []string
	for _, p := range r.Missing() {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return "complete"
	}
	return "without " + strings.Join(names, ", ")
}
