package tnef

import (
	"encoding/binary"

	"vitrine/internal/engine/limit"
)

// Kinds of values ([MS-OXCDATA] 2.11.1).
const (
	kindNull    = 0x01
	kindObject  = 0x0d
	kindString  = 0x1e
	kindUnicode = 0x1f
	kindBinary  = 0x102
	kindMany    = 0x1000 // with another

	firstNamed = 0x8000 // properties from here on have a name
)

// reader reads numbers and pieces from the front; zeros and nothing at the end.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.data)) {
		r.bad = true
		n = uint32(len(r.data))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) u16() uint16 {
	if b := r.take(2); len(b) == 2 {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); len(b) == 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// padded takes n bytes and what fills them to a multiple of four.
func (r *reader) padded(n uint32) []byte {
	out := r.take(n)
	r.data = r.data[min(-n&3, uint32(len(r.data))):]
	return out
}

// properties reads a list of properties and hands over the values of those
// that hold text or bytes; of several values each.
func (w *walker) properties(value []byte, take func(id, kind uint16, data []byte)) {
	r := &reader{data: value}
	for n := r.u32(); n > 0 && !r.bad && len(r.data) > 0; n-- {
		kind, id := r.u16(), r.u16()
		if id >= firstNamed {
			r.name()
		}
		if !r.values(id, kind, take) {
			w.sink.Problem(limit.Errorf(limit.Damaged, "tnef: a property of the unknown kind %#x; those behind it were not looked at", kind))
			return
		}
	}
	if r.bad {
		w.sink.Problem(limit.Errorf(limit.Damaged, "tnef: a list of properties is cut off"))
	}
}

// name goes over the name of a property.
func (r *reader) name() {
	r.take(16)
	if r.u32() == 0 {
		r.u32()
		return
	}
	r.padded(r.u32())
}

// values reads the values of a property; false when their kind is unknown.
func (r *reader) values(id, kind uint16, take func(id, kind uint16, data []byte)) bool {
	n, many := uint32(1), kind&kindMany != 0
	kind &^= kindMany
	size, fixed := fixedSize(kind)
	if !fixed && kind != kindObject && kind != kindString && kind != kindUnicode && kind != kindBinary {
		return false
	}
	if many || !fixed {
		n = r.u32()
	}
	for ; n > 0 && !r.bad; n-- {
		switch {
		case !fixed:
			take(id, kind, r.padded(r.u32()))
		case size == 0:
			return true
		default:
			r.take(size)
		}
	}
	return true
}

// fixedSize is how many bytes a value takes, filled to a multiple of four.
func fixedSize(kind uint16) (size uint32, ok bool) {
	switch kind {
	case 0, kindNull:
		return 0, true
	case 0x02, 0x03, 0x04, 0x0a, 0x0b:
		return 4, true
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8, true
	case 0x48:
		return 16, true
	}
	return 0, false
}
