package pe

import "vitrine/yara/internal/module"

// The import flags of the module's functions.
const (
	flagStandard = 1
	flagDelayed  = 2
)

// matcher says which functions of which libraries are meant.
type matcher struct {
	dll      func(name []byte) bool
	function func(fn *function) bool
}

// count is how many imports of the kinds in flags the matcher means.
func (f *file) count(flags int64, m matcher) int64 {
	var n int64
	if flags&flagStandard != 0 {
		n += f.standard().count(m)
	}
	if flags&flagDelayed != 0 {
		n += f.delayedImports().count(m)
	}
	return n
}

func (t *importTable) count(m matcher) int64 {
	var n int64
	for i := range t.libraries {
		lib := &t.libraries[i]
		if !m.dll(lib.name) {
			continue
		}
		for j := range lib.functions {
			if m.function(&lib.functions[j]) {
				n++
			}
		}
	}
	return n
}

// libraryAndFunction makes a matcher of one or two arguments: a DLL's name and
// a function's name or number, or two expressions.
func libraryAndFunction(args []module.Value) matcher {
	var m matcher
	if args[0].Kind == module.KindRegexp {
		dll, fn := args[0].Ref.(module.Regexp), args[1].Ref.(module.Regexp)
		m.dll = dll.Match
		m.function = func(f *function) bool { return fn.Match(f.name) }
		return m
	}
	dll := beforeNUL(args[0].Bytes)
	m.dll = func(name []byte) bool { return equalFold(name, dll) }
	switch {
	case len(args) == 1:
		m.function = func(*function) bool { return true }
	case args[1].Kind == module.KindInt:
		number := args[1].Int
		m.function = func(f *function) bool { return f.hasOrdinal && int64(f.ordinal) == number }
	default:
		want := beforeNUL(args[1].Bytes)
		m.function = func(f *function) bool { return equalFold(f.name, want) }
	}
	return m
}

// importing answers the forms of imports(). Those that name one function give
// a truth value, the others a number.
func importing(flags bool, number bool) func(*module.Context, *file, []module.Value) module.Value {
	return func(_ *module.Context, f *file, args []module.Value) module.Value {
		which := int64(flagStandard)
		if flags {
			which, args = args[0].Int, args[1:]
		}
		n := f.count(which, libraryAndFunction(args))
		if number {
			return module.Int(n)
		}
		return truth(n > 0)
	}
}

func importsFunction() module.Field {
	form := func(args string, flags, number bool) module.Func {
		return module.Overload(args, module.KindInt, importing(flags, number))
	}
	return module.Function("imports",
		form("ss", false, false), form("si", false, false), form("s", false, true), form("rr", false, true),
		form("iss", true, false), form("isi", true, false), form("is", true, true), form("irr", true, true))
}

// slotOf gives the address of the slot of the first import meant.
func slotOf(table func(*file) *importTable) func(*module.Context, *file, []module.Value) module.Value {
	return func(_ *module.Context, f *file, args []module.Value) module.Value {
		m := libraryAndFunction(args)
		t := table(f)
		for i := range t.libraries {
			lib := &t.libraries[i]
			for j := 0; m.dll(lib.name) && j < len(lib.functions); j++ {
				if m.function(&lib.functions[j]) {
					return slotValue(&lib.functions[j])
				}
			}
		}
		return module.Undefined()
	}
}

func slotValue(fn *function) module.Value {
	if fn.rva == 0 {
		return module.Undefined()
	}
	return module.Int(int64(fn.rva))
}

func ordinalValue(fn *function) module.Value {
	if !fn.hasOrdinal {
		return module.Undefined()
	}
	return module.Int(int64(fn.ordinal))
}

func importTree() []module.Field {
	standard, delayed := (*file).standard, (*file).delayedImports
	slots := func(name string, table func(*file) *importTable) module.Field {
		return module.Function(name,
			module.Overload("ss", module.KindInt, slotOf(table)), module.Overload("si", module.KindInt, slotOf(table)))
	}
	number := func(name string, get func(*file) int) module.Field {
		return intField(name, func(f *file) int64 { return int64(get(f)) })
	}
	return []module.Field{
		importsFunction(),
		slots("import_rva", standard), slots("delayed_import_rva", delayed),
		number("number_of_imports", func(f *file) int { return len(f.standard().libraries) }),
		number("number_of_imported_functions", func(f *file) int { return f.standard().functions }),
		number("number_of_delayed_imports", func(f *file) int { return len(f.delayedImports().libraries) }),
		number("number_of_delayed_imported_functions", func(f *file) int { return f.delayedImports().functions }),
		importDetails("import_details", standard), importDetails("delayed_import_details", delayed),
		module.Function("imphash", module.Overload("", module.KindString, importHash)),
	}
}

func importDetails(name string, table func(*file) *importTable) module.Field {
	functionType := module.Struct(
		module.Got("name", module.KindString, func(fn *function) module.Value { return module.Bytes(fn.name) }),
		module.Got("ordinal", module.KindInt, ordinalValue),
		module.Got("rva", module.KindInt, slotValue),
	)
	libraryType := module.Struct(
		module.Got("library_name", module.KindString, func(l *library) module.Value { return module.Bytes(l.name) }),
		module.Got("number_of_functions", module.KindInt, func(l *library) module.Value {
			return module.Int(int64(len(l.functions)))
		}),
		module.Part("functions", module.List(functionType,
			func(l *library) int { return len(l.functions) },
			func(l *library, i int) module.Value { return module.Ref(module.KindStruct, &l.functions[i]) }),
			func(l *library) module.Value { return module.Ref(module.KindArray, l) }),
	)
	list := module.List(libraryType,
		func(t *importTable) int { return len(t.libraries) },
		func(t *importTable, i int) module.Value { return module.Ref(module.KindStruct, &t.libraries[i]) })
	return module.Part(name, list, func(f *file) module.Value { return module.Ref(module.KindArray, table(f)) })
}
