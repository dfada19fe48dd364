package pe

import "vitrine/yara/internal/module"

const (
	exportDirectory = 0
	exportHeader    = 40
	maxExports      = 16384
	maxExportName   = 512
)

// export is one exported function. offset is -1 when the address is not in the
// file; forward is set instead when it lies in the export directory itself.
type export struct {
	ordinal       int64
	rva           uint32
	offset        int64
	name, forward []byte
	named         bool // an entry of the name table points here, good or bad
}

// exportTable is the export directory. present says that its header could be
// read, which is all that the timestamp and the DLL's name need.
type exportTable struct {
	present   bool
	timestamp uint32
	dll       []byte
	list      []export
}

// exportArrays are the offsets of the three parallel arrays.
type exportArrays struct {
	start, size               int64 // of the directory
	count, names, base        uint32
	functions, name, ordinals int64
}

func (f *file) exportPart() *exportTable {
	return f.exports.Get(func() exportTable {
		var t exportTable
		d := f.directory(exportDirectory)
		at := int64(-1)
		if d.address != 0 {
			at = f.offset(uint64(d.address))
		}
		if at < 0 || !f.fits(at, exportHeader) {
			return t
		}
		t.present, t.timestamp = true, f.u32(at+4)
		name := f.offset(uint64(f.u32(at + 12)))
		if name > 0 {
			t.dll = f.cstring(name, int64(len(f.data)))
		}
		a := exportArrays{start: at, size: int64(d.size)}
		if f.findArrays(&a, name) {
			t.list = f.readExports(&a)
		}
		return t
	})
}

// findArrays checks the arrays in the order of libyara; name is the offset of
// the DLL's name, from which libyara measures the first of its checks.
func (f *file) findArrays(a *exportArrays, name int64) bool {
	size := int64(len(f.data))
	a.base = f.u32(a.start + 16)
	a.count = min(f.u32(a.start+20), maxExports)
	names := f.u32(a.start + 24)
	if int64(a.count)*4 > size-name {
		return false
	}
	if names > 0 {
		a.name = f.offset(uint64(f.u32(a.start + 32)))
		if a.name < 0 || int64(names) > (size-a.name)/4 {
			return false
		}
	}
	a.names = min(names, a.count)
	a.ordinals = f.offset(uint64(f.u32(a.start + 36)))
	a.functions = f.offset(uint64(f.u32(a.start + 28)))
	return a.ordinals >= 0 && f.fits(a.ordinals, 2*int64(a.count)) &&
		a.functions >= 0 && f.fits(a.functions, 4*int64(a.count))
}

func (f *file) readExports(a *exportArrays) []export {
	list := make([]export, a.count)
	for i := range list {
		e := &list[i]
		e.ordinal = int64(a.base + uint32(i))
		e.rva = f.u32(a.functions + 4*int64(i))
		e.offset = f.offset(uint64(e.rva))
		if e.offset > a.start && e.offset < a.start+a.size {
			e.forward = f.cstring(e.offset, maxExportName)
		}
	}
	// The first name that points to a function is its name.
	for j := range int64(a.names) {
		i := f.u16(a.ordinals + 2*j)
		if int(i) >= len(list) || list[i].named {
			continue
		}
		list[i].named = true
		if off := f.offset(uint64(f.u32(a.name + 4*j))); off > 0 {
			list[i].name = f.cstring(off, maxExportName)
		}
	}
	return list
}

// find gives the place of the first export that holds.
func (f *file) find(holds func(e *export) bool) (int, bool) {
	list := f.exportPart().list
	for i := range list {
		if holds(&list[i]) {
			return i, true
		}
	}
	return 0, false
}

// exporting answers exports() and, with index, exports_index(), for a name, a
// number or an expression.
func exporting(index bool) func(*module.Context, *file, []module.Value) module.Value {
	return func(_ *module.Context, f *file, args []module.Value) module.Value {
		i, ok := f.find(exportMatcher(f, args[0]))
		switch {
		case !index:
			return truth(ok)
		case ok:
			return module.Int(int64(i))
		}
		return module.Undefined()
	}
}

func exportMatcher(f *file, want module.Value) func(e *export) bool {
	switch want.Kind {
	case module.KindRegexp:
		re := want.Ref.(module.Regexp)
		return func(e *export) bool { return e.name != nil && re.Match(e.name) }
	case module.KindInt:
		// Numbers above the count are refused, whatever the first ordinal is.
		if want.Int == 0 || want.Int > int64(len(f.exportPart().list)) {
			return func(*export) bool { return false }
		}
		return func(e *export) bool { return e.ordinal == want.Int }
	}
	return func(e *export) bool { return e.name != nil && equalFold(e.name, want.Bytes) }
}

func exportTree() []module.Field {
	query := func(name string, index bool) module.Field {
		return module.Function(name,
			module.Overload("s", module.KindInt, exporting(index)),
			module.Overload("r", module.KindInt, exporting(index)),
			module.Overload("i", module.KindInt, exporting(index)))
	}
	return []module.Field{
		query("exports", false), query("exports_index", true),
		intField("number_of_exports", func(f *file) int64 { return int64(len(f.exportPart().list)) }),
		module.Got("dll_name", module.KindString, func(f *file) module.Value { return text(f.exportPart().dll) }),
		module.Got("export_timestamp", module.KindInt, exportTimestamp),
		module.Part("export_details", exportListType(), func(f *file) module.Value {
			return module.Ref(module.KindArray, f.exportPart())
		}),
	}
}

func exportTimestamp(f *file) module.Value {
	if t := f.exportPart(); t.present {
		return module.Int(int64(t.timestamp))
	}
	return module.Undefined()
}

func exportListType() *module.Type {
	elem := module.Struct(
		module.Got("offset", module.KindInt, func(e *export) module.Value {
			if e.offset < 0 || e.forward != nil {
				return module.Undefined()
			}
			return module.Int(e.offset)
		}),
		module.Got("name", module.KindString, func(e *export) module.Value { return text(e.name) }),
		module.Got("forward_name", module.KindString, func(e *export) module.Value { return text(e.forward) }),
		module.Got("ordinal", module.KindInt, func(e *export) module.Value { return module.Int(e.ordinal) }),
		module.Got("rva", module.KindInt, func(e *export) module.Value { return module.Int(int64(e.rva)) }),
	)
	return module.List(elem,
		func(t *exportTable) int { return len(t.list) },
		func(t *exportTable, i int) module.Value { return module.Ref(module.KindStruct, &t.list[i]) })
}
