package clamav

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vitrine/internal/engine/clamav/container"
)

// Count tells what became of the signatures of one type.
type Count struct {
	Loaded      int // will be looked for
	Unsupported int // well formed, and not looked for
	Ignored     int // left out as the databases or the configuration say
	Malformed   int
}

// Problem is one malformed line.
type Problem struct {
	File   string
	Line   int // from 1; 0: the file as a whole
	Detail string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Detail
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Detail)
}

// maxProblems are kept with their text; the rest is counted.
const maxProblems = 1000

// ContainerNote is what is known of one container.
type ContainerNote struct {
	File    string
	Version int
	Time    string // when it was built, as its header has it
	Builder string
	Licence []byte // the text that lies in it, or nil
	Trust   container.Trust
}

// Report is what became of everything that was read.
type Report struct {
	Types      map[string]*Count // by file type: "hdb"
	Reasons    map[string]int    // why signatures are unsupported
	Problems   []Problem
	More       int // problems past the first 1,000
	Containers []ContainerNote
}

func newReport() *Report {
	return &Report{Types: map[string]*Count{}, Reasons: map[string]int{}}
}

func (r *Report) count(kind string) *Count {
	c := r.Types[kind]
	if c == nil {
		c = &Count{}
		r.Types[kind] = c
	}
	return c
}

func (r *Report) unsupported(kind, why string) {
	r.count(kind).Unsupported++
	r.Reasons[why]++
}

func (r *Report) malformed(kind string, p Problem) {
	r.count(kind).Malformed++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, p)
	} else {
		r.More++
	}
}

// Total sums all types.
func (r *Report) Total() Count {
	var t Count
	for _, c := range r.Types {
		t.Loaded += c.Loaded
		t.Unsupported += c.Unsupported
		t.Ignored += c.Ignored
		t.Malformed += c.Malformed
	}
	return t
}

// Lines tells the report to people: one line for each container and each type,
// and one for each reason why something is unsupported.
func (r *Report) Lines() []string {
	var out []string
	for _, c := range r.Containers {
		out = append(out, fmt.Sprintf("%s: version %d, MD5 %s, signature %s, signed list %s",
			c.File, c.Version, c.Trust.MD5, c.Trust.Header, c.Trust.List))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Types)) {
		c := r.Types[kind]
		line := fmt.Sprintf(".%s: %d loaded", kind, c.Loaded)
		for _, x := range []struct {
			n    int
			what string
		}{{c.Unsupported, "unsupported"}, {c.Ignored, "ignored"}, {c.Malformed, "malformed"}} {
			if x.n > 0 {
				line += fmt.Sprintf(", %d %s", x.n, x.what)
			}
		}
		out = append(out, line)
	}
	reasons := slices.SortedFunc(maps.Keys(r.Reasons), func(a, b string) int {
		if d := r.Reasons[b] - r.Reasons[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, why := range reasons {
		out = append(out, fmt.Sprintf("unsupported: %s (%d)", why, r.Reasons[why]))
	}
	return out
}
