package elf

import (
	"bytes"
	"encoding/binary"
	"math"

	"vitrine/yara/internal/module"
)

const (
	typeExec    = 2
	sectionNull = 0
	sectionBSS  = 8
)

// file is the receiver of the module's root: one ELF file being scanned.
type file struct {
	ctx   *module.Context
	data  []byte
	order binary.ByteOrder
	*layout

	sections module.Once[sectionTable]
	segments module.Once[[]entry]
	symbols  [2]module.Once[symbolTable] // symtab, dynsym
	dynamic  module.Once[dynamicTable]
	imports  module.Once[[]byte]
	telf     module.Once[[]byte]
}

// layout is what differs between 32 and 64 bits: the size of an address, of
// the headers, and where their fields are.
type layout struct {
	word                                   int64
	header, section, segment, symbol       int64
	entry, phoff, shoff                    int64 // in the file header
	phentsize, phnum                       int64
	shentsize, shnum, shstrndx             int64
	shFlags, shAddr, shOffset, shSize      int64
	shLink                                 int64
	phFlags, phOffset, phVaddr, phPaddr    int64
	phFilesz, phMemsz, phAlign             int64
	symValue, symSize, symInfo, symSection int64
}

func layout32() *layout {
	return &layout{
		word: 4, header: 52, section: 40, segment: 32, symbol: 16,
		entry: 24, phoff: 28, shoff: 32, phentsize: 42, phnum: 44, shentsize: 46, shnum: 48, shstrndx: 50,
		shFlags: 8, shAddr: 12, shOffset: 16, shSize: 20, shLink: 24,
		phFlags: 24, phOffset: 4, phVaddr: 8, phPaddr: 12, phFilesz: 16, phMemsz: 20, phAlign: 28,
		symValue: 4, symSize: 8, symInfo: 12, symSection: 14,
	}
}

func layout64() *layout {
	return &layout{
		word: 8, header: 64, section: 64, segment: 56, symbol: 24,
		entry: 24, phoff: 32, shoff: 40, phentsize: 54, phnum: 56, shentsize: 58, shnum: 60, shstrndx: 62,
		shFlags: 8, shAddr: 16, shOffset: 24, shSize: 32, shLink: 40,
		phFlags: 4, phOffset: 8, phVaddr: 16, phPaddr: 24, phFilesz: 32, phMemsz: 40, phAlign: 48,
		symValue: 8, symSize: 16, symInfo: 4, symSection: 6,
	}
}

// open looks at the identification. Like libyara it wants at least one byte
// more than the header.
func open(c *module.Context) *file {
	d := c.Data
	if len(d) < 16 || string(d[:4]) != "\x7fELF" {
		return nil
	}
	f := &file{ctx: c, data: d}
	switch d[4] {
	case 1:
		f.layout = layout32()
	case 2:
		f.layout = layout64()
	default:
		return nil
	}
	switch d[5] {
	case 1:
		f.order = binary.LittleEndian
	case 2:
		f.order = binary.BigEndian
	default:
		return nil
	}
	if int64(len(d)) <= f.header {
		return nil
	}
	return f
}

// fits reports whether n bytes at off are inside the file.
func (f *file) fits(off, n uint64) bool {
	size := uint64(len(f.data))
	return n <= size && off <= size-n
}

// The readers want fits to have been asked.
func (f *file) u16(off int64) uint16 { return f.order.Uint16(f.data[off:]) }
func (f *file) u32(off int64) uint32 { return f.order.Uint32(f.data[off:]) }

// address reads a number of the width of an address.
func (f *file) address(off int64) uint64 {
	if f.word == 4 {
		return uint64(f.u32(off))
	}
	return f.order.Uint64(f.data[off:])
}

// arrayAt reports whether count items of size bytes at off are in the file.
func (f *file) arrayAt(off uint64, count uint16, size int64) bool {
	return off < uint64(len(f.data)) && f.fits(off, uint64(count)*uint64(size))
}

// maxText is the longest string that is looked for an end.
const maxText = 1 << 16

// text is the string at index of the string table in [start, end). It is nil
// when the table does not begin with a NUL, the index is outside or the string
// does not end inside, or within maxText.
func (f *file) text(start, end uint64, index uint32) []byte {
	if start >= end || end > uint64(len(f.data)) || f.data[start] != 0 || index > math.MaxInt32 {
		return nil
	}
	table := f.data[start:end]
	if uint64(index) >= uint64(len(table)) {
		return nil
	}
	table = table[index:]
	n := bytes.IndexByte(table[:min(len(table), maxText)], 0)
	if n < 0 {
		return nil
	}
	return table[:n]
}

// offset maps an address in memory to an offset in the file: through the
// segments for an executable, through the sections for anything else.
func (f *file) offset(address uint64) (uint64, bool) {
	if f.u16(16) == typeExec {
		return f.throughSegments(address)
	}
	return f.throughSections(address)
}

func (f *file) throughSegments(address uint64) (uint64, bool) {
	table, count := f.address(f.phoff), f.u16(f.phnum)
	if table == 0 || !f.arrayAt(table, count, f.segment) {
		return 0, false
	}
	for i := range int64(count) {
		at := int64(table) + i*f.segment
		if start := f.address(at + f.phVaddr); f.inside(address, start, f.address(at+f.phMemsz)) {
			return f.address(at+f.phOffset) + address - start, true
		}
	}
	return 0, false
}

func (f *file) throughSections(address uint64) (uint64, bool) {
	table, count := f.address(f.shoff), f.u16(f.shnum)
	if table == 0 || !f.arrayAt(table, count, f.section) {
		return 0, false
	}
	for i := range int64(count) {
		at := int64(table) + i*f.section
		kind, start := f.u32(at+4), f.address(at+f.shAddr)
		if kind != sectionNull && kind != sectionBSS && f.inside(address, start, f.address(at+f.shSize)) {
			return f.address(at+f.shOffset) + address - start, true
		}
	}
	return 0, false
}

// inside asks whether start <= address < start+size, with the sum taken in the
// width of an address as libyara does.
func (f *file) inside(address, start, size uint64) bool {
	return address >= start && address < f.wrap(start+size)
}

func (f *file) wrap(v uint64) uint64 {
	if f.word == 4 {
		return uint64(uint32(v))
	}
	return v
}
