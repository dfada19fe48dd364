package upxtest

import (
	"encoding/binary"
	"slices"
)

// Code is data with calls and jumps of all processors in it, for filters to
// find, near and far ones.
func Code(n int) []byte {
	x := uint32(99)
	next := func() byte {
		x = x*1664525 + 1013904223
		return byte(x >> 24)
	}
	var b []byte
	for len(b) < n {
		near := []byte{next(), next(), 0, 0}
		if next() < 100 {
			binary.LittleEndian.PutUint32(near, -uint32(next()))
		}
		switch next() % 8 {
		case 0:
			b = append(append(b, 0xe8), near...)
		case 1:
			b = append(append(b, 0xe9), near...)
		case 2, 3:
			b = append(append(b, 0x0f, 0x80|next()&15), near...)
		case 4: // ARM and ARM64, at places that can be instructions
			b = append(b, make([]byte, -len(b)&3)...)
			b = append(b, next(), next(), 0, []byte{0xeb, 0x94, 0x14, 0xe8}[next()&3])
		case 5: // those with their highest byte first
			b = append(b, make([]byte, -len(b)&3)...)
			b = append(b, []byte{0xeb, 0x48, 0x4b}[next()%3], 0, next()&15, next())
		default:
			b = append(b, next(), next())
		}
	}
	return b[:n]
}

// Filter gives code the form a filter gives it, with what is added to each
// target. It gives the mark that was used. Not every piece of code can be
// filtered by every filter: ok tells.
func Filter(id byte, code []byte, add uint32) (out []byte, mark byte, ok bool) {
	b := slices.Clone(code)
	switch {
	case id >= 0x11 && id <= 0x1e:
		everyTarget(id, b, add)
		return b, 0, true
	case id >= 0x24 && id <= 0x49:
		return markTargets(id, b, add)
	case id >= 0x50 && id <= 0x52:
		words(id, b, add)
		return b, 0, true
	case id >= 0x90 && id <= 0xb3:
		differences(int(id&3)+1, 1<<(id>>4-9), b)
		return b, 0, true
	case id == 0xd0:
		return powerPC(b, add)
	}
	return nil, 0, false
}

// takes tells which opcodes the filters of x86 change: the numbers of a group
// go e8, e9, both.
func takes(id, op byte) bool {
	switch {
	case id == 0x24, id == 0x11, id == 0x14, id == 0x17, id == 0x1a:
		return op == 0xe8
	case id == 0x25, id == 0x12, id == 0x15, id == 0x18, id == 0x1b:
		return op == 0xe9
	}
	return op == 0xe8 || op == 0xe9
}

func everyTarget(id byte, b []byte, add uint32) {
	le, be := binary.LittleEndian, binary.BigEndian
	for i := 0; i+5 < len(b); i++ {
		if !takes(id, b[i]) {
			continue
		}
		to, at := b[i+1:], uint32(i+1)+add
		switch {
		case id <= 0x13:
			le.PutUint32(to, le.Uint32(to)+at)
		case id <= 0x16:
			be.PutUint32(to, le.Uint32(to)+at)
		case id <= 0x19:
			le.PutUint32(to, be.Uint32(to)+at)
		case id == 0x1d && b[i] == 0xe8, id == 0x1e && b[i] == 0xe9:
			be.PutUint32(to, le.Uint32(to)+at)
		default:
			be.PutUint32(to, le.Uint32(to))
		}
		i += 4
	}
}

// markTargets changes targets inside the code only, and marks them with a byte
// that no other one begins with.
func markTargets(id byte, b []byte, add uint32) (out []byte, mark byte, ok bool) {
	plain := slices.Clone(b)
	for m := range 256 {
		copy(b, plain)
		last, good := 0, true
		for i := 0; i+5 < len(b); i++ {
			jump := id == 0x49 && i != last && b[i]>>4 == 8 && b[i-1] == 0x0f
			if !takes(id, b[i]) && !jump {
				continue
			}
			to := binary.LittleEndian.Uint32(b[i+1:]) + uint32(i) + 1
			if to < uint32(len(b)) {
				binary.BigEndian.PutUint32(b[i+1:], to+add+uint32(m)<<24)
				i += 4
				last = i + 1
			} else if b[i+1] == byte(m) {
				good = false
			}
		}
		if good {
			return b, byte(m), true
		}
	}
	return nil, 0, false
}

func words(id byte, b []byte, add uint32) {
	for i := 0; i+4 < len(b); i += 4 {
		w := b[i : i+4]
		le, be := binary.LittleEndian.Uint32(w), binary.BigEndian.Uint32(w)
		at := uint32(i/4) + add
		switch {
		case id == 0x50 && le>>24&15 == 11:
			binary.LittleEndian.PutUint32(w, le&^0xffffff|(le+at)&0xffffff)
		case id == 0x51 && be>>24&15 == 11:
			binary.BigEndian.PutUint32(w, be&^0xffffff|(be+at)&0xffffff)
		case id == 0x52 && le>>26&31 == 5:
			binary.LittleEndian.PutUint32(w, le&^0x3ffffff|(le+at)&0x3ffffff)
		}
	}
}

func powerPC(b []byte, add uint32) (out []byte, mark byte, ok bool) {
	plain := slices.Clone(b)
	for m := range uint32(16) {
		copy(b, plain)
		good := true
		for i := 0; i <= len(b)-4; i += 4 {
			v := binary.BigEndian.Uint32(b[i:])
			if v>>26 != 18 {
				continue
			}
			to := (v&0x3fffffc + uint32(i)) & 0x3fffffc
			if to < uint32(len(b)) {
				binary.BigEndian.PutUint32(b[i:], v&^0x3fffffc|m<<22|(to+add)&0x3ffffc)
			} else if v>>22&15 == m {
				good = false
			}
		}
		if good {
			return b, byte(m), true
		}
	}
	return nil, 0, false
}

func differences(rows, unit int, b []byte) {
	read := func(at int) (v uint32) {
		for i := range unit {
			v |= uint32(b[at+i]) << (8 * i)
		}
		return v
	}
	for i := len(b)/unit - 1; i >= rows; i-- { // from the end: what is before is plain yet
		d := read(i*unit) - read((i-rows)*unit)
		for k := range unit {
			b[i*unit+k] = byte(d >> (8 * k))
		}
	}
}
