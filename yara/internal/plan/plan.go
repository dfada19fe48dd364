// Package plan decides, once per set of rules, which rules a scan has to
// evaluate: those woken by a pattern that was found, and those that may match
// without one, sorted by how the file begins.
package plan

import (
	"slices"

	"vitrine/yara/internal/facts"
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/prefilter"
	"vitrine/yara/internal/search"
)

// Plan is immutable and shared by all scanners of a set.
type Plan struct {
	Index *search.Index

	facts   []facts.Facts
	wakes   [][]int32          // by pattern: the rules it wakes
	always  []int32            // rules to look at for every file
	byMagic map[uint16][]int32 // the same for files that begin with two bytes
	classes [][]facts.Gate     // by class of patterns: one of these gates is open; nil: always
	owners  []Owner            // by pattern: the first string that is this pattern
}

// Owner names a string of a rule.
type Owner struct{ Rule, String int32 }

// New makes the plan of a set.
func New(set *ir.Set) *Plan {
	p := place(set, facts.All(set))
	p.Index = search.NewIndex(set.Patterns, search.Classes{Of: p.classify(set), In: p.kinds()})
	return p
}

// Load makes the plan of a set whose facts were proved before, one for each
// rule, and whose windows were chosen before. It fails where the windows do not
// fit the set.
func Load(set *ir.Set, proved []facts.Facts, windows []prefilter.Window) (*Plan, error) {
	p := place(set, proved)
	var err error
	p.Index, err = search.LoadIndex(set.Patterns, search.Classes{Of: p.classify(set), In: p.kinds()}, windows)
	return p, err
}

// place makes a plan without an index.
func place(set *ir.Set, proved []facts.Facts) *Plan {
	p := &Plan{facts: proved, wakes: make([][]int32, len(set.Patterns)), byMagic: map[uint16][]int32{}}
	for r := range set.Rules {
		p.place(int32(r))
	}
	p.own(set)
	return p
}

// Facts gives the facts of the rules.
func (p *Plan) Facts() []facts.Facts { return p.facts }

// place puts a rule where a scan finds it.
func (p *Plan) place(r int32) {
	f := &p.facts[r]
	switch {
	case f.MinSize > f.MaxSize || f.Gates != nil && len(f.Gates) == 0:
		return // never true
	case f.Wake != nil:
		for _, id := range f.Wake {
			p.wakes[id] = append(p.wakes[id], r)
		}
	case f.Gates == nil || slices.ContainsFunc(f.Gates, func(g facts.Gate) bool { return g.Mask&0xFFFF != 0xFFFF }):
		p.always = append(p.always, r)
	default:
		for _, g := range f.Gates {
			m := uint16(g.Value)
			if l := p.byMagic[m]; len(l) == 0 || l[len(l)-1] != r {
				p.byMagic[m] = append(l, r)
			}
		}
	}
}

func (p *Plan) own(set *ir.Set) {
	p.owners = make([]Owner, len(set.Patterns))
	for i := range p.owners {
		p.owners[i].Rule = -1
	}
	for r := range set.Rules {
		for s, str := range set.Rules[r].Strings {
			if o := &p.owners[str.Pattern]; o.Rule < 0 {
				*o = Owner{int32(r), int32(s)}
			}
		}
	}
}

// Owner gives a string that a pattern was made from.
func (p *Plan) Owner(pattern int32) Owner { return p.owners[pattern] }

// Open fills open with the classes of patterns that matter in a file that
// begins with head.
func (p *Plan) Open(head []byte, open []bool) []bool {
	open = open[:0]
	for _, gates := range p.classes {
		ok := gates == nil
		for _, g := range gates {
			ok = ok || g.Open(head)
		}
		open = append(open, ok)
	}
	return open
}

// Candidates adds to rules those that may match: found gives the patterns that
// were found. The result is sorted and holds each rule once.
func (p *Plan) Candidates(rules []int32, found []int32, head []byte, size int64) []int32 {
	add := func(list []int32) {
		for _, r := range list {
			if p.facts[r].Passes(head, size) {
				rules = append(rules, r)
			}
		}
	}
	for _, id := range found {
		add(p.wakes[id])
	}
	add(p.always)
	if len(head) >= 2 {
		add(p.byMagic[uint16(head[0])|uint16(head[1])<<8])
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
