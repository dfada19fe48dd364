// Package indicator reads lists of addresses and names that nobody here should
// speak to, and answers whether one of them is listed, by which list and in
// which line. It implements docs/spec/indicators.md.
//
// It never refuses a list for its mistakes: a line it cannot use is skipped and
// told with its number, because one bad line must not switch protection off. It
// never takes a line that would cut the machine off from itself: loopback, or a
// network wider than any list has reason to hold. It opens no file and asks no
// network.
package indicator

// Limits keep a list from filling the memory. Zero values mean the defaults.
type Limits struct {
	Bytes    int64 // of one list; what is behind it is not read (64 MiB)
	Entries  int   // of all lists together (2,000,000)
	Problems int   // told of one list; all are counted (100)
}

// The longest line that is read as one; longer ones are skipped.
const maxLine = 4096

// Networks wider than these are refused.
const (
	minBits4 = 8
	minBits6 = 16
)

func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 20
	}
	if l.Entries <= 0 {
		l.Entries = 2_000_000
	}
	if l.Problems <= 0 {
		l.Problems = 100
	}
	return l
}

// List is what is known of one list after it was read.
type List struct {
	Name     string    `json:"name"`
	SHA256   string    `json:"sha256"` // of its bytes, in hexadecimal
	Entries  int       `json:"entries"`
	Repeated int       `json:"repeated,omitempty"` // lines that said what was known already
	Skipped  int       `json:"skipped,omitempty"`  // lines that could not be used
	Cut      bool      `json:"cut,omitempty"`      // longer than the limits: the rest was not read
	Problems []Problem `json:"problems,omitempty"` // the first of those skipped
}

// Problem is a line that was skipped.
type Problem struct {
	Line   int    `json:"line"` // from 1
	Text   string `json:"text"` // as it stands, cut to 80 bytes; foreign bytes
	Reason string `json:"reason"`
}

// Hit is the indicator that something matched.
type Hit struct {
	Indicator string `json:"indicator"` // as it stands in the list
	List      string `json:"list"`
	SHA256    string `json:"sha256"` // of the list
	Line      int    `json:"line"`
}

// Ports are a range of ports, both ends included. The zero value is any port.
type Ports struct{ Low, High uint16 }

// Any says whether every port is meant.
func (p Ports) Any() bool { return p.Low == 0 }

// Holds says whether a port is in the range.
func (p Ports) Holds(port uint16) bool { return p.Any() || p.Low <= port && port <= p.High }

// Match says which names a listed name stands for.
type Match uint8

// The ways a name is listed.
const (
	WithBelow Match = iota // the name and every name below it
	Below                  // every name below it (*.name)
	Exact                  // this name alone (hosts files, URLs)
)
