package ir

import (
	"vitrine/yara/internal/module"
)

// loop checks a loop: what it runs over outside of its variables, the body
// with them.
func (c *checker) loop(n *Node) {
	head := c.enter(n.A)
	if head == nil {
		return
	}
	if head.Op != LoopHead {
		c.fail("node %d is no head of a loop", n.A)
		return
	}
	where := c.list(head.D, 3)
	items := c.list(head.A, head.B)
	c.quantifier(head.C)
	vars := c.items(n.Op, items)
	if c.err != nil {
		return
	}
	slot, body := where[0], where[2]
	if int(where[1]) != len(vars) {
		c.fail("a loop has %d variables where it needs %d", where[1], len(vars))
		return
	}
	for i, v := range vars {
		c.bind(slot+int32(i), v)
	}
	if c.err == nil {
		c.expr(body)
	}
	c.release(slot, slot+int32(len(vars))-1)
}

// items checks what a loop runs over and gives what it binds.
func (c *checker) items(op Op, items []int32) []binding {
	switch op {
	case ForStrings:
		for _, p := range items {
			c.index(p, c.s.Patterns.Len(), "pattern")
		}
		return []binding{{what: boundString}}
	case ForTuple:
		c.exprs(items...)
		return []binding{{what: boundValue}}
	}
	if len(items) != 2 {
		c.fail("a loop runs over %d things where there are two", len(items))
		return nil
	}
	if op == ForRange {
		c.exprs(items...)
		return []binding{{what: boundValue}}
	}
	kind := module.KindArray
	if op == ForDict {
		kind = module.KindDict
	}
	elem := c.elem(c.expr(items[0]), items[1], kind)
	if op == ForDict {
		return []binding{{what: boundValue}, {what: boundValue, typ: elem}}
	}
	return []binding{{what: boundValue, typ: elem}}
}

// elem checks that a value has the type of a number, which is of a kind, and
// gives the type of what it holds.
func (c *checker) elem(have *module.Type, number int32, kind module.Kind) *module.Type {
	if !c.index(number, len(c.s.Types), "type") {
		return nil
	}
	if t := c.s.Types[number]; have != t || t == nil || t.Kind != kind {
		c.fail("type %d is not that of the value", number)
		return nil
	}
	return have.Elem
}

// with checks variables one after the other: each may use those before it.
func (c *checker) with(n *Node) *module.Type {
	pairs := c.list(n.A, n.B)
	if len(pairs)%2 != 0 {
		c.fail("a variable without a value")
	}
	var slots []int32
	for ; c.err == nil && len(pairs) > 0; pairs = pairs[2:] {
		typ := c.expr(pairs[1])
		c.bind(pairs[0], binding{boundValue, typ})
		slots = append(slots, pairs[0])
	}
	var typ *module.Type
	if c.err == nil {
		typ = c.expr(n.C)
	}
	c.release(slots...)
	return typ
}

// object checks what is asked of modules.
func (c *checker) object(n *Node) *module.Type {
	switch n.Op {
	case Module:
		if c.index(n.A, len(c.s.Modules), "module") {
			return c.s.Modules[n.A].Type
		}
	case Field:
		return c.field(n)
	case IndexArray, IndexDict:
		kind := module.KindArray
		if n.Op == IndexDict {
			kind = module.KindDict
		}
		have := c.expr(n.A)
		c.expr(n.B)
		return c.elem(have, n.C, kind)
	case Len:
		if t := c.expr(n.A); t != nil && (t.Kind == module.KindArray || t.Kind == module.KindDict) {
			c.elem(t, n.B, t.Kind)
		}
	default:
		return c.call(n)
	}
	return nil
}

func (c *checker) field(n *Node) *module.Type {
	t := c.expr(n.A)
	if !c.index(n.B, len(c.s.Fields), "field") || c.err != nil {
		return nil
	}
	if t != nil && t.Kind == module.KindStruct {
		for i := range t.Fields {
			if &t.Fields[i] == c.s.Fields[n.B] && t.Fields[i].Type.Kind != module.KindFunc {
				return t.Fields[i].Type
			}
		}
	}
	c.fail("field %d is not one of the structure", n.B)
	return nil
}

// call checks that the structure has the function, and that it gets as many
// arguments as it takes, regular expressions where it takes them.
func (c *checker) call(n *Node) *module.Type {
	args := c.list(n.B, n.C)
	c.exprs(args...)
	t := c.expr(n.D)
	if !c.index(n.A, len(c.s.Calls), "function") || c.err != nil {
		return nil
	}
	f := c.s.Calls[n.A]
	if !has(t, f) || len(args) != len(f.Args) {
		c.fail("function %d is not one of the structure, or takes other arguments", n.A)
		return nil
	}
	for i, id := range args {
		if (c.s.Node(id).Op == ConstRegexp) != (f.Args[i] == module.KindRegexp) {
			c.fail("argument %d of function %d is of the wrong kind", i, n.A)
		}
	}
	return nil
}

func has(t *module.Type, f *module.Func) bool {
	if t == nil || t.Kind != module.KindStruct {
		return false
	}
	for i := range t.Fields {
		overloads := t.Fields[i].Type.Func
		for k := range overloads {
			if &overloads[k] == f {
				return true
			}
		}
	}
	return false
}
