package prefilter

import "encoding/binary"

// What is here does what the vector code does, for other machines and for what is
// left at the end of the data. The loops hold nothing but what each position needs.

// passes reports whether a window of this hash may be there.
func passes(words []byte, shift uint, hash uint32) bool {
	word := binary.LittleEndian.Uint32(words[hash>>(shift&31)*4:])
	return int32(word<<(hash&31)&(word<<(hash>>5&31))) < 0
}

// next gives the first window from from on that passes, at a multiple of the stride
// from there, and its hash. Without one, at is not before to. Windows are of the
// two shapes of more than four bytes, and all eight bytes from each are in the data.
func (f *filter) next(data []byte, from, to int, s shape) (at int, hash uint32) {
	words, shift, second := f.words, f.shift, 8*uint(s.length-windowLen)
	for ; from < to; from += s.stride {
		w := binary.LittleEndian.Uint64(data[from:]) | fold<<32 | fold
		hash = uint32(w)*hashMul + uint32(w>>(second&63))*hashMul2
		if passes(words, shift, hash) {
			break
		}
	}
	return from, hash
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

// scanShelfScalar reports what the shelf has up to to, and gives the first place that
// it left.
func (r *Run) scanShelfScalar(k, from, to int) int {
	f, s := &r.table.filters[k], shapes[k]
	to = min(to, len(r.data)-7)
	for {
		at, hash := f.next(r.data, from, to, s)
		if at >= to {
			return at
		}
		r.lookup(k, at, hash)
		from = at + s.stride
	}
}

// scanShortScalar is scanShelfScalar for windows of three and four bytes.
func (r *Run) scanShortScalar(from, to int) int {
	f := &r.table.filters[short]
	to = min(to, len(r.data)-7)
	for from = f.nextFour(r.data, from, to); from < to; from = f.nextFour(r.data, from+1, to) {
		r.lookupAll(short, pair-1, from)
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
