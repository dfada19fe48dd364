// Package facts proves, when rules are compiled, what must be so in a file for
// a rule to match: one of a few strings occurs, the file begins with certain
// bytes, its size lies in an interval, a module found something in it. A
// scanner that knows these evaluates only rules that can match.
//
// Everything proved is necessary, never sufficient; where nothing can be
// proved the answer is "always evaluate". Undefined values count as YARA
// counts them: a comparison with one is not true.
package facts

import (
	"math"

	"vitrine/yara/internal/ir"
)

// Facts are the conditions without which a rule cannot match.
type Facts struct {
	// Wake: at least one of these patterns occurs. Nil when nothing is known;
	// empty but not nil when the rule never matches.
	Wake []int32
	// Gates: the file begins in one of these ways. Nil when nothing is known.
	Gates []Gate
	// MinSize and MaxSize bound the size of the file, both included.
	MinSize, MaxSize int64
	// Need is what a module must have found. Nil when nothing is known, or when Wake
	// is: then it would not be looked at.
	Need *Need
	// Ways has, where the rule may be true in several ways, the facts of each: then
	// those of one of them hold. Nil when the rule is not taken apart.
	Ways []Facts
}

// Gate is a demand on the first four bytes of a file, as a little-endian number.
type Gate struct{ Mask, Value uint32 }

// Prover computes the facts of the rules of a Set, in order.
type Prover struct {
	set      *ir.Set
	rules    []Facts
	cost     []int           // by pattern: how dear it is to be woken by it
	elements map[int32]*Need // by slot: the array whose elements it runs through
}

// All gives the facts of every rule.
func All(set *ir.Set) []Facts {
	p := &Prover{set: set, rules: make([]Facts, 0, len(set.Rules)), cost: make([]int, set.Patterns.Len()), elements: map[int32]*Need{}}
	for i := range p.cost {
		p.cost[i] = cost(set.Patterns.At(int32(i)).MinLength())
	}
	for i := range set.Rules {
		p.rules = append(p.rules, p.rule(set.Rules[i].Condition))
	}
	return p.rules
}

// cost falls with the length of the literal by which a pattern is found.
func cost(length int) int {
	switch {
	case length == 0:
		return 1000
	case length < 4:
		return 200
	case length < 7:
		return 10
	}
	return 1
}

func (p *Prover) rule(condition ir.NodeID) Facts {
	if p.acts(condition) {
		return Facts{MaxSize: math.MaxInt64}
	}
	f := p.known(condition)
	if f.Wake == nil && (f.Need == nil || len(f.Need.Texts) == 0) {
		f.Ways = p.ways(condition)
	}
	return f
}

// acts reports whether evaluating a node can do something besides giving a
// value: then it has to be evaluated whatever is known of the value.
func (p *Prover) acts(id ir.NodeID) bool {
	n := &p.set.Nodes[id]
	if n.Op == ir.Call && p.set.Calls[n.A].Effect {
		return true
	}
	for _, c := range p.children(n) {
		if p.acts(c) {
			return true
		}
	}
	return false
}

// children gives the nodes below a node, rules it refers to left out.
func (p *Prover) children(n *ir.Node) []int32 {
	var out []int32
	add := func(ids ...int32) {
		for _, id := range ids {
			if id != 0 {
				out = append(out, id)
			}
		}
	}
	switch n.Op {
	case ir.And, ir.Or:
		add(p.set.List(n.A, n.B)...)
	case ir.OfExprs:
		add(p.set.List(n.A, n.B)...)
		add(n.C)
	case ir.Of:
		add(n.C, n.D)
	case ir.OfRules:
		add(n.C)
	case ir.Not, ir.Defined, ir.ToBool, ir.Neg, ir.BitNot, ir.Matches, ir.Field, ir.Len, ir.PlaceAt:
		add(n.A)
	case ir.Entrypoint, ir.PlaceIn, ir.IndexArray, ir.IndexDict:
		add(n.A, n.B)
	case ir.Arith, ir.Compare, ir.TextOp, ir.FoundIn, ir.CountIn:
		add(n.B, n.C)
	case ir.ReadInt, ir.FoundAt, ir.OffsetOf, ir.LengthOf, ir.Quantifier:
		add(n.B)
	case ir.Call:
		add(p.set.List(n.B, n.C)...)
		add(n.D)
	case ir.With:
		for l := p.set.List(n.A, n.B); len(l) > 0; l = l[2:] {
			add(l[1])
		}
		add(n.C)
	case ir.ForStrings, ir.ForRange, ir.ForTuple, ir.ForArray, ir.ForDict:
		head := &p.set.Nodes[n.A]
		add(head.C, p.set.Lists[head.D+2])
		list := p.set.List(head.A, head.B)
		switch n.Op {
		case ir.ForRange, ir.ForTuple:
			add(list...)
		case ir.ForArray, ir.ForDict:
			add(list[0])
		}
	}
	return out
}

func (p *Prover) constInt(id ir.NodeID) (int64, bool) {
	n := &p.set.Nodes[id]
	if n.Op != ir.ConstInt {
		return 0, false
	}
	return p.set.Ints[n.A], true
}
