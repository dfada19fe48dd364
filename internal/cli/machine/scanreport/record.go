package scanreport

import (
	"io"
	"time"

	"vitrine/internal/cli/term"
)

// Event is something worth telling while a scan runs: a Finding, an Incomplete
// or an Unread.
type Event interface{ event() }

// Object says where something was met: a file, and in it the names of the
// members on the way to the object, outermost first. Names are raw bytes.
type Object struct {
	Path    string
	Members []string
}

// Finding is a rule or a listed hash that fits an object.
type Finding struct {
	Object
	Rule   string // its name, or the name in the hash list
	Digest string // as listed: "sha256:…"; empty for rules

	Namespace string
	File      string // the rule file, and the line in it
	Line      int
	Tags      []string
	Severity  string // "" or as the rule says: low, medium, high, critical
	About     string // the rule's description
	Family    string
	Reference string
	Author    string  // of the rule, as it says
	License   string  // of the rule, as it says
	Matches   []Match // with --matches
}

// Match is a place where a string of the rule was found.
type Match struct {
	String string
	Offset int64
	Length int
	Data   []byte // its first bytes
}

// Incomplete is an object that was not, or not wholly, looked at.
type Incomplete struct {
	Object
	Reason string // a stable word
	Detail string // for people
}

// Unread is a file or directory that could not be opened or read.
type Unread struct {
	Path   string
	Reason string // a stable word
	Detail string // for people; the path is in it, escaped
}

func (Finding) event()    {}
func (Incomplete) event() {}
func (Unread) event()     {}

// Summary is what is known when a scan ends.
type Summary struct {
	Version     string // of the program
	Started     time.Time
	Elapsed     time.Duration
	Interrupted bool

	RuleCount  int
	RuleSHA256 string
	Bundles    []Bundle // of rules, as vitrine update installed them
	HashCount  int      // digests on the lists of what to find
	AllowCount int      // digests on the lists of what to let be

	SignatureCount int // of ClamAV's databases

	Files       int64 // looked at
	Bytes       int64 // in them
	Objects     int64 // looked at, files and what was unpacked
	ObjectBytes int64 // in them

	Infected   int64 // files with findings
	Findings   int64
	Allowed    int64 // files on an allow-list
	Incomplete Tally // by reason
	Unread     Tally // by reason
	Skipped    Tally // by kind

	Departures []Departure
}

// Departure is something that left this machine during the scan.
type Departure struct {
	Flow  string `json:"flow"`  // which kind of data
	To    string `json:"to"`    // who received it
	Bytes int64  `json:"bytes"` // how much
}

// Tally counts by a stable word.
type Tally struct{ counts map[string]int64 }

// Add counts one more.
func (t *Tally) Add(word string) {
	if t.counts == nil {
		t.counts = map[string]int64{}
	}
	t.counts[word]++
}

// Total is the sum over all words.
func (t *Tally) Total() int64 {
	var n int64
	for _, count := range t.counts {
		n += count
	}
	return n
}

// Writer writes events as they come, and the summary last. An error is the
// output's: nothing more can be written.
type Writer interface {
	Event(Event) error
	End(Summary) error
}

// Formats are the names New knows.
func Formats() []string { return []string{"text", "json", "ndjson", "sarif"} }

// New makes the writer of a format, or nil when the name is none of Formats.
func New(format string, w io.Writer, paint term.Paint) Writer {
	switch format {
	case "text":
		return &text{w: w, paint: paint}
	case "json":
		return &document{w: w}
	case "ndjson":
		return &lines{w: w}
	case "sarif":
		return &sarif{w: w}
	}
	return nil
}

// String is the object as text shows it: path!member!member, escaped.
func (o Object) String() string {
	s := term.Escape(o.Path)
	for _, member := range o.Members {
		s += "!" + term.Escape(member)
	}
	return s
}

// Bundle is an installed bundle of rules, and who vouches for it.
type Bundle struct {
	Channel   string    `json:"channel"`
	Serial    int64     `json:"serial"`
	Log       string    `json:"log"`   // the log's name
	Index     int64     `json:"index"` // the bundle's entry in it
	Witnesses []string  `json:"witnesses"`
	Cosigned  time.Time `json:"cosigned"`
}
