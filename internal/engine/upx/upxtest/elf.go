package upxtest

import (
	"encoding/binary"
	"hash/adler32"
	"slices"
)

// Machine is a kind of ELF file.
type Machine struct {
	Name   string
	Wide   bool // 64 bits
	Big    bool // the highest byte first
	Number uint16
	Format byte // the packer's number for it
	Filter byte // the packer's usual one
}

// Machines are the kinds of ELF file that are packed most.
func Machines() []Machine {
	return []Machine{
		{Name: "amd64", Wide: true, Number: 62, Format: 22, Filter: 0x49},
		{Name: "i386", Number: 3, Format: 12, Filter: 0x46},
		{Name: "arm", Number: 40, Format: 23, Filter: 0x50},
		{Name: "arm64", Wide: true, Number: 183, Format: 42, Filter: 0x52},
		{Name: "powerpc", Big: true, Number: 20, Format: 132, Filter: 0xd0},
	}
}

func (m Machine) order() binary.AppendByteOrder {
	if m.Big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (m Machine) word(b []byte, v uint64) []byte {
	if m.Wide {
		return m.order().AppendUint64(b, v)
	}
	return m.order().AppendUint32(b, uint32(v))
}

// segment is one entry of the table of segments.
type segment struct{ flags, offset, size int }

// head writes an ELF header and its segments, all of them loaded.
func (m Machine) head(segments ...segment) []byte {
	o, header, entry := m.order(), 52, 32
	if m.Wide {
		header, entry = 64, 56
	}
	class, data := byte(1), byte(1)
	if m.Wide {
		class = 2
	}
	if m.Big {
		data = 2
	}
	b := append([]byte("\x7fELF"), class, data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = o.AppendUint16(b, 2) // a program
	b = o.AppendUint16(b, m.Number)
	b = o.AppendUint32(b, 1)
	b = m.word(b, 0x400000+uint64(header+entry*len(segments)))
	b = m.word(b, uint64(header))
	b = m.word(b, 0)
	b = o.AppendUint32(b, 0)
	for _, v := range []int{header, entry, len(segments), 0, 0, 0} {
		b = o.AppendUint16(b, uint16(v))
	}
	for _, s := range segments {
		b = o.AppendUint32(b, 1)
		if m.Wide {
			b = o.AppendUint32(b, uint32(s.flags))
		}
		for _, v := range []int{s.offset, 0x400000 + s.offset, 0x400000 + s.offset, s.size, s.size} {
			b = m.word(b, uint64(v))
		}
		if !m.Wide {
			b = o.AppendUint32(b, uint32(s.flags))
		}
		b = m.word(b, 0x1000)
	}
	return b
}

// Program is a program of two segments, with a text in the second, something
// between the two and something behind.
func (m Machine) Program(text string) []byte {
	const codeSize = 0x800
	size := len(m.head(segment{}, segment{}))
	text += "\x00" + text + "\x00" // twice, so that there is something to pack
	second := size + codeSize + 24
	b := m.head(segment{5, 0, size + codeSize}, segment{6, second, len(text)})
	b = append(b, Code(codeSize)...)
	b = append(b, "between the two segments"...)
	b = append(b, text...)
	return append(b, "behind the last segment: names of sections, things for debuggers, and so on and on and on"...)
}

// Spoil is what was done to a packed program after it was packed.
type Spoil int

// The ways.
const (
	Intact    Spoil = iota
	NoMagic         // all "UPX!" overwritten
	NoHeader        // the packer's header overwritten
	NoInfo          // the sizes before the first block set to zero
	NoMarks         // all three
	WrongSums       // the checksums in the header do not fit
	WrongData       // a byte of the packed data is another one
	Appended        // something was added behind
)

// Pack tells how a program is packed.
type Pack struct {
	Method int
	Filter byte
	Block  int // bytes of a block at most; 0: as large as it needs
	Old    bool
	Spoil  Spoil
}

// packer writes one packed program.
type packer struct {
	Machine
	Pack
	out               []byte
	packed, unpacked  []byte // all that went into blocks, for the checksums
	info, start, last int    // where the two records and the magic of the last block are
}

// Packed packs a program as the packer does, without the loader.
func (m Machine) Packed(program []byte, how Pack) []byte {
	p := &packer{Machine: m, Pack: how}
	p.begin(len(program))
	size := len(m.head(segment{}, segment{}))
	first, second := m.loads(program)
	p.block(program[:size], 0)
	p.extent(program[size:first.size], how.Filter)
	p.extent(program[second.offset:][:second.size], 0)
	p.loader()
	p.extent(program[first.size:second.offset], 0)
	p.extent(program[second.offset+second.size:], 0)
	p.lastBlock()
	return p.finish(len(program))
}

// PackedWhole packs a file from its first byte to its last, as the packer does
// when it is told to or when the file is a script.
func (m Machine) PackedWhole(file []byte, how Pack) []byte {
	const linuxExec = 10
	m.Format = linuxExec
	p := &packer{Machine: m, Pack: how}
	p.begin(len(file))
	p.extent(file, how.Filter)
	p.lastBlock()
	p.loader()
	return p.finish(len(file))
}

// begin writes what is before the first block.
func (p *packer) begin(size int) {
	o := p.order()
	p.out = p.head(segment{6, 0, 0x1000}, segment{5, 0, 0x800})
	p.info = len(p.out)
	p.out = append(p.out, 0, 0, 0, 0)
	p.out = append(p.out, "UPX!"...)
	p.out = o.AppendUint16(p.out, 600)
	p.out = append(p.out, 13, p.Format)
	block := p.Block
	if block == 0 {
		block = size
	}
	p.start = len(p.out)
	for _, v := range []int{0, size, block} {
		p.out = o.AppendUint32(p.out, uint32(v))
	}
}

// loader writes something where the loader is.
func (p *packer) loader() {
	p.out = append(p.out, make([]byte, -len(p.out)&3)...)
	p.out = append(p.out, slices.Repeat([]byte{0xcc, 0xf4, 0x90}, 200)...)
}

func (p *packer) lastBlock() {
	p.out = append(p.order().AppendUint32(p.out, 0), "UPX!"...)
	p.out = append(p.out, 0, 0, 0, 0)
	p.last = len(p.out) - 8
}

// finish writes the packer's header, and spoils what is to be spoilt.
func (p *packer) finish(size int) []byte {
	p.out = append(p.out, make([]byte, -len(p.out)&3)...)
	header := len(p.out)
	p.out = append(p.out, p.header(size)...)
	p.out = p.order().AppendUint32(p.out, uint32(p.start))
	p.spoil(header)
	return p.out
}

// loads reads back the two segments of a program.
func (m Machine) loads(program []byte) (first, second segment) {
	o := m.order().(binary.ByteOrder)
	read := func(at32, at64 int) int {
		if m.Wide {
			return int(o.Uint64(program[at64:]))
		}
		return int(o.Uint32(program[at32:]))
	}
	return segment{size: read(52+16, 64+32)}, segment{offset: read(52+32+4, 64+56+8), size: read(52+32+16, 64+56+32)}
}

func (p *packer) extent(data []byte, filter byte) {
	for len(data) > 0 {
		n := len(data)
		if p.Block > 0 {
			n = min(n, p.Block)
		}
		p.block(data[:n], filter)
		data = data[n:]
	}
}

func (p *packer) block(data []byte, filter byte) {
	o := p.order()
	filtered, mark := data, byte(0)
	if filter != 0 {
		var ok bool
		if filtered, mark, ok = Filter(filter, data, 0); !ok {
			filtered, filter = data, 0
		}
	}
	packed, method := Stream(p.Method, filtered), byte(p.Method)
	if len(packed) >= len(data) {
		packed, method, filter, mark = data, 0, 0, 0
	}
	p.out = o.AppendUint32(p.out, uint32(len(data)))
	p.out = o.AppendUint32(p.out, uint32(len(packed)))
	if !p.Old {
		p.out = append(p.out, method, filter, mark, 0)
	}
	p.out = append(p.out, packed...)
	p.packed = append(p.packed, packed...)
	p.unpacked = append(p.unpacked, data...)
}

// header is the packer's own.
func (p *packer) header(file int) []byte {
	version := byte(13)
	if p.Old {
		version = 11
	}
	sums := []uint32{adler32.Checksum(p.unpacked), adler32.Checksum(p.packed)}
	if p.Spoil == WrongSums {
		sums[0]++
	}
	return Header(version, p.Format, byte(p.Method), sums, len(p.unpacked), len(p.packed), file, 0, 0)
}

// Header is the packer's header. The sums are those of what is unpacked and of
// what is packed.
func Header(version, format, method byte, sums []uint32, unpacked, packed, file int, filter, mark byte) []byte {
	h := append([]byte("UPX!"), version, format, method, 9)
	sizes := []uint32{uint32(unpacked), uint32(packed)}
	if format < 128 {
		for _, v := range append(slices.Clone(sums), sizes...) {
			h = binary.LittleEndian.AppendUint32(h, v)
		}
		h = binary.LittleEndian.AppendUint32(h, uint32(file))
	} else {
		for _, v := range append(sizes, sums...) {
			h = binary.BigEndian.AppendUint32(h, v)
		}
		h = binary.BigEndian.AppendUint32(h, uint32(file))
	}
	h = append(h, filter, mark, 0)
	check := 0
	for _, c := range h[4:] {
		check += int(c)
	}
	return append(h, byte(check%251))
}

func (p *packer) spoil(header int) {
	b := p.out
	if p.Spoil == NoMagic || p.Spoil == NoMarks {
		copy(b[p.info+4:], "NOPE")
		copy(b[header:], "NOPE")
		copy(b[p.last:], "NOPE")
	}
	if p.Spoil == NoInfo || p.Spoil == NoMarks {
		clear(b[p.start : p.start+12])
	}
	if p.Spoil == NoHeader || p.Spoil == NoMarks {
		clear(b[header : header+36])
	}
	if p.Spoil == WrongData {
		b[p.start+12+12+200] ^= 1
	}
	if p.Spoil == Appended {
		p.out = append(b, slices.Repeat([]byte("appended"), 300)...)
	}
}
