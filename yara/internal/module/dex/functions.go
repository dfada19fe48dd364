package dex

import (
	"bytes"

	"vitrine/yara/internal/module"
)

// test is an argument as a question about a name.
type test func(name []byte) bool

// testOf compares as C compares strings, which end at a NUL, or matches.
func testOf(v module.Value) test {
	if re, ok := v.Ref.(module.Regexp); ok {
		return func(name []byte) bool { return re.Match(untilNUL(name)) }
	}
	want := untilNUL(v.Bytes)
	return func(name []byte) bool { return bytes.Equal(untilNUL(name), want) }
}

func untilNUL(s []byte) []byte {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// anyMethod reports whether a method passes both tests, either of which may be
// nil. A method whose class has no name passes the one for classes if it is
// asked for with a name.
func (f *file) anyMethod(c *module.Context, class, name test) module.Value {
	m := f.memberPart()
	if !m.ok {
		return module.Undefined()
	}
	for i := range m.methods[:m.methodCount] {
		if i%1024 == 1023 && c.Cancelled() {
			break
		}
		if passes(class, m.methods[i].class(), name != nil) && passes(name, m.methods[i].name(), false) {
			return module.Int(1)
		}
	}
	return module.Int(0)
}

// passes asks a test about a name; unnamed is the answer where there is none.
func passes(t test, name []byte, unnamed bool) bool {
	switch {
	case t == nil:
		return true
	case name == nil:
		return unnamed
	}
	return t(name)
}

func hasMethod(c *module.Context, f *file, args []module.Value) module.Value {
	if len(args) == 1 {
		return f.anyMethod(c, nil, testOf(args[0]))
	}
	return f.anyMethod(c, testOf(args[0]), testOf(args[1]))
}

func hasClass(c *module.Context, f *file, args []module.Value) module.Value {
	return f.anyMethod(c, testOf(args[0]), nil)
}

func functionTree() []module.Field {
	return []module.Field{
		module.Function("has_method",
			module.Overload("s", module.KindInt, hasMethod), module.Overload("ss", module.KindInt, hasMethod),
			module.Overload("r", module.KindInt, hasMethod), module.Overload("rr", module.KindInt, hasMethod)),
		module.Function("has_class",
			module.Overload("s", module.KindInt, hasClass), module.Overload("r", module.KindInt, hasClass)),
	}
}
