package prefilter

import "math/bits"

// groupLen is the number of bytes probed by one step of the vector code, at
// every fourth of them, and blockLen what it probes before its answers are
// followed up: both stay in the first-level cache.
const (
	groupLen = 32
	blockLen = 4096
)

type masks [blockLen / groupLen]byte

// scanLong reports what the shelf of long windows holds from from up to but without
// to. A window at any of these places is in the data.
func (r *Run) scanLong(from, to int) {
	f, shape, data := &r.table.filters[long], shapes[long], r.data
	from = (from + shape.stride - 1) &^ (shape.stride - 1)
	if r.table.vector {
		from = r.scanLongVector(from, to)
	}
	for from = f.next(data, from, to); from < to; from = f.next(data, from+shape.stride, to) {
		r.lookup(long, from, shape.hash(data, from))
	}
}

// scanLongVector probes whole groups and gives the first position it left.
func (r *Run) scanLongVector(from, to int) int {
	var m masks
	f, shape, data := &r.table.filters[long], shapes[long], r.data
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		probeLong(m[:groups], data[from:], shape.length, f)
		for g, some := range m[:groups] {
			for ; some != 0; some &= some - 1 {
				pos := from + g*groupLen + windowLen*bits.TrailingZeros8(some)
				r.lookup(long, pos, shape.hash(data, pos))
			}
		}
		from += groups * groupLen
	}
}

// scanShort reports what the shelves of three and four bytes hold.
func (r *Run) scanShort(from, to int) {
	f, data := &r.table.filters[short], r.data
	if r.table.vector {
		from = r.scanShortVector(from, to)
	}
	for from = r.scanShortScalar(from, to); from < min(to, len(data)-windowLen+1); from++ {
		if passes(f.words, f.shift, (load(data, from)|fold)*hashMul) {
			r.lookupShort(from)
		}
	}
	for ; from < to; from++ {
		r.lookupShort(from)
	}
}

// scanShortVector probes whole groups, each four times: the windows between
// every fourth byte are probed by starting a byte or more later.
func (r *Run) scanShortVector(from, to int) int {
	var m masks
	f, data := &r.table.filters[short], r.data
	to = min(to, len(data)-windowLen+1) // then a shifted group ends inside, too
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		for o := range windowLen {
			probeFour(m[:groups], data[from+o:], f)
			for g, some := range m[:groups] {
				for ; some != 0; some &= some - 1 {
					r.lookupShort(from + o + g*groupLen + windowLen*bits.TrailingZeros8(some))
				}
			}
		}
		from += groups * groupLen
	}
}
