package installertest

import "encoding/binary"

// PE is the header of a Windows program and one section, which ends it.
func PE(section []byte) []byte {
	b := make([]byte, 512)
	copy(b, "MZ")
	b[0x3c] = 64
	copy(b[64:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[64+6:], 1)
	binary.LittleEndian.PutUint16(b[64+20:], 224)
	s := b[64+24+224:]
	copy(s, ".text")
	binary.LittleEndian.PutUint32(s[16:], uint32(len(section)))
	binary.LittleEndian.PutUint32(s[20:], 512)
	return append(b, section...)
}

// ELF is the header of a Linux program of 64 or 32 bits, one segment, and the
// table of sections, which ends it and names a last section without data.
func ELF(wide bool, order binary.AppendByteOrder, segment []byte) []byte {
	data := byte(1)
	if order.AppendUint16(nil, 1)[0] == 0 {
		data = 2
	}
	class, number, head, seg, sec := byte(1), func(b []byte, v int) []byte { return order.AppendUint32(b, uint32(v)) }, 52, 32, 40
	if wide {
		class, number, head, seg, sec = 2, func(b []byte, v int) []byte { return order.AppendUint64(b, uint64(v)) }, 64, 56, 64
	}
	start := head + seg
	b := append([]byte{0x7f, 'E', 'L', 'F', class, data, 1}, make([]byte, 9)...)
	b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 2), 62), 1)
	b = number(number(number(b, 0), head), start+len(segment)) // entry, segments, sections
	b = order.AppendUint32(b, 0)
	for _, v := range []int{head, seg, 1, sec, 1, 0} {
		b = order.AppendUint16(b, uint16(v))
	}
	b = order.AppendUint32(b, 1) // PT_LOAD
	if wide {
		b = order.AppendUint32(b, 5)
	}
	b = number(b, start)
	b = number(number(number(number(b, 0), 0), len(segment)), len(segment))
	b = append(append(b, make([]byte, start-len(b))...), segment...)
	s := order.AppendUint32(order.AppendUint32(nil, 0), 8) // SHT_NOBITS
	s = number(number(number(number(s, 0), 0), 100), 1000)
	return append(append(b, s...), make([]byte, sec-len(s))...)
}
