package prefilter

import "encoding/binary"

// What is here does what the vector code does, for other machines and for what is
// left at the end of the data. The loops hold nothing but what each position needs.

// passes reports whether a window of this hash may be there.
func passes(words []byte, shift uint, hash uint32) bool {
	word := binary.LittleEndian.Uint32(words[hash>>(shift&31)*4:])
	return int32(word<<(hash&31)&(word<<(hash>>5&31))) < 0
}

// next gives the first long window from from on that passes, at a multiple of the
// stride from there. Without one, at is not before to. All windows before to are in
// the data.
func (f *filter) next(data []byte, from, to int) (at int) {
	words, shift := f.words, f.shift
	for ; from < to; from += shapes[long].stride {
		w := binary.LittleEndian.Uint64(data[from:]) | fold<<32 | fold
		if passes(words, shift, uint32(w)*hashMul+uint32(w>>32)*hashMul2) {
			break
		}
	}
	return from
}

// nextFour gives the first window of four bytes that passes, from from on at any
// place. Without one, at is not before to. The eight bytes from each window on are
// in the data.
func (f *filter) nextFour(data []byte, from, to int) (at int) {
	words, shift := f.words, f.shift
	for ; from+4 <= to; from += 4 {
		w := binary.LittleEndian.Uint64(data[from:]) | fold<<32 | fold
		switch {
		case passes(words, shift, uint32(w)*hashMul):
			return from
		case passes(words, shift, uint32(w>>8)*hashMul):
			return from + 1
		case passes(words, shift, uint32(w>>16)*hashMul):
			return from + 2
		case passes(words, shift, uint32(w>>24)*hashMul):
			return from + 3
		}
	}
	for ; from < to && !passes(words, shift, (load(data, from)|fold)*hashMul); from++ {
	}
	return from
}

// scanShortScalar reports the windows of three and four bytes up to to, and gives the
// first place that it left.
func (r *Run) scanShortScalar(from, to int) int {
	f := &r.table.filters[short]
	to = min(to, len(r.data)-7)
	for from = f.nextFour(r.data, from, to); from < to; from = f.nextFour(r.data, from+1, to) {
		r.lookupShort(from)
	}
	return from
}

// next gives the first place from from on where a pair stands; without one, to.
func (f *pairFilter) next(data []byte, from, to int) int {
	if from >= to {
		return to
	}
	b := data[from]
	for i, c := range data[from+1 : to+1] {
		if f.has(b, c) {
			return from + i
		}
		b = c
	}
	return to
}
