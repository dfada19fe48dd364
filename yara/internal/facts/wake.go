package facts

import (
	"slices"

	"vitrine/yara/internal/ir"
	"vitrine/yara/syntax"
)

// wake gives patterns one of which must occur for the node to be true. ok is
// false when no such set is known. An empty set means: never true.
func (p *Prover) wake(id ir.NodeID) (set []int32, ok bool) {
	n := &p.set.Nodes[id]
	switch n.Op {
	case ir.ConstBool:
		return nil, n.A == 0
	case ir.RuleRef:
		return p.rules[n.A].Wake, p.rules[n.A].Wake != nil
	case ir.Found, ir.FoundIn, ir.FoundAt:
		return p.occurs(n.A)
	case ir.And:
		return p.cheapest(p.set.List(n.A, n.B), p.wake)
	case ir.Or:
		return p.union(p.set.List(n.A, n.B), p.wake)
	case ir.ToBool:
		return p.nonzero(n.A)
	case ir.Defined:
		return p.defined(n.A)
	case ir.Compare:
		return p.comparison(id)
	case ir.TextOp, ir.Matches, ir.Not, ir.Call:
		return p.defined(id)
	}
	return p.wakeSet(n)
}

// wakeSet is wake for what ranges over several things.
func (p *Prover) wakeSet(n *ir.Node) (set []int32, ok bool) {
	switch n.Op {
	case ir.Of:
		return p.some(n.C, p.set.List(n.A, n.B), p.occurs)
	case ir.OfExprs:
		return p.some(n.C, p.set.List(n.A, n.B), p.wake)
	case ir.OfRules:
		return p.some(n.C, p.set.List(n.A, n.B), func(r int32) ([]int32, bool) {
			return p.rules[r].Wake, p.rules[r].Wake != nil
		})
	case ir.With:
		return p.wake(n.C)
	case ir.ForStrings:
		return p.forStrings(n)
	case ir.ForRange, ir.ForTuple, ir.ForArray, ir.ForDict:
		return p.forItems(n)
	}
	return nil, false
}

// forItems: what is looped over must be there, and the body true at least once
// unless it may never be.
func (p *Prover) forItems(n *ir.Node) (set []int32, ok bool) {
	head := &p.set.Nodes[n.A]
	if p.least(head.C, 1) >= 1 {
		if set, ok := p.wake(p.set.Lists[head.D+2]); ok {
			return set, true
		}
	}
	list := p.set.List(head.A, head.B)
	switch n.Op {
	case ir.ForRange:
		return p.rangeNeeds(list)
	case ir.ForTuple:
		return nil, false
	}
	return p.defined(list[0])
}

// occurs: a pattern that is searched must be found. One that is only tried at
// given offsets is not looked for beforehand, so nothing is known of it.
func (p *Prover) occurs(str int32) (set []int32, ok bool) {
	if str < 0 || p.set.Patterns.At(str).OnDemand {
		return nil, false
	}
	return []int32{str}, true
}

type need = func(int32) ([]int32, bool)

// cheapest: all of the items must hold, so the set of any one will do.
func (p *Prover) cheapest(items []int32, f need) (best []int32, ok bool) {
	for _, item := range items {
		set, known := f(item)
		if known && (!ok || p.total(set) < p.total(best)) {
			best, ok = set, true
		}
	}
	return best, ok
}

// union: one of the items must hold.
func (p *Prover) union(items []int32, f need) (all []int32, ok bool) {
	for _, item := range items {
		set, known := f(item)
		if !known {
			return nil, false
		}
		all = append(all, set...)
	}
	slices.Sort(all)
	return slices.Compact(all), true
}

func (p *Prover) total(set []int32) int {
	sum := 0
	for _, id := range set {
		sum += p.cost[id]
	}
	return sum
}

// some: at least k of the items must hold, so among any len-k+1 of them one
// does: the cheapest are taken.
func (p *Prover) some(q ir.NodeID, items []int32, f need) (set []int32, ok bool) {
	k := p.least(q, len(items))
	if k < 1 {
		return nil, false
	}
	if k > len(items) {
		return nil, true
	}
	var sets [][]int32
	for _, item := range items {
		if s, known := f(item); known {
			sets = append(sets, s)
		}
	}
	keep := len(items) - k + 1
	if len(sets) < keep {
		return nil, false
	}
	slices.SortStableFunc(sets, func(a, b []int32) int { return p.total(a) - p.total(b) })
	for _, s := range sets[:keep] {
		set = append(set, s...)
	}
	slices.Sort(set)
	return slices.Compact(set), true
}

// least gives how many of total things a quantifier needs at least; 0 when
// that is not known or none are needed.
func (p *Prover) least(q ir.NodeID, total int) int {
	n := &p.set.Nodes[q]
	switch n.A {
	case ir.QuantAll:
		return total
	case ir.QuantAny:
		return 1
	case ir.QuantCount, ir.QuantPercent:
		if v, ok := p.constInt(n.B); ok && v > 0 {
			if n.A == ir.QuantPercent {
				return int(ir.NeedPercent(v, int64(total), p.set.YARAX))
			}
			return int(min(v, int64(total)+1))
		}
	}
	return 0
}

// forStrings: when the body needs its own string, as many strings must occur
// as the quantifier asks for; else what the body needs besides.
func (p *Prover) forStrings(n *ir.Node) (set []int32, ok bool) {
	head := &p.set.Nodes[n.A]
	items := p.set.List(head.A, head.B)
	body := p.set.Lists[head.D+2]
	if p.least(head.C, len(items)) < 1 {
		return nil, false
	}
	if p.needsSlot(body, p.set.Lists[head.D]) {
		return p.some(head.C, items, p.occurs)
	}
	return p.wake(body)
}

// needsSlot reports whether a body can only be true when the string in a slot occurs.
func (p *Prover) needsSlot(id ir.NodeID, slot int32) bool {
	n := &p.set.Nodes[id]
	switch n.Op {
	case ir.Found, ir.FoundAt, ir.FoundIn, ir.OffsetOf, ir.LengthOf:
		return n.A == ^slot
	case ir.And:
		return slices.ContainsFunc(p.set.List(n.A, n.B), func(c int32) bool { return p.needsSlot(c, slot) })
	case ir.Or:
		return !slices.ContainsFunc(p.set.List(n.A, n.B), func(c int32) bool { return !p.needsSlot(c, slot) })
	case ir.Compare:
		return p.needsDefined(n.B, slot) || p.needsDefined(n.C, slot)
	}
	return false
}

// needsDefined reports whether a number is undefined unless the string in a
// slot occurs.
func (p *Prover) needsDefined(id ir.NodeID, slot int32) bool {
	n := &p.set.Nodes[id]
	switch n.Op {
	case ir.OffsetOf, ir.LengthOf:
		return n.A == ^slot
	case ir.Arith:
		return p.needsDefined(n.B, slot) || p.needsDefined(n.C, slot)
	case ir.ReadInt:
		return p.needsDefined(n.B, slot)
	}
	return false
}

// rangeNeeds: a loop is never true over a range that is not defined, or empty,
// as one from 1 or more to the number of matches is when there are none.
func (p *Prover) rangeNeeds(list []int32) (set []int32, ok bool) {
	if set, ok := p.cheapest(list, p.defined); ok {
		return set, true
	}
	low, known := p.constInt(list[0])
	high := &p.set.Nodes[list[1]]
	if known && low >= 1 && high.Op == ir.Count {
		return p.occurs(high.A)
	}
	return nil, false
}

// nonzero is wake for a number used as a boolean.
func (p *Prover) nonzero(id ir.NodeID) (set []int32, ok bool) {
	if n := &p.set.Nodes[id]; n.Op == ir.Count || n.Op == ir.CountIn {
		return p.occurs(n.A)
	}
	return p.defined(id)
}

// comparison: a count compared so that zero fails needs its string, and so does
// everything undefined without a match.
func (p *Prover) comparison(id ir.NodeID) (set []int32, ok bool) {
	if set, ok := p.defined(id); ok {
		return set, true
	}
	n := &p.set.Nodes[id]
	op := syntax.Op(n.A)
	if set, ok := p.counted(n.B, op, n.C); ok {
		return set, true
	}
	return p.counted(n.C, op.Flipped(), n.B)
}

// counted is comparison for a count, or a sum of them, on the left side.
func (p *Prover) counted(count ir.NodeID, op syntax.Op, than ir.NodeID) (set []int32, ok bool) {
	v, known := p.constInt(than)
	if known && zeroFails(op, v) || op == syntax.Gt && p.isCount(than) {
		return p.anyOf(count)
	}
	return nil, false
}

// anyOf gives the strings that a count or a sum of counts is of.
func (p *Prover) anyOf(count ir.NodeID) (set []int32, ok bool) {
	switch n := &p.set.Nodes[count]; {
	case n.Op == ir.Count || n.Op == ir.CountIn:
		return p.occurs(n.A)
	case n.Op == ir.Arith && syntax.Op(n.A) == syntax.Add:
		return p.union([]int32{n.B, n.C}, p.anyOf)
	}
	return nil, false
}

// isCount reports whether a node is a count or a sum of counts.
func (p *Prover) isCount(id ir.NodeID) bool {
	n := &p.set.Nodes[id]
	return n.Op == ir.Count || n.Op == ir.CountIn || n.Op == ir.Arith && syntax.Op(n.A) == syntax.Add && p.isCount(n.B) && p.isCount(n.C)
}

// zeroFails reports whether `0 op v` is false.
func zeroFails(op syntax.Op, v int64) bool {
	switch op {
	case syntax.Eq:
		return v != 0
	case syntax.Ne:
		return v == 0
	case syntax.Gt:
		return v >= 0
	case syntax.Ge:
		return v > 0
	case syntax.Lt:
		return v <= 0
	case syntax.Le:
		return v < 0
	}
	return false
}
