package pe

const (
	delayDirectory    = 13
	delayDescriptor   = 32
	maxDelayedDLLName = 4096
)

// delayRecord is one delay-load descriptor after its addresses were made
// relative.
type delayRecord struct {
	relative          bool // the file says that addresses are relative
	dll, slots, names uint32
}

// delayedImports reads the delay-load directory, in both its shapes: Visual C++ 6
// wrote addresses, later linkers write offsets from the image base.
func (f *file) delayedImports() *importTable {
	return f.delayed.Get(func() importTable {
		var t importTable
		d := f.directory(delayDirectory)
		at := int64(-1)
		if d.address != 0 {
			at = f.offset(uint64(d.address))
		}
		if at < 0 {
			return t
		}
		for range maxImports {
			r, ok := f.delayRecord(at)
			if !ok || f.ctx.Cancelled() {
				break
			}
			at += delayDescriptor
			name := f.dllName(f.offset(uint64(r.dll)), maxDelayedDLLName)
			if name == nil {
				continue
			}
			lib := library{name: name}
			f.readDelayed(&t, &lib, r)
			t.libraries = append(t.libraries, lib)
			t.functions += len(lib.functions)
		}
		return t
	})
}

// delayRecord reads a descriptor; ok is false at the end of the list and at
// what cannot be one.
func (f *file) delayRecord(at int64) (r delayRecord, ok bool) {
	if !f.fits(at, delayDescriptor) || allZero(f.data[at:at+delayDescriptor]) {
		return r, false
	}
	attributes := f.u32(at)
	r = delayRecord{attributes != 0, f.u32(at + 4), f.u32(at + 12), f.u32(at + 16)}
	if attributes > 1 {
		return r, false
	}
	if !f.is64 && !r.relative {
		r.dll = uint32(f.relative(uint64(r.dll)))
		r.slots = uint32(f.relative(uint64(r.slots)))
		r.names = uint32(f.relative(uint64(r.names)))
	}
	size := uint64(f.optional(imageSizePlace))
	ok = uint64(r.names) < size && uint64(r.slots) < size && r.dll >= dosHeader && r.names >= dosHeader
	return r, ok
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// relative takes the image base off an address. Files exist in which some
// addresses of an old descriptor are relative already; those stay.
func (f *file) relative(address uint64) uint64 {
	if base := uint64(f.optional(imageBasePlace)); address != 0 && address > base {
		return address - base
	}
	return address
}

func (f *file) readDelayed(t *importTable, lib *library, r delayRecord) {
	width := uint64(f.width())
	names, slots := uint64(r.names), uint64(r.slots)
	for t.functions+len(lib.functions) < maxImports && t.thunks < maxThunks {
		t.thunks++
		name, ok1 := f.pointer(names)
		slot, ok2 := f.pointer(slots)
		if !ok1 || !ok2 || name == 0 || slot == 0 {
			return
		}
		if fn := f.delayedFunction(lib.name, name, r.relative); fn.name != nil {
			fn.rva = slots
			lib.functions = append(lib.functions, fn)
		}
		names, slots = names+width, slots+width
	}
}

func (f *file) pointer(rva uint64) (uint64, bool) {
	off := f.offset(rva)
	if off < 0 || !f.fits(off, f.width()) {
		return 0, false
	}
	return uint64(f.number(off, f.width())), true
}

func (f *file) delayedFunction(dll []byte, name uint64, relative bool) function {
	if name&f.ordinalFlag() != 0 {
		return byOrdinal(dll, uint16(name))
	}
	if !relative {
		name = f.relative(name)
	}
	return function{name: f.cstring(f.offset(name+2), maxFunctionName)}
}
