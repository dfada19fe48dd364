package filter

import "encoding/binary"

// x86 undoes the converter of CALL (E8) and JMP (E9) operands. An operand was
// converted when its highest byte was 00 or FF and no other opcode byte close
// before made that doubtful; mask remembers those.
type x86 struct {
	mask uint32 // one bit for each of the last places that held an opcode
	prev uint32 // place of the last opcode byte
	seen bool
}

// signByte tells whether b is what the highest byte of a near address is.
func signByte(b byte) bool { return b == 0x00 || b == 0xff }

func (x *x86) convert(buf []byte, pos uint32) int {
	i := 0
	for i+5 <= len(buf) {
		if buf[i]&0xfe != 0xe8 {
			i++
			continue
		}
		x.opcode(pos + uint32(i))
		if top := buf[i+4]; signByte(top) && x.allowed() {
			x.operand(buf[i+1:i+5], pos+uint32(i)+5)
			i += 5
			x.mask = 0
		} else {
			i++
			x.mask |= 1
			if signByte(top) {
				x.mask |= 0x10
			}
		}
	}
	return i
}

// opcode moves the mask on to an opcode byte at pos.
func (x *x86) opcode(pos uint32) {
	gap := pos - x.prev
	x.prev = pos
	if !x.seen || gap > 5 {
		x.seen, x.mask = true, 0
		return
	}
	for range gap {
		x.mask = x.mask & 0x77 << 1
	}
}

// allowed tells whether an operand here was converted: not with two opcode
// bytes close before, nor after one whose own operand looked like an address.
func (x *x86) allowed() bool {
	switch x.mask >> 1 {
	case 0, 1, 2, 4:
		return true
	}
	return false
}

// operand turns the absolute address back into one relative to next. When an
// opcode byte was inside the operand's own bytes, the encoder went round more
// than once, and so does this.
func (x *x86) operand(b []byte, next uint32) {
	v := binary.LittleEndian.Uint32(b)
	for {
		v -= next
		if x.mask == 0 {
			break
		}
		shift := 24 - 8*maskByte(x.mask>>1)
		if !signByte(byte(v >> shift)) {
			break
		}
		v ^= 1<<(shift+8) - 1
	}
	binary.LittleEndian.PutUint32(b, v&0x1ffffff|(0-v>>24&1)<<24)
}

// maskByte is the operand's byte that the nearest opcode falls on.
func maskByte(m uint32) uint32 {
	switch {
	case m == 0:
		return 0
	case m == 1:
		return 1
	case m < 4:
		return 2
	}
	return 3
}
