package eval

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/search"
)

// pattern resolves a str operand.
func (e *Evaluator) pattern(a int32) int32 {
	if a < 0 {
		return int32(e.slots[^a].Int)
	}
	return a
}

func (e *Evaluator) stringNode(n *ir.Node) module.Value {
	p := e.pattern(n.A)
	switch n.Op {
	case ir.Found:
		return module.Bool(e.strings.Found(p))
	case ir.FoundAt:
		at := e.eval(n.B)
		if at.Kind != module.KindInt {
			return undefined
		}
		return module.Bool(e.strings.At(p, at.Int))
	case ir.FoundIn, ir.CountIn:
		count, ok := e.countIn(p, n.B, n.C)
		switch {
		case !ok:
			return undefined
		case n.Op == ir.FoundIn:
			return module.Bool(count > 0)
		}
		return module.Int(int64(count))
	case ir.Count:
		return module.Int(int64(len(e.strings.Matches(p))))
	}
	m, ok := e.nth(p, n.B)
	switch {
	case !ok:
		return undefined
	case n.Op == ir.OffsetOf:
		return module.Int(m.Offset)
	}
	return module.Int(int64(m.Length))
}

// nth gives the match whose number, counted from 1, the node index computes.
func (e *Evaluator) nth(p int32, index ir.NodeID) (search.Match, bool) {
	i := int64(1)
	if index != 0 {
		v := e.eval(index)
		if v.Kind != module.KindInt {
			return search.Match{}, false
		}
		i = v.Int
	}
	list := e.strings.Matches(p)
	if i < 1 || i > int64(len(list)) {
		return search.Match{}, false
	}
	return list[i-1], true
}

// countIn counts the matches between two offsets, both included. ok is false
// when a bound is undefined.
func (e *Evaluator) countIn(p int32, low, high ir.NodeID) (count int, ok bool) {
	l, h := e.eval(low), e.eval(high)
	if l.Kind != module.KindInt || h.Kind != module.KindInt {
		return 0, false
	}
	return e.strings.Count(p, l.Int, h.Int), true
}
