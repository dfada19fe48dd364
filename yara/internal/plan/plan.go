// Package plan decides, once per set of rules, which rules a scan has to
// evaluate: those woken by a pattern that was found, and those that may match
// without one, sorted by how the file begins.
package plan

import (
	"slices"

	"vitrine/yara/internal/facts"
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/search"
)

// Plan is immutable and shared by all scanners of a set.
type Plan struct {
	Index *search.Index

	facts   []facts.Facts
	ways    []way             // of all rules, in which they may be true
	wakes   woken             // by pattern: the ways it opens
	always  shelf             // ways to look at for every file
	byMagic map[uint16]*shelf // the same for files that begin with two bytes
	classes [][]facts.Gate    // by class of patterns: one of these gates is open; nil: always
	owners  []Owner           // by pattern: the first string that is this pattern
}

// way is one way in which a rule may be true.
type way struct {
	rule  int32
	facts *facts.Facts
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
// rule, and whose index was made before; slow are the forms that it cannot find.
// It fails where the set does not pass its check, or the index does not fit it.
func Load(set *ir.Set, proved []facts.Facts, index search.Stored, slow []search.Slow) (*Plan, error) {
	if err := set.Check(); err != nil {
		return nil, err
	}
	if err := facts.Check(set, proved); err != nil {
		return nil, err
	}
	p := place(set, proved)
	var err error
	p.Index, err = search.LoadIndex(index, slow, search.Classes{Of: p.classify(set), In: p.kinds()})
	return p, err
}

// place makes a plan without an index.
func place(set *ir.Set, proved []facts.Facts) *Plan {
	n := len(proved)
	for r := range proved {
		n += max(len(proved[r].Ways)-1, 0)
	}
	p := &Plan{facts: proved, byMagic: map[uint16]*shelf{}, ways: make([]way, 0, n)}
	for r := range proved {
		f := &proved[r]
		if len(f.Ways) == 0 {
			p.ways = append(p.ways, way{int32(r), f})
		}
		for i := range f.Ways {
			p.ways = append(p.ways, way{int32(r), &f.Ways[i]})
		}
	}
	for w := range p.ways {
		p.place(int32(w), set)
	}
	p.wakes = p.wakers(set.Patterns.Len())
	p.own(set)
	return p
}

// Facts gives the facts of the rules.
func (p *Plan) Facts() []facts.Facts { return p.facts }

// place puts a way that no pattern opens where a scan finds it.
func (p *Plan) place(w int32, set *ir.Set) {
	f := p.ways[w].facts
	switch {
	case f.Never() || f.Wake != nil:
	case f.Gates == nil || slices.ContainsFunc(f.Gates, func(g facts.Gate) bool { return g.Mask&0xFFFF != 0xFFFF }):
		p.always.put(w, f.Need, set)
	default:
		for _, g := range f.Gates {
			m := uint16(g.Value)
			if p.byMagic[m] == nil {
				p.byMagic[m] = &shelf{}
			}
			p.byMagic[m].put(w, f.Need, set)
		}
	}
}

// woken has for each pattern the ways it opens, all in one piece.
type woken struct {
	ends []int32 // behind those of each pattern
	ways []int32
}

func (w *woken) by(pattern int32) []int32 {
	from := int32(0)
	if pattern > 0 {
		from = w.ends[pattern-1]
	}
	return w.ways[from:w.ends[pattern]]
}

func (p *Plan) wakers(patterns int) woken {
	out := woken{ends: make([]int32, patterns)}
	each := func(do func(w, pattern int32)) {
		for w := range p.ways {
			if f := p.ways[w].facts; !f.Never() {
				for _, id := range f.Wake {
					do(int32(w), id)
				}
			}
		}
	}
	each(func(_, id int32) { out.ends[id]++ })
	sum := int32(0)
	for id, n := range out.ends {
		out.ends[id] = sum // where they begin, for now
		sum += n
	}
	out.ways = make([]int32, sum)
	each(func(w, id int32) {
		out.ways[out.ends[id]] = w
		out.ends[id]++
	})
	return out
}

func (p *Plan) own(set *ir.Set) {
	p.owners = make([]Owner, set.Patterns.Len())
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
// were found, m what modules did. The result is sorted and holds each rule once.
func (p *Plan) Candidates(rules []int32, found []int32, head []byte, size int64, m Modules) []int32 {
	passes := func(w int32) bool { return p.ways[w].facts.Passes(head, size) }
	add := func(list []int32) {
		for _, w := range list {
			if passes(w) {
				rules = append(rules, p.ways[w].rule)
			}
		}
	}
	for _, id := range found {
		add(p.wakes.by(id))
	}
	browse := func(s *shelf) {
		add(s.free)
		for _, g := range s.groups {
			if slices.ContainsFunc(g.ways, passes) {
				g.look(m, add)
			}
		}
	}
	browse(&p.always)
	if len(head) >= 2 {
		if s := p.byMagic[uint16(head[0])|uint16(head[1])<<8]; s != nil {
			browse(s)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
