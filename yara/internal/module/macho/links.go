package macho

import (
	"bytes"
	"fmt"
	"slices"

	"vitrine/yara/internal/module"
)

// Load commands that only YARA-X shows.
const (
	commandSymbols     = 0x2
	commandDynSymbols  = 0xb
	commandUUID        = 0x1b
	commandRPath       = 0x8000001c
	commandSignature   = 0x1d
	commandDyldInfo    = 0x22
	commandDyldOnly    = 0x80000022
	commandSource      = 0x2a
	commandBuild       = 0x32
	commandExportsTrie = 0x80000033
	commandFixups      = 0x80000034
)

// isDylib names the commands that ask for a library, or say which one this is.
func isDylib(kind uint32) bool {
	return slices.Contains([]uint32{0xc, 0xd, 0x80000018, 0x8000001f, 0x20, 0x80000023}, kind)
}

// words is a run of 32-bit numbers in a command.
type words struct {
	m    *image
	body []byte
	kind uint32
}

func (w *words) number(i int) int64 { return int64(w.m.order.Uint32(w.body[4*i:])) }

// wordsField declares a struct of 32-bit numbers that a command holds, in their
// order; extra are fields of the same receiver.
func wordsField[T any](name string, of func(T) *image, names []string, kinds []uint32, extra ...module.Field) module.Field {
	var fields []module.Field
	for i, n := range names {
		fields = append(fields, module.Got(n, module.KindInt, func(w *words) module.Value { return module.Int(w.number(i)) }))
	}
	return wordsStruct(name, of, 4*len(names), kinds, append(fields, extra...)...)
}

func wordsStruct[T any](name string, of func(T) *image, size int, kinds []uint32, fields ...module.Field) module.Field {
	return typedField(name, module.Struct(fields...), of, func(m *image) module.Value {
		body, kind := m.last(size, kinds...)
		if body == nil {
			return module.Undefined()
		}
		return module.Ref(module.KindStruct, &words{m, body, kind})
	})
}

func linkFields[T any](of func(T) *image) []module.Field {
	text := func(name string, get func(m *image) []byte) module.Field {
		return field(name, module.KindString, of, func(m *image) module.Value {
			if s := get(m); s != nil {
				return module.Bytes(s)
			}
			return module.Undefined()
		})
	}
	return []module.Field{
		text("dynamic_linker", (*image).linker), text("source_version", (*image).sourceVersion), text("uuid", (*image).uuid),
		listField("dylibs", dylibType(), of, (*image).dylibs),
		textsField("rpaths", of, (*image).rpaths),
		textsField("entitlements", of, (*image).entitlements), certificateField(of),
		wordsField("dysymtab", of, []string{"ilocalsym", "nlocalsym", "iextdefsym", "nextdefsym", "tocoff", "ntoc",
			"modtaboff", "nmodtab", "extrefsymoff", "nextrefsyms", "indirectsymoff", "nindirectsyms", "extreloff",
			"nextrel", "locreloff", "nlocrel"}, []uint32{commandDynSymbols}),
		wordsField("dyld_info", of, []string{"rebase_off", "rebase_size", "bind_off", "bind_size", "weak_bind_off",
			"weak_bind_size", "lazy_bind_off", "lazy_bind_size", "export_off", "export_size"},
			[]uint32{commandDyldInfo, commandDyldOnly}),
		wordsField("code_signature_data", of, []string{"dataoff", "datasize"}, []uint32{commandSignature}),
		buildField(of),
		wordsStruct("min_version", of, 8, []uint32{0x24, 0x25, 0x2f, 0x30},
			module.Got("device", module.KindInt, func(w *words) module.Value { return module.Int(int64(w.kind)) }),
			versionField("version", 0), versionField("sdk", 1)),
	}
}

// versionField is the number at a place as major.minor.patch.
func versionField(name string, i int) module.Field {
	return module.Got(name, module.KindString, func(w *words) module.Value { return version(uint32(w.number(i))) })
}

func version(n uint32) module.Value {
	return module.String(fmt.Sprintf("%d.%d.%d", n>>16, n>>8&0xff, n&0xff))
}

func buildField[T any](of func(T) *image) module.Field {
	number := func(name string, i int) module.Field {
		return module.Got(name, module.KindInt, func(w *words) module.Value { return module.Int(w.number(i)) })
	}
	tool := module.Struct(number("tool", 0), module.Got("version", module.KindString, func(w *words) module.Value {
		n := uint32(w.number(1))
		return module.String(fmt.Sprintf("%d.%d", n>>16, n>>8&0xff))
	}))
	count := func(w *words) int { return int(min(w.number(3), int64(len(w.body)-16)/8)) }
	tools := module.List(tool, count, func(w *words, i int) module.Value {
		return module.Ref(module.KindStruct, &words{m: w.m, body: w.body[16+8*i:]})
	})
	return wordsStruct("build_version", of, 16, []uint32{commandBuild},
		number("platform", 0), versionField("minos", 1), versionField("sdk", 2), number("ntools", 3),
		module.Part("tools", tools, func(w *words) module.Value { return module.Ref(module.KindArray, w) }))
}

// dylib is a command about a library; its name stands behind four numbers.
type dylib struct{ words }

func (m *image) dylibs() []dylib {
	return *m.libraries.Get(func() (list []dylib) {
		for _, c := range m.list() {
			if isDylib(c.kind) && c.size >= commandStart+16 {
				list = append(list, dylib{words{m: m, body: m.body(c)}})
			}
		}
		return list
	})
}

func (d *dylib) name() []byte { return untilNUL(d.body[16:]) }

func (m *image) dylibNames() (names [][]byte) {
	for _, d := range m.dylibs() {
		names = append(names, d.name())
	}
	return names
}

func dylibType() *module.Type {
	version := func(name string, i int) module.Field {
		return module.Got(name, module.KindString, func(d *dylib) module.Value { return version(uint32(d.number(i))) })
	}
	return module.Struct(
		module.Got("name", module.KindString, func(d *dylib) module.Value { return module.Bytes(d.name()) }),
		module.Got("timestamp", module.KindInt, func(d *dylib) module.Value { return module.Int(d.number(1)) }),
		version("current_version", 2), version("compatibility_version", 3),
	)
}

func (m *image) rpaths() [][]byte {
	return *m.runPaths.Get(func() (list [][]byte) {
		for _, c := range m.list() {
			if c.kind == commandRPath && c.size >= commandStart+4 {
				list = append(list, untilNUL(m.body(c)[4:]))
			}
		}
		return list
	})
}

func (m *image) linker() []byte {
	body, _ := m.last(4, 0xe, 0xf, 0x27)
	if body == nil {
		return nil
	}
	return untilNUL(body[4:])
}

// sourceVersion is five numbers of 24, 10, 10, 10 and 10 bits; YARA-X keeps six
// bits of the last four.
func (m *image) sourceVersion() []byte {
	body, _ := m.last(8, commandSource)
	if body == nil {
		return nil
	}
	n := m.order.Uint64(body)
	return fmt.Appendf(nil, "%d.%d.%d.%d.%d", n>>40, n>>30&0x3f, n>>20&0x3f, n>>10&0x3f, n&0x3f)
}

func (m *image) uuid() []byte {
	body, _ := m.last(16, commandUUID)
	if body == nil {
		return nil
	}
	out := []byte{}
	for i, b := range bytes.TrimRight(body[:16], "\x00") {
		out = fmt.Appendf(out, "%02X", b)
		if i == 3 || i == 5 || i == 7 || i == 9 {
			out = append(out, '-')
		}
	}
	return out
}
