package yara

import (
	"iter"
	"sync/atomic"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/packed"
	"vitrine/yara/internal/plan"
	"vitrine/yara/syntax"
)

// Rules is a compiled set of rules. It is immutable and safe for concurrent use.
type Rules struct {
	set   *ir.Set // nil: a joined set
	plan  *plan.Plan
	about *packed.Store          // the description of each rule
	asked []atomic.Pointer[Rule] // of each rule, once it was asked for
	parts []*Rules               // of a joined set
}

func newRules(set *ir.Set, p *plan.Plan, about *packed.Store) *Rules {
	return &Rules{set: set, plan: p, about: about, asked: make([]atomic.Pointer[Rule], len(set.Rules))}
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
func (r *Rules) Len() int {
	n := len(r.asked)
	for _, p := range r.parts {
		n += p.Len()
	}
	return n
}

// MostStrings is the number of strings of the rule that has most.
func (r *Rules) MostStrings() int {
	most := 0
	for _, p := range r.parts {
		most = max(most, p.MostStrings())
	}
	if r.set != nil {
		for i := range r.set.Rules {
			most = max(most, len(r.set.Rules[i].Strings))
		}
	}
	return most
}

// All ranges over the rules in the order they were added. The set keeps what
// describes them packed until it is asked for: to range over all unpacks all.
func (r *Rules) All() iter.Seq[*Rule] {
	return func(yield func(*Rule) bool) {
		for _, p := range r.parts {
			for rule := range p.All() {
				if !yield(rule) {
					return
				}
			}
		}
		if r.set == nil {
			return
		}
		from := r.about.Reader()
		for i := range r.set.Rules {
			if !yield(r.once(i, from)) {
				return
			}
		}
	}
}

// rule gives one rule.
func (r *Rules) rule(i int32) *Rule { return r.once(int(i), nil) }

// once gives the same Rule whenever it is asked for. from may be nil.
func (r *Rules) once(i int, from *packed.Reader) *Rule {
	if known := r.asked[i].Load(); known != nil {
		return known
	}
	if from == nil {
		from = r.about.Reader()
	}
	r.asked[i].CompareAndSwap(nil, r.describe(i, from))
	return r.asked[i].Load()
}

func (r *Rules) describe(i int, from *packed.Reader) *Rule {
	c := &r.set.Rules[i]
	out := &Rule{Namespace: r.set.Namespaces[c.Namespace].Name, Private: c.Private, Global: c.Global}
	description(from.Piece(i)).read(out, len(c.Strings))
	for k := range c.Strings {
		out.Strings[k].Private = c.Strings[k].Private
	}
	return out
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
