package filter

import "encoding/binary"

func arm(buf []byte, pos uint32) int {
	i := 0
	for ; i+4 <= len(buf); i += 4 {
		if buf[i+3] != 0xeb { // BL
			continue
		}
		v := uint32(buf[i]) | uint32(buf[i+1])<<8 | uint32(buf[i+2])<<16
		v = (v<<2 - (pos + uint32(i) + 8)) >> 2
		buf[i], buf[i+1], buf[i+2] = byte(v), byte(v>>8), byte(v>>16)
	}
	return i
}

func armt(buf []byte, pos uint32) int {
	i := 0
	for ; i+4 <= len(buf); i += 2 {
		if buf[i+1]&0xf8 != 0xf0 || buf[i+3]&0xf8 != 0xf8 { // BL in two halves
			continue
		}
		v := uint32(buf[i+1]&7)<<19 | uint32(buf[i])<<11 | uint32(buf[i+3]&7)<<8 | uint32(buf[i+2])
		v = (v<<1 - (pos + uint32(i) + 4)) >> 1
		buf[i+1] = 0xf0 | byte(v>>19)&7
		buf[i] = byte(v >> 11)
		buf[i+3] = 0xf8 | byte(v>>8)&7
		buf[i+2] = byte(v)
		i += 2
	}
	return i
}

func arm64(buf []byte, pos uint32) int {
	i := 0
	for ; i+4 <= len(buf); i += 4 {
		v := binary.LittleEndian.Uint32(buf[i:])
		pc := pos + uint32(i)
		switch {
		case v>>26 == 0x25: // BL
			v = 0x25<<26 | (v-pc>>2)&0x3ffffff
		case v&0x9f000000 == 0x90000000: // ADRP, within 512 MiB
			src := v>>29&3 | v>>3&0x1ffffc
			if (src+0x20000)&0x1c0000 != 0 {
				continue
			}
			dest := src - pc>>12
			v = v&0x9000001f | dest&3<<29 | dest&0x3fffc<<3 | (0-dest&0x20000)&0xe00000
		default:
			continue
		}
		binary.LittleEndian.PutUint32(buf[i:], v)
	}
	return i
}

func ppc(buf []byte, pos uint32) int {
	i := 0
	for ; i+4 <= len(buf); i += 4 {
		v := binary.BigEndian.Uint32(buf[i:])
		if v&0xfc000003 == 0x48000001 { // BL
			v = 0x48000001 | (v-(pos+uint32(i)))&0x03fffffc
			binary.BigEndian.PutUint32(buf[i:], v)
		}
	}
	return i
}

func sparc(buf []byte, pos uint32) int {
	i := 0
	for ; i+4 <= len(buf); i += 4 {
		v := binary.BigEndian.Uint32(buf[i:])
		if v>>22 != 0x100 && v>>22 != 0x1ff { // CALL, within 16 MiB
			continue
		}
		v = (v<<2 - (pos + uint32(i))) >> 2
		v = (0-v>>22&1)<<22&0x3fffffff | v&0x3fffff | 0x40000000
		binary.BigEndian.PutUint32(buf[i:], v)
	}
	return i
}

// ia64 instructions come in bundles of 16 bytes: five bits that say what the
// three slots of 41 bits hold.
func ia64(buf []byte, pos uint32) int {
	i := 0
	for ; i+16 <= len(buf); i += 16 {
		mask := ia64Mask(buf[i] & 0x1f)
		for slot := range 3 {
			if mask>>slot&1 == 1 {
				ia64Slot(buf[i:i+16], slot, pos+uint32(i))
			}
		}
	}
	return i
}

// ia64Mask tells, by a bundle's template, which of its slots hold branches.
func ia64Mask(template byte) uint32 {
	switch template {
	case 0x10, 0x11, 0x18, 0x19, 0x1c, 0x1d: // the last slot
		return 4
	case 0x12, 0x13: // the last two
		return 6
	case 0x16, 0x17: // all
		return 7
	}
	return 0
}

func ia64Slot(bundle []byte, slot int, pos uint32) {
	bit := uint(slot*41 + 5)
	at, shift := bit>>3, bit&7
	var v uint64
	for j := range uint(6) {
		v |= uint64(bundle[at+j]) << (8 * j)
	}
	ins := v >> shift
	if ins>>37&0xf != 5 || ins>>9&7 != 0 { // br.call
		return
	}
	addr := uint32(ins>>13&0xfffff) | uint32(ins>>36&1)<<20
	dest := (addr<<4 - pos) >> 4
	ins &^= uint64(0x8fffff) << 13
	ins |= uint64(dest&0xfffff) << 13
	ins |= uint64(dest&0x100000) << (36 - 20)
	v = v&(1<<shift-1) | ins<<shift
	for j := range uint(6) {
		bundle[at+j] = byte(v >> (8 * j))
	}
}
