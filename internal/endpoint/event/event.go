// Package event is what happened on the machine, as it is told to people and
// programs: every decision of the guard, with the process, the file or the
// connection it was about. An event is a record: it holds no content of files
// and leaves the machine by no way of its own.
package event

import (
	"slices"
	"time"

	"vitrine/internal/endpoint/verdict"
)

// Kind says what happened.
type Kind string

const (
	Detection  Kind = "detection"  // malware was found; Action says what was done
	Incomplete Kind = "incomplete" // a file was not, or not wholly, looked at
	Timeout    Kind = "timeout"    // a verdict did not come in time; the opener was let through, or refused
	Network    Kind = "network"    // a connection or a name was refused
	Quarantine Kind = "quarantine" // a file was taken, restored, exported or deleted
	Switch     Kind = "switch"     // protection was switched on (severity Info) or off (higher)
	Gap        Kind = "gap"        // protection was off for a while; Duration says how long
	Degraded   Kind = "degraded"   // a part of the protection is missing or failed; Message says which
	Overflow   Kind = "overflow"   // the kernel dropped events; what it covers is scanned again
	Worker     Kind = "worker"     // a scanner died or was ended
	Sweep      Kind = "sweep"      // a scan that was asked for or scheduled began, ended or was resumed
	Change     Kind = "change"     // rules, configuration, allowed or excluded files have changed
	Blind      Kind = "blind"      // something ran that no file mark could show: a memfd, a deleted file
	Lost       Kind = "lost"       // events were dropped because nobody took them; Count says how many
)

// Severity goes by OCSF's severity_id.
type Severity int

// The severities.
const (
	Info     Severity = 1
	Low      Severity = 2
	Medium   Severity = 3
	High     Severity = 4
	Critical Severity = 5
	Fatal    Severity = 6
)

// Action is what was done about it.
type Action string

// The actions.
const (
	Allowed     Action = "allowed"
	Blocked     Action = "blocked"
	Quarantined Action = "quarantined"
	Killed      Action = "killed"
	Reported    Action = "reported" // nothing but told
	Restored    Action = "restored"
	Deleted     Action = "deleted"
	Exported    Action = "exported"
)

// Process is who did it. What could not be learned stays empty.
type Process struct {
	PID       int       `json:"pid"`
	PPID      int       `json:"ppid,omitempty"`
	UID       uint32    `json:"uid"`
	Comm      string    `json:"comm,omitempty"`
	Exe       string    `json:"exe,omitempty"` // path of the program, as the kernel tells it
	Argv      []string  `json:"argv,omitempty"`
	Container string    `json:"container,omitempty"` // id of the container, from its control group
	Started   time.Time `json:"started,omitzero"`
}

// File is what it was done to.
type File struct {
	Path string       `json:"path"` // raw bytes
	ID   verdict.File `json:"id"`
	Size int64        `json:"size"`
	Hash string       `json:"sha256,omitempty"` // in hexadecimal
}

// Connection is what was refused.
type Connection struct {
	Protocol  string `json:"protocol"` // tcp, udp, dns, other
	Address   string `json:"address,omitempty"`
	Port      int    `json:"port,omitempty"`
	Name      string `json:"name,omitempty"`      // the name that was asked for
	Indicator string `json:"indicator"`           // the list's entry, as it stands there
	List      string `json:"list,omitempty"`      // where it stands
	By        string `json:"by"`                  // bpf, nft, dns, or live: it had begun before it was listed
	Direction string `json:"direction,omitempty"` // out, forward
}

// Event is one thing that happened.
type Event struct {
	ID         string            `json:"id"`   // unique; set by the log when empty
	Time       time.Time         `json:"time"` // set by the log when zero
	Kind       Kind              `json:"kind"`
	Severity   Severity          `json:"severity"`
	Actions    []Action          `json:"actions,omitempty"`
	Process    *Process          `json:"process,omitempty"`
	File       *File             `json:"file,omitempty"`
	Connection *Connection       `json:"connection,omitempty"`
	Findings   []verdict.Finding `json:"findings,omitempty"`
	Rules      string            `json:"rules,omitempty"`      // identity of the rules or lists behind it
	Quarantine string            `json:"quarantine,omitempty"` // id in the quarantine
	Duration   time.Duration     `json:"duration,omitempty"`
	Count      int64             `json:"count,omitempty"`
	Message    string            `json:"message"` // one line for people
}

// Sink takes events. It never blocks and never fails: a sink that cannot keep up
// drops and counts.
type Sink interface{ Emit(Event) }

// Kinds is every kind there is.
func Kinds() []Kind {
	return []Kind{
		Detection, Incomplete, Timeout, Network, Quarantine, Switch, Gap, Degraded, Overflow, Worker, Sweep, Change, Blind, Lost,
	}
}

// Known says whether there is such a kind.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }
