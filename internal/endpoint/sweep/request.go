package sweep

import (
	"errors"
	"fmt"
	"time"
)

// Profile is what a sweep covers.
type Profile string

// The profiles.
const (
	Quick Profile = "quick" // what runs, what starts by itself, what was just brought in
	Full  Profile = "full"  // every local file system
	Paths Profile = "paths" // what the request names
)

// maxPaths is how many paths a request may name.
const maxPaths = 1000

// Request asks for a sweep.
type Request struct {
	Profile Profile `json:"profile"`
	Paths   []Path  `json:"paths,omitempty"` // absolute; of Paths only
	By      string  `json:"by,omitempty"`    // who asked, for people
}

// Validate says what is wrong with a request.
func (r Request) Validate() error {
	switch {
	case r.Profile == Paths && len(r.Paths) == 0:
		return errors.New("no path was named")
	case r.Profile == Paths && len(r.Paths) > maxPaths:
		return fmt.Errorf("more than %d paths at once", maxPaths)
	case r.Profile != Paths && r.Profile != Quick && r.Profile != Full:
		return fmt.Errorf("there is no profile %q", r.Profile)
	case r.Profile != Paths && len(r.Paths) > 0:
		return fmt.Errorf("the profile %s takes no paths", r.Profile)
	}
	for _, p := range r.Paths {
		if p == "" || p[0] != '/' {
			return fmt.Errorf("path %q does not begin with a slash", p)
		}
	}
	return nil
}

// State is how far a sweep is.
type State string

// The states.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Stopped State = "stopped" // somebody stopped it
	Failed  State = "failed"  // Why says what kept it from its end
)

// Over reports whether the sweep will do no more.
func (s State) Over() bool { return s == Done || s == Stopped || s == Failed }

// Status is a sweep as it stands: the value that sweep.list and sweep.start
// answer with.
type Status struct {
	ID string `json:"id"`
	Request
	State State     `json:"state"`
	Asked time.Time `json:"asked"`
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	At    Path      `json:"at,omitempty"` // the file that was looked at last
	Counts
	Resumed int    `json:"resumed,omitempty"` // how often it went on after a restart
	Why     string `json:"why,omitempty"`
}

// Counts is what a sweep has seen so far.
type Counts struct {
	Files      int64 `json:"files"` // looked at, or known
	Bytes      int64 `json:"bytes"` // of those
	Known      int64 `json:"known"` // had a verdict already
	Found      int64 `json:"found"`
	Incomplete int64 `json:"incomplete"` // not wholly looked at
	Unread     int64 `json:"unread"`     // could not be opened or listed
	Skipped    int64 `json:"skipped"`    // left out by the configuration
}
