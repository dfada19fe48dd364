package eval

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

// iterable is what a loop runs over: n items, each put into slots by bind.
// bind returns false when there is no such item.
type iterable struct {
	n    int
	bind func(i int) bool
}

func (e *Evaluator) loop(n *ir.Node) module.Value {
	if n.Op == ir.With {
		for l := e.set.List(n.A, n.B); len(l) > 0; l = l[2:] {
			e.slots[l[0]] = e.eval(l[1])
		}
		return e.eval(n.C)
	}
	head := &e.set.Nodes[n.A]
	list := e.set.List(head.A, head.B)
	slot, body := e.set.Lists[head.D], e.set.Lists[head.D+2]
	it, ok := e.iterate(n.Op, list, slot)
	if !ok {
		return undefined
	}
	if it.n <= 0 {
		return module.Bool(false)
	}
	g, ok := e.newGoal(head.C, it.n)
	if !ok {
		return undefined
	}
	for i := 0; i < it.n && e.mayLoop(); i++ {
		if g.tell(it.bind(i) && truth(e.eval(body))) {
			break
		}
	}
	return module.Bool(g.reached())
}

// mayLoop takes one iteration off the budget.
func (e *Evaluator) mayLoop() bool {
	e.loops--
	if e.loops < 0 {
		e.overrun = true
		return false
	}
	if e.loops%256 == 0 && e.err == nil {
		e.err = e.config.Stop()
	}
	return e.err == nil
}

// iterate prepares the items of a loop. ok is false when they are undefined.
func (e *Evaluator) iterate(op ir.Op, list []int32, slot int32) (it iterable, ok bool) {
	switch op {
	case ir.ForStrings:
		return iterable{len(list), func(i int) bool {
			e.slots[slot] = module.Int(int64(e.pattern(list[i])))
			return true
		}}, true
	case ir.ForTuple:
		return iterable{len(list), func(i int) bool {
			e.slots[slot] = e.eval(list[i])
			return true
		}}, true
	case ir.ForRange:
		return e.iterateRange(list, slot)
	}
	object := e.eval(list[0])
	if object.Kind == module.KindUndefined {
		return it, false
	}
	t := e.set.Types[list[1]]
	return iterable{t.Len(object.Ref), func(i int) bool {
		if op == ir.ForDict {
			e.slots[slot] = module.Bytes(t.Key(object.Ref, i))
			slot := slot + 1
			e.slots[slot] = t.At(object.Ref, i)
			return true
		}
		e.slots[slot] = t.At(object.Ref, i)
		return true
	}}, true
}

func (e *Evaluator) iterateRange(list []int32, slot int32) (it iterable, ok bool) {
	low, high := e.eval(list[0]), e.eval(list[1])
	if low.Kind != module.KindInt || high.Kind != module.KindInt {
		return it, false
	}
	if high.Int < low.Int {
		return it, true
	}
	// A range longer than the budget ends at the budget, which is reported.
	span := uint64(high.Int) - uint64(low.Int)
	n := int(min(span, uint64(e.config.MaxLoop))) + 1
	return iterable{n, func(i int) bool {
		e.slots[slot] = module.Int(low.Int + int64(i))
		return true
	}}, true
}
