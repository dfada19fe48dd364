package pe_test

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// image writes small PE files for the tests: headers of 1 KiB, a section .text
// at address 0x1000 and a section .rdata at 0x2000 that grows as things are put
// into it.
type image struct {
	wide            bool
	characteristics uint16
	stub            []byte // between the DOS header and the NT header
	directories     [16][2]uint32
	rdata           []byte
	overlay         []byte
	sectionCount    int // if not 0, what the header says
	textName        string
	symbols         [2]uint32 // offset and number
}

const (
	textStart, rdataStart = 0x400, 0x600 // in the file
	rdataBase             = 0x2000
)

var le = binary.LittleEndian

// put appends to .rdata, aligned to eight bytes, and gives the address.
func (m *image) put(b []byte) uint32 {
	for len(m.rdata)%8 != 0 {
		m.rdata = append(m.rdata, 0)
	}
	at := rdataBase + uint32(len(m.rdata))
	m.rdata = append(m.rdata, b...)
	return at
}

func (m *image) text(s string) uint32 { return m.put(append([]byte(s), 0)) }

func (m *image) pointer(b []byte, v uint64) []byte {
	if m.wide {
		return le.AppendUint64(b, v)
	}
	return le.AppendUint32(b, uint32(v))
}

func u32s(vs ...uint32) []byte {
	var b []byte
	for _, v := range vs {
		b = le.AppendUint32(b, v)
	}
	return b
}

func u16s(vs ...uint16) []byte {
	var b []byte
	for _, v := range vs {
		b = le.AppendUint16(b, v)
	}
	return b
}

// imported is a function by name, or by number when the name is empty.
type imported struct {
	name   string
	number uint16
}

type dll struct {
	name      string
	functions []imported
}

func (m *image) thunks(list []imported) []byte {
	var b []byte
	for _, f := range list {
		switch {
		case f.name != "":
			b = m.pointer(b, uint64(m.put(append([]byte{0, 0}, f.name+"\x00"...))))
		case m.wide:
			b = m.pointer(b, 1<<63|uint64(f.number))
		default:
			b = m.pointer(b, 1<<31|uint64(f.number))
		}
	}
	return m.pointer(b, 0)
}

// imports writes the import directory; the slots are a copy of the names.
func (m *image) imports(list ...dll) {
	var directory []byte
	for _, d := range list {
		thunks := m.thunks(d.functions)
		names, slots, name := m.put(thunks), m.put(thunks), m.text(d.name)
		directory = append(directory, u32s(names, 0, 0, name, slots)...)
	}
	m.directories[1] = [2]uint32{m.put(append(directory, make([]byte, 20)...)), uint32(len(directory) + 20)}
}

// delayed writes the delay-load directory, with addresses relative to the
// image or, in the old form, absolute ones.
func (m *image) delayed(relative bool, list ...dll) {
	var directory []byte
	add, attributes := uint32(0x400000), uint32(0)
	if relative {
		add, attributes = 0, 1
	}
	for _, d := range list {
		names := m.thunks(d.functions)
		for i := 0; !relative && i+4 < len(names); i += 4 {
			if v := le.Uint32(names[i:]); v>>31 == 0 {
				le.PutUint32(names[i:], v+add)
			}
		}
		slots := bytes.Repeat(m.pointer(nil, 0x401000), len(d.functions))
		directory = append(directory, u32s(attributes, m.text(d.name)+add, 0,
			m.put(m.pointer(slots, 0))+add, m.put(names)+add, 0, 0, 0)...)
	}
	m.directories[13] = [2]uint32{m.put(append(directory, make([]byte, 32)...)), uint32(len(directory) + 32)}
}

// exported is a function at an address; one without a name has a number only.
type exported struct {
	name string
	rva  uint32
}

func (m *image) exports(dllName string, base uint32, list ...exported) {
	var functions, names []uint32
	var numbers []uint16
	for i, e := range list {
		functions = append(functions, e.rva)
		if e.name != "" {
			names = append(names, m.text(e.name))
			numbers = append(numbers, uint16(i))
		}
	}
	for len(numbers) < len(functions) {
		numbers = append(numbers, 0xffff)
	}
	f, n, o, d := m.put(u32s(functions...)), m.put(u32s(names...)), m.put(u16s(numbers...)), m.text(dllName)
	header := u32s(0, 0x5eadbeef, 0, d, base, uint32(len(functions)), uint32(len(names)), f, n, o)
	at := m.put(header)
	m.directories[0] = [2]uint32{at, uint32(len(header))}
}

// node is a resource: a leaf with data, or a directory.
type node struct {
	id       uint32
	name     string
	children []node
	data     []byte
}

// resources writes the resource directory, depth first.
func (m *image) resources(roots ...node) {
	base := m.put(make([]byte, 0))
	var tree []byte // relative to base
	var leaves []int
	var blobs [][]byte
	var write func(list []node) uint32
	write = func(list []node) uint32 {
		at := len(tree)
		tree = append(tree, u32s(0, 0x600df00d)...)
		tree = append(tree, u16s(4, 2, 0, uint16(len(list)))...)
		tree = append(tree, make([]byte, 8*len(list))...)
		for i, n := range list {
			id := n.id
			if n.name != "" {
				id = 1<<31 | uint32(len(tree))
				units := utf16.Encode([]rune(n.name))
				tree = append(append(tree, u16s(uint16(len(units)))...), u16s(units...)...)
			}
			var target uint32
			if n.children != nil {
				target = 1<<31 | write(n.children)
			} else {
				target = uint32(len(tree))
				leaves = append(leaves, len(tree))
				blobs = append(blobs, n.data)
				tree = append(tree, u32s(0, uint32(len(n.data)), 0, 0)...)
			}
			le.PutUint32(tree[at+16+8*i:], id)
			le.PutUint32(tree[at+20+8*i:], target)
		}
		return uint32(at)
	}
	write(roots)
	m.put(tree)
	for i, at := range leaves {
		blob := m.put(blobs[i])
		le.PutUint32(m.rdata[int(base-rdataBase)+at:], blob)
	}
	m.directories[2] = [2]uint32{base, uint32(len(tree))}
}

// block is one node of a version resource.
func block(key string, valueLength int, value []byte, children ...[]byte) []byte {
	b := u16s(0, uint16(valueLength), 1)
	b = append(b, wide(key)...)
	pad := func() {
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	pad()
	b = append(b, value...)
	for _, c := range children {
		pad()
		b = append(b, c...)
	}
	le.PutUint16(b, uint16(len(b)))
	return b
}

func wide(s string) []byte { return u16s(append(utf16.Encode([]rune(s)), 0)...) }

func pair(key, value string) []byte {
	w := wide(value)
	return block(key, len(w)/2, w)
}

// codeView writes a debug directory with one record.
func (m *image) codeView(record []byte) {
	at := m.put(record)
	entry := u32s(0, 0, 0, 2, uint32(len(record)), at, 0)
	m.directories[6] = [2]uint32{m.put(entry), uint32(len(entry))}
}

// richStub hides a Rich block under a key.
func richStub(key uint32, pairs ...uint32) []byte {
	var b []byte
	for _, v := range append([]uint32{0x536e6144, 0, 0, 0}, pairs...) {
		b = le.AppendUint32(b, v^key)
	}
	return append(b, u32s(0x68636952, key, 0, 0)...)
}

// bytes writes the file.
func (m *image) bytes() []byte {
	out := make([]byte, 64, 4096)
	copy(out, "MZ")
	out = append(out, m.stub...)
	le.PutUint32(out[0x3c:], uint32(len(out)))
	count := 2
	if m.sectionCount != 0 {
		count = m.sectionCount
	}
	optional := m.optional()
	machine := uint16(0x14c)
	if m.wide {
		machine = 0x8664
	}
	out = append(out, "PE\x00\x00"...)
	out = append(out, u16s(machine, uint16(count))...)
	out = append(out, u32s(0x12345678, m.symbols[0], m.symbols[1])...)
	out = append(out, u16s(uint16(len(optional)), m.characteristics)...)
	out = append(out, optional...)
	name := m.textName
	if name == "" {
		name = ".text"
	}
	out = append(out, sectionHeader(name, 0x1000, 0x180, textStart, 0x200, 0x60000020)...)
	size := uint32(len(m.rdata)+0x1ff) &^ 0x1ff
	out = append(out, sectionHeader(".rdata", rdataBase, uint32(len(m.rdata)), rdataStart, size, 0x40000040)...)
	out = append(out, make([]byte, textStart-len(out))...)
	out = append(out, bytes.Repeat([]byte{0xcc}, rdataStart-textStart)...)
	out = append(append(out, m.rdata...), make([]byte, int(size)-len(m.rdata))...)
	return append(out, m.overlay...)
}

func sectionHeader(name string, va, vsize, raw, rawSize, characteristics uint32) []byte {
	b := make([]byte, 8)
	copy(b, name)
	b = append(b, u32s(vsize, va, rawSize, raw, 0x11, 0x22)...)
	return append(append(b, u16s(3, 4)...), u32s(characteristics)...)
}

func (m *image) optional() []byte {
	magic := uint16(0x10b)
	if m.wide {
		magic = 0x20b
	}
	b := append(u16s(magic), 14, 29)
	b = append(b, u32s(0x200, 0x400, 0x10, 0x1010, 0x1000)...)
	if m.wide {
		b = m.pointer(b, 0x140000000)
	} else {
		b = append(b, u32s(0x2000, 0x400000)...)
	}
	b = append(b, u32s(0x1000, 0x200)...)
	b = append(b, u16s(6, 1, 2, 3, 5, 2)...)
	b = append(b, u32s(7, 0x10000, 0x400, 0xabcd)...)
	b = append(b, u16s(3, 0x8160)...)
	for _, v := range []uint64{0x100000, 0x1000, 0x200000, 0x2000} {
		b = m.pointer(b, v)
	}
	b = append(b, u32s(9, 16)...)
	for _, d := range m.directories {
		b = append(b, u32s(d[0], d[1])...)
	}
	return b
}

// sample is a file with something in every part.
func sample(wide bool) *image {
	m := &image{wide: wide, characteristics: 0x2102, overlay: []byte("tail"), stub: richStub(0xdeadbeef, 0x5d0fc3, 3, 0x957809, 2)}
	m.imports(
		dll{"KERNEL32.dll", []imported{{"Sleep", 0}, {"CloseHandle", 0}}},
		dll{"ws2_32.DLL", []imported{{"", 9}, {"", 600}}},
		dll{"driver.sys", []imported{{"", 77}}})
	m.delayed(true, dll{"USER32.dll", []imported{{"MessageBoxA", 0}, {"", 5}}})
	m.exports("sample.dll", 5, exported{"alpha", 0x1010}, exported{"", 0x1020}, exported{"Beta", 0x1030})
	version := block("VS_VERSION_INFO", 52, make([]byte, 52),
		block("StringFileInfo", 0, nil,
			block("040904b0", 0, nil, pair("CompanyName", "Vitrine"), pair("FileVersion", "1.2"), block("Empty", 0, nil)),
			block("040704b0", 0, nil, pair("CompanyName", "Zweite"))),
		block("VarFileInfo", 0, nil))
	m.resources(
		node{id: 16, children: []node{{id: 1, children: []node{{id: 0x409, data: version}}}}},
		node{name: "KIND", children: []node{{name: "ÄB", children: []node{{id: 0x807, data: []byte("abc")}}}}})
	m.codeView(append(append([]byte("RSDS"), make([]byte, 20)...), "c:\\build\\a.pdb\x00"...))
	return m
}
