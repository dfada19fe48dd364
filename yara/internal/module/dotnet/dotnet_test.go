package dotnet_test

import (
	"fmt"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/dotnet"
	"vitrine/yara/internal/module/moduletest"
)

func openIn(data []byte, yarax bool) *moduletest.Scan {
	return moduletest.OpenIn(dotnet.Module(), module.Context{Data: data, YARAX: yarax})
}

// both are the sample with the two kinds of PE header.
func both() map[string]*maker {
	narrow, wide := sample(), sample()
	wide.wide = true
	return map[string]*maker{"PE32": narrow, "PE32+": wide}
}

func TestHeapsAndTables(t *testing.T) {
	for name, m := range both() {
		t.Run(name, func(t *testing.T) {
			moduletest.Check(t, openIn(m.build(), false), [][2]string{
				{"is_dotnet", "1"}, {"version", `"v4.0.30319"`}, {"module_name", `"mod.exe"`},
				{"number_of_streams", "5"}, {"streams[0].name", `"#~"`}, {"streams[4].name", `"#Blob"`},
				{"streams[0].size", fmt.Sprint(len(m.tilde()))}, {"streams[5].name", "undefined"},
				{"streams[0].offset", fmt.Sprint(sectionStart + 72 + 16 + 12 + 4 + 12 + 20 + 12 + 16 + 16)},
				{"number_of_guids", "2"}, {"guids[0]", `"11111111-1111-1111-1111-111111111111"`},
				{"guids[1]", `"12345678-9abc-def0-0102-030405060708"`}, {"guids[2]", "undefined"},
				{"number_of_user_strings", "2"}, {"user_strings[0]", `"h\x00i\x00"`}, {"user_strings[1]", `"j\x00"`},
				{"typelib", `"typelib-1"`}, {"number_of_constants", "1"}, {"constants[0]", `"const"`},
				{"number_of_modulerefs", "1"}, {"modulerefs[0]", `"kernel32.dll"`},
				{"number_of_field_offsets", "1"}, {"field_offsets[0]", fmt.Sprint(sectionStart + 0x1000)},
				{"number_of_resources", "2"}, {"resources[0].name", `"res"`},
				{"resources[0].offset", fmt.Sprint(sectionStart + 0x1008)}, {"resources[0].length", "5"},
				{"resources[1].name", `"linked"`}, {"resources[1].offset", "undefined"},
				{"number_of_assembly_refs", "1"}, {"assembly_refs[0].name", `"mscorlib"`},
				{"assembly_refs[0].version.major", "4"}, {"assembly_refs[0].version.revision_number", "3"},
				{"assembly_refs[0].public_key_or_token", `"\xb7z"`},
				{"assembly.name", `"Sample"`}, {"assembly.culture", `"de"`}, {"assembly.version.major", "1"},
				{"assembly.version.minor", "2"}, {"assembly.version.build_number", "3"}, {"assembly.version.revision_number", "4"},
			})
		})
	}
}

func TestClasses(t *testing.T) {
	for name, m := range both() {
		t.Run(name, func(t *testing.T) {
			moduletest.Check(t, openIn(m.build(), false), [][2]string{
				{"number_of_classes", "2"}, {"classes[0].fullname", `"App.Core.Outer"`}, {"classes[0].name", `"Outer"`},
				{"classes[0].namespace", `"App.Core"`}, {"classes[0].visibility", `"public"`}, {"classes[0].type", `"class"`},
				{"classes[0].sealed", "1"}, {"classes[0].abstract", "0"},
				{"classes[0].number_of_generic_parameters", "1"}, {"classes[0].generic_parameters[0]", `"T"`},
				{"classes[0].number_of_base_types", "2"}, {"classes[0].base_types[0]", `"System.Object"`},
				{"classes[0].base_types[1]", `"System.Collections.List<T>"`},
				{"classes[1].fullname", `"App.Core.Outer.Inner"`}, {"classes[1].namespace", `"App.Core.Outer"`},
				{"classes[1].visibility", `"private"`}, {"classes[1].type", `"interface"`}, {"classes[1].abstract", "1"},
				{"classes[1].number_of_base_types", "0"}, {"classes[1].number_of_generic_parameters", "0"},
				{"classes[2].name", "undefined"},
			})
		})
	}
}

func TestMethods(t *testing.T) {
	moduletest.Check(t, openIn(sample().build(), false), [][2]string{
		{"classes[0].number_of_methods", "3"}, {"classes[0].methods[0].name", `".ctor"`},
		{"classes[0].methods[0].return_type", "undefined"}, {"classes[0].methods[0].number_of_parameters", "0"},
		{"classes[0].methods[1].name", `"Run"`}, {"classes[0].methods[1].visibility", `"public"`},
		{"classes[0].methods[1].static", "1"}, {"classes[0].methods[1].virtual", "0"}, {"classes[0].methods[1].final", "0"},
		{"classes[0].methods[1].return_type", `"R"`}, {"classes[0].methods[1].number_of_generic_parameters", "1"},
		{"classes[0].methods[1].generic_parameters[0]", `"R"`}, {"classes[0].methods[1].number_of_parameters", "4"},
		{"classes[0].methods[1].parameters[0].name", `"args"`}, {"classes[0].methods[1].parameters[0].type", `"string"`},
		{"classes[0].methods[1].parameters[1].name", `"table"`}, {"classes[0].methods[1].parameters[1].type", `"int[1...5,]"`},
		{"classes[0].methods[1].parameters[2].name", `"x"`}, {"classes[0].methods[1].parameters[2].type", `"ref T"`},
		{"classes[0].methods[1].parameters[3].name", `"P_3"`}, {"classes[0].methods[1].parameters[3].type", `"FnPtr<void(int[])>"`},
		{"classes[0].methods[2].name", `"None"`}, {"classes[0].methods[2].return_type", `"Ptr<void>"`},
		{"classes[0].methods[2].number_of_parameters", "undefined"}, {"classes[0].methods[2].visibility", `"internal"`},
		{"classes[0].methods[2].virtual", "1"}, {"classes[0].methods[2].abstract", "1"},
		{"classes[1].number_of_methods", "1"}, {"classes[1].methods[0].return_type", `"object"`},
		{"classes[1].methods[0].parameters[0].type", `"App.Core.Outer"`},
	})
}

// Types that name one another would go on for ever. Methods with such a type
// are left out; the others stay.
func TestTypesInCircles(t *testing.T) {
	m := newMaker()
	m.row(0x00, 0, m.text("m"), 0, 0, 0)
	// List<spec, spec, …> in itself, sixteen levels of forty.
	circle := []byte{0x15, 0x1c, 40}
	for range 40 {
		circle = append(circle, 0x12, 1<<2|2)
	}
	m.row(0x1b, m.blob(circle...))
	name := m.text("C")
	for range 100 {
		m.row(0x02, uint32(1), name, 0, 1<<2|2, 1, 1)
	}
	one := m.text("M")
	signature, plain := m.blob(0x20, 1, 1, 0x12, 1<<2|2), m.blob(0x20, 0, 1)
	for range 100 {
		m.row(0x06, uint32(0), 0, 6, one, signature, 1)
		m.row(0x06, uint32(0), 0, 6, one, plain, 1)
	}
	s := openIn(m.build(), false)
	s.Walk(1000, nil)
	moduletest.Check(t, s, [][2]string{{"number_of_classes", "100"}, {"classes[99].number_of_methods", "100"}, {"classes[98].number_of_methods", "0"}})
}

// Nested classes may be nested in each other.
func TestNestedInCircles(t *testing.T) {
	m := newMaker()
	m.row(0x00, 0, m.text("m"), 0, 0, 0)
	a := m.row(0x02, uint32(2), m.text("A"), 0, 0, 1, 1)
	b := m.row(0x02, uint32(2), m.text("B"), 0, 0, 1, 1)
	m.row(0x29, a, b)
	m.row(0x29, b, a)
	moduletest.Check(t, openIn(m.build(), false), [][2]string{
		{"classes[0].fullname", `"A.B.A.B.A.B.A.B.A.B.A"`}, {"classes[1].name", `"B"`},
	})
}

func TestOtherFiles(t *testing.T) {
	good := sample().build()
	change := func(at int, b byte) []byte {
		out := append([]byte{}, good...)
		out[at] = b
		return out
	}
	for name, c := range map[string]struct {
		data        []byte
		four, yarax string
	}{
		"nothing":            {nil, "undefined", "0"},
		"no PE file":         {[]byte("MZ, and no more than that"), "undefined", "0"},
		"no CLI header":      {change(sectionStart, 71), "0", "0"},
		"no metadata":        {change(sectionStart+72, 'X'), "0", "0"},
		"odd version length": {change(sectionStart+72+12, 13), "0", "0"},
	} {
		moduletest.Check(t, openIn(c.data, false), [][2]string{{"is_dotnet", c.four}, {"number_of_guids", "undefined"}})
		moduletest.Check(t, openIn(c.data, true), [][2]string{{"is_dotnet", c.yarax}, {"number_of_guids", "undefined"}})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// What is not there has a count in YARA-X only.
func TestMissingParts(t *testing.T) {
	m := newMaker()
	m.row(0x00, 0, m.text("m"), 0, 0, 0)
	for yarax, want := range map[bool]string{false: "undefined", true: "0"} {
		moduletest.Check(t, openIn(m.build(), yarax), [][2]string{
			{"module_name", `"m"`}, {"number_of_resources", want}, {"number_of_user_strings", want}, {"number_of_classes", "0"},
			{"typelib", "undefined"}, {"assembly.name", "undefined"}, {"assembly.version.major", "undefined"},
		})
	}
}

// A table with too many rows ends the reading, and so does an unknown one.
func TestStop(t *testing.T) {
	m := sample()
	m.row(0x07, 1) // ParamPtr
	moduletest.Check(t, openIn(m.build(), false), [][2]string{
		{"module_name", `"mod.exe"`}, {"number_of_classes", "undefined"}, {"number_of_modulerefs", "undefined"},
	})
	m = newMaker()
	m.row(0x00, 0, m.text("m"), 0, 0, 0)
	for range 15001 {
		m.row(0x1b, 0)
	}
	m.row(0x20, uint32(0), 1, 2, 3, 4, uint32(0), 0, m.text("A"), 0)
	data := m.build()
	moduletest.Check(t, openIn(data, false), [][2]string{{"module_name", `"m"`}, {"assembly.name", "undefined"}})
	extra := sample()
	extra.heaps = 0x40
	moduletest.Check(t, openIn(extra.build(), false), [][2]string{{"module_name", `"mod.exe"`}, {"classes[0].name", `"Outer"`}})
}

// Every file cut off, and every file with one byte changed, is walked without
// a panic.
func TestDamage(t *testing.T) {
	m, data := dotnet.Module(), sample().build()
	end := sectionStart + 72 + len(sample().metadata())
	for n := 0; n < end; n++ {
		changed := append([]byte{}, data...)
		changed[n] ^= 0xff
		moduletest.OpenIn(m, module.Context{Data: data[:n]}).Walk(8, nil)
		moduletest.OpenIn(m, module.Context{Data: changed, YARAX: n%2 == 0}).Walk(8, nil)
	}
}

func FuzzDotnet(f *testing.F) {
	f.Add(sample().build(), false)
	wide := sample()
	wide.wide = true
	f.Add(wide.build(), true)
	m := dotnet.Module()
	f.Fuzz(func(t *testing.T, data []byte, yarax bool) {
		moduletest.OpenIn(m, module.Context{Data: data, YARAX: yarax}).Walk(64, nil)
	})
}
