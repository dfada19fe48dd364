package sigtext

import (
	"fmt"
	"slices"
	"strings"
)

// pattern is one string of a rule and where it must begin.
type pattern struct {
	id   string
	body *body // nil: a regular expression
	wide bool
}

// subsig is one part of a signature that the logic counts. Its condition is
// either that its patterns are found, or truth, which is never counted above 1.
type subsig struct {
	patterns []pattern
	at       *offset
	truth    string
}

// writer gathers the rule of one signature.
type writer struct {
	target    int
	strings   strings.Builder
	subs      []subsig
	variables []string
}

func (w *writer) uses(variables ...string) {
	for _, v := range variables {
		if !slices.Contains(w.variables, v) {
			w.variables = append(w.variables, v)
		}
	}
}

// content adds a subsignature of bytes: a body, its modifiers and its offset.
func (w *writer) content(text, modifiers, place string) error {
	at, err := parseOffset(place, w.target)
	if err != nil {
		return err
	}
	if at.macro >= 0 {
		return malformed("offset %q within a logical signature", place)
	}
	if strings.Trim(modifiers, "iwaf") != "" {
		return malformed("modifiers %q: expected i, w, a or f", modifiers)
	}
	has := func(m string) bool { return strings.Contains(modifiers, m) }
	if has("f") {
		text = "(W)" + text + "(W)"
	}
	b, err := parseBody(text)
	if err != nil {
		return err
	}
	s := subsig{at: at}
	w.uses(at.variables...)
	if has("w") {
		w.pattern(&s, b.widen(), "w", has("i"), true)
	}
	if !has("w") || has("a") {
		w.pattern(&s, b, "", has("i"), false)
	}
	w.subs = append(w.subs, s)
	return nil
}

func (w *writer) pattern(s *subsig, b *body, suffix string, nocase, wide bool) {
	id := fmt.Sprintf("x%d%s", len(w.subs), suffix)
	w.strings.WriteString(b.definition(id, nocase))
	s.patterns = append(s.patterns, pattern{id, b, wide})
}

// plain tells that YARA's own counts are those of the subsignature.
func (s *subsig) plain() bool {
	for _, p := range s.patterns {
		if p.edged() {
			return false
		}
	}
	return s.truth == ""
}

func (p *pattern) edged() bool {
	return p.body != nil && (p.body.left.kind != 0 || p.body.right.kind != 0)
}

// count is an expression of how often the subsignature is found.
func (s *subsig) count() (string, error) {
	if !s.plain() {
		return "", Unsupported("a sum over subsignatures that cannot be counted")
	}
	var parts []string
	for _, p := range s.patterns {
		if s.at.anywhere() {
			parts = append(parts, "#"+p.id)
		} else {
			parts = append(parts, fmt.Sprintf("#%s in (%s..%s)", p.id, s.at.low, s.at.high))
		}
	}
	return strings.Join(parts, " + "), nil
}

// atLeast is the condition that the subsignature is found n times or more.
func (s *subsig) atLeast(n int) (string, error) {
	switch {
	case n <= 0:
		return "true", nil
	case s.truth != "" && n == 1:
		return s.truth, nil
	case s.truth != "":
		return "false", nil
	}
	if s.plain() && n > 1 {
		count, err := s.count()
		return fmt.Sprintf("(%s >= %d)", count, n), err
	}
	if n > 1 && len(s.patterns) > 1 {
		return "", Unsupported("counting whole words in two encodings")
	}
	var parts []string
	for _, p := range s.patterns {
		parts = append(parts, s.found(p, n))
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return "(" + strings.Join(parts, " or ") + ")", nil
}

// found is the condition for one pattern; n above 1 only with edges.
func (s *subsig) found(p pattern, n int) string {
	switch {
	case p.edged():
		o := "@" + p.id + "[i]"
		inner := p.body.edges(o, o+" + !"+p.id+"[i]", p.wide)
		if !s.at.anywhere() {
			inner = fmt.Sprintf("%s >= %s and %s <= %s and %s", o, s.at.low, o, s.at.high, inner)
		}
		return fmt.Sprintf("(for %d i in (1..#%s) : (%s))", n, p.id, inner)
	case s.at.anywhere():
		return "$" + p.id
	case s.at.low == s.at.high:
		return fmt.Sprintf("($%s at (%s))", p.id, s.at.low)
	}
	return fmt.Sprintf("($%s in (%s..%s))", p.id, s.at.low, s.at.high)
}
