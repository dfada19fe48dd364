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

// Text gives the text in a field of element i of an array that is a field of a
// module, and nil where it is not defined.
func (e *Evaluator) Text(mod, array, elem int32, i int) []byte {
	f := e.set.Fields[array]
	list := e.rootField(mod, f)
	if list.Kind != module.KindArray || i >= f.Type.Len(list.Ref) {
		return nil
	}
	self := f.Type.At(list.Ref, i)
	if self.Kind != module.KindStruct {
		return nil
	}
	v := field(e.set.Fields[elem], self.Ref)
	if v.Kind != module.KindString {
		return nil
	}
	if v.Bytes == nil {
		return []byte{}
	}
	return v.Bytes
}

func (e *Evaluator) rootField(mod int32, f *module.Field) module.Value {
	if !e.spend(1) {
		return undefined
	}
	return field(f, e.open(mod).value.Ref)
}
