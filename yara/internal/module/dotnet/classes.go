package dotnet

import (
	"bytes"

	"vitrine/yara/internal/module"
)

const (
	flagInterface = 0x20
	flagAbstract  = 0x80
	flagSealed    = 0x100
)

// class is a type that the assembly defines; number is its row from 1.
type class struct {
	row
	number uint32
	name   []byte

	generics [][]byte
	bases    module.Once[[][]byte]
	methods  module.Once[counted[method]]
}

// classList finds the types with a name. It is there only when all tables could
// be read.
func (f *file) classList() *counted[class] {
	return f.classes.Get(func() (c counted[class]) {
		if !f.tablePart().whole {
			return c
		}
		c.known = true
		for n := range f.tablePart().list[tableTypeDef].count {
			r, ok := f.row(tableTypeDef, n+1)
			if !ok {
				continue
			}
			name, _, _ := bytes.Cut(r.string(columnName), []byte("`"))
			if len(name) > 0 && string(r.string(columnName)) != "<Module>" {
				c.list = append(c.list, class{row: r, number: n + 1, name: name, generics: f.genericsOf(0, n+1)})
			}
		}
		return c
	})
}

func (c *class) flags() uint32 { return c.column(columnFlags) }

func (c *class) space() []byte { return c.f.namespace(c.row, c.number) }

// basePart is the class it extends and the interfaces it implements.
func (c *class) basePart() [][]byte {
	return *c.bases.Get(func() (names [][]byte) {
		for _, index := range append([]uint32{c.column(columnExtends)}, c.f.typeIndex().interfaces[c.number]...) {
			if name := c.f.typeName(index, c.generics, 0); name != nil {
				names = append(names, name)
			}
		}
		return names
	})
}

// typeVisibility says who may see a type, in words of C#.
func typeVisibility(flags uint32) string {
	return [...]string{"internal", "public", "public", "private", "protected", "internal", "private protected",
		"protected internal"}[flags&visibleMask]
}

// methodVisibility says who may call a method.
func methodVisibility(flags uint32) string {
	return [...]string{"private", "private", "private protected", "internal", "protected", "protected internal",
		"public", "private"}[flags&visibleMask]
}

// flag declares a bit as 0 or 1.
func flag[T any](name string, bit uint32, of func(T) uint32) module.Field {
	return module.Got(name, module.KindInt, func(self T) module.Value {
		if of(self)&bit != 0 {
			return module.Int(1)
		}
		return module.Int(0)
	})
}

// names declares a list of strings and their number.
func names[T any](name string, of func(T) [][]byte) []module.Field {
	t := module.List(textType(), func(self T) int { return len(of(self)) },
		func(self T, i int) module.Value { return module.Bytes(of(self)[i]) })
	return []module.Field{
		module.Part(name, t, func(self T) module.Value { return module.Ref(module.KindArray, self) }),
		module.Got("number_of_"+name, module.KindInt, func(self T) module.Value { return module.Int(int64(len(of(self)))) }),
	}
}

func classTree() []module.Field {
	str := func(name string, get func(c *class) []byte) module.Field {
		return module.Got(name, module.KindString, func(c *class) module.Value { return text(get(c)) })
	}
	fields := []module.Field{
		str("fullname", func(c *class) []byte { return join(c.string(columnName), c.space()) }),
		str("name", func(c *class) []byte { return c.name }),
		str("namespace", (*class).space),
		str("visibility", func(c *class) []byte { return []byte(typeVisibility(c.flags())) }),
		str("type", func(c *class) []byte {
			if c.flags()&flagInterface != 0 {
				return []byte("interface")
			}
			return []byte("class")
		}),
		flag("abstract", flagAbstract, (*class).flags), flag("sealed", flagSealed, (*class).flags),
	}
	fields = append(fields, names("generic_parameters", func(c *class) [][]byte { return c.generics })...)
	fields = append(fields, names("base_types", (*class).basePart)...)
	methods := module.List(methodType(),
		func(c *class) int { return len(c.methodPart().list) },
		func(c *class, i int) module.Value { return refOf(&c.methodPart().list[i]) })
	fields = append(fields,
		module.Part("methods", methods, func(c *class) module.Value { return module.Ref(module.KindArray, c) }),
		module.Got("number_of_methods", module.KindInt, func(c *class) module.Value {
			if m := c.methodPart(); m.known || c.f.ctx.YARAX {
				return module.Int(int64(len(m.list)))
			}
			return module.Undefined()
		}))
	return listFields("classes", module.Struct(fields...), (*file).classList, refOf[class])
}
