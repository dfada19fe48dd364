package macho_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/macho"
	"vitrine/yara/internal/module/moduletest"
)

func makers() map[string]*maker {
	return map[string]*maker{
		"32 little": {binary.LittleEndian, false, 7},
		"32 big":    {binary.BigEndian, false, 18},
		"64 little": {binary.LittleEndian, true, 0x01000007},
		"64 big":    {binary.BigEndian, true, 0x01000012},
	}
}

func openIn(data []byte, yarax bool) *moduletest.Scan {
	return moduletest.OpenIn(macho.Module(), module.Context{Data: data, YARAX: yarax})
}

func TestSample(t *testing.T) {
	for name, m := range makers() {
		magic := m.magic()
		reserved, reserved3 := "undefined", "undefined"
		if m.wide {
			reserved, reserved3 = "77", "15"
		}
		if m.order == binary.AppendByteOrder(binary.LittleEndian) {
			magic = binary.BigEndian.Uint32(binary.LittleEndian.AppendUint32(nil, magic))
		}
		for _, yarax := range []bool{false, true} {
			t.Run(fmt.Sprint(name, yarax), func(t *testing.T) {
				moduletest.Check(t, openIn(m.sample(), yarax), [][2]string{
					{"magic", fmt.Sprint(magic)}, {"cputype", fmt.Sprint(m.cpu)}, {"cpusubtype", "3"}, {"filetype", "2"},
					{"MH_EXECUTE", "2"}, {"ncmds", "15"}, {"flags", "2097285"}, {"reserved", reserved},
					{"number_of_segments", "2"}, {"segments[0].segname", `"__TEXT"`}, {"segments[0].vmaddr", "65536"},
					{"segments[0].vmsize", "4096"}, {"segments[0].fileoff", "256"}, {"segments[0].fsize", "4096"},
					{"segments[0].maxprot", "7"}, {"segments[0].initprot", "5"}, {"segments[0].nsects", "2"},
					{"segments[0].flags", "4"}, {"segments[1].segname", `"__LINKEDIT"`}, {"segments[2].flags", "undefined"},
					{"segments[0].sections[1].sectname", `"__const"`}, {"segments[0].sections[1].segname", `"__TEXT"`},
					{"segments[0].sections[1].addr", "65552"}, {"segments[0].sections[1].size", "16"},
					{"segments[0].sections[1].offset", "272"}, {"segments[0].sections[1].align", "2"},
					{"segments[0].sections[1].reloff", "11"}, {"segments[0].sections[1].nreloc", "12"},
					{"segments[0].sections[1].flags", "2147484672"}, {"segments[0].sections[1].reserved1", "13"},
					{"segments[0].sections[1].reserved2", "14"}, {"segments[0].sections[1].reserved3", reserved3},
					{"segments[0].sections[2].size", "undefined"}, {"entry_point", "546"}, {"stack_size", "16384"},
					{"fat_magic", "undefined"}, {"nfat_arch", "undefined"}, {"file[0].magic", "undefined"},
					{"file_index_for_arch(7)", "undefined"}, {"entry_point_for_arch(7)", "undefined"},
				})
			})
		}
	}
}

// What only YARA-X shows.
func TestLinked(t *testing.T) {
	for name, m := range makers() {
		t.Run(name, func(t *testing.T) {
			moduletest.Check(t, openIn(m.sample(), true), [][2]string{
				{"segments[0].filesize", "4096"}, {"dynamic_linker", `"/usr/lib/dyld"`}, {"source_version", `"1.2.3.4.5"`},
				{"uuid", `"30313233-3435-3637-3839-616263646566"`}, {"rpaths[0]", `"@loader_path/.."`},
				{"dylibs[0].name", `"/usr/lib/libA.dylib"`}, {"dylibs[0].timestamp", "2"},
				{"dylibs[0].current_version", `"1.2.3"`}, {"dylibs[0].compatibility_version", `"2.0.0"`},
				{"min_version.device", "36"}, {"MACOSX", "36"}, {"min_version.version", `"10.9.0"`}, {"min_version.sdk", `"10.10.1"`},
				{"build_version.platform", "1"}, {"build_version.minos", `"11.0.0"`}, {"build_version.ntools", "1"},
				{"build_version.tools[0].tool", "3"}, {"build_version.tools[0].version", `"612.1"`},
				{"dysymtab.nlocrel", "15"}, {"dyld_info.rebase_off", "0"}, {"symtab.nsyms", "4"},
				{"symtab.entries[0]", `"_main"`}, {"symtab.entries[2]", `"_hidden"`}, {"symtab.entries[3]", "undefined"},
				{"symtab.nlists[1].n_type", "1"}, {"symtab.nlists[0].n_value", "4660"}, {"symtab.nlists[0].n_desc", "9"},
				{"exports[0]", `"_b"`}, {"exports[1]", `"_a"`}, {"exports[2]", "undefined"},
				{"imports[0]", `"_malloc"`}, {"imports[1]", `"_free"`}, {"imports[2]", `"_open"`}, {"imports[3]", `"_close"`},
				{"entitlements[0]", `"com.apple.debug"`}, {"entitlements[1]", `"groups"`}, {"entitlements[2]", `"One"`},
				{"entitlements[3]", `"Two"`}, {"entitlements[4]", "undefined"},
				{`has_dylib("/USR/lib/liba.dylib")`, "true"}, {`has_dylib("x")`, "false"}, {`has_rpath("@LOADER_path/..")`, "true"},
				{`has_export("_A")`, "true"}, {`has_import("_OPEN")`, "true"}, {`has_entitlement("one")`, "true"},
				{"dylib_hash()", `"14451e1e8b5cd6150c9d66cce64fffed"`},
				{"export_hash()", `"1bbe41d0c5cdce52a462cd32b6150162"`},
				{"import_hash()", `"fa6c101f9891c0fb707a726acb6a7724"`}, {"entitlement_hash()", `"d22271a7d03f2b71dc8121b938b46792"`}, {"symhash()", `"ec5aa744973b57af44f19ee6e0976adf"`},
			})
		})
	}
}

// Without tries and fixups the symbol table says what is exported and imported.
func TestSymbolsInstead(t *testing.T) {
	m := makers()["64 little"]
	l := m.linked()
	data := m.build(l.data, m.command(0x2, m.words(nil, l.symbols[0], 4, l.texts[0], l.texts[1])))
	moduletest.Check(t, openIn(data, true), [][2]string{
		{"exports[0]", `"_main"`}, {"exports[1]", "undefined"}, {"imports[0]", `"_printf"`}, {"imports[1]", "undefined"},
	})
}

// The program counter of each processor, mapped through the segments.
func TestThread(t *testing.T) {
	for _, c := range []struct {
		cpu       uint32
		off, size int
		wide      bool
	}{{6, 68, 72, false}, {13, 124, 136, false}, {14, 4, 76, false}, {18, 0, 160, false}, {7, 40, 64, false},
		{12, 60, 68, false}, {0x01000007, 128, 168, true}, {0x0100000c, 256, 268, true}, {0x01000012, 0, 304, true}} {
		for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
			m := &maker{order, c.wide, c.cpu}
			text := m.segment("__TEXT", 0x10000, 0x1000, 0x100, 0x1000)
			good := m.build(nil, text, m.thread(c.off, c.size, 0x10042, c.wide))
			outside := m.build(nil, text, m.thread(c.off, c.size, 0x11000, c.wide))
			short := m.build(nil, text, m.thread(0, 8, 0x10042, false))
			for _, yarax := range []bool{false, true} {
				if got := openIn(good, yarax).Eval("entry_point"); got != "322" {
					t.Errorf("%#x %s: entry point %s", c.cpu, name, got)
				}
				if got := openIn(outside, yarax).Eval("entry_point"); got != "undefined" {
					t.Errorf("%#x %s: entry point outside is %s", c.cpu, name, got)
				}
			}
			if got := openIn(short, true).Eval("entry_point"); got != "undefined" {
				t.Errorf("%#x %s: entry point of a short state is %s", c.cpu, name, got)
			}
		}
	}
}

func TestUniversal(t *testing.T) {
	ms := makers()
	one, two := ms["32 little"].sample(), ms["64 little"].sample()
	for _, wide := range []bool{false, true} {
		data := universal(binary.BigEndian, wide, []uint32{7, 0x01000007}, one, two)
		for _, yarax := range []bool{false, true} {
			moduletest.Check(t, openIn(data, yarax), [][2]string{
				{"magic", "undefined"}, {"nfat_arch", "2"}, {"fat_arch[1].cputype", "16777223"}, {"fat_arch[1].cpusubtype", "3"},
				{"fat_arch[0].offset", "256"}, {"fat_arch[0].size", fmt.Sprint(len(one))}, {"fat_arch[0].align", "12"},
				{"file[0].magic", "3472551422"}, {"file[1].magic", "3489328638"}, {"file[2].magic", "undefined"},
				{"file[1].segments[0].sections[0].sectname", `"__text"`}, {"file[0].entry_point", "546"},
				{"file_index_for_arch(7)", "0"}, {"file_index_for_arch(0x01000007, 3)", "1"}, {"file_index_for_arch(7, 4)", "undefined"},
				{"entry_point_for_arch(7)", fmt.Sprint(256 + 546)}, {"entry_point_for_arch(7, 3)", fmt.Sprint(256 + 546)},
				{"entry_point_for_arch(9)", "undefined"},
			})
		}
		moduletest.Check(t, openIn(data, true), [][2]string{{`has_dylib("/usr/lib/libA.dylib")`, "true"}})
	}
}

// The dialects differ where a universal file is odd.
func TestOddUniversal(t *testing.T) {
	sample := makers()["32 little"].sample()
	single := universal(binary.BigEndian, true, []uint32{7}, sample)
	moduletest.Check(t, openIn(single, false), [][2]string{{"nfat_arch", "1"}, {"cputype", "undefined"}, {"file[0].cputype", "7"}})
	moduletest.Check(t, openIn(single, true), [][2]string{{"nfat_arch", "undefined"}, {"cputype", "7"}})
	little := universal(binary.LittleEndian, false, []uint32{7, 7}, sample, sample)
	moduletest.Check(t, openIn(little, true), [][2]string{{"nfat_arch", "2"}, {"file[1].cputype", "7"}})
	moduletest.Check(t, openIn(little, false), [][2]string{{"nfat_arch", "33554432"}, {"file[1].cputype", "undefined"}})
	cut := universal(binary.BigEndian, false, []uint32{1, 7, 7}, make([]byte, 16), sample, sample)
	cut = cut[:len(cut)-len(sample)]
	moduletest.Check(t, openIn(cut, false), [][2]string{{"nfat_arch", "3"}, {"file[0].cputype", "undefined"}, {"file[1].cputype", "7"}})
	moduletest.Check(t, openIn(cut, true), [][2]string{{"nfat_arch", "undefined"}, {"cputype", "7"}})
}

func TestOtherFiles(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "magic": []byte("\xcf\xfa\xed\xfe"), "text": []byte("hello, hello, hello, hello, hello"),
		"fat magic": []byte("\xca\xfe\xba\xbe"), "short": makers()["64 little"].sample()[:31],
	} {
		for _, yarax := range []bool{false, true} {
			moduletest.Check(t, openIn(data, yarax), [][2]string{
				{"magic", "undefined"}, {"segments[0].flags", "undefined"}, {"fat_magic", "undefined"}, {"FAT_MAGIC", "3405691582"},
			})
		}
		moduletest.Check(t, openIn(data, true), [][2]string{
			{`has_dylib("x")`, "false"}, {"dylib_hash()", "undefined"}, {"symhash()", "undefined"},
		})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// Every beginning of a file, and every file with one byte changed, is walked
// without a panic.
func TestDamage(t *testing.T) {
	m := macho.Module()
	for _, name := range []string{"32 big", "64 little"} {
		data := makers()[name].sample()
		for n := 0; n < len(data); n++ {
			if n == 0x500 {
				n = 0x1000 // nothing but padding between
			}
			changed := append([]byte{}, data...)
			changed[n] ^= 0xff
			moduletest.OpenIn(m, module.Context{Data: data[:n], YARAX: n%2 == 0}).Walk(2, nil)
			moduletest.OpenIn(m, module.Context{Data: changed, YARAX: n%2 == 1}).Walk(2, nil)
		}
	}
}

func FuzzMachO(f *testing.F) {
	var all [][]byte
	for _, m := range makers() {
		all = append(all, m.sample())
		f.Add(m.sample(), true)
	}
	f.Add(universal(binary.BigEndian, false, []uint32{7, 12}, all[0], all[1]), false)
	f.Add(universal(binary.LittleEndian, true, []uint32{7, 12}, all[2], all[3]), true)
	m := macho.Module()
	f.Fuzz(func(t *testing.T, data []byte, yarax bool) {
		moduletest.OpenIn(m, module.Context{Data: data, YARAX: yarax}).Walk(16, nil)
	})
}
