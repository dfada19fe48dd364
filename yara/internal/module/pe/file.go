package pe

import (
	"bytes"
	"encoding/binary"

	"vitrine/yara/authenticode"
	"vitrine/yara/internal/module"
)

// Sizes and magic numbers of the headers.
const (
	dosHeader      = 64
	fileHeader     = 24 // with the signature in front
	optional32     = 224
	optional64     = 240
	magic64        = 0x20b
	directoryCount = 16
)

// file is the receiver of the module's root: one PE file being scanned.
// Everything but the place of the NT header is found out at first use.
type file struct {
	ctx  *module.Context
	data []byte
	nt   int64 // offset of "PE\0\0"
	is64 bool

	sections   module.Once[[]section]
	dirs       module.Once[[]directory]
	overlay    module.Once[overlay]
	rich       module.Once[rich]
	pdb        module.Once[[]byte]
	imports    module.Once[importTable]
	delayed    module.Once[importTable]
	imphash    module.Once[[]byte]
	exports    module.Once[exportTable]
	resources  module.Once[resourceTable]
	versions   module.Once[versionTable]
	checksum   module.Once[module.Value]
	signatures module.Once[[]*authenticode.Signature]
}

// open finds the headers the way libyara does: the whole optional header with
// its sixteen directories must be there.
func open(c *module.Context) *file {
	f := &file{ctx: c, data: c.Data}
	if !f.fits(0, dosHeader) || f.u16(0) != 0x5a4d {
		return nil
	}
	f.nt = int64(f.u32(0x3c))
	if f.nt > 0x7fffffff || !f.fits(f.nt, fileHeader+optional32) || f.u32(f.nt) != 0x4550 {
		return nil
	}
	f.is64 = f.u16(f.nt+fileHeader) == magic64
	if f.is64 && !f.fits(f.nt, fileHeader+optional64) {
		return nil
	}
	return f
}

// fits reports whether n bytes at off are inside the file.
func (f *file) fits(off, n int64) bool {
	size := int64(len(f.data))
	return off >= 0 && n >= 0 && n <= size && off <= size-n
}

// The readers of little-endian numbers want fits to have been asked.
func (f *file) u16(off int64) uint16 { return binary.LittleEndian.Uint16(f.data[off:]) }
func (f *file) u32(off int64) uint32 { return binary.LittleEndian.Uint32(f.data[off:]) }
func (f *file) u64(off int64) uint64 { return binary.LittleEndian.Uint64(f.data[off:]) }

// cstring is the text at off up to a NUL, the end of the file or limit bytes.
func (f *file) cstring(off, limit int64) []byte {
	if off < 0 || off >= int64(len(f.data)) {
		return nil
	}
	s := f.data[off:]
	if int64(len(s)) > limit {
		s = s[:limit]
	}
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return s
}

// optional reads a number of the optional header whose place depends on the
// width of the image; size is in bytes.
func (f *file) optional(p place) int64 {
	off, size := p.off32, p.size32
	if f.is64 {
		off, size = p.off64, p.size64
	}
	return f.number(f.nt+fileHeader+off, size)
}

func (f *file) number(off, size int64) int64 {
	switch size {
	case 1:
		return int64(f.data[off])
	case 2:
		return int64(f.u16(off))
	case 4:
		return int64(f.u32(off))
	}
	return int64(f.u64(off))
}

// place is where a field of the optional header lies in both widths.
type place struct{ off32, size32, off64, size64 int64 }

func same(off, size int64) place { return place{off, size, off, size} }

// directory is a data directory: address and size.
type directory struct{ address, size uint32 }

// directory reads entry i whatever the header says about their number, as
// there are files with fewer declared than used.
func (f *file) directory(i int64) directory {
	base := f.nt + fileHeader + 96
	if f.is64 {
		base += 16
	}
	return directory{f.u32(base + 8*i), f.u32(base + 8*i + 4)}
}
