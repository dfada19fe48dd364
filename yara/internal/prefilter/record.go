package prefilter

import "encoding/binary"

// A record is the part of a literal that is compared, as two double words of bytes and
// two with the bits of them that count: a comparison without a branch, whatever the case.
// Behind them stand skip, in two bytes, and size.

// appendRecord adds the record of a part of a literal.
func appendRecord(out []byte, l *Literal, p part) []byte {
	var text, mask [MaxLiteral]byte
	for i := range int(p.size) {
		mask[i] = 0xFF
		if l.Mask != nil {
			mask[i] = l.Mask[int(p.skip)+i]
		}
		c := l.Bytes[int(p.skip)+i]
		if l.NoCase && isLetter(c) {
			mask[i] &^= 0x20
		}
		text[i] = c & mask[i]
	}
	out = append(append(out, text[:]...), mask[:]...)
	return append(binary.LittleEndian.AppendUint16(out, p.skip), p.size, 0)
}

// stands gives the place of a literal whose part stands at start. ok is false
// where that does not stand, or there is no room before it for what was left out.
func stands(record, data []byte, start int) (pos int, ok bool) {
	r := (*[RecordLen]byte)(record)
	skip := int(binary.LittleEndian.Uint16(r[2*MaxLiteral:]))
	if start < skip || start+int(r[2*MaxLiteral+2]) > len(data) {
		return 0, false
	}
	have := data[start:]
	if len(have) < MaxLiteral {
		var buf [MaxLiteral]byte
		copy(buf[:], have)
		have = buf[:]
	}
	w, text, mask := words(have), words(r[:]), words(r[MaxLiteral:])
	return start - skip, w[0]&mask[0]^text[0]|w[1]&mask[1]^text[1] == 0
}

func words(b []byte) [2]uint64 {
	return [2]uint64{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}
