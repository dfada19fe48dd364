package lzx

const (
	maxLength  = 16
	tableBits  = 11
	maxSymbols = literals + 8*maxSlots
)

// tree is a canonical prefix code: shorter codes first, of one length in the
// order of the symbols. Codes of up to tableBits bits are looked up, longer
// ones found by the first code of each length.
type tree struct {
	table  [1 << tableBits]uint16 // symbol<<5 | length; 0: a longer code or none
	limit  [maxLength + 1]uint32  // codes below are of this length, in 16 bits
	first  [maxLength + 1]uint32  // the first code of this length, in 16 bits
	offset [maxLength + 1]uint16  // of its symbol in sorted
	sorted [maxSymbols]uint16
}

// build makes the tree of the code lengths. A code that is not used up is
// allowed: what it lacks fails when it is met.
func (t *tree) build(lengths []byte) error {
	var count [maxLength + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	var code, symbols uint32
	for n := 1; n <= maxLength; n++ {
		t.first[n], t.offset[n] = code, uint16(symbols)
		code += uint32(count[n]) << (maxLength - n)
		symbols += uint32(count[n])
		t.limit[n] = code
		if code > 1<<maxLength {
			return errCode
		}
	}
	next := t.offset
	for s, n := range lengths {
		if n != 0 {
			t.sorted[next[n]] = uint16(s)
			next[n]++
		}
	}
	t.fill(count[:])
	return nil
}

// fill writes the table for the short codes.
func (t *tree) fill(count []int) {
	clear(t.table[:])
	at := 0
	for n := 1; n <= tableBits; n++ {
		span := 1 << (tableBits - n)
		for i := range count[n] {
			entry := t.sorted[int(t.offset[n])+i]<<5 | uint16(n)
			for k := range span {
				t.table[at+k] = entry
			}
			at += span
		}
	}
}

// decode reads one symbol.
func (t *tree) decode(b *bits) (int, error) {
	v := b.peek()
	if e := t.table[v>>(16-tableBits)]; e != 0 {
		b.drop(uint(e & 31))
		return int(e >> 5), nil
	}
	for n := tableBits + 1; n <= maxLength; n++ {
		if v < t.limit[n] {
			b.drop(uint(n))
			return int(t.sorted[t.offset[n]+uint16((v-t.first[n])>>(maxLength-n))]), nil
		}
	}
	return 0, errCode
}
