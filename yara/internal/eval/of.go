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
// number asked for is undefined.
func (e *Evaluator) newGoal(q ir.NodeID, total int) (g goal, ok bool) {
	n := &e.set.Nodes[q]
	g = goal{kind: n.A, total: int64(total)}
	switch n.A {
	case ir.QuantAny:
		g.kind, g.need = ir.QuantCount, 1
	case ir.QuantCount, ir.QuantPercent:
		v := e.eval(n.B)
		if v.Kind != module.KindInt {
			return g, false
		}
		g.need = v.Int
		if n.A == ir.QuantPercent {
			g.need = (v.Int*g.total + 99) / 100
		}
		g.kind = ir.QuantCount
		if v.Int == 0 {
			g.kind = ir.QuantNone
		}
	}
	return g, true
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
	g, ok := e.newGoal(n.C, len(items))
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
		return func(r int32) bool {
			ok, over := e.Rule(r)
			e.overrun = e.overrun || over
			return ok
		}, true
	case ir.OfExprs:
		return func(x int32) bool { return truth(e.eval(x)) }, true
	}
	if n.D == 0 {
		return func(p int32) bool { return e.strings.Found(e.pattern(p)) }, true
	}
	place := &e.set.Nodes[n.D]
	low := e.eval(place.A)
	if low.Kind != module.KindInt {
		return nil, false
	}
	if place.Op == ir.PlaceAt {
		return func(p int32) bool { return e.strings.At(e.pattern(p), low.Int) }, true
	}
	if e.eval(place.B).Kind != module.KindInt {
		return nil, false
	}
	return func(p int32) bool {
		count, _ := e.countIn(e.pattern(p), place.A, place.B)
		return count > 0
	}, true
}
