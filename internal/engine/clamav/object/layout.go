package object

import "encoding/binary"

// None is the place of what is not there. No file reaches it from either side.
const None = int64(-1) << 40

// maxSections is the most sections that are told of, as in ClamAV's PE reader.
const maxSections = 96

// Layout is where the parts of an executable lie, in bytes from the start of
// the file.
type Layout struct {
	Known    bool  // the headers could be read
	Entry    int64 // None: unknown
	Sections []Section
	Version  Section // a PE file's version resource; zero: none

	// Of a PE file with a certificate table that ends it and begins behind the
	// headers; of all others zero.
	Certificates Section
	NT           int64 // where the NT header lies
	Wide         bool  // it is one of 64 bits
}

// Section is a part of a file.
type Section struct{ Offset, Size int64 }

// Read gives the layout of an executable of the given type.
func Read(t Target, data []byte) Layout {
	l := Layout{Entry: None}
	switch t {
	case PE:
		readPE(&l, data)
	case ELF:
		readELF(&l, data)
	case MachO:
		readMachO(&l, data)
	}
	return l
}

// bits reads numbers from bytes; what lies outside reads as zero and is
// remembered.
type bits struct {
	data  []byte
	order binary.ByteOrder
	short bool
}

func (b *bits) at(offset int64, size int64) []byte {
	if offset < 0 || offset+size > int64(len(b.data)) {
		b.short = true
		return make([]byte, 8)
	}
	return b.data[offset : offset+size]
}

func (b *bits) u16(offset int64) int64 { return int64(b.order.Uint16(b.at(offset, 2))) }
func (b *bits) u32(offset int64) int64 { return int64(b.order.Uint32(b.at(offset, 4))) }

// u64 gives None for what no offset in a file can be.
func (b *bits) u64(offset int64) int64 {
	if v := b.order.Uint64(b.at(offset, 8)); v < 1<<40 {
		return int64(v)
	}
	return None
}

// word reads an address: of 8 bytes with wide.
func (b *bits) word(offset int64, wide bool) int64 {
	if wide {
		return b.u64(offset)
	}
	return b.u32(offset)
}
