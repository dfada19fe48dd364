package fanotify

// Missing is something that this kernel does not have.
type Missing struct {
	Feature   string // the kernel's own name of it
	Since     string // the first version of Linux that has it
	Uncovered string // what is not covered without it
}

func (m Missing) String() string {
	return m.Feature + " (Linux " + m.Since + "): not covered without it: " + m.Uncovered
}
