package dotnet_test

import (
	"bytes"
	"encoding/binary"
)

var le = binary.LittleEndian

// maker writes a small assembly for the tests: a PE file with one section, in
// which there are the CLI header, the metadata and what else is added. All
// indices are of two bytes.
type maker struct {
	wide    bool // PE32+
	texts   []byte
	blobs   []byte
	tables  map[int][][]any // rows by table; uint16 and uint32 columns
	extra   []byte          // behind the metadata
	user    []byte
	guids   []byte
	heaps   byte
	version string
}

const (
	sectionAddress = 0x2000
	sectionStart   = 0x200
	resourceStart  = 0x3000 // address: what is added begins there
)

func newMaker() *maker {
	return &maker{texts: []byte{0}, blobs: []byte{0}, tables: map[int][][]any{}, version: "v4.0.30319\x00\x00"}
}

// text adds a string to the heap.
func (m *maker) text(s string) uint16 {
	at := len(m.texts)
	m.texts = append(append(m.texts, s...), 0)
	return uint16(at)
}

// blob adds an entry to the heap.
func (m *maker) blob(b ...byte) uint16 {
	at := len(m.blobs)
	m.blobs = append(append(m.blobs, byte(len(b))), b...)
	return uint16(at)
}

// row adds a row to a table and gives its number.
func (m *maker) row(table int, columns ...any) uint16 {
	m.tables[table] = append(m.tables[table], columns)
	return uint16(len(m.tables[table]))
}

func (m *maker) tilde() []byte {
	var valid uint64
	var counts, rows []byte
	for n := range 64 {
		list, ok := m.tables[n]
		if !ok {
			continue
		}
		valid |= 1 << n
		counts = le.AppendUint32(counts, uint32(len(list)))
		for _, r := range list {
			for _, v := range r {
				rows = appendNumber(rows, v)
			}
		}
	}
	out := append(le.AppendUint32(nil, 0), 2, 0, m.heaps, 1)
	out = le.AppendUint64(le.AppendUint64(out, valid), 0)
	out = append(out, counts...)
	if m.heaps&0x40 != 0 {
		out = append(out, 0, 0, 0, 0)
	}
	return append(out, rows...)
}

func appendNumber(out []byte, v any) []byte {
	switch v := v.(type) {
	case uint16:
		return le.AppendUint16(out, v)
	case uint32:
		return le.AppendUint32(out, v)
	case int:
		return le.AppendUint16(out, uint16(v))
	}
	panic("a column is neither uint16 nor uint32")
}

func (m *maker) metadata() []byte {
	streams := []struct {
		name string
		data []byte
	}{{"#~", m.tilde()}, {"#Strings", m.texts}, {"#US", m.user}, {"#GUID", m.guids}, {"#Blob", m.blobs}}
	head := le.AppendUint32(nil, 0x424a5342)
	head = le.AppendUint32(append(head, 1, 0, 1, 0, 0, 0, 0, 0), uint32(len(m.version)))
	head = append(append(head, m.version...), 0, 0, byte(len(streams)), 0)
	size := len(head)
	for _, s := range streams {
		size += 8 + len(s.name) + 4 - len(s.name)%4
	}
	var body []byte
	for _, s := range streams {
		head = le.AppendUint32(le.AppendUint32(head, uint32(size+len(body))), uint32(len(s.data)))
		head = append(append(head, s.name...), make([]byte, 4-len(s.name)%4)...)
		body = append(body, s.data...)
		body = append(body, make([]byte, (4-len(body)%4)%4)...)
	}
	return append(head, body...)
}

func (m *maker) build() []byte {
	cli := le.AppendUint32(le.AppendUint32(nil, 72), 2|5<<16)
	cli = le.AppendUint32(le.AppendUint32(cli, sectionAddress+72), uint32(len(m.metadata())))
	cli = le.AppendUint32(le.AppendUint32(le.AppendUint32(cli, 1), 0), resourceStart)
	cli = append(append(cli, make([]byte, 72-len(cli))...), m.metadata()...)
	cli = append(cli, make([]byte, max(0, resourceStart-sectionAddress-len(cli)))...)
	body := append(cli, m.extra...)
	out := append(append([]byte("MZ"), make([]byte, 58)...), 64, 0, 0, 0)
	optional, magic := 224, uint16(0x10b)
	if m.wide {
		optional, magic = 240, 0x20b
	}
	out = append(out, "PE\x00\x00\x4c\x01\x01\x00"...)
	out = le.AppendUint16(append(out, make([]byte, 12)...), uint16(optional))
	out = le.AppendUint16(out, 2)
	header := le.AppendUint16(nil, magic)
	header = append(header, make([]byte, optional-2)...)
	le.PutUint32(header[32:], 0x2000) // section alignment
	le.PutUint32(header[36:], 0x200)  // file alignment
	le.PutUint32(header[optional-128-4:], 16)
	le.PutUint32(header[optional-128+14*8:], sectionAddress)
	out = append(out, header...)
	out = append(append(out, ".text\x00\x00\x00"...), make([]byte, 32)...)
	at := len(out) - 32
	for i, v := range []uint32{uint32(len(body)), sectionAddress, uint32(len(body)), sectionStart} {
		le.PutUint32(out[at+4*i:], v)
	}
	out = append(out, make([]byte, sectionStart-len(out))...)
	return append(out, body...)
}

// sample has one of everything.
func sample() *maker {
	m := newMaker()
	m.guids = append(bytes.Repeat([]byte{0x11}, 16), 0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 7, 8)
	m.user = append([]byte{0, 5}, "h\x00i\x00\x00\x03j\x00\x01\x00\x00"...)
	m.extra = append(le.AppendUint32(nil, 0), 5, 0, 0, 0, 'h', 'e', 'l', 'l', 'o')
	m.row(0x00, 0, m.text("mod.exe"), 1, 0, 0)
	m.row(0x1a, m.text("kernel32.dll"))
	corlib := m.row(0x23, 4, 1, 2, 3, uint32(0), m.blob(0xb7, 0x7a), m.text("mscorlib"), 0, 0)
	object := m.row(0x01, corlib<<2|2, m.text("Object"), m.text("System"))
	list := m.row(0x01, corlib<<2|2, m.text("List`1"), m.text("System.Collections"))
	guid := m.row(0x01, corlib<<2|2, m.text("GuidAttribute"), m.text("System.Runtime"))
	ctor := m.row(0x0a, guid<<3|1, m.text(".ctor"), 0)
	assembly := m.row(0x20, uint32(0x8004), 1, 2, 3, 4, uint32(0), 0, m.text("Sample"), m.text("de"))
	m.row(0x0c, assembly<<5|0x0e, ctor<<3|3, m.blob(append([]byte{1, 0, 9}, "typelib-1\x00\x00"...)...))
	m.row(0x0b, 0x0e, 0, m.blob('c', 'o', 'n', 's', 't'))
	m.row(0x0b, 0x08, 0, m.blob(1, 0, 0, 0))
	m.row(0x1d, uint32(resourceStart), 1)
	m.row(0x1d, uint32(0x90000), 1)
	m.row(0x28, uint32(4), uint32(1), m.text("res"), 0)
	m.row(0x28, uint32(0), uint32(1), m.text("linked"), 1<<2|1)
	m.classes(object, list)
	return m
}

// classes adds <Module>, a generic class with a base, an interface and methods,
// and a class nested in it.
func (m *maker) classes(object, list uint16) {
	spec := m.row(0x1b, m.blob(0x15, 0x12, byte(list<<2|1), 1, 0x13, 0)) // List<T>
	m.row(0x02, uint32(0), m.text("<Module>"), 0, 0, 1, 1)
	outer := m.row(0x02, uint32(0x101), m.text("Outer`1"), m.text("App.Core"), object<<2|1, 1, 1)
	inner := m.row(0x02, uint32(0x0a3), m.text("Inner"), 0, 0, 1, 5)
	m.row(0x29, inner, outer)
	m.row(0x09, outer, spec<<2|2)
	m.row(0x2a, 0, 0, outer<<1, m.text("T"))
	m.row(0x06, uint32(0), 0, 0x1886, m.text(".ctor"), m.blob(0x20, 0, 1), 1)
	// static R Run<R>(string args, int[0...4,] table, ref T x, Func pointer)
	run := m.row(0x06, uint32(0), 0, 0x0096, m.text("Run"), m.blob(0x10, 1, 4, 0x1e, 0,
		0x0e, 0x14, 0x08, 2, 1, 5, 1, 2, 0x10, 0x13, 0, 0x1b, 0, 1, 1, 0x1d, 0x08), 1)
	m.row(0x2a, 0, 0, run<<1|1, m.text("R"))
	m.row(0x06, uint32(0), 0, 0x0443, m.text("None"), m.blob(0x20, 0, 0x0f, 0x01), 0)
	m.row(0x06, uint32(0), 0, 0x0443, m.text("Broken"), m.blob(0x20, 1, 1, 0x77), 1)
	m.row(0x06, uint32(0), 0, 0x0006, m.text("Last"), m.blob(0x20, 1, 0x1c, 0x12, byte(outer<<2)), 3)
	m.row(0x08, 0, 1, m.text("args"))
	m.row(0x08, 0, 2, m.text("table"))
	m.row(0x08, 0, 3, m.text("x"))
}
