package dex

import (
	"encoding/binary"
	"encoding/hex"
	"hash/adler32"

	"vitrine/yara/internal/module"
)

const (
	magicStart = "dex\n"
	headerSize = 0x70
	maxIndex   = 0x80000 // as in libyara, for an index into a table
)

// Offsets in the header: the number of items and, 4 bytes on, where they begin.
const (
	atMap     = 52
	atStrings = 56
	atTypes   = 64
	atProtos  = 72
	atFields  = 80
	atMethods = 88
	atClasses = 96
)

// file is the receiver of the module's root: one program being scanned.
type file struct {
	ctx  *module.Context
	data []byte

	tables  module.Once[tables]
	members module.Once[members]
	modern  module.Once[modern]
}

// open looks at the magic number. YARA-X knows two versions more, and looks at
// the header with more care.
func open(c *module.Context) *file {
	d := c.Data
	if len(d) < headerSize || string(d[:4]) != magicStart || d[7] != 0 {
		return nil
	}
	f := &file{ctx: c, data: d}
	version := string(d[4:7])
	if c.YARAX {
		if version < "035" || version > "041" || d[6] < '0' || d[6] > '9' || !f.consistent() {
			return nil
		}
		return f
	}
	if version < "035" || version > "039" || d[6] > '9' || d[6] < '5' {
		return nil
	}
	return f
}

// consistent reports whether the header holds what YARA-X asks of it.
func (f *file) consistent() bool {
	size := uint32(len(f.data))
	tag := f.u32(40)
	if f.u32(32) > size || f.u32(36) != headerSize || tag != 0x12345678 && tag != 0x78563412 {
		return false
	}
	for _, at := range []int64{48, atMap, atStrings + 4, atTypes + 4, atProtos + 4, atFields + 4, atMethods + 4, atClasses + 4, 108} {
		if f.u32(at) > size {
			return false
		}
	}
	return f.u32(atTypes) <= 0xffff && f.u32(atProtos) <= 0xffff
}

// fits reports whether n bytes at off are inside the file.
func (f *file) fits(off, n int64) bool {
	size := int64(len(f.data))
	return off >= 0 && n >= 0 && n <= size && off <= size-n
}

// The readers want fits to have been asked.
func (f *file) u16(off int64) uint16 { return binary.LittleEndian.Uint16(f.data[off:]) }
func (f *file) u32(off int64) uint32 { return binary.LittleEndian.Uint32(f.data[off:]) }

// uleb reads an unsigned LEB128 number of 32 bits and gives the offset behind
// it; false at the end of the file.
func (f *file) uleb(at int64) (v uint32, next int64, ok bool) {
	for shift := 0; shift < 35; shift += 7 {
		if !f.fits(at, 1) {
			return 0, at, false
		}
		c := f.data[at]
		at++
		if shift == 28 {
			return v | uint32(c)<<28, at, true
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			break
		}
	}
	return v, at, true
}

// headerNumbers are the numbers of the header, from the offset of the first.
func headerNumbers() []string {
	return []string{"file_size", "header_size", "endian_tag", "link_size", "link_offset", "map_offset",
		"string_ids_size", "string_ids_offset", "type_ids_size", "type_ids_offset", "proto_ids_size", "proto_ids_offset",
		"field_ids_size", "field_ids_offset", "method_ids_size", "method_ids_offset", "class_defs_size",
		"class_defs_offset", "data_size", "data_offset"}
}

func headerTree() module.Field {
	number := func(name string, at int64) module.Field {
		return module.Got(name, module.KindInt, func(f *file) module.Value { return module.Int(int64(f.u32(at))) })
	}
	fields := []module.Field{
		module.Got("magic", module.KindString, func(f *file) module.Value { return module.Bytes(f.data[:8]) }),
		module.Got("signature", module.KindString, (*file).signature),
		number("checksum", 8),
	}
	for i, name := range headerNumbers() {
		fields = append(fields, number(name, 32+4*int64(i)))
	}
	fields = append(fields, inYARAX(
		number("link_off", 48), number("data_off", 108),
		module.Got("version", module.KindInt, func(f *file) module.Value { return module.Int(f.version()) }),
		number41("container_size", 112), number41("header_offset", 116),
	)...)
	return module.Inner("header", fields...)
}

// number41 is a field that version 41 added to the header.
func number41(name string, at int64) module.Field {
	return module.Got(name, module.KindInt, func(f *file) module.Value {
		if f.version() < 41 || !f.fits(at, 4) {
			return module.Undefined()
		}
		return module.Int(int64(f.u32(at)))
	})
}

func (f *file) version() int64 { return 10*int64(f.data[5]-'0') + int64(f.data[6]-'0') }

// signature is the SHA-1 in the header: YARA shows its bytes, YARA-X digits.
func (f *file) signature() module.Value {
	if f.ctx.YARAX {
		return module.String(hex.EncodeToString(f.data[12:32]))
	}
	return module.Bytes(f.data[12:32])
}

// adler is what the checksum in the header should be.
func (f *file) adler() (uint32, bool) {
	h := adler32.New()
	for rest := f.data[12:]; len(rest) > 0; {
		n := min(len(rest), module.Chunk)
		h.Write(rest[:n])
		if rest = rest[n:]; f.ctx.Cancelled() {
			return 0, false
		}
	}
	return h.Sum32(), true
}
