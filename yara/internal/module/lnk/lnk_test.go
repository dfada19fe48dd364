package lnk_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"unicode/utf16"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/lnk"
	"vitrine/yara/internal/module/moduletest"
)

var le = binary.LittleEndian

const identifier = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = le.AppendUint16(out, u)
	}
	return out
}

func words(b []byte, vs ...uint32) []byte {
	for _, v := range vs {
		b = le.AppendUint32(b, v)
	}
	return b
}

// header makes the header with these flags.
func header(flags uint32) []byte {
	b := append(words(nil, 0x4c), "\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"...)
	b = words(b, flags, 0x20)
	for _, seconds := range []uint64{1000, 2000} {
		b = le.AppendUint64(b, (11644473600+seconds)*10_000_000)
	}
	b = le.AppendUint64(b, 0)
	return words(b, 4096, 3, 7, 0, 0, 0)
}

// list makes an ID list of items without their sizes.
func list(items ...string) []byte {
	var b []byte
	for _, i := range items {
		b = append(le.AppendUint16(b, uint16(len(i)+2)), i...)
	}
	b = append(b, 0, 0)
	return append(le.AppendUint16(nil, uint16(len(b))), b...)
}

// info makes the part about the target, with texts in bytes or in UTF-16.
func info(unicode bool) []byte {
	volume := append(words(nil, 0, 3, 0xdeadbeef, 16), "LABEL\x00"...)
	size, base, suffix := uint32(28), []byte("C:\\a\x00"), []byte("b.exe\x00")
	if unicode {
		volume = append(words(nil, 0, 3, 0xdeadbeef, 0x14, 20), append(wide("Étikett"), 0, 0)...)
		size, base, suffix = 36, append(wide("C:\\ä"), 0, 0), append(wide("b.exe"), 0, 0)
	}
	le.PutUint32(volume, uint32(len(volume)))
	at := size + uint32(len(volume))
	next := at + uint32(len(base))
	b := words(nil, next+uint32(len(suffix)), size, 3, size)
	if unicode {
		b = words(b, 0, 0, 0, at, next)
	} else {
		b = words(b, at, 0, next)
	}
	return append(append(append(b, volume...), base...), suffix...)
}

func tracker() []byte {
	b := append(words(nil, 96, 0xa0000003, 88, 5), "machine\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	for i := range 4 {
		b = append(append(b, byte(i)), identifier[1:]...)
	}
	return b
}

func texts(unicode bool, list ...string) []byte {
	var b []byte
	for _, s := range list {
		raw := []byte(s)
		n := len(raw)
		if unicode {
			raw, n = wide(s), len(utf16.Encode([]rune(s)))
		}
		b = append(le.AppendUint16(b, uint16(n)), raw...)
	}
	return b
}

// sample is a shortcut with everything the module shows.
func sample(unicode bool) []byte {
	flags := uint32(0x7f)
	if unicode {
		flags |= 0x80
	}
	b := append(header(flags), list("\x1f\x50"+identifier, "\x2fC:\\"+string(make([]byte, 18)), "\x2e\x80"+identifier,
		"\x31\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00DIR\x00", "\x36\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+string(wide("file.exe")),
		"\x41\x00\x00\\\\server\\share\x00", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x.cpl\x00", "\x70rest", "\x99")...)
	b = append(b, info(unicode)...)
	b = append(b, texts(unicode, "name", "rel", "C:\\work", "-c calc", "icon.dll")...)
	b = append(append(b, words(nil, 8, 0xa0000001)...), tracker()...)
	return append(words(b, 0), "overlay"...)
}

func open(data []byte) *moduletest.Scan {
	return moduletest.OpenIn(lnk.Module(), module.Context{Data: data, YARAX: true})
}

func TestSample(t *testing.T) {
	for _, unicode := range []bool{false, true} {
		label, base := `"LABEL"`, `"C:\\a"`
		if unicode {
			label, base = `"Étikett"`, `"C:\\ä"`
		}
		data := sample(unicode)
		moduletest.Check(t, open(data), [][2]string{
			{"is_lnk", "1"}, {"file_attributes", "32"}, {"FILE_ATTRIBUTE_ARCHIVE", "32"}, {"creation_time", "1000"},
			{"access_time", "2000"}, {"write_time", "undefined"}, {"file_size", "4096"}, {"icon_index", "3"}, {"show_command", "7"},
			{"ShowCommand.MIN_NO_ACTIVE", "7"}, {"drive_type", "3"}, {"DriveType.FIXED", "3"}, {"drive_serial_number", "3735928559"},
			{"volume_label", label}, {"local_base_path", base}, {"common_path_suffix", `"b.exe"`},
			{"name", `"name"`}, {"relative_path", `"rel"`}, {"working_dir", `"C:\\work"`}, {"cmd_line_args", `"-c calc"`}, {"icon_location", `"icon.dll"`},
			{"overlay_size", "7"}, {"overlay_offset", fmt.Sprint(len(data) - 7)},
			{"tracker_data.version", "5"}, {"tracker_data.machine_id", `"machine"`},
			{"tracker_data.droid_volume_id", `"04030200-0605-0807-090a-0b0c0d0e0f10"`},
			{"tracker_data.droid_birth_file_id", `"04030203-0605-0807-090a-0b0c0d0e0f10"`},
		})
	}
}

func TestItems(t *testing.T) {
	moduletest.Check(t, open(sample(false)), [][2]string{
		{"target_id_list[0].item_type", "31"}, {"ShellItemType.ROOT_FOLDER", "31"},
		{"target_id_list[0].root_folder_id", `"04030201-0605-0807-090a-0b0c0d0e0f10"`}, {"target_id_list[0].volume_name", "undefined"},
		{"target_id_list[1].item_type", "32"}, {"target_id_list[1].volume_name", `"C:\\"`}, {"target_id_list[1].volume_id", "undefined"},
		{"target_id_list[2].volume_id", `"04030201-0605-0807-090a-0b0c0d0e0f10"`}, {"target_id_list[2].volume_name", "undefined"},
		{"target_id_list[3].item_type", "48"}, {"target_id_list[3].file_entry_name", `"DIR"`},
		{"target_id_list[4].file_entry_name", `"file.exe"`}, {"target_id_list[5].network_location", `"\\\\server\\share"`},
		{"target_id_list[6].item_type", "0"}, {"target_id_list[6].cpl_file_path", `"x.cpl"`},
		{"target_id_list[7].item_type", "113"}, {"target_id_list[7].data", `"rest"`},
		{"target_id_list[8].item_type", "153"}, {"target_id_list[8].data", `""`}, {"target_id_list[9].data", "undefined"},
	})
	data := append(header(1), list("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+string(wide("w.cpl")))...)
	moduletest.Check(t, open(data), [][2]string{{"target_id_list[0].cpl_file_path", `"w.cpl"`}})
}

// A part that is broken ends the reading, and what came before stays.
func TestBroken(t *testing.T) {
	long := make([]byte, 400)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	for name, c := range map[string]struct {
		data  []byte
		cases [][2]string
	}{
		"list that claims more": {append(header(1|4), 0xff, 0xff, 5, 0, 0x99, 1, 2), [][2]string{
			{"target_id_list[0].data", `"\x01\x02"`}, {"name", "undefined"}, {"is_lnk", "1"}}},
		"info that claims more": {append(header(2|4), words(nil, 4096, 28, 3, 28, 0, 0, 0)...), [][2]string{
			{"drive_type", "undefined"}, {"name", "undefined"}, {"file_size", "4096"}}},
		"text that claims more": {append(header(4|8), 3, 0, 'a', 'b', 'c', 9, 0, 'x'), [][2]string{
			{"name", `"abc"`}, {"relative_path", "undefined"}, {"overlay_size", "undefined"}}},
		"text cut at 260": {append(append(header(4|8), 0x90, 1), long...), [][2]string{
			{"name", fmt.Sprintf("%q", long[:260])}, {"relative_path", "undefined"}}},
		"block that claims more": {append(header(0), words(nil, 99, 0xa0000003)...), [][2]string{{"tracker_data.version", "undefined"}, {"overlay_size", "undefined"}}},
		"no overlay":             {append(header(0), 0, 0, 0, 0), [][2]string{{"overlay_size", "0"}, {"overlay_offset", "undefined"}}},
		"not UTF-8":              {append(header(4), 2, 0, 0xe9, 'x'), [][2]string{{"name", `"�x"`}}},
	} {
		t.Run(name, func(t *testing.T) { moduletest.Check(t, open(c.data), c.cases) })
	}
}

func TestOtherFiles(t *testing.T) {
	other := header(0)
	other[4] = 2
	for _, data := range [][]byte{nil, header(0)[:75], other} {
		moduletest.Check(t, open(data), [][2]string{{"is_lnk", "0"}, {"file_size", "undefined"}, {"name", "undefined"},
			{"tracker_data.version", "undefined"}, {"target_id_list[0].data", "undefined"}, {"RESERVED_2", "64"}})
	}
}

// Every beginning of a file, and every file with one byte changed, is walked
// without a panic.
func TestDamage(t *testing.T) {
	m := lnk.Module()
	for _, unicode := range []bool{false, true} {
		data := sample(unicode)
		for n := range data {
			changed := append([]byte{}, data...)
			changed[n] ^= 0xff
			moduletest.Open(m, data[:n]).Walk(16, nil)
			moduletest.Open(m, changed).Walk(16, nil)
		}
	}
}

func FuzzLnk(f *testing.F) {
	f.Add(sample(false))
	f.Add(sample(true))
	m := lnk.Module()
	f.Fuzz(func(t *testing.T, data []byte) {
		moduletest.Open(m, data).Walk(64, nil)
	})
}
