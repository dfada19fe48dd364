package gap

import (
	"fmt"
	"time"
)

// State is what the protection is at this moment.
type State string

// The states.
const (
	Off       State = "off"
	Closing   State = "closing"   // it acts again; what happened before is being scanned
	Degraded  State = "degraded"  // it acts, and a part of it is missing
	Report    State = "report"    // it tells and does nothing else, as it was configured
	Protected State = "protected" // it acts, and nothing happened unseen
)

// Why says what made a gap.
type Why string

// The reasons of gaps.
const (
	SwitchedOff Why = "off"     // somebody switched the protection off
	NotRunning  Why = "stopped" // the guard was stopped in good order
	Crash       Why = "crash"   // it ended otherwise: killed, or the power went
	First       Why = "first"   // it had never run here; what lay there before is for a full sweep
)

// Gap is a time in which the machine was not protected.
type Gap struct {
	From   time.Time `json:"from"` // of not running: when it was last known to run
	To     time.Time `json:"to,omitzero"`
	Why    Why       `json:"why"`
	By     string    `json:"by,omitempty"`     // who switched off
	Reason string    `json:"reason,omitempty"` // what for
	On     string    `json:"on,omitempty"`     // who or what switched on again

	// Everything: change times cannot be trusted for it, such as because the
	// clock was set back; all files are suspects.
	Everything bool      `json:"everything,omitempty"`
	Closed     time.Time `json:"closed,omitzero"` // when all suspects had been scanned
	Counts
}

// Counts is what was done to close a gap.
type Counts struct {
	Suspects   int64 `json:"suspects"` // that are known of so far
	Scanned    int64 `json:"scanned"`
	Found      int64 `json:"found"`
	Incomplete int64 `json:"incomplete"` // not wholly looked at
	Unread     int64 `json:"unread"`     // could not be opened
}

// Duration is how long the machine was not protected; of a gap that has no end
// yet, until now.
func (g Gap) Duration(now time.Time) time.Duration {
	if !g.To.IsZero() {
		now = g.To
	}
	return max(0, now.Sub(g.From))
}

func (g Gap) title(now time.Time) string {
	length := g.Duration(now).Round(time.Second)
	switch g.Why {
	case SwitchedOff:
		return fmt.Sprintf("protection was switched off for %s by %s: %s", length, g.By, g.Reason)
	case NotRunning:
		return fmt.Sprintf("the guard was stopped for %s", length)
	case First:
		return "the guard has never run here before, or what it kept is gone"
	}
	return fmt.Sprintf("the guard did not run for %s and had not been stopped", length)
}

// Status is the switch as it stands.
type Status struct {
	State    State    `json:"state"`
	Problems []string `json:"problems,omitempty"` // what is missing
	// Of Off: since when, by whom, why, and when it ends by itself.
	Since  time.Time `json:"since,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	// Open are the gaps that are not closed yet; Work is how far that is.
	Open []Gap `json:"open,omitempty"`
	Work *Work `json:"work,omitempty"`
	// Gaps are the last ones that were closed, newest last. The last of them
	// says when the machine was last unprotected.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Work is how far the closing of a gap is.
type Work struct {
	Step string `json:"step"` // looking for suspects, scanning, waiting
	Seen int64  `json:"seen"` // files whose change time was looked at
	Counts
	Why string `json:"why,omitempty"` // what keeps it from going on
}
