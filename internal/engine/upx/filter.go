package upx

import (
	"encoding/binary"
)

// A filter makes code more alike before it is packed: the targets of calls
// and jumps are written from the beginning of the code instead of from where
// they stand. filters undo that. They are named by number:
//
//	0x11-0x1e  x86: every call (e8), jump (e9) or both; also in another order of bytes
//	0x24-0x26  x86: as these, but only those marked with a byte that else does not occur
//	0x36 0x46  as 0x26
//	0x49       as 0x26, and conditional jumps (0f 80-8f)
//	0x50-0x52  ARM, big-endian ARM, ARM64: bl, and b of the latter
//	0x90-0xb3  differences of 1, 2 or 4 bytes in 1 to 4 rows
//	0xd0       PowerPC: b and bl
//
// The packer knows others, for 16 bits and for experiments (0x80-0x87), that no
// ELF or PE file of its releases has.
type filter struct {
	id   byte
	mark byte   // the byte that tells a changed target
	add  uint32 // what was added to each target
}

const (
	markedMost = 1<<24 - 1 // longer code has no marked targets
	armMost    = 1<<25 - 1
	arm64Most  = 1<<26 - 1
)

// undo gives b its form before the filter. It tells whether the filter is
// known.
func (f filter) undo(b []byte) bool {
	switch id := f.id; {
	case id == 0:
	case id >= 0x11 && id <= 0x1e:
		f.plain(b)
	case id >= 0x24 && id <= 0x26, id == 0x36, id == 0x46, id == 0x49:
		f.marked(b)
	case id == 0x50 || id == 0x51:
		f.arm(b)
	case id == 0x52:
		f.arm64(b)
	case id >= 0x90 && id <= 0xb3 && id&15 < 4:
		f.delta(b)
	case id == 0xd0:
		f.powerPC(b)
	default:
		return false
	}
	return true
}

// opcodes tells which of e8 and e9 the filter changed. The numbers of a group
// go e8, e9, both.
func (f filter) opcodes() (call, jump bool) {
	switch f.id {
	case 0x24, 0x11, 0x14, 0x17, 0x1a:
		return true, false
	case 0x25, 0x12, 0x15, 0x18, 0x1b:
		return false, true
	}
	return true, true
}

// plain undoes the filters that change every target.
func (f filter) plain(b []byte) {
	call, jump := f.opcodes()
	little, big := binary.LittleEndian, binary.BigEndian
	for i := 0; i+5 < len(b); i++ {
		if op := b[i]; op != 0xe8 && op != 0xe9 || op == 0xe8 && !call || op == 0xe9 && !jump {
			continue
		}
		at, back := b[i+1:], uint32(i+1)+f.add
		switch f.id {
		case 0x11, 0x12, 0x13:
			little.PutUint32(at, little.Uint32(at)-back)
		case 0x14, 0x15, 0x16:
			little.PutUint32(at, big.Uint32(at)-back)
		case 0x17, 0x18, 0x19:
			big.PutUint32(at, little.Uint32(at)-back)
		default:
			if f.id == 0x1d && b[i] == 0xe8 || f.id == 0x1e && b[i] == 0xe9 {
				little.PutUint32(at, big.Uint32(at)-back)
			} else { // only turned around
				little.PutUint32(at, big.Uint32(at))
			}
		}
		i += 4
	}
}

// marked undoes the filters that mark the targets they changed.
func (f filter) marked(b []byte) {
	if len(b) > markedMost {
		return
	}
	call, jump := f.opcodes()
	conditional := f.id == 0x49
	mark, last := uint32(f.mark)<<24, 0
	for i := 0; i+5 < len(b); i++ {
		op := b[i]
		ours := op == 0xe8 && call || op == 0xe9 && jump ||
			conditional && op>>4 == 8 && i != last && b[i-1] == 0x0f
		if !ours || b[i+1] != f.mark {
			continue
		}
		target := binary.BigEndian.Uint32(b[i+1:]) - mark
		binary.LittleEndian.PutUint32(b[i+1:], target-uint32(i)-1-f.add)
		i += 4
		last = i + 1
	}
}

func (f filter) arm(b []byte) {
	if len(b) < 8 || len(b) > armMost {
		return
	}
	for i := 0; i+4 < len(b); i += 4 {
		w := b[i : i+4]
		back := uint32(i/4) + f.add
		if f.id == 0x50 && w[3]&15 == 11 {
			v := binary.LittleEndian.Uint32(w)
			binary.LittleEndian.PutUint32(w, v&0xff000000|(v-back)&0xffffff)
		}
		if f.id == 0x51 && w[0]&15 == 11 {
			v := binary.BigEndian.Uint32(w)
			binary.BigEndian.PutUint32(w, v&0xff000000|(v-back)&0xffffff)
		}
	}
}

func (f filter) arm64(b []byte) {
	const low = 1<<26 - 1
	if len(b) < 8 || len(b) > arm64Most {
		return
	}
	for i := 0; i+4 < len(b); i += 4 {
		if w := b[i : i+4]; w[3]&0x7c == 0x14 {
			v := binary.LittleEndian.Uint32(w)
			binary.LittleEndian.PutUint32(w, v&^low|(v-uint32(i/4)-f.add)&low)
		}
	}
}

func (f filter) powerPC(b []byte) {
	const markBits, field = 4, 0x03fffffc
	if len(b) < 8 {
		return
	}
	// Targets have what the mark leaves of 26 bits.
	end := min(len(b)-4, 1<<(26-markBits))
	for i := 0; i <= end; i += 4 {
		v := binary.BigEndian.Uint32(b[i:])
		if v>>26 != 18 || v>>(26-markBits)&(1<<markBits-1) != uint32(f.mark) {
			continue
		}
		target := v & (1<<(26-markBits) - 4)
		binary.BigEndian.PutUint32(b[i:], v&^field|(target-uint32(i)-f.add)&field)
	}
}

// delta undoes differences to the unit of the same row before.
func (f filter) delta(b []byte) {
	rows, unit := int(f.id&3)+1, 1<<(f.id>>4-9)
	var sum [4]uint32
	row := rows - 1
	for i := 0; i+unit <= len(b); i += unit {
		w := b[i:]
		switch unit {
		case 1:
			sum[row] += uint32(w[0])
			w[0] = byte(sum[row])
		case 2:
			sum[row] += uint32(binary.LittleEndian.Uint16(w))
			binary.LittleEndian.PutUint16(w, uint16(sum[row]))
		default:
			sum[row] += binary.LittleEndian.Uint32(w)
			binary.LittleEndian.PutUint32(w, sum[row])
		}
		if row--; row < 0 {
			row = rows - 1
		}
	}
}
