package pe

const (
	importDirectory  = 1
	importDescriptor = 20
	maxImports       = 16384
	maxDLLName       = 256
	maxFunctionName  = 512
	maxThunks        = 16 * maxImports // looked at in one file, good or bad
	ordinalFlag32    = 1 << 31
	ordinalFlag64    = 1 << 63
	largestOrdinal   = 0xffff
)

// library is one DLL and what is imported from it.
type library struct {
	name      []byte
	functions []function
}

// function is an imported function. It has an ordinal when it is imported by
// number; the name is then the well-known one or ordN.
type function struct {
	name       []byte
	rva        uint64 // of its slot in the address table
	ordinal    uint16
	hasOrdinal bool
}

// importTable is the imports of one kind, and the work left for reading them.
type importTable struct {
	libraries []library
	functions int
	thunks    int
}

// standard reads the import directory. Descriptors without a usable name or
// without functions are left out, as in libyara.
func (f *file) standard() *importTable {
	return f.imports.Get(func() importTable {
		var t importTable
		d := f.directory(importDirectory)
		at := int64(-1)
		if d.address != 0 {
			at = f.offset(uint64(d.address))
		}
		if at < 0 {
			return t
		}
		for range maxImports {
			if !f.fits(at, importDescriptor) || f.u32(at+12) == 0 || f.ctx.Cancelled() {
				break
			}
			f.readDescriptor(&t, at)
			at += importDescriptor
		}
		return t
	})
}

func (f *file) readDescriptor(t *importTable, at int64) {
	name := f.dllName(f.offset(uint64(f.u32(at+12))), maxDLLName)
	if name == nil {
		return
	}
	thunks := f.offset(uint64(f.u32(at)))
	if thunks <= 0 {
		thunks = f.offset(uint64(f.u32(at + 16)))
	}
	if thunks < 0 {
		return
	}
	lib := library{name: name}
	f.readThunks(t, &lib, thunks, uint64(f.u32(at+16)))
	if len(lib.functions) > 0 {
		t.libraries = append(t.libraries, lib)
		t.functions += len(lib.functions)
	}
}

// readThunks reads the list of names or numbers at an offset; slots is the
// address of the first slot of the address table.
func (f *file) readThunks(t *importTable, lib *library, at int64, slots uint64) {
	width := f.width()
	for i := range uint64(maxImports) {
		if !f.fits(at, width) || t.functions+len(lib.functions) >= maxImports || t.thunks >= maxThunks {
			return
		}
		thunk := uint64(f.number(at, width))
		if thunk == 0 {
			return
		}
		t.thunks++
		fn := f.thunkFunction(lib.name, thunk)
		if fn.name != nil && validFunctionName(fn.name) {
			fn.rva = slots + i*uint64(width)
			if !f.is64 {
				fn.rva = uint64(uint32(fn.rva))
			}
			lib.functions = append(lib.functions, fn)
		}
		at += width
	}
}

// width is the size of a pointer in the image.
func (f *file) width() int64 {
	if f.is64 {
		return 8
	}
	return 4
}

func (f *file) ordinalFlag() uint64 {
	if f.is64 {
		return ordinalFlag64
	}
	return ordinalFlag32
}

func (f *file) thunkFunction(dll []byte, thunk uint64) function {
	flag := f.ordinalFlag()
	if thunk&flag != 0 {
		if thunk > flag+largestOrdinal {
			return function{}
		}
		return byOrdinal(dll, uint16(thunk))
	}
	off := f.offset(thunk)
	if off < 0 || !f.fits(off, 3) {
		return function{}
	}
	return function{name: f.cstring(off+2, maxFunctionName)}
}

func byOrdinal(dll []byte, ordinal uint16) function {
	return function{name: ordinalName(dll, ordinal), ordinal: ordinal, hasOrdinal: true}
}

// dllName reads the name of a DLL: printable, without the characters Windows
// forbids in file names, and ended by a NUL before limit. Otherwise nil.
func (f *file) dllName(off, limit int64) []byte {
	if off < 0 {
		return nil
	}
	limit = min(limit, int64(len(f.data))-off)
	name := f.cstring(off, limit)
	if len(name) == 0 || int64(len(name)) >= limit {
		return nil
	}
	for _, c := range name {
		if c < ' ' || c > '~' || c == '"' || c == '*' || c == '<' || c == '>' || c == '?' || c == '|' {
			return nil
		}
	}
	return name
}

// validFunctionName accepts what pefile accepts: letters, digits and the
// characters of decorated C++ names.
func validFunctionName(name []byte) bool {
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '_', c == '?', c == '@', c == '$', c == '(', c == ')', c == '<', c == '>':
		default:
			return false
		}
	}
	return len(name) > 0
}
