package pe

import (
	"bytes"

	"vitrine/yara/internal/module"
)

const (
	maxSections     = 96
	sectionHeader   = 40
	symbolSize      = 18
	maxFullNameSize = 1 << 16
)

// section is one section header; at is its offset.
type section struct {
	f                           *file
	at                          int64
	virtual, virtualSize        uint32
	raw, rawSize, coveredMemory uint32
}

// table reads the section headers that are in the file, up to 96.
func (f *file) table() []section {
	return *f.sections.Get(func() []section {
		at := f.nt + fileHeader + int64(f.u16(f.nt+20))
		count := f.declaredSections()
		out := make([]section, 0, count)
		for range count {
			if !f.fits(at, sectionHeader) {
				break
			}
			s := section{f: f, at: at, virtualSize: f.u32(at + 8), virtual: f.u32(at + 12),
				rawSize: f.u32(at + 16), raw: f.u32(at + 20)}
			s.coveredMemory = max(s.virtualSize, s.rawSize)
			out = append(out, s)
			at += sectionHeader
		}
		return out
	})
}

func (f *file) declaredSections() int { return min(int(f.u16(f.nt+6)), maxSections) }

// offset maps an address in memory to an offset in the file, or -1. It is
// libyara's pe_rva_to_offset: the last section that covers the address wins,
// its start is rounded down as the loader does, and what lies before the first
// section is mapped one to one.
func (f *file) offset(rva uint64) int64 {
	table := f.table()
	if len(table) < f.declaredSections() {
		return -1
	}
	var base, start, size uint32
	lowest := uint32(0xffffffff)
	for i := range table {
		s := &table[i]
		lowest = min(lowest, s.virtual)
		if rva >= uint64(s.virtual) && rva-uint64(s.virtual) < uint64(s.coveredMemory) && base <= s.virtual {
			base, start, size = s.virtual, f.alignedStart(s.raw), s.rawSize
		}
	}
	if rva < uint64(lowest) {
		base, start, size = 0, 0, uint32(len(f.data))
	}
	if rva-uint64(base) >= uint64(size) {
		return -1
	}
	off := uint64(start) + rva - uint64(base)
	if off >= uint64(len(f.data)) {
		return -1
	}
	return int64(off)
}

func (f *file) alignedStart(raw uint32) uint32 {
	if a := min(uint32(f.optional(fileAlignmentPlace)), 0x200); a != 0 {
		raw -= raw % a
	}
	if f.optional(sectionAlignmentPlace) >= 0x1000 {
		raw &^= 0x1ff
	}
	return raw
}

// name is the short name without trailing NULs; there may be NULs inside.
func (s *section) name() []byte { return bytes.TrimRight(s.f.data[s.at:s.at+8], "\x00") }

// fullName follows "/123" into the COFF string table. It is nil when the text
// there does not end or is not printable.
func (s *section) fullName() []byte {
	f, short := s.f, s.name()
	symbols := int64(f.u32(f.nt + 12))
	if symbols == 0 || s.f.data[s.at] != '/' {
		return short
	}
	at := symbols + int64(f.u32(f.nt+16))*symbolSize
	var index int64
	for _, c := range f.data[s.at+1 : s.at+8] {
		if c < '0' || c > '9' {
			break
		}
		index = index*10 + int64(c-'0')
	}
	at += index
	text := f.cstring(at, maxFullNameSize)
	end := at + int64(len(text))
	if text == nil || !f.fits(end, 1) || f.data[end] != 0 {
		return nil
	}
	for _, c := range text {
		if c < 0x20 || c > 0x7e {
			return nil
		}
	}
	return text
}

// overlay is what follows the last section.
type overlay struct{ offset, size int64 }

func (f *file) overlayPart() *overlay {
	return f.overlay.Get(func() overlay {
		var start, size uint64
		for i, table := 0, f.table(); i < len(table); i++ {
			s := &table[i]
			// The sum wraps at 32 bits in libyara, and so it does here.
			if uint64(s.raw+s.rawSize) > start+size {
				start, size = uint64(s.raw), uint64(s.rawSize)
			}
		}
		end := int64(start + size)
		if end == 0 || int64(len(f.data)) <= end {
			return overlay{}
		}
		return overlay{end, int64(len(f.data)) - end}
	})
}

func sectionTree() []module.Field {
	return []module.Field{
		module.Part("sections", sectionListType(), func(f *file) module.Value {
			return module.Ref(module.KindArray, f)
		}),
		module.Part("data_directories", directoryListType(), func(f *file) module.Value {
			return module.Ref(module.KindArray, f)
		}),
		module.Inner("overlay",
			intField("offset", func(f *file) int64 { return f.overlayPart().offset }),
			intField("size", func(f *file) int64 { return f.overlayPart().size }),
		),
		module.Function("section_index",
			module.Overload("s", module.KindInt, sectionByName),
			module.Overload("i", module.KindInt, sectionByOffset)),
		module.Function("rva_to_offset", module.Overload("i", module.KindInt, rvaToOffset)),
	}
}

func sectionListType() *module.Type {
	number := func(name string, off, size int64) module.Field {
		return module.Got(name, module.KindInt, func(s *section) module.Value {
			return module.Int(s.f.number(s.at+off, size))
		})
	}
	elem := module.Struct(
		module.Got("name", module.KindString, func(s *section) module.Value { return module.Bytes(s.name()) }),
		module.Got("full_name", module.KindString, func(s *section) module.Value { return text(s.fullName()) }),
		number("characteristics", 36, 4), number("virtual_address", 12, 4), number("virtual_size", 8, 4),
		number("raw_data_offset", 20, 4), number("raw_data_size", 16, 4),
		number("pointer_to_relocations", 24, 4), number("pointer_to_line_numbers", 28, 4),
		number("number_of_relocations", 32, 2), number("number_of_line_numbers", 34, 2),
	)
	return module.List(elem,
		func(f *file) int { return len(f.table()) },
		func(f *file, i int) module.Value { return module.Ref(module.KindStruct, &f.table()[i]) })
}

// text makes a string value; nil is Undefined.
func text(b []byte) module.Value {
	if b == nil {
		return module.Undefined()
	}
	return module.Bytes(b)
}

func directoryListType() *module.Type {
	elem := module.Struct(
		module.Got("virtual_address", module.KindInt, func(d *directory) module.Value {
			return module.Int(int64(d.address))
		}),
		module.Got("size", module.KindInt, func(d *directory) module.Value {
			return module.Int(int64(d.size))
		}),
	)
	return module.List(elem,
		func(f *file) int { return len(f.directories()) },
		func(f *file, i int) module.Value { return module.Ref(module.KindStruct, &f.directories()[i]) })
}

func (f *file) directories() []directory {
	return *f.dirs.Get(func() []directory {
		out := make([]directory, min(f.optional(directoryNumberPlace), directoryCount))
		for i := range out {
			out[i] = f.directory(int64(i))
		}
		return out
	})
}

func sectionByName(_ *module.Context, f *file, args []module.Value) module.Value {
	name := beforeNUL(args[0].Bytes)
	for i, table := 0, f.table(); i < len(table); i++ {
		if bytes.Equal(beforeNUL(table[i].name()), name) {
			return module.Int(int64(i))
		}
	}
	return module.Undefined()
}

// beforeNUL cuts a name where C would end it.
func beforeNUL(s []byte) []byte {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

func sectionByOffset(_ *module.Context, f *file, args []module.Value) module.Value {
	for i, table := 0, f.table(); i < len(table); i++ {
		s := &table[i]
		if at := args[0].Int; at >= int64(s.raw) && at < int64(s.raw)+int64(s.rawSize) {
			return module.Int(int64(i))
		}
	}
	return module.Undefined()
}

func rvaToOffset(_ *module.Context, f *file, args []module.Value) module.Value {
	if off := f.offset(uint64(args[0].Int)); off >= 0 {
		return module.Int(off)
	}
	return module.Undefined()
}
