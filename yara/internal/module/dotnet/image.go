package dotnet

import "encoding/binary"

// Sizes and magic numbers of the headers of a PE file.
const (
	dosHeader     = 64
	fileHeader    = 24 // with the signature in front
	optional32    = 224
	optional64    = 240
	magic64       = 0x20b
	maxSections   = 96
	sectionHeader = 40
	comDescriptor = 14 // the data directory
)

// image is the PE file around the metadata, as far as addresses go.
type image struct {
	data     []byte
	nt       int64
	wide     bool
	sections []section
	cut      bool // not all declared sections are in the file
}

type section struct{ virtual, covered, raw, rawSize uint32 }

// openImage finds the headers the way libyara does: the whole optional header
// with its sixteen directories must be there.
func openImage(data []byte) *image {
	f := &image{data: data}
	if !f.fits(0, dosHeader) || f.u16(0) != 0x5a4d {
		return nil
	}
	f.nt = int64(f.u32(0x3c))
	if f.nt > 0x7fffffff || !f.fits(f.nt, fileHeader+optional32) || f.u32(f.nt) != 0x4550 {
		return nil
	}
	f.wide = f.u16(f.nt+fileHeader) == magic64
	if f.wide && !f.fits(f.nt, fileHeader+optional64) {
		return nil
	}
	f.readSections()
	return f
}

func (f *image) readSections() {
	at := f.nt + fileHeader + int64(f.u16(f.nt+20))
	for range min(int(f.u16(f.nt+6)), maxSections) {
		if f.cut = !f.fits(at, sectionHeader); f.cut {
			return
		}
		s := section{virtual: f.u32(at + 12), raw: f.u32(at + 20), rawSize: f.u32(at + 16)}
		s.covered = max(f.u32(at+8), s.rawSize)
		f.sections = append(f.sections, s)
		at += sectionHeader
	}
}

// fits reports whether n bytes at off are inside the file.
func (f *image) fits(off, n int64) bool {
	size := int64(len(f.data))
	return off >= 0 && n >= 0 && n <= size && off <= size-n
}

// The readers of little-endian numbers want fits to have been asked.
func (f *image) u16(off int64) uint16 { return binary.LittleEndian.Uint16(f.data[off:]) }
func (f *image) u32(off int64) uint32 { return binary.LittleEndian.Uint32(f.data[off:]) }

// directory is the address of the metadata's header.
func (f *image) directory() uint32 {
	base := f.nt + fileHeader + 96 + 8*comDescriptor
	if f.wide {
		base += 16
	}
	return f.u32(base)
}

// offset maps an address in memory to an offset in the file, or -1, as
// libyara's pe_rva_to_offset does: the last section that covers the address
// wins, its start is rounded down as the loader does, and what lies before the
// first section is mapped one to one.
func (f *image) offset(rva uint32) int64 {
	if f.cut {
		return -1
	}
	var base, start, size uint32
	lowest := uint32(0xffffffff)
	for _, s := range f.sections {
		lowest = min(lowest, s.virtual)
		if rva >= s.virtual && rva-s.virtual < s.covered && base <= s.virtual {
			base, start, size = s.virtual, f.alignedStart(s.raw), s.rawSize
		}
	}
	if rva < lowest {
		base, start, size = 0, 0, uint32(len(f.data))
	}
	if rva-base >= size {
		return -1
	}
	off := int64(start) + int64(rva-base)
	if off >= int64(len(f.data)) {
		return -1
	}
	return off
}

func (f *image) alignedStart(raw uint32) uint32 {
	optional := f.nt + fileHeader
	if a := min(f.u32(optional+36), 0x200); a != 0 {
		raw -= raw % a
	}
	if f.u32(optional+32) >= 0x1000 {
		raw &^= 0x1ff
	}
	return raw
}
