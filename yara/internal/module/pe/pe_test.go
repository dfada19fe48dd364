package pe_test

import (
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/moduletest"
	"vitrine/yara/internal/module/pe"
)

func open(data []byte) *moduletest.Scan { return moduletest.Open(pe.Module(), data) }

func check(t *testing.T, data []byte, cases [][2]string) {
	t.Helper()
	moduletest.Check(t, open(data), cases)
}

// both runs a test on files of 32 and of 64 bits.
func both(t *testing.T, test func(t *testing.T, wide bool)) {
	t.Run("32", func(t *testing.T) { test(t, false) })
	t.Run("64", func(t *testing.T) { test(t, true) })
}

func pick(wide bool, yes, no string) string {
	if wide {
		return yes
	}
	return no
}

func TestHeaders(t *testing.T) {
	both(t, func(t *testing.T, wide bool) {
		check(t, sample(wide).bytes(), [][2]string{
			{"is_pe", "1"}, {"machine", pick(wide, "34404", "332")}, {"MACHINE_AMD64", "34404"},
			{"number_of_sections", "2"}, {"timestamp", "305419896"}, {"size_of_optional_header", pick(wide, "240", "224")},
			{"pointer_to_symbol_table", "0"}, {"number_of_symbols", "0"}, {"characteristics", "8450"},
			{"entry_point", "1040"}, {"entry_point_raw", "4112"}, {"image_base", pick(wide, "5368709120", "4194304")},
			{"opthdr_magic", pick(wide, "523", "267")}, {"linker_version.major", "14"}, {"linker_version.minor", "29"},
			{"size_of_code", "512"}, {"size_of_initialized_data", "1024"}, {"size_of_uninitialized_data", "16"},
			{"base_of_code", "4096"}, {"base_of_data", pick(wide, "undefined", "8192")},
			{"section_alignment", "4096"}, {"file_alignment", "512"},
			{"os_version.major", "6"}, {"os_version.minor", "1"}, {"image_version.major", "2"}, {"image_version.minor", "3"},
			{"subsystem_version.major", "5"}, {"subsystem_version.minor", "2"}, {"win32_version_value", "7"},
			{"size_of_image", "65536"}, {"size_of_headers", "1024"}, {"checksum", "43981"}, {"subsystem", "3"},
			{"dll_characteristics", "33120"}, {"size_of_stack_reserve", "1048576"}, {"size_of_stack_commit", "4096"},
			{"size_of_heap_reserve", "2097152"}, {"size_of_heap_commit", "8192"}, {"loader_flags", "9"},
			{"number_of_rva_and_sizes", "16"}, {"data_directories[1].size", "80"}, {"data_directories[16].size", "undefined"},
			{"is_dll()", "8192"}, {"is_32bit()", pick(wide, "0", "1")}, {"is_64bit()", pick(wide, "1", "0")},
		})
	})
}

func TestSections(t *testing.T) {
	m := sample(true)
	data := m.bytes()
	check(t, data, [][2]string{
		{"sections[0].name", `".text"`}, {"sections[0].full_name", `".text"`}, {"sections[0].characteristics", "1610612768"},
		{"sections[0].virtual_address", "4096"}, {"sections[0].virtual_size", "384"},
		{"sections[0].raw_data_offset", "1024"}, {"sections[0].raw_data_size", "512"},
		{"sections[0].pointer_to_relocations", "17"}, {"sections[0].pointer_to_line_numbers", "34"},
		{"sections[0].number_of_relocations", "3"}, {"sections[0].number_of_line_numbers", "4"},
		{"sections[1].name", `".rdata"`}, {"sections[2].name", "undefined"},
		{`section_index(".rdata")`, "1"}, {`section_index(".none")`, "undefined"}, {`section_index("")`, "undefined"},
		{"section_index(1024)", "0"}, {"section_index(1536)", "1"}, {"section_index(1023)", "undefined"}, {"section_index(-1)", "undefined"},
		{"rva_to_offset(4096)", "1024"}, {"rva_to_offset(8193)", "1537"}, {"rva_to_offset(16)", "16"},
		{"rva_to_offset(65536)", "undefined"}, {"rva_to_offset(-1)", "undefined"},
		{"overlay.size", "4"}, {"overlay.offset", moduletest.Show(module.Int(int64(len(data) - 4)))},
	})
	m.overlay = nil
	check(t, m.bytes(), [][2]string{{"overlay.size", "0"}, {"overlay.offset", "0"}})
}

// Long names of sections lie in the string table behind the COFF symbols.
func TestFullNames(t *testing.T) {
	for name, c := range map[string]struct{ index, table, want string }{
		"long":          {"/4", "\x10\x00\x00\x00.debug_info\x00", `".debug_info"`},
		"empty":         {"/4", "\x10\x00\x00\x00\x00", `""`},
		"not printable": {"/4", "\x10\x00\x00\x00.deb\tg\x00", "undefined"},
		"no end":        {"/4", "\x10\x00\x00\x00.debug", "undefined"},
		"outside":       {"/9999999", "", "undefined"},
		"no slash":      {"name", "", `"name"`},
	} {
		m := &image{textName: c.index, overlay: []byte(c.table)}
		m.put([]byte{1})
		m.symbols = [2]uint32{uint32(len(m.bytes()) - len(c.table)), 0}
		got := open(m.bytes()).Eval("sections[0].full_name")
		if got != c.want {
			t.Errorf("%s: full name %s, want %s", name, got, c.want)
		}
	}
}

func TestTooManySections(t *testing.T) {
	m := sample(false)
	m.sectionCount = 0xffff
	s := open(m.bytes())
	moduletest.Check(t, s, [][2]string{
		{"number_of_sections", "65535"}, {"sections[95].name", s.Eval("sections[95].name")}, {"sections[96].name", "undefined"},
	})
	// Headers past the end of the file leave no address mapped.
	check(t, m.bytes()[:0x400], [][2]string{{"entry_point", "-1"}, {"rva_to_offset(0)", "undefined"}, {"number_of_imports", "0"}})
}

func TestImports(t *testing.T) {
	both(t, func(t *testing.T, wide bool) {
		check(t, sample(wide).bytes(), [][2]string{
			{"number_of_imports", "3"}, {"number_of_imported_functions", "5"},
			{"number_of_delayed_imports", "1"}, {"number_of_delayed_imported_functions", "2"},
			{"import_details[0].library_name", `"KERNEL32.dll"`}, {"import_details[0].number_of_functions", "2"},
			{"import_details[0].functions[1].name", `"CloseHandle"`}, {"import_details[0].functions[1].ordinal", "undefined"},
			{"import_details[1].functions[0].name", `"htons"`}, {"import_details[1].functions[0].ordinal", "9"},
			{"import_details[1].functions[1].name", `"ord600"`}, {"import_details[3].library_name", "undefined"},
			{"delayed_import_details[0].library_name", `"USER32.dll"`},
			{"delayed_import_details[0].functions[0].name", `"MessageBoxA"`}, {"delayed_import_details[0].functions[1].ordinal", "5"},
			{`imports("kernel32.DLL", "sleep")`, "1"}, {`imports("kernel32.dll", "Nap")`, "0"},
			{`imports("kernel32.dll")`, "2"}, {`imports("user32.dll")`, "0"},
			{`imports("WS2_32.dll", 9)`, "1"}, {`imports("ws2_32.dll", 10)`, "0"}, {`imports("kernel32.dll", 0)`, "0"},
			{`imports(/kernel/i, /e/)`, "2"}, {`imports(/./, /^ord/)`, "2"},
			{`imports(1, "kernel32.dll", "Sleep")`, "1"}, {`imports(2, "kernel32.dll", "Sleep")`, "0"},
			{`imports(2, "user32.dll", "MessageBoxA")`, "1"}, {`imports(3, "user32.dll", 5)`, "1"}, {`imports(1, "user32.dll", 5)`, "0"},
			{`imports(-1, "user32.dll")`, "2"}, {`imports(0, "user32.dll")`, "0"}, {`imports(-1, /./, /./)`, "7"},
			{`import_rva("kernel32.dll", "None")`, "undefined"}, {`delayed_import_rva("kernel32.dll", "Sleep")`, "undefined"},
		})
	})
}

// The addresses of import_rva are those of the slots, one pointer apart.
func TestImportSlots(t *testing.T) {
	both(t, func(t *testing.T, wide bool) {
		s := open(sample(wide).bytes())
		first := s.Eval(`import_details[0].functions[0].rva`)
		moduletest.Check(t, s, [][2]string{
			{`import_rva("kernel32.dll", "Sleep")`, first},
			{`import_rva("ws2_32.dll", 600)`, s.Eval("import_details[1].functions[1].rva")},
			{`delayed_import_rva("user32.dll", 5)`, s.Eval("delayed_import_details[0].functions[1].rva")},
		})
		if first == "undefined" || first == s.Eval(`import_details[0].functions[1].rva`) {
			t.Errorf("slots %s", first)
		}
	})
}

func TestImphash(t *testing.T) {
	// The MD5 of "kernel32.sleep,kernel32.closehandle,ws2_32.htons,ws2_32.ord600,driver.ord77".
	const want = `"fe342c70362778bd5410b991859b58e9"`
	both(t, func(t *testing.T, wide bool) { check(t, sample(wide).bytes(), [][2]string{{"imphash()", want}}) })
	check(t, (&image{}).bytes(), [][2]string{{"imphash()", `"d41d8cd98f00b204e9800998ecf8427e"`}, {"number_of_imports", "0"}})
}

// Names that cannot be are passed over; what is left without functions too.
func TestBadImports(t *testing.T) {
	m := &image{}
	m.imports(
		dll{"bad?name.dll", []imported{{"Fine", 0}}},
		dll{"", []imported{{"Fine", 0}}},
		dll{"empty.dll", nil},
		dll{"some.dll", []imported{{"with space", 0}, {"Fine", 0}, {"Um\u00e9", 0}}})
	check(t, m.bytes(), [][2]string{
		{"number_of_imports", "1"}, {"number_of_imported_functions", "1"}, {"import_details[0].functions[0].name", `"Fine"`},
	})
}

func TestOldDelayedImports(t *testing.T) {
	m := &image{}
	m.delayed(false, dll{"old.dll", []imported{{"First", 0}, {"", 3}}})
	check(t, m.bytes(), [][2]string{
		{"delayed_import_details[0].library_name", `"old.dll"`}, {`imports(2, "old.dll", "First")`, "1"}, {`imports(2, "old.dll", 3)`, "1"},
	})
}

func TestExports(t *testing.T) {
	both(t, func(t *testing.T, wide bool) {
		check(t, sample(wide).bytes(), [][2]string{
			{"number_of_exports", "3"}, {"dll_name", `"sample.dll"`}, {"export_timestamp", "1588444911"},
			{"export_details[0].name", `"alpha"`}, {"export_details[0].ordinal", "5"}, {"export_details[0].rva", "4112"},
			{"export_details[0].offset", "1040"}, {"export_details[0].forward_name", "undefined"},
			{"export_details[1].name", "undefined"}, {"export_details[2].ordinal", "7"},
			{`exports("ALPHA")`, "1"}, {`exports("gamma")`, "0"}, {`exports(/^B/)`, "1"}, {`exports(/^b/)`, "0"},
			{`exports_index("beta")`, "2"}, {`exports_index("x")`, "undefined"}, {`exports_index(/ta$/)`, "2"},
			// Numbers above the count are refused, as libyara does.
			{"exports(5)", "0"}, {"exports(0)", "0"}, {"exports_index(5)", "undefined"},
		})
	})
}

func TestForwardedExport(t *testing.T) {
	m := &image{}
	m.exports("f.dll", 1, exported{"here", 0x1000}, exported{"there", 0})
	directory := m.directories[0][0]
	forward := m.text("other.func")
	m.directories[0][1] = forward - directory + 32
	functions := le.Uint32(m.rdata[directory-rdataBase+28:])
	le.PutUint32(m.rdata[functions-rdataBase+4:], forward)
	check(t, m.bytes(), [][2]string{
		{"export_details[1].forward_name", `"other.func"`}, {"export_details[1].offset", "undefined"},
		{"export_details[0].offset", "1024"}, {"exports(1)", "1"}, {"exports_index(2)", "1"},
	})
}

func TestRich(t *testing.T) {
	check(t, sample(false).bytes(), [][2]string{
		{"rich_signature.offset", "64"}, {"rich_signature.length", "32"}, {"rich_signature.key", "3735928559"},
		{"rich_signature.clear_data", `"DanS\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc3\x0f]\x00\x03\x00\x00\x00\tx\x95\x00\x02\x00\x00\x00"`},
		{"rich_signature.version_data", `"\xc3\x0f]\x00\tx\x95\x00"`},
		{"rich_signature.version(4035)", "3"}, {"rich_signature.toolid(149)", "2"}, {"rich_signature.toolid(1)", "0"},
		{"rich_signature.version(4035, 93)", "3"}, {"rich_signature.version(4035, 149)", "0"},
		{"rich_signature.toolid(149, 30729)", "2"},
	})
	short := &image{stub: u32s(0x536e6144^1, 0x68636952, 1, 0)}
	check(t, short.bytes(), [][2]string{
		{"rich_signature.length", "4"}, {"rich_signature.version_data", "undefined"}, {"rich_signature.version(1)", "undefined"},
	})
	check(t, (&image{}).bytes(), [][2]string{
		{"rich_signature.length", "undefined"}, {"rich_signature.toolid(1)", "undefined"},
	})
}

func TestPDBPath(t *testing.T) {
	name := "a.pdb\x00"
	for record, want := range map[string]string{
		"RSDS" + string(make([]byte, 20)) + name: `"a.pdb"`,
		"NB10" + string(make([]byte, 12)) + name: `"a.pdb"`,
		"MTOC" + string(make([]byte, 16)) + name: `"a.pdb"`,
		"ELSE" + string(make([]byte, 20)) + name: "undefined",
		"RSDS" + string(make([]byte, 21)):        `""`,
	} {
		m := &image{}
		m.codeView([]byte(record))
		check(t, m.bytes(), [][2]string{{"pdb_path", want}})
	}
	check(t, (&image{}).bytes(), [][2]string{{"pdb_path", "undefined"}})
}

// The sum of a file whose stored sum is the computed one stays the same.
func TestChecksum(t *testing.T) {
	for _, tail := range []string{"", "x", "xy", "xyz"} {
		m := &image{overlay: []byte(tail)}
		data := m.bytes()
		before := open(data).Eval("calculate_checksum()")
		le.PutUint32(data[64+24+64:], 0x11223344)
		if after := open(data).Eval("calculate_checksum()"); after != before {
			t.Errorf("the stored sum counts: %s, then %s", before, after)
		}
		data[0x410]++
		if after := open(data).Eval("calculate_checksum()"); after == before {
			t.Error("a changed byte does not count")
		}
	}
}

func TestResources(t *testing.T) {
	both(t, func(t *testing.T, wide bool) {
		check(t, sample(wide).bytes(), [][2]string{
			{"number_of_resources", "2"}, {"resource_timestamp", "1611526157"}, {"resource_version.major", "4"}, {"resource_version.minor", "2"},
			{"resources[0].type", "16"}, {"resources[0].id", "1"}, {"resources[0].language", "1033"}, {"resources[0].type_string", "undefined"},
			{"resources[1].type", "undefined"}, {"resources[1].type_string", `"K\x00I\x00N\x00D\x00"`},
			{"resources[1].name_string", `"\xc4\x00B\x00"`}, {"resources[1].length", "3"}, {"resources[1].language", "2055"},
			{"locale(0x409)", "1"}, {"locale(0x407)", "0"}, {"language(9)", "1"}, {"language(7)", "1"}, {"language(8)", "0"},
		})
	})
}

func TestVersionInfo(t *testing.T) {
	check(t, sample(true).bytes(), [][2]string{
		{"number_of_version_infos", "4"}, {"version_info_list[0].key", `"CompanyName"`}, {"version_info_list[0].value", `"Vitrine"`},
		{"version_info_list[2].value", `""`}, {"version_info_list[4].key", "undefined"},
		{`version_info["CompanyName"]`, `"Zweite"`}, {`version_info["FileVersion"]`, `"1.2"`}, {`version_info["Empty"]`, `""`},
		{`version_info["None"]`, "undefined"},
	})
	keys := ""
	open(sample(true).bytes()).Walk(100, func(path string, v module.Value) {
		if len(path) > 13 && path[:13] == "version_info[" {
			keys += path[13:len(path)-1] + " "
		}
	})
	if want := `"CompanyName" "FileVersion" "Empty" `; keys != want {
		t.Errorf("keys %s, want %s", keys, want)
	}
}
