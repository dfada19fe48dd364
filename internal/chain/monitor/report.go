package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report is what a run found; its JSON is docs/spec/cli/vitrine.monitor.v1.json.
type Report struct {
	Schema    string           `json:"schema"`
	Time      time.Time        `json:"time"`
	Result    string           `json:"result"` // well, alarm, unknown
	Log       string           `json:"log"`
	Size      int64            `json:"size"`
	Root      string           `json:"root"`
	Fresh     *time.Time       `json:"fresh"`
	Mirrors   []MirrorStatus   `json:"mirrors"`
	Witnesses []WitnessStatus  `json:"witnesses"`
	Checked   int64            `json:"checked"` // entries that were new
	New       []NewEntry       `json:"new"`     // the last of them
	Types     map[string]int64 `json:"types"`   // of all entries
	Signers   map[string]int64 `json:"signers"` // of all entries, by key
	Chains    []ChainStatus    `json:"chains"`
	Releases  []ReleaseStatus  `json:"releases"`
	Expiry    []Expiry         `json:"expiry"` // of metadata, of the first mirror
	Alarms    []Event          `json:"alarms"`
	Notices   []Event          `json:"notices"`
	Unknown   []Event          `json:"unknown"` // could not be found out
	Earlier   int64            `json:"earlier"` // alarms about entries in runs before
	Evidence  string           `json:"evidence"`
}

// Event is something to know.
type Event struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject"` // mirror, witness, file, entry
	Text    string `json:"text"`
}

// MirrorStatus is how a mirror stands.
type MirrorStatus struct {
	Site  string     `json:"site"`
	Size  int64      `json:"size"`
	Fresh *time.Time `json:"fresh"`
	Good  bool       `json:"good"` // its checkpoint is
	Whole bool       `json:"whole"`
}

// WitnessStatus is what a witness says of the log.
type WitnessStatus struct {
	Name string     `json:"name"`
	Size int64      `json:"size"`
	Time *time.Time `json:"time"` // of its cosignature
	Good bool       `json:"good"`
}

// NewEntry is an entry that this run looked at first.
type NewEntry struct {
	Index    int64    `json:"index"`
	Type     string   `json:"type"`
	Subjects []string `json:"subjects"`
	SignedBy []string `json:"signed_by"`
}

// ChainStatus is the end of a chain of entries.
type ChainStatus struct {
	Chain  string `json:"chain"` // such as "rules core"
	Serial int64  `json:"serial"`
	Index  int64  `json:"index"`
}

// ReleaseStatus is who has built a release again.
type ReleaseStatus struct {
	Version    string   `json:"version"`
	Index      int64    `json:"index"`
	Matches    []string `json:"matches"`    // keys of rebuilders who got the same bytes
	Mismatches []string `json:"mismatches"` // and of those who did not
	Needed     int      `json:"needed"`     // matches
	Reached    bool     `json:"reached"`
}

// Expiry is when metadata of a role expire.
type Expiry struct {
	Role    string    `json:"role"`
	Expires time.Time `json:"expires"`
}

// Results of a run.
const (
	Well    = "well"
	Alarm   = "alarm"
	Unknown = "unknown"
)

func newReport(now time.Time) *Report {
	return &Report{
		Schema: "vitrine.monitor/v1", Time: now.UTC().Truncate(time.Second), Mirrors: []MirrorStatus{}, Witnesses: []WitnessStatus{}, New: []NewEntry{},
		Types: map[string]int64{}, Signers: map[string]int64{}, Chains: []ChainStatus{}, Releases: []ReleaseStatus{}, Expiry: []Expiry{},
		Alarms: []Event{}, Notices: []Event{}, Unknown: []Event{},
	}
}

// maxEvents bounds what a report says of one kind: a log that is all wrong is
// wrong in the first hundred, too.
const maxEvents = 100

func add(list []Event, kind, subject, format string, args []any) []Event {
	if len(list) >= maxEvents {
		return list
	}
	e := Event{kind, subject, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")}
	if slices.Contains(list, e) {
		return list
	}
	return append(list, e)
}

// alarm says that something is wrong.
func (r *run) alarm(kind, subject, format string, args ...any) {
	r.report.Alarms = add(r.report.Alarms, kind, subject, format, args)
}

// notice says something that people want to know, and that is not wrong.
func (r *run) notice(kind, subject, format string, args ...any) {
	r.report.Notices = add(r.report.Notices, kind, subject, format, args)
}

// unknown says that something could not be found out.
func (r *run) unknown(kind, subject, format string, args ...any) {
	r.report.Unknown = add(r.report.Unknown, kind, subject, format, args)
}

// conclude sums up.
func (r *run) conclude() {
	out := r.report
	switch {
	case len(out.Alarms) > 0:
		out.Result = Alarm
	case len(out.Unknown) > 0:
		out.Result = Unknown
	default:
		out.Result = Well
	}
	for _, v := range r.views {
		status := MirrorStatus{Site: v.Name, Whole: v.whole}
		if v.verified != nil {
			fresh := v.verified.Fresh.UTC()
			status.Good, status.Fresh, status.Size = true, &fresh, v.verified.Checkpoint.Size
			if out.Fresh == nil || fresh.After(*out.Fresh) {
				out.Fresh = &fresh
			}
		}
		out.Mirrors = append(out.Mirrors, status)
	}
	r.state.tell(out, r.needed)
}
