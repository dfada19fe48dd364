package prefilter

import "encoding/binary"

// record is the part of a literal that is compared, as two words of bytes and
// the bits of them that count: a comparison without a branch, whatever the case.
type record struct {
	text, mask [2]uint64
	id         uint32
	skip       uint16 // bytes of the literal before the part
	size       uint8  // of the part
}

// newRecord takes size bytes of a literal from skip on.
func newRecord(l *Literal, skip, size int) record {
	var text, mask [MaxLiteral]byte
	for i := range size {
		mask[i] = 0xFF
		if l.Mask != nil {
			mask[i] = l.Mask[skip+i]
		}
		c := l.Bytes[skip+i]
		if l.NoCase && isLetter(c) {
			mask[i] &^= 0x20
		}
		text[i] = c & mask[i]
	}
	r := record{id: l.ID, skip: uint16(skip), size: uint8(size)}
	r.text, r.mask = words(text[:]), words(mask[:])
	return r
}

func words(b []byte) [2]uint64 {
	return [2]uint64{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

// stands reports whether the part stands at start, with room before it for
// what was left out.
func (r *record) stands(data []byte, start int) bool {
	if start < int(r.skip) || start+int(r.size) > len(data) {
		return false
	}
	have := data[start:]
	if len(have) < MaxLiteral {
		var buf [MaxLiteral]byte
		copy(buf[:], have)
		have = buf[:]
	}
	w := words(have)
	return w[0]&r.mask[0]^r.text[0]|w[1]&r.mask[1]^r.text[1] == 0
}
