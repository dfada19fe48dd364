package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"vitrine/internal/engine/archive"
	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

// scan is one Scan under way.
type scan struct {
	w       *Worker
	config  *Config
	ctx     context.Context
	report  Report
	open    [][]byte // the containers we are inside of, outermost first
	ended   bool     // what ended the whole scan was told
	more    int      // parts that were incomplete, past maxIncomplete
	dropped int      // findings past maxFindings
	copied  int      // bytes of string matches kept
	inside  string   // the format of the container the next object lies in directly
	trusted int      // objects around the next one that ClamAV's databases trust
}

// object looks at one object and then inside it. rest, if not nil, are the
// bytes behind data; part says that data is not the whole.
func (s *scan) object(path []string, data []byte, rest io.Reader, part bool) {
	s.report.Objects++
	s.report.Bytes += int64(len(data))
	if !part && s.hashes(path, data) {
		s.report.Allowed = s.report.Allowed || len(path) == 0
		return
	}
	if s.signatures(path, data, part) {
		s.trusted++
		defer func() { s.trusted-- }()
	}
	s.rules(path, data)
	if s.config.NoUnpack {
		return
	}
	for _, p := range archive.Find(data) {
		c := archive.Container{Format: p.Format, Data: data[p.Offset:]}
		if p.Format.Streams() {
			c.Rest = rest
		}
		s.container(path, c)
	}
}

// hashes holds the object against the lists. It returns true for an allowed
// one.
func (s *scan) hashes(path []string, data []byte) bool {
	if s.w.needs == 0 {
		return false
	}
	d, err := digests(s.w.budget, s.w.needs, data)
	if err != nil {
		s.incomplete(path, err)
		return false
	}
	if _, _, ok := s.config.Allow.Lookup(d); ok {
		return true
	}
	if name, listed, ok := s.config.Deny.Lookup(d); ok {
		s.finding(Finding{Path: path, Name: name, Digest: listed})
	}
	return false
}

// rules matches the rules. A panic is contained to this object.
func (s *scan) rules(path []string, data []byte) {
	if s.w.matcher == nil {
		return
	}
	result, err := s.match(data)
	if result != nil {
		for i := range result.Matches {
			m := &result.Matches[i]
			s.finding(Finding{Path: path, Name: m.Rule.Name, Rule: s.copyMatch(m)})
		}
		s.limitHits(path, result.Limits)
	}
	if err == nil {
		return
	}
	if stop := s.w.budget.Check(); stop != nil {
		err = stop
	} else if limit.Of(err).Reason != limit.Panic {
		err = limit.Errorf(limit.Rules, "%v", err)
	}
	s.incomplete(path, err)
}

func (s *scan) match(data []byte) (result *yara.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, limit.Errorf(limit.Panic, "rules: %v", p)
			// What the scanner left half done is not to be trusted.
			if m, again := s.w.renew(); again == nil {
				s.w.matcher = m
			}
		}
	}()
	return s.w.matcher.Scan(s.ctx, data)
}

const maxHits = 10 // of the matcher's limits, told for one object

func (s *scan) limitHits(path []string, hits []yara.LimitHit) {
	for i, h := range hits {
		if i == maxHits {
			s.incomplete(path, limit.Errorf(limit.Rules, "%d more limits of the matcher were reached", len(hits)-i))
			return
		}
		s.incomplete(path, limit.Errorf(limit.Rules, "rule %s%s: the limit of %s was reached", h.Rule.Name, inString(h.String), h.Limit))
	}
}

func inString(name string) string {
	if name == "" {
		return ""
	}
	return ", string " + name
}

// container walks a container, unless it is too deep or inside itself.
func (s *scan) container(path []string, c archive.Container) {
	if most := s.config.Limits.MaxDepth; len(s.open) >= most {
		s.incomplete(path, limit.Errorf(limit.Depth, "%s inside %d containers; it was not opened", c.Format, most))
		return
	}
	for _, o := range s.open {
		if bytes.Equal(o, c.Data) {
			s.incomplete(path, limit.Errorf(limit.Cycle, "%s contains itself", c.Format))
			return
		}
	}
	s.open = append(s.open, c.Data)
	err := s.w.unpacker.Walk(c, &visitor{s: s, path: path, container: c})
	s.open = s.open[:len(s.open)-1]
	if err != nil {
		s.incomplete(path, err)
	}
}

// visitor takes the members of the container at path.
type visitor struct {
	s         *scan
	path      []string
	container archive.Container
	members   int // so far
}

// Member looks at one member. The error is one that ends the scan.
func (v *visitor) Member(m archive.Member) error {
	path := append(v.path[:len(v.path):len(v.path)], m.Name)
	v.member(path, m)
	if len(m.Data) > 0 {
		v.s.object(path, m.Data, m.Rest, isPart(m.Err))
	}
	if m.Err != nil && !(m.Rest != nil && archive.Identify(m.Data).Streams()) {
		v.s.incomplete(path, m.Err)
	}
	return v.s.w.budget.Check()
}

// isPart tells whether a member was cut, so that its digest means nothing.
func isPart(err error) bool {
	e := limit.Of(err)
	return e != nil && e.Reason != limit.Damaged
}

// Problem tells what concerns the container.
func (v *visitor) Problem(err error) { v.s.incomplete(v.path, err) }

// What one report may hold at most: a file can be built to have any number.
const (
	maxIncomplete = 1000
	maxFindings   = 10_000
	maxCopied     = 8 << 20 // bytes of string matches
	maxListed     = 1 << 17 // places of string matches in one object: 8 MiB
	matchCost     = 64      // of one string match besides its bytes
)

func (s *scan) finding(f Finding) {
	if len(s.report.Findings) >= maxFindings {
		s.dropped++
		return
	}
	s.report.Findings = append(s.report.Findings, f)
}

// incomplete adds to the report. What ends the whole scan is told once, where
// it was met.
func (s *scan) incomplete(path []string, err error) {
	e := limit.Of(err)
	if e.Final {
		if s.ended {
			return
		}
		s.ended = true
	} else if len(s.report.Incomplete) >= maxIncomplete {
		s.more++
		return
	}
	s.report.Incomplete = append(s.report.Incomplete, Incomplete{Path: path, Reason: e.Reason, Detail: e.Detail})
}

// close tells what the report has no room for.
func (s *scan) close() {
	if s.more > 0 {
		s.report.Incomplete = append(s.report.Incomplete, Incomplete{
			Reason: limit.Damaged, Detail: fmt.Sprintf("%d more parts were not, or not wholly, looked at", s.more)})
	}
	if s.dropped > 0 {
		s.report.Incomplete = append(s.report.Incomplete, Incomplete{
			Reason: limit.Rules, Detail: fmt.Sprintf("%d findings more than %d were left out", s.dropped, maxFindings)})
	}
}

// copyMatch keeps a match beyond the next scan. The places of string matches
// are kept up to maxCopied bytes in all.
func (s *scan) copyMatch(m *yara.RuleMatch) *yara.RuleMatch {
	out := &yara.RuleMatch{Rule: m.Rule}
	for _, sm := range m.Strings {
		cost := matchCost + len(sm.Data)
		if s.copied+cost > maxCopied {
			break
		}
		s.copied += cost
		sm.Data = bytes.Clone(sm.Data)
		out.Strings = append(out.Strings, sm)
	}
	return out
}
