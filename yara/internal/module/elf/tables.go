package elf

import "vitrine/yara/internal/module"

const (
	sectionSymbols   = 2
	sectionStrings   = 3
	sectionDynSym    = 11
	sectionsReserved = 0xff00 // counts from here on mean something else
	segmentsReserved = 0xffff
	segmentDynamic   = 2
)

// entry is an element of a table: a header, or a pair of the dynamic section.
type entry struct {
	f  *file
	at int64
}

// sectionTable is the section headers. names is the offset of the table of
// their names, 0 when there is none.
type sectionTable struct {
	list  []entry
	names uint64
}

func (f *file) sectionPart() *sectionTable {
	return f.sections.Get(func() sectionTable {
		var t sectionTable
		start, count, names := f.address(f.shoff), f.u16(f.shnum), f.u16(f.shstrndx)
		if count >= sectionsReserved || names >= count || !f.arrayAt(start, count, f.section) {
			return t
		}
		t.list = f.entries(start, count, f.section)
		if off := f.address(t.list[names].at + f.shOffset); off < uint64(len(f.data)) {
			t.names = off
		}
		return t
	})
}

func (f *file) entries(start uint64, count uint16, size int64) []entry {
	list := make([]entry, count)
	for i := range list {
		list[i] = entry{f, int64(start) + int64(i)*size}
	}
	return list
}

func (f *file) segmentList() []entry {
	return *f.segments.Get(func() []entry {
		start, count := f.address(f.phoff), f.u16(f.phnum)
		if count == segmentsReserved || !f.arrayAt(start, count, f.segment) {
			return nil
		}
		return f.entries(start, count, f.segment)
	})
}

// dynamicTable is the pairs of the last dynamic segment. found says that there
// is such a segment, be it empty.
type dynamicTable struct {
	found bool
	list  []entry
}

const maxDynamic = 1 << 16

// dynamicPart reads pairs up to the one with tag 0, which counts, or the end
// of the file.
func (f *file) dynamicPart() *dynamicTable {
	return f.dynamic.Get(func() dynamicTable {
		var t dynamicTable
		segments := f.segmentList()
		for i := len(segments) - 1; i >= 0 && !t.found; i-- {
			if f.u32(segments[i].at) == segmentDynamic {
				t.found = true
				t.list = f.pairs(f.address(segments[i].at + f.phOffset))
			}
		}
		return t
	})
}

func (f *file) pairs(at uint64) (list []entry) {
	size := uint64(2 * f.word)
	for ; f.fits(at, size) && len(list) < maxDynamic; at += size {
		list = append(list, entry{f, int64(at)})
		if f.address(int64(at)) == 0 {
			break
		}
	}
	return list
}

func (f *file) header16(off int64) int64 { return int64(f.u16(off)) }

func headerTree() []module.Field {
	number := func(name string, get func(f *file) int64) module.Field {
		return module.Got(name, module.KindInt, func(f *file) module.Value { return module.Int(get(f)) })
	}
	return []module.Field{
		number("type", func(f *file) int64 { return f.header16(16) }),
		number("machine", func(f *file) int64 { return f.header16(18) }),
		number("sh_offset", func(f *file) int64 { return int64(f.address(f.shoff)) }),
		number("sh_entry_size", func(f *file) int64 { return f.header16(f.shentsize) }),
		number("number_of_sections", func(f *file) int64 { return f.header16(f.shnum) }),
		number("ph_offset", func(f *file) int64 { return int64(f.address(f.phoff)) }),
		number("ph_entry_size", func(f *file) int64 { return f.header16(f.phentsize) }),
		number("number_of_segments", func(f *file) int64 { return f.header16(f.phnum) }),
		module.Got("entry_point", module.KindInt, entryPoint),
	}
}

func entryPoint(f *file) module.Value {
	address := f.address(f.entry)
	if address == 0 {
		return module.Undefined()
	}
	if off, ok := f.offset(address); ok {
		return module.Int(int64(off))
	}
	return module.Undefined()
}

func tableTree() []module.Field {
	return []module.Field{
		entryList("sections", sectionType(), func(f *file) []entry { return f.sectionPart().list }),
		entryList("segments", segmentType(), (*file).segmentList),
		entryList("dynamic", dynamicType(), func(f *file) []entry { return f.dynamicPart().list }),
		module.Got("dynamic_section_entries", module.KindInt, func(f *file) module.Value {
			if t := f.dynamicPart(); t.found {
				return module.Int(int64(len(t.list)))
			}
			return module.Undefined()
		}),
	}
}

func entryList(name string, elem *module.Type, list func(f *file) []entry) module.Field {
	t := module.List(elem,
		func(f *file) int { return len(list(f)) },
		func(f *file, i int) module.Value { return module.Ref(module.KindStruct, &list(f)[i]) })
	return module.Part(name, t, func(f *file) module.Value { return module.Ref(module.KindArray, f) })
}

// word32 declares a field of 32 bits at an offset of an entry.
func word32(name string, off func(l *layout) int64) module.Field {
	return module.Got(name, module.KindInt, func(e *entry) module.Value {
		return module.Int(int64(e.f.u32(e.at + off(e.f.layout))))
	})
}

// address declares a field of the width of an address.
func address(name string, off func(l *layout) int64) module.Field {
	return module.Got(name, module.KindInt, func(e *entry) module.Value {
		return module.Int(int64(e.f.address(e.at + off(e.f.layout))))
	})
}

func sectionType() *module.Type {
	return module.Struct(
		word32("type", func(*layout) int64 { return 4 }),
		address("flags", func(l *layout) int64 { return l.shFlags }),
		address("address", func(l *layout) int64 { return l.shAddr }),
		address("size", func(l *layout) int64 { return l.shSize }),
		address("offset", func(l *layout) int64 { return l.shOffset }),
		module.Got("name", module.KindString, sectionName),
	)
}

// sectionName looks the name up in a table that libyara takes to reach to the
// end of the file.
func sectionName(e *entry) module.Value {
	f := e.f
	names := f.sectionPart().names
	if names == 0 {
		return module.Undefined()
	}
	return text(f.text(names, uint64(len(f.data)), f.u32(e.at)))
}

// text makes a string value; nil is Undefined.
func text(b []byte) module.Value {
	if b == nil {
		return module.Undefined()
	}
	return module.Bytes(b)
}

func segmentType() *module.Type {
	return module.Struct(
		word32("type", func(*layout) int64 { return 0 }),
		word32("flags", func(l *layout) int64 { return l.phFlags }),
		address("offset", func(l *layout) int64 { return l.phOffset }),
		address("virtual_address", func(l *layout) int64 { return l.phVaddr }),
		address("physical_address", func(l *layout) int64 { return l.phPaddr }),
		address("file_size", func(l *layout) int64 { return l.phFilesz }),
		address("memory_size", func(l *layout) int64 { return l.phMemsz }),
		address("alignment", func(l *layout) int64 { return l.phAlign }),
	)
}

func dynamicType() *module.Type {
	return module.Struct(
		address("type", func(*layout) int64 { return 0 }),
		address("val", func(l *layout) int64 { return l.word }),
	)
}
