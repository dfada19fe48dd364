package dex

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"unicode/utf16"
	"unicode/utf8"

	"vitrine/yara/internal/module"
)

const (
	maxStrings  = 1 << 20
	maxDecoded  = 1 << 16 // bytes of a string
	maxAllText  = 1 << 26 // of all strings that had to be decoded
	maxTypeList = 255
)

// modern is the program as YARA-X shows it: strings by their index, and types
// as indices of strings. What cannot be read is left out, so that later ones
// move up.
type modern struct {
	strings                [][]byte
	types                  []uint32
	protos, fields, method []item
}

func (f *file) modernPart() *modern {
	return f.modern.Get(func() (m modern) {
		budget := maxAllText
		f.walk(atStrings, stringItem, func(i item) bool {
			if s, ok := f.decoded(f.u32(i.at), &budget); ok {
				m.strings = append(m.strings, s)
			}
			return budget > 0
		})
		f.walk(atTypes, typeItem, func(i item) bool {
			if n := f.u32(i.at); n < uint32(len(m.strings)) {
				m.types = append(m.types, n)
			}
			return true
		})
		count := func(n uint32, all int) bool { return n < uint32(all) }
		f.walk(atProtos, protoItem, func(i item) bool {
			if count(f.u32(i.at), len(m.strings)) && count(f.u32(i.at+4), len(m.types)) {
				m.protos = append(m.protos, i)
			}
			return true
		})
		f.walk(atFields, memberItem, func(i item) bool {
			if count(uint32(f.u16(i.at)), len(m.types)) && count(uint32(f.u16(i.at+2)), len(m.types)) && count(f.u32(i.at+4), len(m.strings)) {
				m.fields = append(m.fields, i)
			}
			return true
		})
		f.walk(atMethods, memberItem, func(i item) bool {
			if count(uint32(f.u16(i.at)), len(m.types)) && count(uint32(f.u16(i.at+2)), len(m.protos)) && count(f.u32(i.at+4), len(m.strings)) {
				m.method = append(m.method, i)
			}
			return true
		})
		return m
	})
}

// walk visits the items of a table as far as they are in the file.
func (f *file) walk(at, size int64, visit func(i item) bool) {
	count, start := f.u32(at), int64(f.u32(at+4))
	for n := int64(0); start != 0 && n < min(int64(count), maxStrings); n++ {
		if !f.fits(start+n*size, size) || n%4096 == 4095 && f.ctx.Cancelled() || !visit(item{f, start + n*size}) {
			return
		}
	}
}

// decoded reads a string in the changed UTF-8 of Java.
func (f *file) decoded(offset uint32, budget *int) ([]byte, bool) {
	if offset < headerSize {
		return nil, false
	}
	size, at, ok := f.uleb(int64(offset))
	if !ok || size > maxDecoded || !f.fits(at, int64(size)) {
		return nil, false
	}
	raw := f.data[at:][:size]
	if utf8.Valid(raw) {
		return raw, true
	}
	*budget -= len(raw)
	return fromJava(raw)
}

// fromJava makes UTF-8 of Java's form, in which a NUL has two bytes and what
// UTF-8 writes in four bytes is two surrogates of three.
func fromJava(raw []byte) ([]byte, bool) {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		if r, n := utf8.DecodeRune(raw); r != utf8.RuneError || n > 1 {
			out, raw = append(out, raw[:n]...), raw[n:]
			continue
		}
		if bytes.HasPrefix(raw, []byte{0xc0, 0x80}) {
			out, raw = append(out, 0), raw[2:]
			continue
		}
		high, ok := surrogate(raw)
		if !ok {
			return nil, false
		}
		low, ok := surrogate(raw[3:])
		r := utf16.DecodeRune(high, low)
		if !ok || r == utf8.RuneError {
			return nil, false
		}
		out, raw = utf8.AppendRune(out, r), raw[6:]
	}
	return out, true
}

func surrogate(b []byte) (rune, bool) {
	if len(b) < 3 || b[0] != 0xed || b[1]&0xe0 != 0xa0 || b[2]&0xc0 != 0x80 {
		return 0, false
	}
	return 0xd000 | rune(b[1]&0x3f)<<6 | rune(b[2]&0x3f), true
}

func (m *modern) string(n uint32) module.Value {
	if n < uint32(len(m.strings)) {
		return module.Bytes(m.strings[n])
	}
	return module.Undefined()
}

func (m *modern) typeName(n uint32) module.Value {
	if n < uint32(len(m.types)) {
		return m.string(m.types[n])
	}
	return module.Undefined()
}

// stringText and typeText declare a text by the index an item holds.
func stringText(name string, index func(i *item) uint32) module.Field {
	return module.Got(name, module.KindString, func(i *item) module.Value { return i.f.modernPart().string(index(i)) })
}

func typeText(name string, index func(i *item) uint32) module.Field {
	return module.Got(name, module.KindString, func(i *item) module.Value { return i.f.modernPart().typeName(index(i)) })
}

// parameters finds the list of types of a prototype.
func (i *item) parameters() (table, bool) {
	at := int64(i.f.u32(i.at + 8))
	if at == 0 || !i.f.fits(at, 4) || i.f.u32(at) > maxTypeList {
		return table{}, false
	}
	return table{at + 4, min(i.f.u32(at), uint32((int64(len(i.f.data))-at-4)/2))}, true
}

func protoFields() []module.Field {
	length := func(i *item) int {
		t, _ := i.parameters()
		return int(t.count)
	}
	list := module.List(&module.Type{Kind: module.KindString}, length, func(i *item, n int) module.Value {
		t, _ := i.parameters()
		return i.f.modernPart().typeName(uint32(i.f.u16(t.at + 2*int64(n))))
	})
	return []module.Field{
		stringText("shorty", func(i *item) uint32 { return i.f.u32(i.at) }),
		typeText("return_type", func(i *item) uint32 { return i.f.u32(i.at + 4) }),
		module.Got("parameters_count", module.KindInt, func(i *item) module.Value { return module.Int(int64(length(i))) }),
		module.Part("parameters", list, func(i *item) module.Value { return module.Ref(module.KindArray, i) }),
	}
}

func modernTree() []module.Field {
	class := typeText("class", func(i *item) uint32 { return uint32(i.f.u16(i.at)) })
	name := stringText("name", func(i *item) uint32 { return i.f.u32(i.at + 4) })
	proto := module.Part("proto", module.Struct(protoFields()...), func(i *item) module.Value {
		return module.Ref(module.KindStruct, &i.f.modernPart().protos[i.f.u16(i.at+2)])
	})
	fieldType := typeText("type", func(i *item) uint32 { return uint32(i.f.u16(i.at + 2)) })
	return []module.Field{
		{Name: "is_dex", Type: &module.Type{Kind: module.KindInt}, Get: isDex},
		textList("strings", func(m *modern) int { return len(m.strings) }, func(m *modern, i int) module.Value { return m.string(uint32(i)) }),
		textList("types", func(m *modern) int { return len(m.types) }, func(m *modern, i int) module.Value { return m.typeName(uint32(i)) }),
		modernList("protos", func(m *modern) []item { return m.protos }, protoFields()...),
		modernList("fields", func(m *modern) []item { return m.fields }, class, fieldType, name),
		modernList("methods", func(m *modern) []item { return m.method }, class, proto, name),
		module.Function("checksum", module.Overload("", module.KindInt, checksum).InYARAX()),
		module.Function("signature", module.Overload("", module.KindString, digest).InYARAX()),
		module.Function("contains_string", module.Overload("s", module.KindBool, containsString).InYARAX()),
		module.Function("contains_method", module.Overload("s", module.KindBool, containsMethod).InYARAX()),
		module.Function("contains_class", module.Overload("s", module.KindBool, containsClass).InYARAX()),
	}
}

// isDex is the one field that other files have too.
func isDex(self any) module.Value {
	if _, ok := self.(*file); ok {
		return module.Int(1)
	}
	return module.Int(0)
}

func textList(name string, length func(m *modern) int, at func(m *modern, i int) module.Value) module.Field {
	t := module.List(&module.Type{Kind: module.KindString}, length, at)
	return module.Part(name, t, func(f *file) module.Value { return module.Ref(module.KindArray, f.modernPart()) })
}

func modernList(name string, of func(m *modern) []item, fields ...module.Field) module.Field {
	t := module.List(module.Struct(fields...),
		func(m *modern) int { return len(of(m)) },
		func(m *modern, i int) module.Value { return module.Ref(module.KindStruct, &of(m)[i]) })
	return module.Part(name, t, func(f *file) module.Value { return module.Ref(module.KindArray, f.modernPart()) })
}

// checksum is the Adler-32 that the header should have.
func checksum(_ *module.Context, f *file, _ []module.Value) module.Value {
	sum, ok := f.adler()
	if !ok {
		return module.Undefined()
	}
	return module.Int(int64(sum))
}

// digest is the SHA-1 that the header should have.
func digest(c *module.Context, f *file, _ []module.Value) module.Value {
	h := sha1.New()
	for rest := f.data[32:]; len(rest) > 0; {
		n := min(len(rest), module.Chunk)
		h.Write(rest[:n])
		if rest = rest[n:]; c.Cancelled() {
			return module.Undefined()
		}
	}
	return module.String(hex.EncodeToString(h.Sum(nil)))
}

func containsString(_ *module.Context, f *file, args []module.Value) module.Value {
	for _, s := range f.modernPart().strings {
		if bytes.Equal(s, args[0].Bytes) {
			return module.Bool(true)
		}
	}
	return module.Bool(false)
}

func containsMethod(_ *module.Context, f *file, args []module.Value) module.Value {
	m := f.modernPart()
	for _, i := range m.method {
		if bytes.Equal(m.strings[f.u32(i.at+4)], args[0].Bytes) {
			return module.Bool(true)
		}
	}
	return module.Bool(false)
}

func containsClass(_ *module.Context, f *file, args []module.Value) module.Value {
	m, found := f.modernPart(), false
	f.walk(atClasses, classItem, func(i item) bool {
		name := m.typeName(f.u32(i.at))
		found = name.Kind == module.KindString && bytes.Equal(name.Bytes, args[0].Bytes)
		return !found
	})
	return module.Bool(found)
}
