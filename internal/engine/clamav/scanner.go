package clamav

import (
	"context"
	"fmt"

	"vitrine/internal/engine/clamav/object"
	"vitrine/yara"
)

// View is one object to look at.
type View struct {
	Data      []byte
	Container string // the format of the archive it lies in directly; empty: none
	Part      bool   // Data is not the whole: digests mean nothing
}

// Finding is one signature that fits.
type Finding struct {
	Name   string
	Digest string // "md5:…" for a signature that is a digest; else empty
}

// Result is what one object held. It is valid until the next Scan.
type Result struct {
	Findings []Finding // each name once, certificates and digests first
	Trusted  bool      // its digest or its signer is trusted: nothing else was looked for, and nothing inside counts
	Limits   []string  // what was cut short, a line each
}

// Scanner scans one object at a time.
type Scanner struct {
	db     *Database
	bodies *yara.Scanner
	files  *yara.Scanner

	result    Result
	seen      map[string]bool
	variables map[string]any
	set       bool // variables are those of an object, not the defaults
	narrow    []byte
	text      []byte
}

// NewScanner makes a Scanner.
func (d *Database) NewScanner() (*Scanner, error) {
	s := &Scanner{db: d, seen: map[string]bool{}, variables: map[string]any{}}
	var err error
	if d.rules != nil {
		if s.bodies, err = yara.NewScanner(d.rules, yara.ScanConfig{}); err != nil {
			return nil, fmt.Errorf("make scanner of signatures: %w", err)
		}
	}
	if d.files != nil {
		if s.files, err = yara.NewScanner(d.files, yara.ScanConfig{}); err != nil {
			return nil, fmt.Errorf("make scanner of rules: %w", err)
		}
	}
	return s, nil
}

// Scan looks for every signature in one object. With an error, the context's,
// the Result holds what was found before.
func (s *Scanner) Scan(ctx context.Context, v View) (*Result, error) {
	s.result = Result{Findings: s.result.Findings[:0], Limits: s.result.Limits[:0]}
	clear(s.seen)
	target := s.db.identifier.Identify(v.Data)
	layout := object.Read(target, v.Data)
	if !v.Part {
		if err := s.whole(ctx, v.Data, layout); err != nil || s.result.Trusted {
			return &s.result, err
		}
	}
	if target == object.PE && s.db.sections.Len() > 0 {
		if err := s.sections(ctx, v.Data, layout); err != nil {
			return &s.result, err
		}
	}
	if err := s.matchBodies(ctx, v, target, layout); err != nil {
		return &s.result, err
	}
	return &s.result, s.matchFiles(ctx, v.Data)
}

// Member looks at what an archive says of one of its members.
func (s *Scanner) Member(m Member) *Result {
	s.result = Result{Findings: s.result.Findings[:0], Limits: s.result.Limits[:0]}
	clear(s.seen)
	for i := range s.db.members {
		if s.db.members[i].fits(m) {
			s.found(Finding{Name: s.db.members[i].name})
		}
	}
	return &s.result
}

// Members tells whether any signature asks about members of archives.
func (d *Database) Members() bool { return len(d.members) > 0 }

func (s *Scanner) found(f Finding) {
	if s.seen[f.Name] || s.db.ignored[f.Name] {
		return
	}
	s.seen[f.Name] = true
	s.result.Findings = append(s.result.Findings, f)
}

// matchBodies matches the object as it is, then as normalised text, for which
// the signatures of the types HTML and text are written.
func (s *Scanner) matchBodies(ctx context.Context, v View, target object.Target, layout object.Layout) error {
	if s.bodies == nil {
		return nil
	}
	if err := s.place(layout); err != nil {
		return err
	}
	raw := target
	if raw == object.Text {
		raw = object.Any // signatures for text are for the normalised one only
	}
	if err := s.match(ctx, v.Data, raw, v.Container); err != nil || !s.db.normal {
		return err
	}
	if target != object.Text && target != object.HTML || len(v.Data) > maxNormal {
		return nil
	}
	s.narrow = object.Narrow(s.narrow, v.Data)
	s.text = object.NormalText(s.text, s.narrow)
	if err := s.match(ctx, s.text, object.Text, v.Container); err != nil || target != object.HTML {
		return err
	}
	s.text = object.NormalHTML(s.text, s.narrow)
	if err := s.match(ctx, s.text, object.HTML, v.Container); err != nil {
		return err
	}
	s.text = object.HTMLText(s.text, s.narrow)
	return s.match(ctx, s.text, object.HTML, v.Container)
}

// maxNormal is the largest text that is normalised, as in ClamAV.
const maxNormal = 20 << 20

// match matches the body signatures for one target type and for any.
func (s *Scanner) match(ctx context.Context, data []byte, target object.Target, container string) error {
	result, err := s.bodies.Scan(ctx, data)
	for _, m := range result.Matches {
		n := numberOf(m.Rule.Name)
		if n < 0 || n >= len(s.db.bodies) {
			continue
		}
		b := &s.db.bodies[n]
		if (b.target == object.Any || b.target == target) && containerFits(b.container, container) {
			s.found(Finding{Name: b.name})
		}
	}
	for _, h := range result.Limits {
		name := h.Rule.Name
		if n := numberOf(name); n >= 0 && n < len(s.db.bodies) {
			name = s.db.bodies[n].name
		}
		s.limit(name, h.Limit)
	}
	return err
}

const maxLimits = 10

func (s *Scanner) limit(name, limit string) {
	if len(s.result.Limits) < maxLimits {
		s.result.Limits = append(s.result.Limits, fmt.Sprintf("signature %s: the limit of %s was reached", name, limit))
	}
}

// matchFiles matches the rules of .yara files. ClamAV names them so.
func (s *Scanner) matchFiles(ctx context.Context, data []byte) error {
	if s.files == nil {
		return nil
	}
	result, err := s.files.Scan(ctx, data)
	for _, m := range result.Matches {
		if !s.db.ignored[m.Rule.Name] { // lists of names to ignore have the bare one
			s.found(Finding{Name: "YARA." + m.Rule.Name})
		}
	}
	for _, h := range result.Limits {
		s.limit("YARA."+h.Rule.Name, h.Limit)
	}
	return err
}

// place sets the variables of the conditions for one object.
func (s *Scanner) place(l object.Layout) error {
	if len(s.db.variables) == 0 || !l.Known && !s.set {
		return nil
	}
	s.set = l.Known
	clear(s.variables)
	if l.Known {
		for _, v := range s.db.variables {
			s.variables[v] = valueOf(v, l)
		}
	}
	if err := s.bodies.SetExternals(s.variables); err != nil {
		return fmt.Errorf("set variables of signatures: %w", err)
	}
	return nil
}

// valueOf gives the value of a variable that package sigtext documents.
func valueOf(name string, l object.Layout) int64 {
	last := len(l.Sections) - 1
	switch name {
	case "ep":
		return l.Entry
	case "ns":
		return int64(len(l.Sections))
	case "sl":
		if last >= 0 {
			return l.Sections[last].Offset
		}
	case "vi", "ve":
		if l.Version.Size > 0 && name == "vi" {
			return l.Version.Offset
		} else if l.Version.Size > 0 {
			return l.Version.Offset + l.Version.Size
		}
	default:
		var n int
		if _, err := fmt.Sscanf(name[1:], "%d", &n); err != nil || n > last {
			return object.None
		}
		if name[0] == 'z' {
			return l.Sections[n].Size
		}
		return l.Sections[n].Offset
	}
	return object.None
}
