package object

import (
	"encoding/binary"
	"slices"
	"testing"
)

// headers writes numbers at their places into a file of a size.
type headers struct {
	order binary.ByteOrder
	data  []byte
}

func (h headers) words(at int, values ...uint32) {
	for i, v := range values {
		h.order.PutUint32(h.data[at+4*i:], v)
	}
}

// machO writes a file of one segment at 0x1000, of 0x180 bytes from 0x80 on,
// that has one section, and one command more.
func machO(order binary.ByteOrder, wide bool, command ...uint32) []byte {
	h := headers{order, make([]byte, 0x200)}
	magic, at, size := uint32(0xfeedface), 28, 56+68
	if wide {
		magic, at, size = 0xfeedfacf, 32, 72+80
	}
	h.words(0, magic)
	h.words(16, 2)
	if wide {
		h.words(at, segment64, uint32(size))
		order.PutUint64(h.data[at+24:], 0x1000)
		order.PutUint64(h.data[at+40:], 0x80)
		order.PutUint64(h.data[at+48:], 0x180)
		h.words(at+64, 1)
		order.PutUint64(h.data[at+72+40:], 0x20)
		h.words(at+72+48, 0x100)
	} else {
		h.words(at, segment32, uint32(size))
		h.words(at+24, 0x1000, 0, 0x80, 0x180)
		h.words(at+48, 1)
		h.words(at+56+36, 0x20, 0x100)
	}
	h.words(at+size, command...)
	return h.data
}

func TestMachOEntries(t *testing.T) {
	thread := func(kind uint32, at int, pc uint32) []uint32 {
		c := make([]uint32, 50)
		c[0], c[1], c[2], c[(16+at)/4] = unixThread, 200, kind, pc
		return c
	}
	big := machO(binary.BigEndian, false, thread(1, 40, 0x1008)...)
	for name, c := range map[string]struct {
		data  []byte
		entry int64
	}{
		"main":                  {machO(binary.LittleEndian, true, mainEntry, 24, 0x90), 0x90},
		"thread of x86-64":      {machO(binary.LittleEndian, true, thread(4, 128, 0x1010)...), 0x90},
		"thread, big-endian":    {big, 0x88},
		"thread of another CPU": {machO(binary.LittleEndian, true, thread(6, 128, 0x1010)...), None},
		"outside":               {machO(binary.LittleEndian, true, thread(4, 128, 0x1180)...), None},
		"no entry":              {machO(binary.LittleEndian, false, 2, 8), None},
	} {
		if l := Read(MachO, c.data); !l.Known || l.Entry != c.entry || !slices.Equal(l.Sections, []Section{{0x100, 0x20}}) {
			t.Errorf("%s: %+v, want the entry point %d", name, l, c.entry)
		}
	}
}

// portable writes a PE file: entry point, alignments in memory and in the file,
// and for each section its address, its place and its size.
func portable(entry, align, fileAlign uint32, sections ...[3]uint32) headers {
	h := headers{binary.LittleEndian, make([]byte, 0x800)}
	copy(h.data, "MZ")
	h.words(0x3c, 0x40)
	h.words(0x40, 0x4550)
	h.data[0x46], h.data[0x54] = byte(len(sections)), 224
	const optional = 0x58
	h.words(optional, 0x10b)
	h.words(optional+16, entry)
	h.words(optional+32, align, fileAlign)
	h.words(optional+60, 0x200)
	for i, s := range sections {
		h.words(optional+224+40*i+12, s[0], s[2], s[1])
	}
	return h
}

func TestPELayout(t *testing.T) {
	for name, c := range map[string]struct {
		file     headers
		entry    int64
		sections []Section
	}{
		"plain":                   {portable(0x1010, 0x1000, 0x200, [3]uint32{0x1000, 0x200, 0x200}), 0x210, []Section{{0x200, 0x200}}},
		"entry in the headers":    {portable(0x10, 0x1000, 0x200, [3]uint32{0x1000, 0x200, 0x200}), 0x10, []Section{{0x200, 0x200}}},
		"entry nowhere":           {portable(0x9000, 0x1000, 0x200, [3]uint32{0x1000, 0x200, 0x200}), None, []Section{{0x200, 0x200}}},
		"no alignment":            {portable(0x1010, 0, 0, [3]uint32{0x1003, 0x201, 0x1ff}), 0x20e, []Section{{0x201, 0x1ff}}},
		"alignment that is a lie": {portable(0x1010, 0x1000, 0x1000, [3]uint32{0x1000, 0x200, 0x200}), 0x210, []Section{{0x200, 0x200}}},
		"unaligned":               {portable(0x1010, 0x1000, 0x200, [3]uint32{0x1001, 0x207, 0x101}), 0x210, []Section{{0x200, 0x200}}},
		"cut off":                 {portable(0x1010, 0x1000, 0x200, [3]uint32{0x1000, 0x600, 0x2000}), 0x610, []Section{{0x600, 0x200}}},
		"behind the end":          {portable(0x1010, 0x1000, 0x200, [3]uint32{0x1000, 0x900, 0x200}), None, []Section{{0x800, 0}}},
		"the last section counts": {portable(0x1010, 0x1000, 0x200, [3]uint32{0x1000, 0x200, 0x200}, [3]uint32{0x1000, 0x400, 0x200}), 0x410, []Section{{0x200, 0x200}, {0x400, 0x200}}},
	} {
		if l := Read(PE, c.file.data); !l.Known || l.Entry != c.entry || !slices.Equal(l.Sections, c.sections) {
			t.Errorf("%s: %+v, want %d %v", name, l, c.entry, c.sections)
		}
	}
	if l := Read(PE, portable(0, 0x1000, 0x200).data); l.Known {
		t.Errorf("without sections: %+v", l)
	}
}

// A version resource hangs at three levels: type, name, language.
func TestVersionResource(t *testing.T) {
	build := func(kind, below, size uint32, wide bool) []byte {
		h := portable(0x1010, 0x1000, 0x200, [3]uint32{0x1000, 0x200, 0x200}, [3]uint32{0x2000, 0x400, 0x400})
		directories := 0x58 + 96
		if wide {
			h.words(0x58, 0x20b)
			directories += 16
		}
		h.words(directories+16, 0x2000)
		h.words(0x400+12, 2<<16, 3, 0x80000100, kind, below) // icons come first
		h.words(0x400+0x40+12, 1<<16, 1, 0x80000080)
		h.words(0x400+0x80+12, 1<<16, 1033, 0xc0)
		h.words(0x400+0xc0, 0x2200, size)
		return h.data
	}
	for name, c := range map[string]struct {
		data []byte
		want Section
	}{
		"32 bit":            {build(versionType, 0x80000040, 0x50, false), Section{0x600, 0x50}},
		"64 bit":            {build(versionType, 0x80000040, 0x50, true), Section{0x600, 0x50}},
		"longer than it is": {build(versionType, 0x80000040, 0x5000, false), Section{0x600, 0x200}},
		"none":              {build(24, 0x80000040, 0x50, false), Section{}},
		"no further level":  {build(versionType, 0xc0, 0x50, false), Section{0x600, 0x50}},
		"in itself":         {build(versionType, 0x80000000, 0x50, false), Section{}},
		"behind the end":    {build(versionType, 0x80000fff, 0x50, false), Section{}},
	} {
		if got := Read(PE, c.data).Version; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestReferences(t *testing.T) {
	for in, want := range map[string]string{
		"&quot;": `"`, "&#x41;": "a", "&#X61;": "a", "&#255;": "\xff", "&#256;": "&#256;", "&#;": "&#;", "&#x;": "&#x;", "&#xg1;": "&#xg1;", "&;": "&;", "&lt": "&lt", "&#12a;": "&#12a;",
	} {
		if got := string(NormalHTML(nil, []byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
