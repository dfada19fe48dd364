package pe_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/moduletest"
	"vitrine/yara/internal/module/pe"
)

func TestOtherFiles(t *testing.T) {
	good := (&image{}).bytes()
	far := bytes.Clone(good)
	le.PutUint32(far[0x3c:], 0x80000000)
	unsigned := bytes.Clone(good)
	unsigned[64] = 'X'
	for name, data := range map[string][]byte{
		"nothing": nil, "text": bytes.Repeat([]byte("hello"), 99), "only MZ": good[:64],
		"header far away": far, "no PE": unsigned, "half a header": good[:64+24+100],
	} {
		s := open(data)
		moduletest.Check(t, s, [][2]string{
			{"is_pe", "0"}, {"machine", "undefined"}, {"sections[0].name", "undefined"}, {"rich_signature.key", "undefined"},
			{"is_32bit()", "undefined"}, {`imports("a.dll")`, "undefined"}, {"imphash()", "undefined"},
			{`exports("x")`, "undefined"}, {"number_of_resources", "undefined"}, {`version_info["x"]`, "undefined"},
			{"calculate_checksum()", "undefined"}, {"DLL", "8192"}, {"is_signed", "undefined"}, {"number_of_signatures", "undefined"},
		})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// A resource directory that contains itself ends with the third level, and
// one that branches wildly ends with the budget.
func TestResourceLoops(t *testing.T) {
	m := &image{}
	entries := 4096
	table := append(u32s(0, 0), u16s(0, 0, 0, uint16(entries))...)
	for i := range entries {
		table = append(table, u32s(uint32(i), 1<<31)...)
	}
	at := m.put(table)
	m.directories[2] = [2]uint32{at, uint32(len(table))}
	check(t, m.bytes(), [][2]string{{"number_of_resources", "0"}})
	// The same with a second directory for every entry to enter.
	second := m.put(append(append(u32s(0, 0), u16s(0, 0, 0, 4096)...), m.rdata[16:16+8*4096]...))
	for i := range entries {
		le.PutUint32(m.rdata[at-rdataBase+20+8*uint32(i):], 1<<31|(second-at))
	}
	check(t, m.bytes(), [][2]string{{"resource_timestamp", "0"}, {"version_info_list[0].key", "undefined"}})
}

func TestResourceEntries(t *testing.T) {
	leaf := func(size uint32) []byte {
		m := &image{}
		table := append(u32s(0, 0), u16s(0, 0, 0, 1)...)
		table = append(table, u32s(7, 24)...)
		at := m.put(append(table, u32s(0x2000, size, 0, 0)...))
		m.directories[2] = [2]uint32{at, 0}
		return m.bytes()
	}
	// A leaf at the first level has a type and no more.
	check(t, leaf(4), [][2]string{
		{"number_of_resources", "1"}, {"resources[0].type", "7"}, {"resources[0].id", "undefined"}, {"resources[0].language", "undefined"},
		{"resources[0].offset", "1536"}, {"language(255)", "0"},
	})
	check(t, leaf(0), [][2]string{{"number_of_resources", "0"}})
	check(t, leaf(0x40000000), [][2]string{{"number_of_resources", "0"}})
	// A directory with characteristics is none.
	data := leaf(4)
	data[rdataStart] = 1
	check(t, data, [][2]string{{"number_of_resources", "0"}, {"resource_timestamp", "0"}})
}

// Descriptors that all share one list of names stop at the cap.
func TestImportCaps(t *testing.T) {
	m := &image{}
	name := m.put([]byte("\x00\x00Fn\x00"))
	thunks := m.put(append(bytes.Repeat(u32s(name), 3000), u32s(0)...))
	dllName := m.text("a.dll")
	descriptors := bytes.Repeat(u32s(thunks, 0, 0, dllName, thunks), 40)
	m.directories[1] = [2]uint32{m.put(append(descriptors, make([]byte, 20)...)), 20}
	check(t, m.bytes(), [][2]string{{"number_of_imported_functions", "16384"}, {"number_of_imports", "6"}})
}

// The same with names that are not good: nothing is found, and the work ends.
func TestImportWork(t *testing.T) {
	m := &image{}
	bad := m.put([]byte("\x00\x00bad name\x00"))
	thunks := m.put(append(bytes.Repeat(u32s(bad), 16384), u32s(0)...))
	dllName := m.text("a.dll")
	m.directories[1] = [2]uint32{m.put(bytes.Repeat(u32s(thunks, 0, 0, dllName, thunks), 16384)), 20}
	check(t, m.bytes(), [][2]string{{"number_of_imported_functions", "0"}, {"number_of_imports", "0"}})
}

func TestExportCaps(t *testing.T) {
	m := &image{}
	list := make([]exported, 20000)
	for i := range list {
		list[i].rva = 0x1000
	}
	list[3].name = "third"
	m.exports("many.dll", 1, list...)
	m.overlay = make([]byte, 1<<17) // libyara measures the array from the name on
	check(t, m.bytes(), [][2]string{{"number_of_exports", "16384"}, {`exports_index("third")`, "3"}})
	// More names than there is room for: the header is still shown.
	le.PutUint32(m.rdata[m.directories[0][0]-rdataBase+24:], 1<<30)
	check(t, m.bytes(), [][2]string{{"number_of_exports", "0"}, {"dll_name", `"many.dll"`}})
}

// Version blocks that never end are cut by the work budget.
func TestVersionWork(t *testing.T) {
	m := &image{}
	strings := bytes.Repeat(append(u16s(8, 0, 0), 'a', 0), 20000)
	version := block("VS_VERSION_INFO", 52, make([]byte, 52), block("StringFileInfo", 0, nil, append(append(u16s(0xffff, 0, 0), wide("x")...), strings...)))
	var nodes []node
	for i := range 500 {
		nodes = append(nodes, node{id: uint32(i), data: []byte{1}})
	}
	m.resources(node{id: 16, children: nodes})
	at := m.put(version)
	for i := 0; i+16 <= len(m.rdata); i += 4 {
		// Every leaf points to the same block.
		if le.Uint32(m.rdata[i+4:]) == 1 && le.Uint32(m.rdata[i+8:]) == 0 && le.Uint32(m.rdata[i+12:]) == 0 {
			le.PutUint32(m.rdata[i:], at)
		}
	}
	s := open(m.bytes())
	if got := s.Eval("number_of_version_infos"); len(got) > 5 {
		t.Errorf("%s strings", got)
	}
}

// Beginnings of a file, and files with one byte changed, are walked
// without a panic.
func TestDamage(t *testing.T) {
	both(t, func(t *testing.T, wide bool) {
		data := sample(wide).bytes()
		for n := 0; n < len(data); n += 3 {
			if n > 0x180 && n < rdataStart {
				continue
			}
			open(data[:n]).Walk(8, nil)
			changed := bytes.Clone(data)
			changed[n] ^= 0xff
			open(changed).Walk(8, nil)
		}
	})
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := moduletest.OpenIn(pe.Module(), module.Context{Ctx: ctx, Data: sample(true).bytes()})
	moduletest.Check(t, s, [][2]string{
		{"calculate_checksum()", "undefined"}, {"number_of_imports", "0"}, {"number_of_resources", "0"},
	})
}

func FuzzPE(f *testing.F) {
	f.Add(sample(false).bytes())
	f.Add(sample(true).bytes())
	f.Add((&image{}).bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		open(data).Walk(64, nil)
	})
}

func BenchmarkFields(b *testing.B) {
	data := sample(true).bytes()
	m := pe.Module()
	for _, name := range []string{"machine", "number_of_sections", "entry_point", "number_of_imports", "number_of_resources"} {
		b.Run(name, func(b *testing.B) {
			_, field := m.Type.Member(name)
			c := &module.Context{Ctx: context.Background(), Data: data}
			b.ReportAllocs()
			for range b.N {
				if v := field.Get(m.Open(c)); v.Kind != module.KindInt {
					b.Fatal(fmt.Sprint(v))
				}
			}
		})
	}
}
