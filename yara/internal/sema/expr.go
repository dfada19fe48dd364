package sema

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// operand is what an expression came to.
type operand struct {
	bad   bool // an error was reported
	node  ir.NodeID
	kind  module.Kind
	typ   *module.Type // of structs, arrays, dictionaries and functions
	known bool         // value is known now
	value int64
	text  []byte // of text literals
	name  string // for messages: what was named
}

// value wraps a node of a simple kind.
func value(n ir.NodeID, k module.Kind) operand { return operand{node: n, kind: k} }

// op emits a node and wraps it.
func (u *unit) op(n ir.Node) operand { return value(u.emit(n), n.Kind) }

// expr compiles any expression.
func (u *unit) expr(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.StringRef, *syntax.StringCount, *syntax.StringOffset, *syntax.StringLength:
		return u.stringExpr(x)
	case *syntax.Name, *syntax.Field, *syntax.Index, *syntax.Call:
		return u.object(x)
	case *syntax.Unary:
		return u.unary(x)
	case *syntax.Binary:
		return u.binary(x)
	case *syntax.Logic:
		return u.logic(x)
	case *syntax.Of:
		return u.of(x)
	case *syntax.ForOf:
		return u.forOfLoop(x)
	case *syntax.ForIn:
		return u.forIn(x)
	case *syntax.With:
		return u.with(x)
	}
	return u.literal(x)
}

func (u *unit) literal(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.BoolLit:
		v := int32(0)
		if x.Value {
			v = 1
		}
		return u.op(ir.Node{Op: ir.ConstBool, Kind: module.KindBool, A: v})
	case *syntax.IntLit:
		return operand{node: u.intNode(x.Value), kind: module.KindInt, known: true, value: x.Value}
	case *syntax.FloatLit:
		return value(u.floatNode(x.Value), module.KindFloat)
	case *syntax.TextLit:
		return operand{node: u.textNode(x.Value), kind: module.KindString, text: x.Value}
	case *syntax.RegexpLit:
		i, ok := u.regexp(x)
		if !ok {
			return operand{bad: true}
		}
		return u.op(ir.Node{Op: ir.ConstRegexp, Kind: module.KindRegexp, A: i})
	case *syntax.Filesize:
		return u.op(ir.Node{Op: ir.Filesize, Kind: module.KindInt})
	case *syntax.Entrypoint:
		return u.entrypoint(x)
	}
	return u.errorf(x.Pos(), "a range cannot stand here")
}

// entrypoint reads the entry point through the modules pe and elf.
func (u *unit) entrypoint(x *syntax.Entrypoint) operand {
	if u.c.options.YARAX {
		return u.errorf(x.Pos(), "entrypoint is not part of YARA-X; use pe.entry_point or elf.entry_point")
	}
	u.warnf(x.Pos(), "entrypoint is deprecated; use pe.entry_point or elf.entry_point")
	var nodes [2]ir.NodeID
	for i, name := range []string{"pe", "elf"} {
		m := u.c.findModule(name)
		if m == nil {
			return u.errorf(x.Pos(), "entrypoint needs the module %s", name)
		}
		_, f := m.Type.Member("entry_point")
		root := u.emit(ir.Node{Op: ir.Module, Kind: module.KindStruct, A: u.c.module(m)})
		nodes[i] = u.emit(ir.Node{Op: ir.Field, Kind: module.KindInt, A: root, B: u.fieldIndex(f)})
	}
	return u.op(ir.Node{Op: ir.Entrypoint, Kind: module.KindInt, A: nodes[0], B: nodes[1]})
}

// boolean compiles an expression where yes or no is wanted.
func (u *unit) boolean(x syntax.Expr) operand {
	o := u.expr(x)
	switch {
	case o.bad || o.kind == module.KindBool:
		return o
	case o.text != nil:
		u.warnf(x.Pos(), "the text %q is used as a boolean", o.text)
	}
	switch o.kind {
	case module.KindInt, module.KindFloat, module.KindString:
		return u.op(ir.Node{Op: ir.ToBool, Kind: module.KindBool, A: o.node})
	}
	return u.errorf(x.Pos(), "%s cannot be used as a boolean", describe(o))
}

// integer compiles an expression that must be an integer.
func (u *unit) integer(x syntax.Expr, where string) operand {
	o := u.expr(x)
	if !o.bad && o.kind != module.KindInt {
		return u.errorf(x.Pos(), "%s must be an integer, not %s", where, describe(o))
	}
	return o
}

func describe(o operand) string {
	kind := map[module.Kind]string{
		module.KindInt: "an integer", module.KindFloat: "a float", module.KindBool: "a boolean",
		module.KindString: "a text", module.KindRegexp: "a regular expression", module.KindStruct: "a structure",
		module.KindArray: "an array", module.KindDict: "a dictionary", module.KindFunc: "a function",
	}[o.kind]
	if o.name != "" {
		return kind + " (" + o.name + ")"
	}
	return kind
}

// bounds compiles a range.
func (u *unit) bounds(r *syntax.Range) (low, high operand) {
	low = u.integer(r.Low, "the lower bound of a range")
	high = u.integer(r.High, "the upper bound of a range")
	switch {
	case !low.known || !high.known:
	case low.value > high.value:
		return u.errorf(r.Pos(), "the lower bound %d of the range is above its upper bound %d", low.value, high.value), high
	case low.value < 0:
		return u.errorf(r.Pos(), "the lower bound %d of the range is negative", low.value), high
	}
	return low, high
}
