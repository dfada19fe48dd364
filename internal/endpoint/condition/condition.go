// Package condition is how well the machine is protected, as the guard tells it
// to whoever asks: the answer of the verb status. It is a record and one rule,
// which state follows from the record. It measures nothing itself.
//
// Its JSON is part of docs/spec/cli/vitrine.status.v2.json. It holds no name of
// a file that was found and no process, because every user of the machine may
// read it.
package condition

import (
	"fmt"
	"time"
)

// State is the condition in a word.
type State string

// The states, worst first.
const (
	Off          State = "off"         // switched off, or the guard does not run
	Degraded     State = "degraded"    // somebody should look: Problems says at what
	StillClosing State = "closing"     // it stops malware again; what happened while it did not is still being looked at
	ReportOnly   State = "report only" // malware is told of, and not stopped, because the configuration says so
	Protected    State = "protected"
)

// Condition is everything that is to be said. Zero parts are parts that are not
// in use.
type Condition struct {
	State    State    `json:"state"`
	Problems []string `json:"problems"` // why degraded, one line for people each

	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`  // when the guard began to watch
	Mode    string    `json:"mode"`     // block or report, as configured
	Switch  *Switch   `json:"off"`      // set while protection is switched off
	Closing *Closing  `json:"closing"`  // set while what happened in a gap is looked at
	LastGap *Gap      `json:"last_gap"` // when the machine was last unprotected; nil: never, as far as is known

	Missing    []Missing  `json:"missing"`
	Watch      Watch      `json:"watch"`
	Scanner    Scanner    `json:"scanner"`
	Rules      Rules      `json:"rules"`
	Quarantine Quarantine `json:"quarantine"`
	Network    Network    `json:"network"`
	Clamd      Clamd      `json:"clamd"`
	Sweep      Sweep      `json:"sweep"`
	Events     Events     `json:"events"`
}

// Switch is who switched protection off.
type Switch struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until somebody switches it on
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// Closing is how far the looking at what happened in a gap is.
type Closing struct {
	Step     string `json:"step"`
	Seen     int64  `json:"seen"`     // files whose change time was looked at
	Suspects int64  `json:"suspects"` // of them, what has to be scanned
	Scanned  int64  `json:"scanned"`
	Found    int64  `json:"found"`
	Why      string `json:"why,omitempty"` // what keeps it from going on
}

// Gap is a time without protection that is over.
type Gap struct {
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"`
	Why      string    `json:"why"`      // off: switched off; stopped or crash: the guard did not run; first: it had never run
	Reason   string    `json:"reason"`   // as given when it was switched off
	Looked   int64     `json:"looked"`   // files that were scanned afterwards because of it
	Found    int64     `json:"found"`    // malware among them
	Complete bool      `json:"complete"` // everything the gap could hold was looked at
}

// Missing is something that this machine does not have, and what is therefore
// not covered.
type Missing struct {
	Part      string `json:"part"`      // guard, scanner, network, events
	Feature   string `json:"feature"`   // the kernel's name of it
	Uncovered string `json:"uncovered"` // for people
	Degrades  bool   `json:"degrades"`  // it weakens what the configuration asks for
}

// Watch is the guard's view of files.
type Watch struct {
	Mounts    int      `json:"mounts"`    // file systems that are watched
	Unwatched []string `json:"unwatched"` // mount points that should be, and cannot
	Seen      int64    `json:"seen"`      // events of the kernel since the start
	Scanned   int64    `json:"scanned"`
	Cached    int64    `json:"cached"`  // answered without a scan
	Blocked   int64    `json:"blocked"` // execs and opens refused
	Found     int64    `json:"found"`   // files with malware
	Timeouts  int64    `json:"timeouts"`
	Overflows int64    `json:"overflows"` // times the kernel dropped events
	Allowed   int      `json:"allowed"`   // entries of the list of allowed files
	Excluded  int      `json:"excluded"`  // patterns that leave files out
}

// Scanner is the processes that look into files.
type Scanner struct {
	Workers  int      `json:"workers"` // as configured
	Alive    int      `json:"alive"`
	Busy     int      `json:"busy"`
	Waiting  int      `json:"waiting"`  // files in the queue
	Restarts int64    `json:"restarts"` // workers that died and were replaced
	User     string   `json:"user"`     // who they run as
	Weak     []string `json:"weak"`     // parts of their sandbox that are not in force
}

// Rules is what is looked for.
type Rules struct {
	Identity string    `json:"identity"` // in hexadecimal
	Loaded   time.Time `json:"loaded,omitzero"`
	Count    int       `json:"count"`
	Digests  int       `json:"digests"` // listed hashes
}

// Quarantine is what was taken.
type Quarantine struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	Limit int64 `json:"limit"` // 0: none
}

// Network is the guard's view of connections.
type Network struct {
	Enabled    bool     `json:"enabled"`
	Backends   []string `json:"backends"` // in force: bpf, nft, dns
	Indicators int      `json:"indicators"`
	Blocked    int64    `json:"blocked"`
	Uncovered  []string `json:"uncovered"` // for people
}

// Clamd is the socket that speaks clamd's protocol.
type Clamd struct {
	Enabled  bool  `json:"enabled"`
	Sessions int   `json:"sessions"`
	Scanned  int64 `json:"scanned"`
	Found    int64 `json:"found"`
}

// Sweep is the scans that are not caused by an access.
type Sweep struct {
	Running string    `json:"running"` // quick, full or paths; empty: none
	Last    string    `json:"last"`    // what ended last
	Ended   time.Time `json:"ended,omitzero"`
	Files   int64     `json:"files"` // of the one that runs, or else of the last
	Found   int64     `json:"found"`
}

// Events is the record of what happened.
type Events struct {
	File    string   `json:"file"` // empty: none is written
	Written int64    `json:"written"`
	Dropped int64    `json:"dropped"`
	Broken  []string `json:"broken"` // what cannot be written to, and why

	Kinds   map[string]int64 `json:"kinds"`   // events since the start, by kind
	Actions map[string]int64 `json:"actions"` // what was done in them
}

// Problem adds one line of Problems.
func (c *Condition) Problem(format string, args ...any) {
	c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
}

// Judge fills in the state and the problems that follow from the other fields;
// call it last. Problems that are there already count. Slices that are nil
// become empty, as JSON wants them.
func (c *Condition) Judge() {
	c.judgeWatch()
	c.judgeScanner()
	for _, what := range c.Events.Broken {
		c.Problem("events are not recorded: %s", what)
	}
	for _, list := range []*[]string{&c.Problems, &c.Watch.Unwatched, &c.Scanner.Weak, &c.Network.Backends, &c.Network.Uncovered, &c.Events.Broken} {
		if *list == nil {
			*list = []string{}
		}
	}
	if c.Missing == nil {
		c.Missing = []Missing{}
	}
	for _, counts := range []*map[string]int64{&c.Events.Kinds, &c.Events.Actions} {
		if *counts == nil {
			*counts = map[string]int64{}
		}
	}
	switch {
	case c.Switch != nil:
		c.State = Off
	case len(c.Problems) > 0:
		c.State = Degraded
	case c.Closing != nil:
		c.State = StillClosing
	case c.Mode == "report":
		c.State = ReportOnly
	default:
		c.State = Protected
	}
}

func (c *Condition) judgeWatch() {
	for _, m := range c.Missing {
		if m.Degrades {
			c.Problem("the kernel has no %s: %s", m.Feature, m.Uncovered)
		}
	}
	for _, mount := range c.Watch.Unwatched {
		c.Problem("%s is not watched", mount)
	}
	if c.LastGap != nil && !c.LastGap.Complete && c.Closing == nil {
		c.Problem("not everything from the time without protection until %s has been looked at", c.LastGap.Ended.UTC().Format(time.RFC3339))
	}
	if c.Network.Enabled && len(c.Network.Backends) == 0 {
		c.Problem("no connection is refused: nothing that could do it is in force")
	}
}

func (c *Condition) judgeScanner() {
	switch s := c.Scanner; {
	case s.Alive == 0:
		c.Problem("no scanner is running: files are let through unseen")
	case s.Alive < s.Workers:
		c.Problem("%d of %d scanners are running", s.Alive, s.Workers)
	}
	for _, part := range c.Scanner.Weak {
		c.Problem("scanners run without %s", part)
	}
	if c.Rules.Identity == "" {
		c.Problem("no rules are loaded")
	}
}
