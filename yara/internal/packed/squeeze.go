package packed

import (
	"encoding/binary"
	"math/bits"
)

// The form of a squeezed block: sequences of a token byte, literal bytes, and a
// copy of bytes that came before. The high half of the token is the number of
// literal bytes, the low half the length of the copy less minCopy; 15 in a half
// is followed by bytes that are added to it, of which the last is not 255: those
// of the literals before these, those of the copy behind its distance, which is
// two bytes. The last sequence ends with its literals.
const (
	minCopy  = 4
	maxAway  = 1<<16 - 1
	halfFull = 15

	tableBits = 15
	maxTries  = 24 // places compared for a copy
)

// squeezer finds copies. What it finds depends on the bytes alone.
type squeezer struct {
	heads [1 << tableBits]int32 // by hash of four bytes: the last place they stood, from 1
	prev  []int32               // by place: the place before with the same hash
}

// squeeze appends src to dst in a shorter form.
func (s *squeezer) squeeze(dst, src []byte) []byte {
	clear(s.heads[:])
	s.prev = append(s.prev[:0], make([]int32, len(src))...)
	start := 0 // of the literals
	for at := 0; at+minCopy <= len(src); {
		from, n := s.longest(src, at)
		if n == 0 {
			at++
			continue
		}
		dst = appendSequence(dst, src[start:at], at-from, n)
		for end := at + n; at < end; at++ {
			s.note(src, at)
		}
		start = at
	}
	return appendSequence(dst, src[start:], 0, 0)
}

// note enters a place into the table and gives the one before, from 1.
func (s *squeezer) note(src []byte, at int) int32 {
	if at+minCopy > len(src) {
		return 0
	}
	h := binary.LittleEndian.Uint32(src[at:]) * 0x9E3779B1 >> (32 - tableBits)
	before := s.heads[h]
	s.prev[at], s.heads[h] = before, int32(at+1)
	return before
}

// longest finds the longest copy for what stands at a place, and notes that.
func (s *squeezer) longest(src []byte, at int) (from, n int) {
	next := s.note(src, at)
	for range maxTries {
		if next == 0 || at-int(next-1) > maxAway {
			break
		}
		if l := common(src, int(next-1), at); l >= minCopy && l > n {
			from, n = int(next-1), l
		}
		next = s.prev[next-1]
	}
	return from, n
}

// common counts the bytes that are the same at two places, a before b.
func common(src []byte, a, b int) int {
	n := 0
	for ; b+n+8 <= len(src); n += 8 {
		if x := binary.LittleEndian.Uint64(src[a+n:]) ^ binary.LittleEndian.Uint64(src[b+n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for b+n < len(src) && src[a+n] == src[b+n] {
		n++
	}
	return n
}

// appendSequence writes one sequence; without a copy it is the last.
func appendSequence(dst, literals []byte, away, n int) []byte {
	long := max(n-minCopy, 0)
	dst = append(dst, byte(min(len(literals), halfFull)<<4|min(long, halfFull)))
	dst = appendRest(dst, len(literals))
	dst = append(dst, literals...)
	if n == 0 {
		return dst
	}
	dst = append(dst, byte(away), byte(away>>8))
	return appendRest(dst, long)
}

func appendRest(dst []byte, n int) []byte {
	if n < halfFull {
		return dst
	}
	for n -= halfFull; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}

// maxGain is how many bytes one byte of a squeezed block gives at most.
const maxGain = 256

// unsqueeze gives the size bytes that src was made of. ok is false where src
// was not made of as many.
func unsqueeze(src []byte, size int) (out []byte, ok bool) {
	if size < 0 || size > maxGain*len(src) {
		return nil, false
	}
	out = make([]byte, 0, size)
	for len(src) > 0 {
		token := src[0]
		var n int
		if n, src, ok = rest(int(token>>4), src[1:]); !ok || n > len(src) || n > size-len(out) {
			return nil, false
		}
		out = append(out, src[:n]...)
		if src = src[n:]; len(src) == 0 {
			break
		}
		if len(src) < 2 {
			return nil, false
		}
		away := int(binary.LittleEndian.Uint16(src))
		if n, src, ok = rest(int(token&halfFull), src[2:]); !ok || n+minCopy > size-len(out) || away == 0 || away > len(out) {
			return nil, false
		}
		out = appendCopy(out, away, n+minCopy)
	}
	return out, len(out) == size
}

// rest reads what is added to the half of a token.
func rest(n int, src []byte) (int, []byte, bool) {
	if n < halfFull {
		return n, src, true
	}
	for i, c := range src {
		n += int(c)
		if c != 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}

// appendCopy appends n bytes that begin some bytes before the end, and may
// overlap it.
func appendCopy(out []byte, away, n int) []byte {
	for n > away {
		out = append(out, out[len(out)-away:]...)
		n -= away
	}
	at := len(out) - away
	return append(out, out[at:at+n]...)
}
