package eval

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

// goal is a quantifier applied to a number of things: it is told of each thing
// whether it holds, and knows when the answer is settled.
type goal struct {
	kind    ir.QuantKind
	need    int64 // QuantCount, QuantPercent: this many at least
	total   int64
	seen    int64
	matched int64
}

// newGoal evaluates a quantifier over total things. ok is false when the
// number asked for is undefined, unless that means all of them, as a number
// does in YARA 4.
func (e *Evaluator) newGoal(q ir.NodeID, total int64) (g goal, ok bool) {
	n := e.set.Node(q)
	g = goal{kind: n.A, total: total}
	switch n.A {
	case ir.QuantAny:
		g.kind, g.need = ir.QuantCount, 1
	case ir.QuantCount, ir.QuantPercent:
		v := e.eval(n.B)
		switch {
		case v.Kind == module.KindInt:
			g.kind, g.need = e.need(n.A, v.Int, total)
		case n.A == ir.QuantCount && !e.set.YARAX:
			g.kind = ir.QuantAll
		default:
			return g, false
		}
	}
	return g, true
}

// need turns a number or a percentage into a number of things. None of them is
// what zero means, but for a percentage in YARA 4: any number is 0% or more. A
// negative number is reached at once in YARA 4, by the first thing in YARA-X.
func (e *Evaluator) need(kind ir.QuantKind, v, total int64) (ir.QuantKind, int64) {
	if kind == ir.QuantPercent {
		v = ir.NeedPercent(v, total, e.set.YARAX)
		if !e.set.YARAX {
			return ir.QuantCount, v
		}
	}
	switch {
	case v == 0:
		return ir.QuantNone, 0
	case v < 0 && e.set.YARAX:
		v = 1
	}
	return ir.QuantCount, v
}

// tell takes one outcome and reports whether the answer is settled.
func (g *goal) tell(holds bool) (settled bool) {
	g.seen++
	if holds {
		g.matched++
	}
	switch g.kind {
	case ir.QuantAll:
		return !holds
	case ir.QuantNone:
		return holds
	}
	return g.matched >= g.need || g.matched+g.total-g.seen < g.need
}

// reached is the answer once everything was told or it was settled.
func (g *goal) reached() bool {
	switch g.kind {
	case ir.QuantAll:
		return g.matched == g.seen
	case ir.QuantNone:
		return g.matched == 0
	}
	return g.matched >= g.need
}

func (e *Evaluator) of(n *ir.Node) module.Value {
	items := e.set.List(n.A, n.B)
	g, ok := e.newGoal(n.C, int64(len(items)))
	if !ok {
		return undefined
	}
	holds, ok := e.itemTest(n)
	if !ok {
		return undefined
	}
	for _, item := range items {
		if g.tell(holds(item)) {
			break
		}
	}
	return module.Bool(g.reached())
}

// itemTest gives the test that each item of an Of has to pass. ok is false
// when the place asked for is undefined.
func (e *Evaluator) itemTest(n *ir.Node) (test func(int32) bool, ok bool) {
	switch n.Op {
	case ir.OfRules:
		return e.refer, true
	case ir.OfExprs:
		return func(x int32) bool { return truth(e.eval(x)) }, true
	}
	if n.D == 0 {
		return func(p int32) bool { return e.strings.Found(e.pattern(p)) }, true
	}
	place := e.set.Node(n.D)
	low := e.eval(place.A)
	if low.Kind != module.KindInt {
		return nil, false
	}
	if place.Op == ir.PlaceAt {
		return func(p int32) bool { return e.strings.At(e.pattern(p), low.Int) }, true
	}
	high := e.eval(place.B)
	if high.Kind != module.KindInt {
		return nil, false
	}
	return func(p int32) bool { return e.strings.Count(e.pattern(p), low.Int, high.Int) > 0 }, true
}
