package eval

import "vitrine/yara/internal/module"

// What follows answers what a plan asks of modules before it says which rules
// have to be evaluated. Indices are those of the Set.

// Extent tells how many elements the array or dictionary in a field of a module
// has; of a number or boolean, 1 when it is defined and not 0.
func (e *Evaluator) Extent(mod, fieldID int32) int {
	f := e.set.Fields[fieldID]
	v := e.rootField(mod, f)
	switch {
	case v.Kind != f.Type.Kind:
		return 0
	case v.Kind == module.KindArray || v.Kind == module.KindDict:
		return f.Type.Len(v.Ref)
	case truth(v):
		return 1
	}
	return 0
}

// Text gives a text: a field of a module, what the function ^fieldID gives, or,
// where elem is not negative, a field of element i of an array. It is nil where
// that is not defined.
func (e *Evaluator) Text(mod, fieldID, elem int32, i int) []byte {
	var v module.Value
	switch {
	case fieldID < 0:
		if self := e.open(mod).value.Ref; e.spend(costCall) {
			v = e.set.Calls[^fieldID].Call(&e.config.Context, self, nil)
		}
	case elem < 0:
		v = e.rootField(mod, e.set.Fields[fieldID])
	default:
		v = e.element(mod, e.set.Fields[fieldID], e.set.Fields[elem], i)
	}
	if v.Kind != module.KindString {
		return nil
	}
	if v.Bytes == nil {
		return []byte{}
	}
	return v.Bytes
}

// element gives a field of element i of an array.
func (e *Evaluator) element(mod int32, array, elem *module.Field, i int) module.Value {
	list := e.rootField(mod, array)
	if list.Kind != module.KindArray || i >= array.Type.Len(list.Ref) {
		return undefined
	}
	self := array.Type.At(list.Ref, i)
	if self.Kind != module.KindStruct {
		return undefined
	}
	return field(elem, self.Ref)
}

func (e *Evaluator) rootField(mod int32, f *module.Field) module.Value {
	if !e.spend(1) {
		return undefined
	}
	return field(f, e.open(mod).value.Ref)
}
