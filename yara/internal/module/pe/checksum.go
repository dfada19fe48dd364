package pe

import (
	"encoding/binary"

	"vitrine/yara/internal/module"
)

// calculateChecksum is the sum the Windows loader checks: the file as
// little-endian words folded to 16 bits, the stored sum taken as zero, plus the
// length. Like libyara it skips the stored sum only where that is aligned.
func calculateChecksum(c *module.Context, f *file, _ []module.Value) module.Value {
	return *f.checksum.Get(func() module.Value {
		var sum uint64
		skip := f.nt + fileHeader + 64
		data := f.data
		for at := 0; at < len(data); at += 4 {
			if at%module.Chunk == 0 && c.Cancelled() {
				return module.Undefined()
			}
			if int64(at) == skip {
				continue
			}
			sum += uint64(word(data[at:]))
			sum = sum&0xffffffff + sum>>32
		}
		sum = sum&0xffff + sum>>16
		sum += sum >> 16
		return module.Int(int64(sum&0xffff) + int64(len(data)))
	})
}

// word reads four bytes, or what is left of them.
func word(b []byte) uint32 {
	if len(b) >= 4 {
		return binary.LittleEndian.Uint32(b)
	}
	var w [4]byte
	copy(w[:], b)
	return binary.LittleEndian.Uint32(w[:])
}

func checksumTree() module.Field {
	return module.Function("calculate_checksum", module.Overload("", module.KindInt, calculateChecksum))
}
