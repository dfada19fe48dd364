package prefilter

import "math/bits"

// pairFilter finds windows of one and two bytes, of which there are few. They
// are dealt into eight sets, one bit each. A table for each half of the first
// and of the second byte tells in which sets it occurs; where all four agree on
// a set one of its windows may stand. Behind these four tables, of 16 bytes each, a
// bit for each folded pair tells whether one really does.
type pairFilter [pairTables + 1<<(2*7-3)]byte

// pairTables is the length of the tables, and pairWords that of all in words.
const (
	pairTables = 4 * 16
	pairWords  = len(pairFilter{}) / 4
)

// halves gives the places in the tables that two bytes have.
func halves(a, b byte) [4]byte { return [4]byte{a & 15, 16 | a>>4, 32 | b&15, 48 | b>>4} }

// place gives the byte with the bit of a pair, and the bit.
func (f *pairFilter) place(a, b byte) (at *byte, bit byte) {
	i := uint(a>>1&0x60|a&0x1F)<<7 | uint(b>>1&0x60|b&0x1F)
	return &f[pairTables+i>>3], 1 << (i & 7)
}

// has reports whether a window stands where two bytes are.
func (f *pairFilter) has(a, b byte) bool {
	at, bit := f.place(a, b)
	return *at&bit != 0
}

// newPairFilter takes the hashes of windows of two bytes and of one; nil for none.
func newPairFilter(pairs, singles []uint32) *pairFilter {
	if len(pairs)+len(singles) == 0 {
		return nil
	}
	f := new(pairFilter)
	for _, hash := range pairs {
		v := hash * hashInverse
		f.add(byte(v), byte(v>>8))
	}
	for _, hash := range singles {
		for c := range foldedBytes {
			f.add(byte(hash*hashInverse), byte(foldedByte(uint32(c))))
		}
	}
	return f
}

// add enters a folded pair in every way it can be written.
func (f *pairFilter) add(a, b byte) {
	at, bit := f.place(a, b)
	*at |= bit
	set := f.best(halves(a, b))
	for _, a := range [...]byte{a, a &^ 0x20} {
		for _, b := range [...]byte{b, b &^ 0x20} {
			for _, h := range halves(a, b) {
				f[h] |= 1 << set
			}
		}
	}
}

// best gives the set that would let the fewest other pairs pass.
func (f *pairFilter) best(halves [4]byte) (set int) {
	least := 1 << 20
	for s := range 8 {
		before, after := 1, 1
		for k, h := range halves {
			n := f.count(k, s)
			before *= n
			if f[h]>>s&1 == 0 {
				n++
			}
			after *= n
		}
		if after-before < least {
			least, set = after-before, s
		}
	}
	return set
}

// count tells how many halves a set has in a table.
func (f *pairFilter) count(k, set int) int {
	n := 0
	for _, sets := range f[16*k : 16*k+16] {
		n += bits.OnesCount8(sets >> set & 1)
	}
	return n
}

// scanPairs reports what the shelves of pairs and of single bytes hold.
func (r *Run) scanPairs(from, to int) {
	f, data := r.table.pairs, r.data
	if r.table.vector {
		from = r.scanPairsVector(from, to)
	}
	last := max(min(to, len(data)-1), from)
	for from = f.next(data, from, last); from < last; from = f.next(data, from+1, last) {
		r.lookupPairs(from)
	}
	if last < to {
		r.lookupPairs(last)
	}
}

// scanPairsVector probes whole groups and gives the first position it left.
func (r *Run) scanPairsVector(from, to int) int {
	f, data := r.table.pairs, r.data
	var masks [blockLen / groupLen]uint32
	to = min(to, len(data)-1) // the last pair of a group ends behind it
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		probePairs(masks[:groups], data[from:], f)
		for g, m := range masks[:groups] {
			for ; m != 0; m &= m - 1 {
				if at := from + g*groupLen + bits.TrailingZeros32(m); f.has(data[at], data[at+1]) {
					r.lookupPairs(at)
				}
			}
		}
		from += groups * groupLen
	}
}
