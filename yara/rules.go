package yara

import (
	"iter"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/plan"
	"vitrine/yara/syntax"
)

// Rules is a compiled set of rules. It is immutable and safe for concurrent use.
type Rules struct {
	rules []*Rule
	set   *ir.Set // nil: a joined set
	plan  *plan.Plan
	parts []*Rules // of a joined set
}

// Rule is what is known of one compiled rule.
type Rule struct {
	Name      string
	Namespace string
	Tags      []string
	Meta      []Meta
	Private   bool
	Global    bool
	Strings   []StringInfo // in the order written
	File      string       // Source.Name, or the included file
	Line      int
	Text      string // the whole rule as written
}

// Meta is one metadata entry. Value is a string, an int64, a bool or a float64.
type Meta struct {
	Key   string
	Value any
}

// StringInfo is what is known of one string of a rule.
type StringInfo struct {
	Name    string // with the $; "$" for an anonymous string
	Private bool
	Kind    syntax.StringKind
	Value   []byte // the text with escapes resolved, or the source of a hex string or regular expression
}

// Len is the number of rules.
func (r *Rules) Len() int { return len(r.rules) }

// All ranges over the rules in the order they were added.
func (r *Rules) All() iter.Seq[*Rule] {
	return func(yield func(*Rule) bool) {
		for _, rule := range r.rules {
			if !yield(rule) {
				return
			}
		}
	}
}

// MetaText gives the first text under key, or "".
func (r *Rule) MetaText(key string) string {
	for _, m := range r.Meta {
		if s, ok := m.Value.(string); ok && m.Key == key {
			return s
		}
	}
	return ""
}

// describe keeps of a parsed rule what a user may ask for.
func describe(r *syntax.Rule, s Source, namespace string) *Rule {
	out := &Rule{Name: r.Name, Namespace: namespace, Private: r.Private, Global: r.Global,
		File: s.Name, Line: r.Pos.Line, Text: string(s.Text[r.Source.Start:r.Source.End])}
	for _, t := range r.Tags {
		out.Tags = append(out.Tags, t.Name)
	}
	for _, m := range r.Meta {
		out.Meta = append(out.Meta, Meta{m.Key, metaValue(m)})
	}
	for _, d := range r.Strings {
		out.Strings = append(out.Strings, StringInfo{"$" + d.Name, d.Mods.Private, d.Kind, d.Value})
	}
	return out
}

func metaValue(m syntax.Meta) any {
	switch m.Kind {
	case syntax.MetaInt:
		return m.Int
	case syntax.MetaBool:
		return m.Bool
	case syntax.MetaFloat:
		return m.Float
	}
	return m.Text
}
