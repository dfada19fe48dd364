package macho

import "vitrine/yara/internal/module"

// imageFields declares what is known of the program for one architecture; of
// finds it in the receiver of the struct around the fields.
func imageFields[T any](of func(T) *image) []module.Field {
	fields := headerFields(of)
	fields = append(fields,
		listField("segments", segmentType(), of, func(m *image) []segment { return m.segmentList() }),
		field("entry_point", module.KindInt, of, func(m *image) module.Value { return m.start().entry }),
		field("stack_size", module.KindInt, of, func(m *image) module.Value { return m.start().stack }),
		field("number_of_segments", module.KindInt, of, func(m *image) module.Value {
			return module.Int(int64(len(m.segmentList())))
		}),
	)
	fields = append(fields, inYARAX(linkFields(of)...)...)
	return append(fields, inYARAX(symbolFields(of)...)...)
}

func headerFields[T any](of func(T) *image) []module.Field {
	fields := []module.Field{
		field("magic", module.KindInt, of, func(m *image) module.Value { return module.Int(int64(m.magic)) }),
		field("reserved", module.KindInt, of, func(m *image) module.Value {
			if !m.wide {
				return module.Undefined()
			}
			return module.Int(int64(m.u32(28)))
		}),
	}
	for i, name := range []string{"cputype", "cpusubtype", "filetype", "ncmds", "sizeofcmds", "flags"} {
		fields = append(fields, field(name, module.KindInt, of, func(m *image) module.Value {
			return module.Int(int64(m.u32(4 + 4*int64(i))))
		}))
	}
	return fields
}

// field declares a scalar field of an image.
func field[T any](name string, kind module.Kind, of func(T) *image, get func(m *image) module.Value) module.Field {
	return typedField(name, &module.Type{Kind: kind}, of, get)
}

func typedField[T any](name string, t *module.Type, of func(T) *image, get func(m *image) module.Value) module.Field {
	return module.Part(name, t, func(self T) module.Value {
		if m := of(self); m != nil {
			return get(m)
		}
		return module.Undefined()
	})
}

// listField declares an array of structs of an image.
func listField[T, E any](name string, elem *module.Type, of func(T) *image, list func(m *image) []E) module.Field {
	t := module.List(elem,
		func(m *image) int { return len(list(m)) },
		func(m *image, i int) module.Value { return module.Ref(module.KindStruct, &list(m)[i]) })
	return typedField(name, t, of, func(m *image) module.Value { return module.Ref(module.KindArray, m) })
}

// textsField declares an array of strings of an image.
func textsField[T any](name string, of func(T) *image, list func(m *image) [][]byte) module.Field {
	t := module.List(&module.Type{Kind: module.KindString},
		func(m *image) int { return len(list(m)) },
		func(m *image, i int) module.Value { return module.Bytes(list(m)[i]) })
	return typedField(name, t, of, func(m *image) module.Value { return module.Ref(module.KindArray, m) })
}
