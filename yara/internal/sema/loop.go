package sema

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// maxNesting is how deep loops may stand inside each other, as in YARA 4.
const maxNesting = 4

// maxVariables is how many variables may be in reach at one place.
const maxVariables = 2000

// scope is a variable of a loop or a with, or the string of a for…of.
type scope struct {
	name    string
	slot    int32
	of      operand      // kind and type
	strings []*stringUse // for…of: the set it runs over
}

// enter opens a loop with a number of slots and gives the first. leave undoes it.
func (u *unit) enter(slots int) int32 {
	first := u.slots
	u.slots += slots
	u.maxSlots = max(u.maxSlots, u.slots)
	return int32(first)
}

func (u *unit) leave(first int32, scopes int) {
	u.slots = int(first)
	u.scopes = u.scopes[:scopes]
}

// nest counts loops; it reports whether one more is allowed here.
func (u *unit) nest(p syntax.Pos) bool {
	u.nesting++
	if u.nesting > maxNesting && !u.c.options.YARAX {
		u.errorf(p, "loops are nested more than %d deep", maxNesting)
		return false
	}
	return true
}

func (u *unit) forOfLoop(x *syntax.ForOf) operand {
	if x.Set.Kind != syntax.StringSet {
		return u.errorf(x.Set.Pos, "`for … of` needs a set of strings")
	}
	if u.forOf >= 0 && !u.c.options.YARAX {
		return u.errorf(x.Pos(), "`for … of` inside another one")
	}
	if !u.nest(x.Pos()) {
		return operand{bad: true}
	}
	defer func() { u.nesting-- }()
	uses, ok := u.stringSet(&x.Set)
	q, ok2 := u.quantifier(&x.Quantifier, len(uses))
	if !ok || !ok2 {
		return operand{bad: true}
	}
	items := make([]int32, len(uses))
	for i, s := range uses {
		s.used = true
		items[i] = s.id
	}
	scopes, outer, slot := len(u.scopes), u.forOf, u.enter(1)
	u.scopes = append(u.scopes, scope{slot: slot, strings: uses})
	u.forOf = slot
	body := u.boolean(x.Body)
	u.forOf = outer
	u.leave(slot, scopes)
	if body.bad {
		return body
	}
	return u.emitLoop(ir.ForStrings, items, q, slot, 1, body)
}

// emitLoop puts the pieces of a loop together.
func (u *unit) emitLoop(op ir.Op, items []int32, q ir.NodeID, slot int32, slots int, body operand) operand {
	start, n := u.list(items)
	where, _ := u.list([]int32{slot, int32(slots), body.node})
	head := u.emit(ir.Node{Op: ir.LoopHead, A: start, B: n, C: q, D: where})
	return u.op(ir.Node{Op: op, Kind: module.KindBool, A: head})
}

func (u *unit) forIn(x *syntax.ForIn) operand {
	if !u.nest(x.Pos()) {
		return operand{bad: true}
	}
	defer func() { u.nesting-- }()
	q, ok := u.quantifier(&x.Quantifier, -1)
	op, items, vars, ok2 := u.iterable(x)
	if !ok || !ok2 || !u.checkVars(x, len(vars)) {
		return operand{bad: true}
	}
	scopes, slot := len(u.scopes), u.enter(len(vars))
	for i, v := range vars {
		u.scopes = append(u.scopes, scope{name: x.Vars[i].Name, slot: slot + int32(i), of: v})
	}
	body := u.boolean(x.Body)
	u.leave(slot, scopes)
	if body.bad {
		return body
	}
	return u.emitLoop(op, items, q, slot, len(vars), body)
}

func (u *unit) checkVars(x *syntax.ForIn, want int) bool {
	if len(x.Vars) != want {
		u.errorf(x.Pos(), "the loop has %d variables, but there are %d values at a time", len(x.Vars), want)
		return false
	}
	for i, v := range x.Vars {
		for _, s := range u.scopes {
			if s.name == v.Name {
				u.errorf(v.Pos, "variable %q hides one of an outer loop", v.Name)
				return false
			}
		}
		if i > 0 && v.Name == x.Vars[0].Name {
			u.errorf(v.Pos, "variable %q is given twice", v.Name)
			return false
		}
	}
	return true
}

// iterable compiles what a loop runs over, and gives the kinds of its variables.
func (u *unit) iterable(x *syntax.ForIn) (op ir.Op, items []int32, vars []operand, ok bool) {
	switch {
	case x.Range != nil:
		low, high := u.bounds(x.Range)
		return ir.ForRange, []int32{low.node, high.node}, []operand{{kind: module.KindInt}}, !low.bad && !high.bad
	case x.Tuple != nil:
		items, v, ok := u.tuple(x)
		return ir.ForTuple, items, []operand{v}, ok
	}
	o := u.expr(x.X)
	if o.bad {
		return 0, nil, nil, false
	}
	switch o.kind {
	case module.KindArray:
		vars, op = []operand{elem(o)}, ir.ForArray
	case module.KindDict:
		vars, op = []operand{{kind: module.KindString}, elem(o)}, ir.ForDict
	default:
		u.errorf(x.X.Pos(), "%s cannot be looped over", describe(o))
		return 0, nil, nil, false
	}
	return op, []int32{o.node, u.typeIndex(o.typ)}, vars, true
}

func elem(o operand) operand {
	return operand{kind: asValue(o.typ.Elem.Kind), typ: o.typ.Elem}
}

func (u *unit) tuple(x *syntax.ForIn) (items []int32, v operand, ok bool) {
	for i, e := range x.Tuple {
		o := u.expr(e)
		switch {
		case o.bad:
			return nil, o, false
		case o.kind != module.KindInt && o.kind != module.KindString && o.kind != module.KindFloat && o.kind != module.KindBool:
			u.errorf(e.Pos(), "%s cannot be looped over", describe(o))
			return nil, o, false
		case i > 0 && o.kind != v.kind:
			u.errorf(e.Pos(), "the values of a loop must be of one kind, not %s and %s", describe(v), describe(o))
			return nil, o, false
		}
		v = operand{kind: o.kind}
		items = append(items, o.node)
	}
	return items, v, true
}

func (u *unit) with(x *syntax.With) operand {
	if u.slots+len(x.Decls) > maxVariables {
		return u.errorf(x.Pos(), "more than %d variables at once", maxVariables)
	}
	scopes, slot := len(u.scopes), u.enter(len(x.Decls))
	var pairs []int32
	bad := false
	for i, d := range x.Decls {
		o := u.expr(d.X)
		bad = bad || o.bad
		pairs = append(pairs, slot+int32(i), o.node)
		o.known, o.text = false, nil
		u.scopes = append(u.scopes, scope{name: d.Name.Name, slot: slot + int32(i), of: o})
	}
	body := u.boolean(x.Body)
	u.leave(slot, scopes)
	if bad || body.bad {
		return operand{bad: true}
	}
	start, n := u.list(pairs)
	return u.op(ir.Node{Op: ir.With, Kind: module.KindBool, A: start, B: n, C: body.node})
}
