package elf_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/elf"
	"vitrine/yara/internal/module/moduletest"
)

func makers() map[string]*maker {
	return map[string]*maker{
		"32 little": {order: binary.LittleEndian, kind: 2, entry: 0x1010},
		"32 big":    {order: binary.BigEndian, kind: 2, entry: 0x1010},
		"64 little": {order: binary.LittleEndian, wide: true, kind: 2, entry: 0x1010},
		"64 big":    {order: binary.BigEndian, wide: true, kind: 2, entry: 0x1010},
	}
}

func TestSample(t *testing.T) {
	for name, m := range makers() {
		t.Run(name, func(t *testing.T) {
			header, segment, section := m.sizes()
			text := header + 2*segment
			s := moduletest.Open(elf.Module(), m.sample())
			moduletest.Check(t, s, [][2]string{
				{"type", "2"}, {"ET_EXEC", "2"}, {"machine", "62"}, {"EM_X86_64", "62"},
				{"entry_point", fmt.Sprint(text + 0x10)},
				{"number_of_sections", "9"}, {"sh_entry_size", fmt.Sprint(section)},
				{"number_of_segments", "2"}, {"ph_offset", fmt.Sprint(header)}, {"ph_entry_size", fmt.Sprint(segment)},
				{"sections[0].name", `""`}, {"sections[1].name", `".text"`}, {"sections[1].type", "1"},
				{"sections[1].flags", "6"}, {"sections[1].address", "4096"}, {"sections[1].size", "64"},
				{"sections[1].offset", fmt.Sprint(text)}, {"sections[7].name", `".bss"`},
				{"sections[8].name", `".shstrtab"`}, {"sections[9].name", "undefined"}, {"sections[-1].type", "undefined"},
				{"segments[0].type", "1"}, {"segments[0].flags", "5"}, {"segments[0].offset", fmt.Sprint(text)},
				{"segments[0].virtual_address", "4096"}, {"segments[0].physical_address", "4097"},
				{"segments[0].file_size", "64"}, {"segments[0].memory_size", "256"}, {"segments[1].alignment", "4096"},
				{"dynamic_section_entries", "3"}, {"dynamic[0].type", "1"}, {"dynamic[1].val", "4096"},
				{"dynamic[2].type", "0"}, {"dynamic[3].type", "undefined"},
				{"symtab_entries", "5"}, {"symtab[2].name", `"alpha"`}, {"symtab[2].value", "4112"},
				{"symtab[2].size", "8"}, {"symtab[2].type", "2"}, {"symtab[2].bind", "1"}, {"symtab[2].shndx", "1"},
				{"symtab[0].name", `""`}, {"symtab[5].name", "undefined"},
				{"dynsym_entries", "3"}, {"dynsym[2].name", `"Open"`}, {"dynsym[2].bind", "2"},
				{"import_md5()", `"a3f404102cb4cdd1b0dff51eaa9b4687"`}, // of open,write
				{"telfhash()", `""`}, // too short for TLSH
			})
		})
	}
}

// A relocatable or shared object is mapped through its sections, and memory
// without bytes in the file does not count.
func TestEntryThroughSections(t *testing.T) {
	for entry, want := range map[uint64]bool{0x1010: true, 0x1040: false, 0x3000: false, 0: false} {
		m := &maker{order: binary.LittleEndian, wide: true, kind: 3, entry: entry}
		got := moduletest.Open(elf.Module(), m.sample()).Eval("entry_point")
		if (got != "undefined") != want {
			t.Errorf("entry point of %#x is %s", entry, got)
		}
	}
}

func TestOtherFiles(t *testing.T) {
	good := (&maker{order: binary.LittleEndian, kind: 2}).sample()
	bad := func(at int, b byte) []byte {
		out := append([]byte{}, good...)
		out[at] = b
		return out
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello, hello, hello, hello"), "magic": []byte("\x7fELF"),
		"header and no more": good[:52], "class": bad(4, 3), "byte order": bad(5, 0),
	} {
		s := moduletest.Open(elf.Module(), data)
		moduletest.Check(t, s, [][2]string{
			{"type", "undefined"}, {"sections[0].name", "undefined"}, {"import_md5()", "undefined"}, {"ET_DYN", "3"},
		})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestBrokenTables(t *testing.T) {
	base := maker{order: binary.LittleEndian, wide: true, kind: 2, entry: 0x9999}
	outside := base
	outside.extraCount = 1000
	unnamed := base
	unnamed.noStrings = true
	for name, c := range map[string]struct {
		data  []byte
		cases [][2]string
	}{
		"sections past the end": {outside.sample(), [][2]string{
			{"number_of_sections", "1009"}, {"sections[0].type", "undefined"}, {"symtab_entries", "undefined"},
			{"segments[0].type", "1"}, {"entry_point", "undefined"}}},
		"names in the file header": {unnamed.sample(), [][2]string{
			{"sections[1].name", "undefined"}, {"sections[1].type", "1"}}},
		"symbols without strings": {base.build(nil, []sectionSpec{
			{name: ".symtab", kind: 2, link: 0, data: make([]byte, 48)}}), [][2]string{
			{"symtab_entries", "undefined"}, {"telfhash()", "undefined"}, {"dynamic_section_entries", "undefined"}}},
		"symbols past the end": {base.build(nil, []sectionSpec{
			{name: ".symtab", kind: 2, link: 2, size: 1 << 40}, {name: ".strtab", kind: 3, data: []byte{0}}}), [][2]string{
			{"symtab_entries", "undefined"}, {"symtab[0].name", "undefined"}}},
		"strings that do not begin with NUL": {base.build(nil, []sectionSpec{
			{name: ".symtab", kind: 2, link: 2, data: make([]byte, 24)}, {name: ".strtab", kind: 3, data: []byte("a\x00")}}), [][2]string{
			{"symtab_entries", "1"}, {"symtab[0].name", "undefined"}, {"import_md5()", "undefined"}}},
	} {
		t.Run(name, func(t *testing.T) { moduletest.Check(t, moduletest.Open(elf.Module(), c.data), c.cases) })
	}
}

// telfhash of functions with long names, of which the uninformative ones are
// left out.
func TestTelfhash(t *testing.T) {
	m := &maker{order: binary.LittleEndian, wide: true, kind: 3}
	list := []symbolSpec{{}}
	for i := range 60 {
		list = append(list, symbolSpec{name: strings.Repeat(string(rune('a'+i%26)), 3) + fmt.Sprintf("Function%dof%d", i*i, 7*i), info: 0x12})
	}
	plain := m.functions(list)
	noise := m.functions(append(list,
		symbolSpec{name: "main", info: 0x12}, symbolSpec{name: "strlcpy", info: 0x12}, symbolSpec{name: "_init", info: 0x12},
		symbolSpec{name: "open64", info: 0x12}, symbolSpec{name: "local", info: 0x02}, symbolSpec{name: "object", info: 0x11},
		symbolSpec{name: "hidden", info: 0x12, other: 2}))
	// As libyara 4.5.8 computes it.
	const want = `"T1152100DD3279B82960676630226FB1EC90353221EC889CBA916580D14FF818C62B3C7E"`
	moduletest.Check(t, moduletest.Open(elf.Module(), plain), [][2]string{{"telfhash()", want}})
	moduletest.Check(t, moduletest.Open(elf.Module(), noise), [][2]string{{"telfhash()", want}})
}

func (m *maker) functions(list []symbolSpec) []byte {
	table, strings := m.symbols(list)
	return m.build(nil, []sectionSpec{
		{name: ".dynsym", kind: 11, link: 2, data: table}, {name: ".dynstr", kind: 3, data: strings}})
}

// Every beginning of a file, and every file with one byte changed, is walked
// without a panic.
func TestDamage(t *testing.T) {
	for _, m := range makers() {
		data := m.sample()
		for n := range data {
			moduletest.Open(elf.Module(), data[:n]).Walk(8, nil)
			changed := append([]byte{}, data...)
			changed[n] ^= 0xff
			moduletest.Open(elf.Module(), changed).Walk(8, nil)
		}
	}
}

// A program of this system, if it is one of ELF, has the tables it must have.
func TestThisSystem(t *testing.T) {
	data, err := os.ReadFile("/bin/true")
	if (err != nil || !strings.HasPrefix(string(data), "\x7fELF")) && os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf("needs an ELF file /bin/true: %v", err)
	}
	if err != nil || !strings.HasPrefix(string(data), "\x7fELF") {
		t.Skip("no ELF file /bin/true on this system")
	}
	s := moduletest.Open(elf.Module(), data)
	names := map[string]bool{}
	s.Walk(1<<16, func(path string, v module.Value) {
		if strings.HasPrefix(path, "sections[") && strings.HasSuffix(path, ".name") {
			names[string(v.Bytes)] = true
		}
	})
	for _, name := range []string{".text", ".dynstr", ".shstrtab"} {
		if !names[name] {
			t.Errorf("no section %s", name)
		}
	}
	if got := s.Eval("entry_point"); got == "undefined" || got == "0" {
		t.Errorf("entry point %s", got)
	}
}

func FuzzELF(f *testing.F) {
	for _, m := range makers() {
		f.Add(m.sample())
	}
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		moduletest.Open(elf.Module(), data).Walk(64, nil)
	})
}

func BenchmarkSectionName(b *testing.B) {
	data := (&maker{order: binary.LittleEndian, wide: true, kind: 2}).sample()
	m := elf.Module()
	_, sections := m.Type.Member("sections")
	_, name := sections.Type.Elem.Member("name")
	c := &module.Context{Data: data}
	b.ReportAllocs()
	for range b.N {
		list := sections.Get(m.Open(c))
		for i := range sections.Type.Len(list.Ref) {
			name.Get(sections.Type.At(list.Ref, i).Ref)
		}
	}
}
