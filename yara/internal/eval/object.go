package eval

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

func (e *Evaluator) object(n *ir.Node) module.Value {
	switch n.Op {
	case ir.Module:
		return e.open(n.A).value
	case ir.Field:
		self := e.eval(n.A)
		if self.Kind != module.KindStruct {
			return undefined
		}
		return field(e.set.Fields[n.B], self.Ref)
	case ir.IndexArray:
		return e.indexArray(n)
	case ir.IndexDict:
		object, key := e.eval(n.A), e.eval(n.B)
		if object.Kind != module.KindDict || key.Kind != module.KindString {
			return undefined
		}
		return e.set.Types[n.C].Lookup(object.Ref, key.Bytes)
	case ir.Len:
		return e.length(n)
	}
	return e.call(n)
}

// field gives the value of a struct's field. A struct inside a struct that has
// no getter of its own shares its receiver.
func field(f *module.Field, self any) module.Value {
	switch {
	case f.Get != nil && self != nil:
		return f.Get(self)
	case f.Get == nil && f.Type.Kind == module.KindStruct:
		return module.Ref(module.KindStruct, self)
	case f.Get == nil:
		return f.Const
	}
	return undefined
}

func (e *Evaluator) indexArray(n *ir.Node) module.Value {
	object, index := e.eval(n.A), e.eval(n.B)
	if object.Kind != module.KindArray || index.Kind != module.KindInt {
		return undefined
	}
	t := e.set.Types[n.C]
	if index.Int < 0 || index.Int >= int64(t.Len(object.Ref)) {
		return undefined
	}
	return t.At(object.Ref, int(index.Int))
}

func (e *Evaluator) length(n *ir.Node) module.Value {
	v := e.eval(n.A)
	switch v.Kind {
	case module.KindString:
		return module.Int(int64(len(v.Bytes)))
	case module.KindArray, module.KindDict:
		return module.Int(int64(e.set.Types[n.B].Len(v.Ref)))
	}
	return undefined
}

// open opens a module at its first use in a scan.
func (e *Evaluator) open(id int32) *root {
	r := &e.roots[id]
	if !r.open {
		m := e.set.Modules[id]
		r.open, r.context = true, e.config.Context
		r.context.Extra = e.config.Extra[m.Name]
		r.value = module.Ref(module.KindStruct, m.Open(&r.context))
		e.opened = append(e.opened, id)
	}
	return r
}

func (e *Evaluator) call(n *ir.Node) module.Value {
	self := e.eval(n.D)
	if self.Kind != module.KindStruct {
		return undefined
	}
	base := len(e.args)
	defer func() { e.args = e.args[:base] }()
	for _, a := range e.set.List(n.B, n.C) {
		v := e.eval(a)
		if v.Kind == module.KindUndefined {
			return undefined
		}
		e.args = append(e.args, v)
	}
	if !e.spend(costCall) {
		return undefined
	}
	return e.set.Calls[n.A].Call(&e.config.Context, self.Ref, e.args[base:])
}
