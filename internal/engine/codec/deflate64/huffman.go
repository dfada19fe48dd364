package deflate64

import (
	"errors"
	"math/bits"
)

const (
	maxCode  = 15 // bits
	fastBits = 9  // codes up to this long are found in one step
)

// table decodes a canonical Huffman code.
type table struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | length; 0: longer, or no code
	count  [maxCode + 1]uint16   // codes of each length
	symbol [288]uint16           // in the order of the codes
}

var errCode = errors.New("deflate64: malformed Huffman code")

// build makes the table of the code lengths. A single code may be incomplete,
// as deflate allows for distances.
func (t *table) build(lengths []uint8) error {
	*t = table{}
	for _, n := range lengths {
		t.count[n]++
	}
	t.count[0] = 0
	left, used := 1, 0
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - int(t.count[n])
		used += int(t.count[n])
		if left < 0 {
			return errCode
		}
	}
	if left > 0 && used > 1 {
		return errCode
	}
	t.fill(lengths)
	return nil
}

func (t *table) fill(lengths []uint8) {
	var next, place [maxCode + 2]uint16
	for n := 1; n <= maxCode; n++ {
		next[n+1] = (next[n] + t.count[n]) << 1
		place[n+1] = place[n] + t.count[n]
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		t.symbol[place[n]] = uint16(s)
		place[n]++
		code := next[n]
		next[n]++
		if n > fastBits {
			continue
		}
		entry := uint16(s)<<4 | uint16(n)
		for i := int(bits.Reverse16(code) >> (16 - n)); i < len(t.fast); i += 1 << n {
			t.fast[i] = entry
		}
	}
}

// symbol reads one symbol.
func (z *Reader) symbol(t *table) (int, error) {
	if z.bits < maxCode {
		z.more()
	}
	if e := t.fast[z.hold&(1<<fastBits-1)]; e != 0 && uint(e&15) <= z.bits {
		z.drop(uint(e & 15))
		return int(e >> 4), nil
	}
	code, first, index := 0, 0, 0
	for n := uint(1); n <= maxCode && n <= z.bits; n++ {
		code |= int(z.hold >> (n - 1) & 1)
		count := int(t.count[n])
		if code-first < count {
			z.drop(n)
			return int(t.symbol[index+code-first]), nil
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	if z.bits < maxCode {
		return 0, z.short()
	}
	return 0, errCode
}
