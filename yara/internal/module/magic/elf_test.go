package magic_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"vitrine/yara/internal/module/magic"
	"vitrine/yara/internal/module/moduletest"
)

// elfMaker writes ELF files of any width and byte order with what file(1) looks
// at.
type elfMaker struct {
	order         binary.AppendByteOrder
	wide          bool
	kind, machine uint16
	flags         uint32
	system        byte
	interpreter   string
	dynamic       []uint64
	notes         []byte
	sections      []string // names; .symtab is one of symbols
}

func (m *elfMaker) word(b []byte, vs ...uint64) []byte {
	for _, v := range vs {
		if m.wide {
			b = m.order.AppendUint64(b, v)
		} else {
			b = m.order.AppendUint32(b, uint32(v))
		}
	}
	return b
}

func (m *elfMaker) note(name string, kind uint32, contents []byte) {
	b := m.order.AppendUint32(m.order.AppendUint32(m.order.AppendUint32(m.notes, uint32(len(name)+1)), uint32(len(contents))), kind)
	b = append(append(b, name...), make([]byte, 4-len(name)%4)...)
	m.notes = append(append(b, contents...), make([]byte, (4-len(contents)%4)%4)...)
}

func (m *elfMaker) build() []byte {
	header, segment, section, class, order := 52, 32, 40, byte(1), byte(1)
	if m.wide {
		header, segment, section, class = 64, 56, 64, 2
	}
	if m.order == binary.AppendByteOrder(binary.BigEndian) {
		order = 2
	}
	type part struct {
		kind uint32
		data []byte
	}
	parts := []part{{1, nil}}
	if m.dynamic != nil {
		parts = append(parts, part{2, m.word(nil, m.dynamic...)})
	}
	if m.interpreter != "" {
		parts = append(parts, part{3, []byte(m.interpreter + "\x00")})
	}
	if m.notes != nil {
		parts = append(parts, part{4, m.notes})
	}
	names := "\x00" + strings.Join(append(m.sections, ".shstrtab"), "\x00") + "\x00"
	at := uint64(header + segment*len(parts))
	var table, body []byte
	for _, p := range parts {
		table = m.order.AppendUint32(table, p.kind)
		if m.wide {
			table = m.order.AppendUint32(table, 4)
		}
		n := uint64(len(p.data))
		table = m.word(table, at+uint64(len(body)), 0, 0, n, n)
		if !m.wide {
			table = m.order.AppendUint32(table, 4)
		}
		table = m.word(table, 8)
		body = append(body, p.data...)
	}
	strings0 := at + uint64(len(body))
	body = append(body, names...)
	out := append([]byte("\x7fELF"), class, order, 1, m.system, 0, 0, 0, 0, 0, 0, 0, 0)
	out = m.order.AppendUint32(m.order.AppendUint16(m.order.AppendUint16(out, m.kind), m.machine), 1)
	shoff := uint64(0)
	if m.sections != nil {
		shoff = at + uint64(len(body))
	}
	out = m.order.AppendUint32(m.word(out, 0, uint64(header), shoff), m.flags)
	count := len(m.sections) + 1
	for _, v := range []int{header, segment, len(parts), section, count, count - 1} {
		out = m.order.AppendUint16(out, uint16(v))
	}
	out = append(append(out, table...), body...)
	for _, name := range append(m.sections, ".shstrtab") {
		kind := uint32(3)
		if name == ".symtab" {
			kind = 2
		}
		out = m.order.AppendUint32(m.order.AppendUint32(out, uint32(strings.Index(names, name))), kind)
		out = m.word(out, 0, 0, strings0, uint64(len(names)))
		out = m.word(append(out, 0, 0, 0, 0, 0, 0, 0, 0), 1, 0)
	}
	return out
}

func elfSamples() map[string]*elfMaker {
	little, big := binary.LittleEndian, binary.BigEndian
	pie := &elfMaker{order: little, wide: true, kind: 3, machine: 62, interpreter: "/lib64/ld-linux-x86-64.so.2",
		dynamic: []uint64{1, 7, 0x6ffffffb, 0x08000001, 0, 0}, sections: []string{".text"}}
	pie.note("GNU", 3, []byte("0123456789abcdefghij"))
	pie.note("GNU", 1, little.AppendUint32(little.AppendUint32(little.AppendUint32(make([]byte, 4), 3), 2), 0))
	gobin := &elfMaker{order: little, wide: true, kind: 2, machine: 62, sections: []string{".symtab", ".debug_info"}}
	gobin.note("Go", 4, []byte("build-1"))
	static := &elfMaker{order: little, wide: true, kind: 3, machine: 183, system: 3, dynamic: []uint64{0x6ffffffb, 0x08000000, 0, 0}, sections: []string{}}
	return map[string]*elfMaker{
		"ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked, interpreter /lib64/ld-linux-x86-64.so.2, BuildID[sha1]=303132333435363738396162636465666768696a, for GNU/Linux 3.2.0, stripped": pie,
		"ELF 64-bit LSB executable, x86-64, version 1 (SYSV), statically linked, Go BuildID=build-1, with debug_info, not stripped":                                                                                   gobin,
		"ELF 64-bit LSB pie executable, ARM aarch64, version 1 (GNU/Linux), static-pie linked, stripped":                                                                                                              static,
		"ELF 32-bit MSB executable, MIPS, MIPS32 version 1 (SYSV), statically linked":                                                                                                                                 {order: big, kind: 2, machine: 8, flags: 0x50000000},
		"ELF 32-bit LSB executable, ARM, EABI5 version 1 (ARM), statically linked":                                                                                                                                    {order: little, kind: 2, machine: 40, flags: 0x05000000, system: 97},
		"ELF 32-bit LSB shared object, Intel 80386, version 1 (FreeBSD), dynamically linked, stripped":                                                                                                                {order: little, kind: 3, machine: 3, system: 9, dynamic: []uint64{0, 0}, sections: []string{".text"}},
		"ELF 64-bit LSB relocatable, UCB RISC-V, version 1 (SYSV), not stripped":                                                                                                                                      {order: little, wide: true, kind: 1, machine: 243, sections: []string{".symtab"}},
		"ELF 64-bit MSB core file, IBM S/390, version 1 (SYSV)":                                                                                                                                                       {order: big, wide: true, kind: 4, machine: 22},
	}
}

func TestELF(t *testing.T) {
	for name, m := range elfSamples() {
		mime := map[uint16]string{1: "application/x-object", 2: "application/x-executable", 3: "application/x-sharedlib", 4: "application/x-coredump"}[m.kind]
		if strings.Contains(name, " pie ") {
			mime = "application/x-pie-executable"
		}
		one(t, name, m.build(), name, mime)
	}
}

// Every beginning of a file, and every file with one byte changed, is walked
// without a panic.
func TestDamage(t *testing.T) {
	for _, m := range elfSamples() {
		data := m.build()
		for n := range data {
			changed := append([]byte{}, data...)
			changed[n] ^= 0xff
			moduletest.Open(magic.Module(), data[:n]).Walk(1, nil)
			moduletest.Open(magic.Module(), changed).Walk(1, nil)
		}
	}
}

func FuzzMagic(f *testing.F) {
	for _, m := range elfSamples() {
		f.Add(m.build())
	}
	f.Add(entries(8, "[Content_Types].xml", "word/document.xml"))
	for _, s := range []string{"MZ", "#!/usr/bin/env sh\n", "\xff\xfeh\x00i\x00", "%PDF-1.7 /Count 3", `{\rtf1\ansi}`, "{\"a\": 1}",
		"\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\x03name\x00data", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", "BM", "GIF89a"} {
		f.Add([]byte(s))
	}
	m := magic.Module()
	f.Fuzz(func(t *testing.T, data []byte) { moduletest.Open(m, data).Walk(1, nil) })
}
