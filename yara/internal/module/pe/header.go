package pe

import "vitrine/yara/internal/module"

// headerField is a number that a field shows as it stands in the file.
type headerField struct {
	name string
	at   place
}

// fileHeaderFields are offsets from the NT signature.
var fileHeaderFields = []headerField{
	{"machine", same(4, 2)}, {"number_of_sections", same(6, 2)}, {"timestamp", same(8, 4)},
	{"pointer_to_symbol_table", same(12, 4)}, {"number_of_symbols", same(16, 4)},
	{"size_of_optional_header", same(20, 2)}, {"characteristics", same(22, 2)},
}

var (
	entryPointPlace       = same(16, 4)
	imageBasePlace        = place{28, 4, 24, 8}
	sectionAlignmentPlace = same(32, 4)
	fileAlignmentPlace    = same(36, 4)
	imageSizePlace        = same(56, 4)
	directoryNumberPlace  = place{92, 4, 108, 4}
)

// optionalFields are offsets in the optional header.
var optionalFields = []headerField{
	{"entry_point_raw", entryPointPlace}, {"image_base", imageBasePlace},
	{"number_of_rva_and_sizes", directoryNumberPlace}, {"opthdr_magic", same(0, 2)},
	{"size_of_code", same(4, 4)}, {"size_of_initialized_data", same(8, 4)},
	{"size_of_uninitialized_data", same(12, 4)}, {"base_of_code", same(20, 4)},
	{"section_alignment", sectionAlignmentPlace}, {"file_alignment", fileAlignmentPlace},
	{"win32_version_value", same(52, 4)}, {"size_of_image", imageSizePlace},
	{"size_of_headers", same(60, 4)}, {"checksum", same(64, 4)}, {"subsystem", same(68, 2)},
	{"dll_characteristics", same(70, 2)}, {"size_of_stack_reserve", place{72, 4, 72, 8}},
	{"size_of_stack_commit", place{76, 4, 80, 8}}, {"size_of_heap_reserve", place{80, 4, 88, 8}},
	{"size_of_heap_commit", place{84, 4, 96, 8}}, {"loader_flags", place{88, 4, 104, 4}},
}

// versionFields are the pairs of numbers in the optional header.
var versionFields = []struct {
	name         string
	major, minor place
}{
	{"linker_version", same(2, 1), same(3, 1)},
	{"os_version", same(40, 2), same(42, 2)},
	{"image_version", same(44, 2), same(46, 2)},
	{"subsystem_version", same(48, 2), same(50, 2)},
}

func headerTree() []module.Field {
	var out []module.Field
	for _, h := range fileHeaderFields {
		out = append(out, intField(h.name, func(f *file) int64 { return f.number(f.nt+h.at.off32, h.at.size32) }))
	}
	for _, h := range optionalFields {
		out = append(out, optionalField(h.name, h.at))
	}
	for _, v := range versionFields {
		out = append(out, module.Inner(v.name, optionalField("major", v.major), optionalField("minor", v.minor)))
	}
	return append(out,
		module.Field{Name: "is_pe", Type: &module.Type{Kind: module.KindInt}, Get: isPE},
		intField("entry_point", func(f *file) int64 { return f.offset(uint64(f.optional(entryPointPlace))) }),
		module.Got("base_of_data", module.KindInt, baseOfData),
		module.Function("is_dll", module.Overload("", module.KindInt, isDLL)),
		module.Function("is_32bit", module.Overload("", module.KindInt, is32)),
		module.Function("is_64bit", module.Overload("", module.KindInt, is64)),
	)
}

func intField(name string, get func(f *file) int64) module.Field {
	return module.Got(name, module.KindInt, func(f *file) module.Value { return module.Int(get(f)) })
}

func optionalField(name string, p place) module.Field {
	return intField(name, func(f *file) int64 { return f.optional(p) })
}

// isPE is the one field that other files have too.
func isPE(self any) module.Value {
	_, ok := self.(*file)
	return truth(ok)
}

func truth(b bool) module.Value {
	if b {
		return module.Int(1)
	}
	return module.Int(0)
}

func baseOfData(f *file) module.Value {
	if f.is64 {
		return module.Undefined()
	}
	return module.Int(int64(f.u32(f.nt + fileHeader + 24)))
}

// isDLL gives the characteristic's bit, not 1, as YARA 4 does; YARA-X gives a
// truth value.
func isDLL(c *module.Context, f *file, _ []module.Value) module.Value {
	bit := int64(f.u16(f.nt+22)) & 0x2000
	if c.YARAX {
		return truth(bit != 0)
	}
	return module.Int(bit)
}

func is32(_ *module.Context, f *file, _ []module.Value) module.Value { return truth(!f.is64) }
func is64(_ *module.Context, f *file, _ []module.Value) module.Value { return truth(f.is64) }
