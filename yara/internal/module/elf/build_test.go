package elf_test

import (
	"bytes"
	"encoding/binary"
)

// maker writes small ELF files of any width and byte order for the tests.
type maker struct {
	order binary.AppendByteOrder
	wide  bool
	kind  uint16 // e_type
	entry uint64

	noStrings  bool // section names point past the file
	extraCount int  // added to the declared number of sections
}

type sectionSpec struct {
	name              string
	kind, link        uint32
	flags, addr, size uint64
	data              []byte
}

type segmentSpec struct {
	kind, flags  uint32
	vaddr, memsz uint64
	section      int // whose bytes it maps
}

type symbolSpec struct {
	name        string
	value, size uint64
	info, other byte
	section     uint16
}

func (m *maker) u16(b []byte, v uint16) []byte { return m.order.AppendUint16(b, v) }
func (m *maker) u32(b []byte, v uint32) []byte { return m.order.AppendUint32(b, v) }

func (m *maker) word(b []byte, vs ...uint64) []byte {
	for _, v := range vs {
		if m.wide {
			b = m.order.AppendUint64(b, v)
		} else {
			b = m.order.AppendUint32(b, uint32(v))
		}
	}
	return b
}

func (m *maker) sizes() (header, segment, section int) {
	if m.wide {
		return 64, 56, 64
	}
	return 52, 32, 40
}

// build lays out: header, segments, the sections' bytes, section headers. A
// first empty section and a last one with the names are added.
func (m *maker) build(segments []segmentSpec, sections []sectionSpec) []byte {
	sections = append([]sectionSpec{{}}, sections...)
	names := []byte{0}
	starts := make([]uint32, len(sections)+1)
	for i, s := range append(sections, sectionSpec{name: ".shstrtab"}) {
		if s.name != "" {
			starts[i] = uint32(len(names))
			names = append(append(names, s.name...), 0)
		}
	}
	sections = append(sections, sectionSpec{name: ".shstrtab", kind: 3, data: names})
	header, segment, _ := m.sizes()
	at := header + segment*len(segments)
	offsets := make([]uint64, len(sections))
	var body []byte
	for i, s := range sections {
		offsets[i] = uint64(at + len(body))
		body = append(body, s.data...)
	}
	shoff := uint64(at + len(body))
	out := m.header(len(segments), len(sections), shoff)
	for _, s := range segments {
		out = m.segment(out, s, offsets, sections)
	}
	out = append(out, body...)
	for i, s := range sections {
		out = m.section(out, s, starts[i], offsets[i])
	}
	return out
}

func (m *maker) header(segments, sections int, shoff uint64) []byte {
	header, segment, section := m.sizes()
	class, data := byte(1), byte(1)
	if m.wide {
		class = 2
	}
	if m.order == binary.AppendByteOrder(binary.BigEndian) {
		data = 2
	}
	out := append([]byte("\x7fELF"), class, data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	out = m.u32(m.u16(m.u16(out, m.kind), 62), 1)
	phoff := uint64(0)
	if segments > 0 {
		phoff = uint64(header)
	}
	out = m.word(out, m.entry, phoff, shoff)
	names := sections - 1
	if m.noStrings {
		names = 0
	}
	out = m.u32(out, 0)
	for _, v := range []int{header, segment, segments, section, sections + m.extraCount, names} {
		out = m.u16(out, uint16(v))
	}
	return out
}

func (m *maker) segment(out []byte, s segmentSpec, offsets []uint64, sections []sectionSpec) []byte {
	off, size := offsets[s.section], uint64(len(sections[s.section].data))
	out = m.u32(out, s.kind)
	if m.wide {
		out = m.u32(out, s.flags)
	}
	out = m.word(out, off, s.vaddr, s.vaddr+1, size, s.memsz)
	if !m.wide {
		out = m.u32(out, s.flags)
	}
	return m.word(out, 0x1000)
}

func (m *maker) section(out []byte, s sectionSpec, name uint32, off uint64) []byte {
	size := s.size
	if s.data != nil {
		size = uint64(len(s.data))
	}
	out = m.u32(m.u32(out, name), s.kind)
	out = m.word(out, s.flags, s.addr, off, size)
	out = m.u32(m.u32(out, s.link), 0)
	return m.word(out, 1, 0)
}

// symbols makes a symbol table and its strings.
func (m *maker) symbols(list []symbolSpec) (table, strings []byte) {
	strings = []byte{0}
	for _, s := range list {
		name := uint32(0)
		if s.name != "" {
			name = uint32(len(strings))
			strings = append(append(strings, s.name...), 0)
		}
		table = m.u32(table, name)
		if m.wide {
			table = m.u16(append(table, s.info, s.other), s.section)
			table = m.word(table, s.value, s.size)
		} else {
			table = m.word(table, s.value, s.size)
			table = m.u16(append(table, s.info, s.other), s.section)
		}
	}
	return table, strings
}

// sample is an executable with everything the module shows.
func (m *maker) sample() []byte {
	table, strings := m.symbols([]symbolSpec{
		{}, {"Printf", 0, 0, 0x12, 0, 0}, {"alpha", 0x1010, 8, 0x12, 0, 1}, {"exit", 0, 0, 0x12, 0, 0},
		{"_hidden", 0x1020, 4, 0x12, 0, 1},
	})
	dynsym, dynstr := m.symbols([]symbolSpec{{}, {"write", 0, 0, 0x12, 0, 0}, {"Open", 0, 0, 0x22, 2, 0}})
	return m.build(
		[]segmentSpec{
			{kind: 1, flags: 5, vaddr: 0x1000, memsz: 0x100, section: 1},
			{kind: 2, flags: 6, vaddr: 0x2000, memsz: 0x40, section: 6},
		},
		[]sectionSpec{
			{name: ".text", kind: 1, flags: 6, addr: 0x1000, data: bytes.Repeat([]byte{0x90}, 64)},
			{name: ".symtab", kind: 2, link: 3, data: table},
			{name: ".strtab", kind: 3, data: strings},
			{name: ".dynsym", kind: 11, link: 5, data: dynsym},
			{name: ".dynstr", kind: 3, data: dynstr},
			{name: ".dynamic", kind: 6, data: m.word(nil, 1, 7, 12, 0x1000, 0, 0, 9, 9)},
			{name: ".bss", kind: 8, addr: 0x3000, size: 0x1000},
		})
}
