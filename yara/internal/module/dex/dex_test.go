package dex_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/dex"
	"vitrine/yara/internal/module/moduletest"
)

var le = binary.LittleEndian

// maker writes a small program for the tests: the header, the tables in their
// order, and then the data.
type maker struct {
	version                          string
	strings                          []string
	types                            []uint32
	protos                           [][3]uint32
	fields, methods                  [][3]uint32 // class, type or proto, name
	classes                          []class
	mapItems                         [][2]uint32 // type and number
	mapCount                         uint32      // added to what the map says
	stringsAt, classesAt, methodsAdd uint32      // to make the header lie
}

type class struct {
	index, flags, super, source uint32
	data                        []byte
}

func words(b []byte, vs ...uint32) []byte {
	for _, v := range vs {
		b = le.AppendUint32(b, v)
	}
	return b
}

func (m *maker) build() []byte {
	counts := []int{len(m.strings), len(m.types), len(m.protos), len(m.fields), len(m.methods), len(m.classes)}
	sizes := []int{4, 4, 12, 8, 8, 32}
	var header []uint32
	at := 112
	for i, n := range counts {
		header = append(header, uint32(n), uint32(at))
		at += n * sizes[i]
	}
	base := uint32(at)
	var body, data []byte
	for _, s := range m.strings {
		body = words(body, base+uint32(len(data)))
		data = append(append(append(data, byte(len(s))), s...), 0)
	}
	body = words(body, m.types...)
	for _, p := range m.protos {
		body = words(body, p[0], p[1], base+uint32(len(data)))
		data = append(words(data, 1), 1, 0)
	}
	for _, f := range append(append([][3]uint32{}, m.fields...), m.methods...) {
		body = words(body, f[0]|f[1]<<16, f[2])
	}
	for _, c := range m.classes {
		body = words(body, c.index, c.flags, c.super, 7, c.source, 8, base+uint32(len(data)), 9)
		data = append(data, c.data...)
	}
	mapAt := base + uint32(len(data))
	data = words(data, uint32(len(m.mapItems))+m.mapCount)
	for _, i := range m.mapItems {
		data = words(data, i[0]|5<<16, i[1], 77)
	}
	data = append(data, make([]byte, 16)...)
	header[0], header[10], header[8] = header[0]+m.stringsAt, header[10]+m.classesAt, header[8]+m.methodsAdd
	out := append([]byte("dex\n"+m.version+"\x00"), 1, 2, 3, 4)
	for i := range 20 {
		out = append(out, byte(i))
	}
	out = words(out, base+uint32(len(data)), 112, 0x12345678, 0, 0, mapAt)
	out = words(words(out, header...), uint32(len(data)), base)
	return append(append(out, body...), data...)
}

// sample has one of everything. The code of its method is the header's first
// bytes, read as code.
func sample() *maker {
	m := &maker{
		version: "035", strings: []string{"<init>", "LMain;", "LObject;", "Main.java", "V", "count", "run", "\xc0\x80\xed\xa0\xbd\xed\xb8\x80"},
		types: []uint32{1, 2, 4}, protos: [][3]uint32{{4, 2}},
		fields: [][3]uint32{{0, 2, 5}, {1, 2, 6}}, methods: [][3]uint32{{0, 0, 0}, {1, 0, 6}},
		mapItems: [][2]uint32{{0, 1}, {1, 7}},
	}
	m.classes = []class{
		{index: 0, flags: 1, super: 1, source: 3, data: []byte{1, 1, 1, 2,
			0, 9, 1, 0x80, 0x01, // a static field, an instance field with flags of two bytes
			0, 1, 0x70, 1, 2, 0, // a direct method with code at 0x70 and a virtual one
			9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}, // and one that does not exist
		{index: 1, flags: 0x201, super: 0xffffffff, source: 0xffffffff, data: make([]byte, 16)},
	}
	return m
}

func openIn(data []byte, yarax bool) *moduletest.Scan {
	return moduletest.OpenIn(dex.Module(), module.Context{Data: data, YARAX: yarax})
}

func TestSample(t *testing.T) {
	moduletest.Check(t, openIn(sample().build(), false), [][2]string{
		{"header.magic", `"dex\n035\x00"`}, {"DEX_FILE_MAGIC_035", `"dex\n035\x00"`}, {"header.checksum", "67305985"},
		{"header.signature", `"\x00\x01\x02\x03\x04\x05\x06\a\b\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13"`},
		{"header.header_size", "112"}, {"header.endian_tag", "305419896"}, {"ENDIAN_CONSTANT", "305419896"},
		{"header.string_ids_size", "8"}, {"header.string_ids_offset", "112"}, {"header.class_defs_size", "2"},
		{"string_ids[0].value", `"<init>"`}, {"string_ids[0].size", "6"}, {"string_ids[8].size", "undefined"},
		{"type_ids[1].descriptor_idx", "2"}, {"proto_ids[0].shorty_idx", "4"}, {"proto_ids[0].return_type_idx", "2"},
		{"field_ids[0].type_idx", "2"}, {"field_ids[1].class_idx", "1"}, {"field_ids[1].name_idx", "6"},
		{"method_ids[1].name_idx", "6"}, {"method_ids[1].proto_idx", "0"},
		{"class_defs[1].access_flags", "513"}, {"class_defs[0].super_class_idx", "1"}, {"class_defs[0].interfaces_offset", "7"},
		{"class_defs[0].annotations_offset", "8"}, {"class_defs[0].static_values_offset", "9"},
		{"map_list.size", "2"}, {"map_list.map_item[1].type", "1"}, {"map_list.map_item[1].unused", "5"},
		{"map_list.map_item[1].size", "7"}, {"map_list.map_item[1].offset", "77"}, {"TYPE_STRING_ID_ITEM", "1"},
		{"class_data_item[0].static_fields_size", "1"}, {"class_data_item[0].virtual_methods_size", "2"},
		{"class_data_item[1].virtual_methods_size", "0"}, {"class_data_item[2].static_fields_size", "undefined"},
	})
}

func TestMembers(t *testing.T) {
	moduletest.Check(t, openIn(sample().build(), false), [][2]string{
		{"number_of_fields", "2"}, {"field[0].class_name", `"LMain;"`}, {"field[0].name", `"count"`}, {"field[0].proto", `"V"`},
		{"field[0].static", "1"}, {"field[0].instance", "0"}, {"field[0].field_idx_diff", "0"}, {"field[0].access_flags", "9"},
		{"field[1].name", `"run"`}, {"field[1].instance", "1"}, {"field[1].access_flags", "128"}, {"field[2].name", "undefined"},
		{"number_of_methods", "2"}, {"method[0].name", `"<init>"`}, {"method[0].class_name", `"LMain;"`}, {"method[0].proto", `"V"`},
		{"method[0].direct", "1"}, {"method[0].virtual", "0"}, {"method[0].code_off", "112"},
		{"method[1].name", `"run"`}, {"method[1].virtual", "1"}, {"method[1].code_off", "0"},
		{"method[1].code_item.ins_size", "undefined"},
		// The third is shown, but not counted.
		{"method[2].method_idx_diff", "9"}, {"method[2].name", "undefined"}, {"method[3].access_flags", "undefined"},
		{`has_method("run")`, "1"}, {`has_method("LObject;", "run")`, "1"}, {`has_method("LMain;", "run")`, "0"},
		{`has_method(/in/)`, "1"}, {`has_method(/main/i, /init/)`, "1"}, {`has_method(/main/, /init/)`, "0"},
		{`has_class("LMain;")`, "1"}, {`has_class("Main")`, "0"}, {`has_class(/Main/)`, "1"}, {`has_method("run\x00x")`, "1"},
	})
}

// Code is read where the method says, be that what it may.
func TestCode(t *testing.T) {
	m := sample()
	data := m.build()
	copy(data[0x70:], words([]byte{4, 0, 1, 0, 2, 0, 0, 0}, 99, 3))
	copy(data[0x80:], "123456")
	moduletest.Check(t, openIn(data, false), [][2]string{
		{"method[0].code_item.registers_size", "4"}, {"method[0].code_item.ins_size", "1"}, {"method[0].code_item.outs_size", "2"},
		{"method[0].code_item.tries_size", "0"}, {"method[0].code_item.debug_info_off", "99"},
		{"method[0].code_item.insns_size", "3"}, {"method[0].code_item.insns", `"123456"`},
	})
	copy(data[0x7c:], words(nil, 0x80000003))
	moduletest.Check(t, openIn(data, false), [][2]string{{"method[0].code_item.insns", "undefined"}})
}

func TestModern(t *testing.T) {
	s := openIn(sample().build(), true)
	moduletest.Check(t, s, [][2]string{
		{"is_dex", "1"}, {"header.version", "35"}, {"header.signature", `"000102030405060708090a0b0c0d0e0f10111213"`},
		{"header.link_off", "0"}, {"header.container_size", "undefined"}, {"strings[6]", `"run"`}, {"strings[7]", `"\x00😀"`},
		{"types[0]", `"LMain;"`}, {"protos[0].shorty", `"V"`}, {"protos[0].return_type", `"V"`}, {"protos[0].parameters_count", "1"},
		{"protos[0].parameters[0]", `"LObject;"`}, {"fields[1].name", `"run"`}, {"fields[1].type", `"V"`}, {"fields[1].class", `"LObject;"`},
		{"methods[0].name", `"<init>"`}, {"methods[0].proto.return_type", `"V"`}, {"methods[2].name", "undefined"},
		{"class_defs[0].class", `"LMain;"`}, {"class_defs[0].superclass", `"LObject;"`}, {"class_defs[0].source_file", `"Main.java"`},
		{"class_defs[1].superclass", "undefined"}, {"map_list.items[0].type", "0"},
		{`contains_string("run")`, "true"}, {`contains_string("ru")`, "false"}, {`contains_method("<init>")`, "true"},
		{`contains_method("x")`, "false"}, {`contains_class("LObject;")`, "true"}, {`contains_class("V")`, "false"},
	})
	data := sample().build()
	copy(data[32:], words(nil, uint32(len(data)+1)))
	moduletest.Check(t, openIn(data, true), [][2]string{{"is_dex", "0"}, {"strings[0]", "undefined"}})
}

// The sums that the header should have.
func TestSums(t *testing.T) {
	data := append([]byte("dex\n035\x00"), make([]byte, 104)...)
	copy(data[36:], words(nil, 112, 0x12345678))
	moduletest.Check(t, openIn(data, true), [][2]string{
		{"checksum()", "1850737029"}, {"signature()", `"d172ceff89ba52d4561d55e130af6c08def65e23"`},
	})
}

// A table that is not whole ends the reading.
func TestStop(t *testing.T) {
	strings, methods, classes, maps := sample(), sample(), sample(), sample()
	strings.stringsAt, methods.methodsAdd, classes.classesAt, maps.mapCount = 1<<20, 1<<30, 1<<20, 1<<20
	for name, c := range map[string]struct {
		m     *maker
		cases [][2]string
	}{
		"strings": {strings, [][2]string{{"string_ids[0].size", "undefined"}, {"type_ids[0].descriptor_idx", "undefined"}, {"header.link_size", "0"}}},
		"methods": {methods, [][2]string{{"field_ids[0].name_idx", "5"}, {"method_ids[0].name_idx", "undefined"}, {"map_list.size", "undefined"}}},
		"classes": {classes, [][2]string{{"map_list.size", "2"}, {"class_defs[0].class_idx", "undefined"}, {"number_of_methods", "undefined"}, {`has_method("run")`, "undefined"}}},
		"map":     {maps, [][2]string{{"map_list.size", "1048578"}, {"map_list.map_item[0].type", "undefined"}, {"class_defs[0].class_idx", "undefined"}}},
	} {
		t.Run(name, func(t *testing.T) { moduletest.Check(t, openIn(c.m.build(), false), c.cases) })
	}
}

// In YARA the classes end with the first whose data is not in the file.
func TestLostClass(t *testing.T) {
	data := sample().build()
	first := le.Uint32(data[100:])
	copy(data[first+24:], words(nil, 1<<30))
	for yarax, want := range map[bool]string{false: "undefined", true: "513"} {
		moduletest.Check(t, openIn(data, yarax), [][2]string{
			{"class_defs[0].access_flags", "1"}, {"class_defs[1].access_flags", want}, {"number_of_methods", "undefined"},
		})
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string][2]bool{"034": {}, "035": {true, true}, "039": {true, true}, "040": {false, true}, "041": {false, true}, "042": {}, "03a": {}} {
		m := sample()
		m.version = version
		for i, yarax := range []bool{false, true} {
			got := openIn(m.build(), yarax).Eval("header.header_size")
			if (got == "112") != want[i] {
				t.Errorf("version %s, YARA-X %v: %s", version, yarax, got)
			}
		}
	}
	m := sample()
	m.version = "041"
	data := m.build()
	moduletest.Check(t, openIn(data, true), [][2]string{{"header.container_size", fmt.Sprint(le.Uint32(data[112:]))}})
}

func TestOtherFiles(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("dex\n035\x00"), sample().build()[:111], make([]byte, 200)} {
		moduletest.Check(t, openIn(data, false), [][2]string{{"is_dex", "undefined"}, {"header.magic", "undefined"}, {"NO_INDEX", "4294967295"}})
		moduletest.Check(t, openIn(data, true), [][2]string{{"is_dex", "0"}, {"header.magic", "undefined"}, {`contains_string("")`, "undefined"}})
	}
}

// Every beginning of a file, and every file with one byte changed, is walked
// without a panic.
func TestDamage(t *testing.T) {
	m, data := dex.Module(), sample().build()
	for n := range data {
		changed := append([]byte{}, data...)
		changed[n] ^= 0xff
		for _, yarax := range []bool{false, true} {
			moduletest.OpenIn(m, module.Context{Data: data[:n], YARAX: yarax}).Walk(8, nil)
			moduletest.OpenIn(m, module.Context{Data: changed, YARAX: yarax}).Walk(8, nil)
		}
	}
}

func FuzzDex(f *testing.F) {
	f.Add(sample().build(), false)
	modern := sample()
	modern.version = "041"
	f.Add(modern.build(), true)
	m := dex.Module()
	f.Fuzz(func(t *testing.T, data []byte, yarax bool) {
		moduletest.OpenIn(m, module.Context{Data: data, YARAX: yarax}).Walk(64, nil)
	})
}
