package magic

import (
	"bytes"
	"encoding/binary"
)

// input is a file that may be asked for numbers anywhere: what is outside is 0.
type input struct {
	data  []byte
	order binary.ByteOrder
}

func (in input) part(off, size uint64) []byte {
	n := uint64(len(in.data))
	if off > n || size > n-off {
		return nil
	}
	return in.data[off : off+size]
}

func (in input) u8(off uint64) byte {
	if b := in.part(off, 1); b != nil {
		return b[0]
	}
	return 0
}

func (in input) u16(off uint64) uint16 {
	if b := in.part(off, 2); b != nil {
		return in.order.Uint16(b)
	}
	return 0
}

func (in input) u32(off uint64) uint32 {
	if b := in.part(off, 4); b != nil {
		return in.order.Uint32(b)
	}
	return 0
}

func (in input) u64(off uint64) uint64 {
	if b := in.part(off, 8); b != nil {
		return in.order.Uint64(b)
	}
	return 0
}

func little(data []byte) input { return input{data, binary.LittleEndian} }
func big(data []byte) input    { return input{data, binary.BigEndian} }

// cstring is the text at off, up to a NUL or limit bytes.
func (in input) cstring(off, limit uint64) []byte {
	size := uint64(len(in.data))
	if off >= size {
		return nil
	}
	b := in.data[off:min(size, off+limit)]
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return b
}

// at reports whether the text stands at off.
func at(data []byte, off int, text string) bool {
	return len(data) >= off+len(text) && string(data[off:off+len(text)]) == text
}
