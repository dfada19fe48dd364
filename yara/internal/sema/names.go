package sema

import (
	"slices"
	"strings"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// object compiles a name and what hangs on it: fields, indexes and calls.
func (u *unit) object(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.Name:
		return u.name(x)
	case *syntax.Field:
		return u.field(x)
	case *syntax.Index:
		return u.index(x)
	}
	return u.call(x.(*syntax.Call))
}

// name resolves an identifier: a variable of a loop, an external variable, a
// module or a rule.
func (u *unit) name(x *syntax.Name) operand {
	for i := len(u.scopes) - 1; i >= 0; i-- {
		if s := &u.scopes[i]; s.name == x.Name {
			o := s.of
			o.node = u.emit(ir.Node{Op: ir.Slot, Kind: o.kind, A: s.slot})
			o.name = x.Name
			return o
		}
	}
	if i, ok := u.c.externals[x.Name]; ok {
		kind := asValue(u.c.set.Externals[i].Value.Kind)
		return operand{node: u.emit(ir.Node{Op: ir.Variable, Kind: kind, A: i}), kind: kind, name: x.Name}
	}
	if i, ok := u.ns.imports[x.Name]; ok {
		n := u.emit(ir.Node{Op: ir.Module, Kind: module.KindStruct, A: i})
		return operand{node: n, kind: module.KindStruct, typ: u.c.set.Modules[i].Type, name: x.Name}
	}
	if r, ok := u.ns.rules[x.Name]; ok {
		return u.op(ir.Node{Op: ir.RuleRef, Kind: module.KindBool, A: r})
	}
	switch {
	case u.ns.broken[x.Name]:
		return operand{bad: true, node: u.emit(ir.Node{Op: ir.ConstBool}), kind: module.KindBool}
	case u.c.findModule(x.Name) != nil:
		return u.errorf(x.Pos(), "module %s is used without `import \"%s\"`", x.Name, x.Name)
	}
	return u.errorf(x.Pos(), "unknown identifier %q", x.Name)
}

// asValue is the kind a stored boolean has in conditions: YARA's modules and
// external variables know integers only.
func asValue(k module.Kind) module.Kind {
	if k == module.KindBool {
		return module.KindInt
	}
	return k
}

func (u *unit) field(x *syntax.Field) operand {
	o := u.expr(x.X)
	if o.bad {
		return o
	}
	if o.kind != module.KindStruct {
		return u.errorf(x.Pos(), "%s has no fields", describe(o))
	}
	_, f := o.typ.Member(x.Name)
	if f == nil {
		return u.errorf(x.Pos(), "%s has no field %q", o.name, x.Name)
	}
	name := o.name + "." + x.Name
	if f.Type.Kind == module.KindFunc {
		return operand{node: o.node, kind: module.KindFunc, typ: f.Type, name: name}
	}
	u.checkDialect(x.Pos(), name, f.YARAX)
	if f.Const.Kind == module.KindInt {
		return operand{node: u.intNode(f.Const.Int), kind: module.KindInt, known: true, value: f.Const.Int, name: name}
	}
	kind := asValue(f.Type.Kind)
	n := u.emit(ir.Node{Op: ir.Field, Kind: kind, A: o.node, B: u.fieldIndex(f)})
	return operand{node: n, kind: kind, typ: f.Type, name: name}
}

func (u *unit) index(x *syntax.Index) operand {
	o := u.expr(x.X)
	key := u.expr(x.Key)
	if o.bad || key.bad {
		return operand{bad: true}
	}
	op, want := ir.IndexArray, module.KindInt
	switch o.kind {
	case module.KindArray:
	case module.KindDict:
		op, want = ir.IndexDict, module.KindString
	default:
		return u.errorf(x.Pos(), "%s cannot be indexed", describe(o))
	}
	if key.kind != want {
		return u.errorf(x.Key.Pos(), "the index of %s cannot be %s", describe(o), describe(key))
	}
	if u.c.options.YARAX && key.known && key.value < 0 {
		return u.errorf(x.Key.Pos(), "the index of %s is negative", describe(o))
	}
	elem := o.typ.Elem
	n := u.emit(ir.Node{Op: op, Kind: asValue(elem.Kind), A: o.node, B: key.node, C: u.typeIndex(o.typ)})
	return operand{node: n, kind: asValue(elem.Kind), typ: elem, name: o.name + "[]"}
}

// readForm gives the width, sign and byte order of a function that reads a
// number from the data.
func readForm(name string) (form ir.IntForm, ok bool) {
	if rest, found := strings.CutSuffix(name, "be"); found {
		form, name = ir.IntBig, rest
	}
	switch name {
	case "float32":
		return form | ir.IntFloat | 4, true
	case "float64":
		return form | ir.IntFloat | 8, true
	}
	if rest, found := strings.CutPrefix(name, "u"); found {
		name = rest
	} else {
		form |= ir.IntSigned
	}
	switch name {
	case "int8":
		return form | 1, true
	case "int16":
		return form | 2, true
	case "int32":
		return form | 4, true
	}
	return 0, false
}

func (u *unit) call(x *syntax.Call) operand {
	if name, ok := x.Fun.(*syntax.Name); ok {
		if form, ok := readForm(name.Name); ok {
			return u.readNumber(x, form, name.Name)
		}
	}
	if f, ok := x.Fun.(*syntax.Field); ok && f.Name == "len" && len(x.Args) == 0 {
		if o, ok := u.length(f); ok {
			return o
		}
	}
	fun := u.expr(x.Fun)
	args := make([]operand, len(x.Args))
	bad := fun.bad
	for i, a := range x.Args {
		args[i] = u.expr(a)
		bad = bad || args[i].bad
	}
	switch {
	case bad:
		return operand{bad: true}
	case fun.kind != module.KindFunc:
		return u.errorf(x.Pos(), "%s is not a function", describe(fun))
	}
	return u.overload(x, fun, args)
}

func (u *unit) readNumber(x *syntax.Call, form ir.IntForm, name string) operand {
	if len(x.Args) != 1 {
		return u.errorf(x.Pos(), "%s takes one argument", name)
	}
	at := u.integer(x.Args[0], "the argument of "+name)
	if at.bad {
		return at
	}
	kind := module.KindInt
	if form&ir.IntFloat != 0 {
		kind = module.KindFloat
	}
	return u.op(ir.Node{Op: ir.ReadInt, Kind: kind, A: form, B: at.node})
}

// length is the method len of texts, arrays and dictionaries.
func (u *unit) length(f *syntax.Field) (operand, bool) {
	o := u.expr(f.X)
	if o.bad {
		return o, true
	}
	n := ir.Node{Op: ir.Len, Kind: module.KindInt, A: o.node}
	switch o.kind {
	case module.KindArray, module.KindDict:
		n.B = u.typeIndex(o.typ)
	case module.KindString:
	default:
		return o, false
	}
	return u.op(n), true
}

// checkDialect warns of what YARA 4 would refuse. It is taken all the same: a
// rule that works is worth more than one that fails as it would elsewhere.
func (u *unit) checkDialect(at syntax.Pos, name string, yarax bool) {
	if yarax && !u.c.options.YARAX {
		u.warnf(at, "YARA 4 does not know %s, only YARA-X does", name)
	}
}

// called names a function in one of its forms.
func called(fun operand) string {
	if slices.ContainsFunc(fun.typ.Func, func(f module.Func) bool { return !f.YARAX }) {
		return fun.name + "() with these arguments"
	}
	return fun.name + "()"
}

// overload picks the form of a function that takes these arguments.
func (u *unit) overload(x *syntax.Call, fun operand, args []operand) operand {
	nodes := make([]int32, len(args))
	for i := range args {
		nodes[i] = args[i].node
	}
	for _, exact := range []bool{true, false} {
		for i := range fun.typ.Func {
			f := &fun.typ.Func[i]
			if accepts(f, args, exact) {
				u.checkDialect(x.Pos(), called(fun), f.YARAX)
				start, n := u.list(nodes)
				kind := asValue(f.Result)
				node := u.emit(ir.Node{Op: ir.Call, Kind: kind, A: u.callIndex(f), B: start, C: n, D: fun.node})
				return operand{node: node, kind: kind, name: fun.name + "()"}
			}
		}
	}
	kinds := make([]string, len(args))
	for i, a := range args {
		kinds[i] = describe(a)
	}
	return u.errorf(x.Pos(), "%s does not take (%s)", fun.name, strings.Join(kinds, ", "))
}

// accepts reports whether arguments fit. Where not exact, a boolean field may
// stand for a boolean.
func accepts(f *module.Func, args []operand, exact bool) bool {
	if len(f.Args) != len(args) {
		return false
	}
	for i, want := range f.Args {
		have := args[i].kind
		if have != want && (exact || have != module.KindInt || want != module.KindBool) {
			return false
		}
	}
	return true
}
