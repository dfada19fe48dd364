package dotnet

import "vitrine/yara/internal/module"

// Columns of the tables Assembly and AssemblyRef.
const (
	assemblyVersion = 1
	assemblyName    = 7
	assemblyCulture = 8
	refVersion      = 0
	refToken        = 5
	refName         = 6
)

// assemblyRef is a row about another assembly. Where its key is broken, token
// and name are nil.
type assemblyRef struct {
	row
	token, name []byte
}

func (f *file) assemblyRefs() *counted[assemblyRef] {
	return f.refs.Get(func() (c counted[assemblyRef]) {
		t := &f.tablePart().list[tableAssemblyRef]
		c.known = t.known
		for n := range t.count {
			r, ok := f.row(tableAssemblyRef, n+1)
			if !ok {
				break
			}
			e := assemblyRef{row: r}
			if key, _, ok := f.blobAt(r.column(refToken)); ok {
				e.name = r.string(refName)
				if len(key) > 0 {
					e.token = key
				}
			}
			c.list = append(c.list, e)
		}
		return c
	})
}

// versionFields declares the four numbers of a version; first is the column of
// the first.
func versionFields[T any](first int, of func(T) (row, bool)) module.Field {
	var fields []module.Field
	for i, name := range []string{"major", "minor", "build_number", "revision_number"} {
		fields = append(fields, module.Got(name, module.KindInt, func(self T) module.Value {
			if r, ok := of(self); ok {
				return module.Int(int64(r.column(first + i)))
			}
			return module.Undefined()
		}))
	}
	return module.Inner("version", fields...)
}

// assembly is the first row of its table; its being known means that it fits.
func (f *file) assembly() (row, bool) {
	t := &f.tablePart().list[tableAssembly]
	return row{f, t, t.at}, t.known
}

func (f *file) assemblyText(column int) []byte {
	r, ok := f.assembly()
	if !ok {
		return nil
	}
	return r.string(column)
}

func assemblyTree() []module.Field {
	elem := module.Struct(
		versionFields(refVersion, func(e *assemblyRef) (row, bool) { return e.row, true }),
		module.Got("public_key_or_token", module.KindString, func(e *assemblyRef) module.Value { return text(e.token) }),
		module.Got("name", module.KindString, func(e *assemblyRef) module.Value { return text(e.name) }),
	)
	fields := listFields("assembly_refs", elem, (*file).assemblyRefs, refOf[assemblyRef])
	return append(fields, module.Inner("assembly",
		versionFields(assemblyVersion, (*file).assembly),
		module.Got("name", module.KindString, func(f *file) module.Value { return text(f.assemblyText(assemblyName)) }),
		module.Got("culture", module.KindString, func(f *file) module.Value {
			if s := f.assemblyText(assemblyCulture); len(s) > 0 {
				return module.Bytes(s)
			}
			return module.Undefined()
		}),
	))
}
