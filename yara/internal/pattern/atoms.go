package pattern

import (
	"math"
	"slices"
)

// Atom is a text that the data must hold where a pattern matches.
type Atom struct {
	// Bytes has 1 to 8 bytes; lower case when NoCase.
	Bytes []byte
	// NoCase tells that ASCII letters are to be found in either case.
	NoCase bool
	// MinOff and MaxOff bound the distance from the start of the match to the
	// atom; MaxOff is -1 when there is no bound.
	MinOff, MaxOff int
	// Bits estimates how rare the atoms of the pattern are all together: about
	// -log2 of the chance to find one at a given offset. Below some 16 bits a
	// search finds them all over the place.
	Bits float64
	// Prefix is the reverse program of what comes before the atom, and Suffix
	// the program of what starts at it, the atom included. Both are nil when
	// MinOff equals MaxOff: the match then starts MinOff bytes before the atom,
	// and the whole pattern is to be tried there.
	//
	// Otherwise, at a place where the atom was found, a match ends where Suffix
	// says, and starts at each of the places that Backward yields for Prefix.
	// Atoms found at several places can so give one start several ends: the
	// longest is right for greedy patterns, the shortest for lazy ones. Atoms
	// at the same place of the pattern share their programs.
	Prefix, Suffix *Program
}

// AtomOptions say which atoms are wanted.
type AtomOptions struct {
	Wide     bool // for text of two bytes per character, the second zero
	NoCase   bool // make every atom NoCase
	MinLen   int  // shortest atom of use; 0 means 1
	MaxAtoms int  // per place in the pattern; 0 means 16. Alternatives add up
	MaxInsts int  // for Prefix and Suffix, as in Options
	Longest  bool // the same
}

const (
	maxAtomLen      = 8
	defaultMaxAtoms = 16
	maxAlternatives = 64      // times MaxAtoms: all atoms of a pattern
	maxAtomProgram  = 1 << 20 // instructions of all programs of a pattern's atoms
	maxUnrolled     = 8       // repetitions that can be part of an atom
)

// Atoms chooses a set of atoms such that every match holds at least one of
// them at the place told. It prefers rare ones, then few, then such at a fixed
// distance from the start. The result is nil when there is no such set, as for
// patterns that can match without any certain byte; All is for those.
func Atoms(n *Node, o AtomOptions) []Atom {
	if o.MinLen <= 0 {
		o.MinLen = 1
	}
	if o.MaxAtoms <= 0 {
		o.MaxAtoms = defaultMaxAtoms
	}
	if o.Wide {
		n = n.widened()
	}
	best := o.best(n)
	if best == nil || best.count > maxAlternatives*o.MaxAtoms {
		return nil
	}
	b := atomBuilder{options: o, budget: maxAtomProgram, bits: best.bits}
	if !b.build(best, place{}, nil, nil) {
		return nil
	}
	return b.atoms
}

// choice is a way to take atoms from a concatenation: texts that start at
// items[at], or choices within the alternatives of items[at].
type choice struct {
	items []item
	at    int
	texts []string
	fold  bool
	inner []*choice // one per alternative
	count int       // atoms in all
	bits  float64   // how rare they are all together
	place place     // of items[at], from the start of the concatenation
	cost  float64   // of that distance, and of those inside
}

// What a choice is worth is its rarity in bits, less what follows. Beyond
// enoughBits candidates are so few that more bits hardly count.
const (
	enoughBits    = 20.0
	beyondEnough  = 0.3
	perDoubling   = 0.7 // of the number of atoms
	variableBits  = 1.5 // to look for the start backwards
	unboundedBits = 1.5 // more when the distance has no bound
)

func (c *choice) score() float64 {
	bits := c.bits
	if bits > enoughBits {
		bits = enoughBits + float64((bits-enoughBits)*beyondEnough)
	}
	if c.count > 1 {
		bits -= float64(perDoubling * doublings(float64(c.count)))
	}
	return bits - c.cost
}

// better tells whether c is to be preferred to o, which may be nil.
func (c *choice) better(o *choice) bool { return o == nil || c.score() > o.score()+1e-9 }

// best gives the best choice for a node, nil if there is none.
func (o AtomOptions) best(n *Node) *choice {
	items := unrolled(n)
	var best *choice
	var p place
	for i, it := range items {
		best = o.window(items, i, p, best)
		if c := o.union(items, i, p); c != nil && c.better(best) {
			best = c
		}
		p = p.after(it)
	}
	return best
}

// union takes the best atoms of each alternative.
func (o AtomOptions) union(items []item, at int, p place) *choice {
	n := items[at].node
	if n.kind != kAlternate {
		return nil
	}
	c := &choice{items: items, at: at, place: p}
	rate := 0.0
	for _, alt := range n.sub {
		inner := o.best(alt)
		if inner == nil {
			return nil
		}
		c.inner = append(c.inner, inner)
		c.count += inner.count
		c.cost = max(c.cost, inner.cost)
		rate += math.Exp2(-inner.bits)
	}
	c.bits = -doublings(rate)
	c.cost += p.cost()
	return c
}

// place is how far from the start of a concatenation an item can be; most is
// -1 for any distance.
type place struct{ least, most int }

func (p place) after(it item) place {
	if it.off >= 0 {
		return p.plus(place{1, 1})
	}
	return p.plus(place{it.node.MinLen(), it.node.MaxLen()})
}

func (p place) plus(q place) place {
	p.least = min(p.least+q.least, maxLength)
	if p.most < 0 || q.most < 0 {
		p.most = unbounded
	} else {
		p.most = min(p.most+q.most, maxLength)
	}
	return p
}

func (p place) cost() float64 {
	switch {
	case p.most < 0:
		return variableBits + unboundedBits
	case p.most != p.least:
		return variableBits
	}
	return 0
}

// item is a part of a concatenation: one byte of a text, or with off -1 the
// whole node.
type item struct {
	node *Node
	off  int
}

// unrolled gives the items of a concatenation: texts cut into bytes, and
// repetitions that must occur with their first ones before the rest.
func unrolled(n *Node) []item {
	if n.kind != kConcat {
		return appendUnrolled(nil, n)
	}
	var out []item
	for _, s := range n.sub {
		out = appendUnrolled(out, s)
	}
	return out
}

func appendUnrolled(out []item, n *Node) []item {
	switch {
	case n.kind == kLiteral:
		out = slices.Grow(out, len(n.lit))
		for i := range n.lit {
			out = append(out, item{n, i})
		}
		return out
	case n.kind != kRepeat || n.min == 0 || n.sub[0].anyByte():
		return append(out, item{n, -1})
	}
	body, times := n.sub[0], 1
	if body.oneByte() || body.kind == kLiteral {
		times = min(n.min, maxUnrolled)
	}
	first := unrolled(body)
	for range times {
		out = append(out, first...)
	}
	rest := n.max
	if rest != unbounded {
		rest -= times
	}
	if r := repeat(body, n.min-times, rest, n.lazy); r.kind != kEmpty {
		out = append(out, item{r, -1})
	}
	return out
}

// joined is the pattern of the items one after the other.
func joined(items []item) *Node {
	nodes := make([]*Node, len(items))
	for i, it := range items {
		nodes[i] = it.node
		if it.off >= 0 {
			nodes[i] = &Node{kind: kLiteral, lit: it.node.lit[it.off : it.off+1], fold: it.node.fold}
		}
	}
	return concat(nodes)
}

// atomBuilder makes the atoms of a choice.
type atomBuilder struct {
	options AtomOptions
	atoms   []Atom
	budget  int // instructions left for programs
	bits    float64
}

// build adds the atoms of c, which stands at start between before and after.
// It is false when their programs would be too large.
func (b *atomBuilder) build(c *choice, start place, before, after []item) bool {
	start = start.plus(c.place)
	before = append(before[:len(before):len(before)], c.items[:c.at]...)
	if c.inner == nil {
		return b.buildTexts(c, start, before, after)
	}
	after = append(c.items[c.at+1:len(c.items):len(c.items)], after...)
	for _, inner := range c.inner {
		if !b.build(inner, start, before, after) {
			return false
		}
	}
	return true
}

func (b *atomBuilder) buildTexts(c *choice, start place, before, after []item) bool {
	a := Atom{NoCase: c.fold, Bits: b.bits, MinOff: start.least, MaxOff: start.most}
	if a.MinOff != a.MaxOff {
		suffix := append(c.items[c.at:len(c.items):len(c.items)], after...)
		if a.Prefix = b.program(joined(before), true); a.Prefix == nil {
			return false
		}
		if a.Suffix = b.program(joined(suffix), false); a.Suffix == nil {
			return false
		}
	}
	for _, t := range c.texts {
		a.Bytes = []byte(t)
		b.atoms = append(b.atoms, a)
	}
	return true
}

func (b *atomBuilder) program(n *Node, reverse bool) *Program {
	p, err := compileNode(n, Options{Reverse: reverse, Longest: b.options.Longest, MaxInsts: b.options.MaxInsts})
	if err != nil || len(p.Insts) > b.budget {
		return nil
	}
	b.budget -= len(p.Insts)
	return p
}
