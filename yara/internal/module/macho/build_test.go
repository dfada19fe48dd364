package macho_test

import (
	"bytes"
	"encoding/binary"
)

// maker writes small Mach-O files of any width and byte order for the tests.
type maker struct {
	order binary.AppendByteOrder
	wide  bool
	cpu   uint32
}

func (m *maker) words(b []byte, vs ...uint32) []byte {
	for _, v := range vs {
		b = m.order.AppendUint32(b, v)
	}
	return b
}

func (m *maker) addresses(b []byte, vs ...uint64) []byte {
	for _, v := range vs {
		if m.wide {
			b = m.order.AppendUint64(b, v)
		} else {
			b = m.order.AppendUint32(b, uint32(v))
		}
	}
	return b
}

func (m *maker) magic() uint32 {
	if m.wide {
		return 0xfeedfacf
	}
	return 0xfeedface
}

// command makes a load command of its kind and contents, padded to 8 bytes.
func (m *maker) command(kind uint32, body []byte) []byte {
	for len(body)%8 != 0 {
		body = append(body, 0)
	}
	return append(m.words(nil, kind, uint32(len(body)+8)), body...)
}

func name16(s string) []byte { return append([]byte(s), make([]byte, 16-len(s))...) }

// segment makes a segment command with sections named text and data.
func (m *maker) segment(name string, vmaddr, vmsize, off, size uint64, sections ...string) []byte {
	kind := uint32(1)
	if m.wide {
		kind = 0x19
	}
	body := m.addresses(name16(name), vmaddr, vmsize, off, size)
	body = m.words(body, 7, 5, uint32(len(sections)), 4)
	for i, s := range sections {
		body = append(append(body, name16(s)...), name16(name)...)
		body = m.addresses(body, vmaddr+uint64(16*i), 16)
		body = m.words(body, uint32(off)+uint32(16*i), 2, 11, 12, 0x80000400, 13, 14)
		if m.wide {
			body = m.words(body, 15)
		}
	}
	// 32-bit sections are 68 bytes, so the padding of command would make the
	// size a lie: it is written here.
	return append(m.words(nil, kind, uint32(len(body)+8)), body...)
}

// thread makes a thread command whose program counter is at off of a state of
// size bytes.
func (m *maker) thread(off, size int, counter uint64, wide bool) []byte {
	registers := make([]byte, size)
	if wide {
		copy(registers[off:], m.order.AppendUint64(nil, counter))
	} else {
		copy(registers[off:], m.order.AppendUint32(nil, uint32(counter)))
	}
	body := append(m.words(nil, 1, uint32(size/4)), registers...)
	return append(m.words(nil, 5, uint32(len(body)+8)), body...)
}

// build puts a header before the commands, and the data at offset 0x1000.
func (m *maker) build(data []byte, commands ...[]byte) []byte {
	all := bytes.Join(commands, nil)
	out := m.words(nil, m.magic(), m.cpu, 3, 2, uint32(len(commands)), uint32(len(all)), 0x200085)
	if m.wide {
		out = m.words(out, 77)
	}
	out = append(out, all...)
	for len(out) < 0x1000 {
		out = append(out, 0)
	}
	return append(out, data...)
}

// linked is what a sample keeps at 0x1000: strings, symbols, an export trie,
// binding opcodes, chained fixups and a signature with entitlements.
type linked struct {
	data                                       []byte
	texts, symbols, trie, bind, fixups, signed [2]uint32
}

func (l *linked) add(part []byte) [2]uint32 {
	at := uint32(0x1000 + len(l.data))
	l.data = append(l.data, part...)
	return [2]uint32{at, uint32(len(part))}
}

func (m *maker) linked() *linked {
	l := &linked{}
	l.texts = l.add([]byte("\x00_main\x00_printf\x00_hidden\x00"))
	var symbols []byte
	for _, s := range []struct {
		index      uint32
		kind, sect byte
	}{{1, 0x0f, 1}, {7, 0x01, 0}, {15, 0x0e, 1}, {0, 0x0f, 1}} {
		symbols = append(m.words(symbols, s.index), s.kind, s.sect)
		symbols = m.addresses(m.order.AppendUint16(symbols, 9), 0x1234)
	}
	l.symbols = l.add(symbols)
	// Root with edges "_a" to 11 and "_b" to 14: both have offset 1 and no edges; "_b" leads back to the root.
	l.trie = l.add([]byte("\x00\x02_a\x00\x0a_b\x00\x0e\x02\x00\x01\x00\x02\x00\x01\x01_\x00\x00"))
	l.bind = l.add([]byte("\x11\x40_malloc\x00\x51\x72\x88\x01\x90\x40_malloc\x00\x40_free\x00\x90\x00"))
	l.fixups = l.add(append(m.words(nil, 0, 0, 28, 36, 2, 1, 0, 1|1<<9, 1|7<<9), "\x00_open\x00_close\x00"...))
	plist := `<?xml version="1.0"?><plist><dict><key>com.apple.debug</key><true/><key>groups</key><array> <string>One</string> <string>Two</string></array></dict></plist>`
	be := binary.BigEndian
	blob := append(be.AppendUint32(be.AppendUint32(nil, 0xfade7171), uint32(8+len(plist))), plist...)
	super := be.AppendUint32(be.AppendUint32(be.AppendUint32(nil, 0xfade0cc0), uint32(20+len(blob))), 1)
	super = append(be.AppendUint32(be.AppendUint32(super, 5), 20), blob...)
	l.signed = l.add(super)
	return l
}

// sample is an executable with everything the module shows.
func (m *maker) sample() []byte {
	l := m.linked()
	dylib := append(m.words(nil, 24, 2, 0x00010203, 0x00020000), "/usr/lib/libA.dylib\x00"...)
	info := make([]uint32, 10)
	info[2], info[3], info[8], info[9] = l.bind[0], l.bind[1], l.trie[0], l.trie[1]
	return m.build(l.data,
		m.segment("__TEXT", 0x10000, 0x1000, 0x100, 0x1000, "__text", "__const"),
		m.segment("__LINKEDIT", 0x20000, 0x1000, 0x1000, 0x800),
		m.command(0x80000028, m.order.AppendUint64(m.order.AppendUint64(nil, 0x222), 0x4000)),
		m.command(0x2, m.words(nil, l.symbols[0], 4, l.texts[0], l.texts[1])),
		m.command(0xb, m.words(nil, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)),
		m.command(0xc, dylib),
		m.command(0x8000001c, append(m.words(nil, 12), "@loader_path/..\x00"...)),
		m.command(0xe, append(m.words(nil, 12), "/usr/lib/dyld\x00"...)),
		m.command(0x1b, []byte("0123456789abcdef")),
		m.command(0x2a, m.order.AppendUint64(nil, 1<<40|2<<30|3<<20|4<<10|5)),
		m.command(0x24, m.words(nil, 0x000a0900, 0x000a0a01)),
		m.command(0x32, m.words(nil, 1, 0x000b0000, 0x000c0100, 1, 3, 0x02640100)),
		m.command(0x80000022, m.words(nil, info...)),
		m.command(0x80000034, m.words(nil, l.fixups[0], l.fixups[1])),
		m.command(0x1d, m.words(nil, l.signed[0], l.signed[1])),
	)
}

// universal puts files together, at multiples of 0x100.
func universal(order binary.AppendByteOrder, wide bool, cpus []uint32, files ...[]byte) []byte {
	magic, step := uint32(0xcafebabe), 20
	if wide {
		magic, step = 0xcafebabf, 32
	}
	head := order.AppendUint32(order.AppendUint32(nil, magic), uint32(len(files)))
	at := (8 + step*len(files) + 0xff) &^ 0xff
	var body []byte
	for i, f := range files {
		head = order.AppendUint32(order.AppendUint32(head, cpus[i]), 3)
		off, size := uint64(at+len(body)), uint64(len(f))
		if wide {
			head = order.AppendUint64(order.AppendUint64(head, off), size)
			head = order.AppendUint32(order.AppendUint32(head, 12), 66)
		} else {
			head = order.AppendUint32(order.AppendUint32(order.AppendUint32(head, uint32(off)), uint32(size)), 12)
		}
		body = append(body, f...)
		for len(body)%0x100 != 0 {
			body = append(body, 0)
		}
	}
	return append(append(head, make([]byte, at-len(head))...), body...)
}
