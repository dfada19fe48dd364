package dotnet

import (
	"fmt"

	"vitrine/yara/internal/module"
)

const (
	maxMethods     = 20000 // of a class
	maxMethodRows  = 1 << 16
	flagGenericSig = 0x10
	flagStatic     = 0x10
	flagFinal      = 0x20
	flagVirtual    = 0x40
	flagAbstractly = 0x400

	methodFlags     = 2
	methodName      = 3
	methodSignature = 4
	methodParams    = 5
)

// method is a method whose signature could be read whole.
type method struct {
	flags    uint32
	name     []byte
	result   []byte // nil for constructors
	generics [][]byte
	params   []param
	listed   bool // there is a list of parameters, be it empty
}

type param struct{ name, typ []byte }

// methodPart reads the methods of a class: those from its own first to that of
// the next class.
func (c *class) methodPart() *counted[method] {
	return c.methods.Get(func() (out counted[method]) {
		first, count := c.column(columnMethods), c.methodCount()
		if first == 0 || count > maxMethods {
			return out
		}
		out.known = true
		for n := range count {
			if n+first > c.f.tablePart().list[tableMethodDef].count || !c.f.anotherMethod() {
				break
			}
			if r, ok := c.f.row(tableMethodDef, first+n); ok {
				if m, ok := c.readMethod(r, first+n); ok {
					out.list = append(out.list, m)
				}
			}
		}
		return out
	})
}

// anotherMethod counts the rows of methods that were looked at: classes may
// claim the same ones.
func (f *file) anotherMethod() bool {
	f.seen++
	return f.seen <= maxMethodRows
}

func (c *class) methodCount() uint32 {
	types, methods := &c.f.tablePart().list[tableTypeDef], &c.f.tablePart().list[tableMethodDef]
	first := c.column(columnMethods)
	if c.number < types.count {
		if next, ok := c.f.row(tableTypeDef, c.number+1); ok && next.column(columnMethods) >= first {
			return next.column(columnMethods) - first
		}
		return 0
	}
	if methods.count >= first {
		return methods.count + 1 - first
	}
	return 0
}

// readMethod fails where the name is empty or the signature does not make sense.
func (c *class) readMethod(r row, number uint32) (m method, ok bool) {
	f := c.f
	m.name = r.string(methodName)
	if len(m.name) == 0 || r.column(methodSignature) >= f.streamPart().blob.size {
		return m, false
	}
	contents, _, ok := f.blobAt(r.column(methodSignature))
	if !ok || len(contents) < 3 {
		return m, false
	}
	m.flags, m.generics = r.column(methodFlags), f.genericsOf(1, number)
	s := &signature{f: f, rest: contents[1:], class: c.generics, method: m.generics}
	if contents[0]&flagGenericSig != 0 {
		s.unsigned() // their number, which the table of generic parameters knows
	}
	count := s.unsigned()
	if m.result = s.typ(0); m.result == nil || count > maxParams {
		return m, false
	}
	if string(m.name) == ".ctor" || string(m.name) == ".cctor" {
		m.result = nil
	}
	return m, m.readParams(s, r.column(methodParams), count)
}

// readParams takes names from the table Param and types from the signature.
func (m *method) readParams(s *signature, first, count uint32) bool {
	if first == 0 {
		return true
	}
	m.listed = true
	for n := range count {
		var p param
		if i := first + n; i < 1 || i > s.f.tablePart().list[tableParam].count {
			p.name = fmt.Appendf(nil, "P_%d", n)
		} else if r, ok := s.f.row(tableParam, i); ok {
			p.name = r.string(2)
		} else {
			return false
		}
		if p.typ = s.typ(0); p.typ == nil {
			return false
		}
		m.params = append(m.params, p)
	}
	return true
}

func methodType() *module.Type {
	str := func(name string, get func(m *method) []byte) module.Field {
		return module.Got(name, module.KindString, func(m *method) module.Value { return text(get(m)) })
	}
	flags := func(m *method) uint32 { return m.flags }
	elem := module.Struct(
		module.Got("name", module.KindString, func(p *param) module.Value { return text(p.name) }),
		module.Got("type", module.KindString, func(p *param) module.Value { return text(p.typ) }),
	)
	params := module.List(elem, func(m *method) int { return len(m.params) },
		func(m *method, i int) module.Value { return refOf(&m.params[i]) })
	return module.Struct(append(names("generic_parameters", func(m *method) [][]byte { return m.generics }),
		module.Part("parameters", params, func(m *method) module.Value { return module.Ref(module.KindArray, m) }),
		module.Got("number_of_parameters", module.KindInt, func(m *method) module.Value {
			if !m.listed {
				return module.Undefined()
			}
			return module.Int(int64(len(m.params)))
		}),
		str("return_type", func(m *method) []byte { return m.result }),
		flag("abstract", flagAbstractly, flags), flag("final", flagFinal, flags),
		flag("virtual", flagVirtual, flags), flag("static", flagStatic, flags),
		str("visibility", func(m *method) []byte { return []byte(methodVisibility(m.flags)) }),
		str("name", func(m *method) []byte { return m.name }),
	)...)
}
