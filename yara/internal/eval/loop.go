package eval

import (
	"math"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

// iterable is what a loop runs over: n items, each put into slots by bind.
type iterable struct {
	op     ir.Op
	n      int64
	slot   int32
	list   []int32      // ForStrings, ForTuple
	low    int64        // ForRange
	object any          // ForArray, ForDict
	typ    *module.Type // the same
}

func (e *Evaluator) loop(n *ir.Node) module.Value {
	if n.Op == ir.With {
		for l := e.set.List(n.A, n.B); len(l) > 0; l = l[2:] {
			e.slots[l[0]] = e.eval(l[1])
		}
		return e.eval(n.C)
	}
	head := e.set.Node(n.A)
	slot, body := e.set.Lists[head.D], e.set.Lists[head.D+2]
	it, ok := e.iterate(n.Op, e.set.List(head.A, head.B), slot)
	if !ok && e.set.YARAX {
		return undefined
	}
	if it.n <= 0 {
		return module.Bool(false) // in YARA 4 also over what is not defined
	}
	g, ok := e.newGoal(head.C, it.n)
	if !ok {
		return undefined
	}
	for i := int64(0); i < it.n && e.mayLoop(); i++ {
		e.bind(&it, i)
		if g.tell(truth(e.eval(body))) {
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
	}
	return e.loops >= 0 && e.err == nil
}

// iterate prepares the items of a loop. ok is false when they are undefined.
func (e *Evaluator) iterate(op ir.Op, list []int32, slot int32) (it iterable, ok bool) {
	it = iterable{op: op, slot: slot, list: list}
	switch op {
	case ir.ForStrings, ir.ForTuple:
		it.n = int64(len(list))
		return it, true
	case ir.ForRange:
		return e.iterateRange(it)
	}
	object := e.eval(list[0])
	if object.Kind == module.KindUndefined {
		return it, false
	}
	it.object, it.typ = object.Ref, e.set.Types[list[1]]
	it.n = int64(it.typ.Len(it.object))
	return it, true
}

func (e *Evaluator) iterateRange(it iterable) (iterable, bool) {
	low, high := e.eval(it.list[0]), e.eval(it.list[1])
	if low.Kind != module.KindInt || high.Kind != module.KindInt {
		return it, false
	}
	if high.Int >= low.Int {
		// No budget is long enough to notice a range cut at the largest number.
		it.n = int64(min(uint64(high.Int)-uint64(low.Int), math.MaxInt64-1)) + 1
	}
	it.low = low.Int
	return it, true
}

// bind puts item i into the slots of the loop.
func (e *Evaluator) bind(it *iterable, i int64) {
	v := &e.slots[it.slot]
	switch it.op {
	case ir.ForStrings:
		*v = module.Int(int64(it.list[i]))
	case ir.ForTuple:
		*v = e.eval(it.list[i])
	case ir.ForRange:
		*v = module.Int(it.low + i)
	case ir.ForArray:
		*v = it.typ.At(it.object, int(i))
	case ir.ForDict:
		*v = module.Bytes(it.typ.Key(it.object, int(i)))
		e.slots[it.slot+1] = it.typ.At(it.object, int(i))
	}
}
