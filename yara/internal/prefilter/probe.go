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

// scanShelf reports what a shelf of windows of more than four bytes holds from
// from up to but without to. A window at any of these places is in the data.
func (t *Table) scanShelf(k int, data []byte, from, to int, sink Sink) {
	s, f, shape := &t.shelves[k], &t.filters[k], shapes[k]
	from = (from + shape.stride - 1) &^ (shape.stride - 1)
	if t.vector {
		from = t.scanVector(k, data, from, to, sink)
	}
	for ; from < to; from += shape.stride {
		if h := shape.hash(data, from); f.passes(h) {
			t.lookup(s, data, from, h, sink)
		}
	}
}

// scanVector probes whole groups and gives the first position it left.
func (t *Table) scanVector(k int, data []byte, from, to int, sink Sink) int {
	var m masks
	s, f, shape := &t.shelves[k], &t.filters[k], shapes[k]
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		for o := 0; o < windowLen; o += shape.stride {
			probeLong(m[:groups], data[from+o:], shape.length, f)
			for g, some := range m[:groups] {
				for ; some != 0; some &= some - 1 {
					pos := from + o + g*groupLen + windowLen*bits.TrailingZeros8(some)
					t.lookup(s, data, pos, shape.hash(data, pos), sink)
				}
			}
		}
		from += groups * groupLen
	}
}

// scanShort reports what the shelves of three and four bytes hold.
func (t *Table) scanShort(data []byte, from, to int, sink Sink) {
	if t.vector {
		from = t.scanShortVector(data, from, to, sink)
	}
	for ; from < min(to, len(data)-windowLen+1); from++ {
		if t.filters[short].passes((load(data, from) | fold) * hashMul) {
			t.lookupAll(short, pair-1, data, from, sink)
		}
	}
	for ; from < to; from++ {
		t.lookupAll(short, pair-1, data, from, sink)
	}
}

// scanShortVector probes whole groups, each four times: the windows between
// every fourth byte are probed by starting a byte or more later.
func (t *Table) scanShortVector(data []byte, from, to int, sink Sink) int {
	var m masks
	to = min(to, len(data)-windowLen+1) // then a shifted group ends inside, too
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		for o := range windowLen {
			probeFour(m[:groups], data[from+o:], &t.filters[short])
			for g, some := range m[:groups] {
				for ; some != 0; some &= some - 1 {
					t.lookupAll(short, pair-1, data, from+o+g*groupLen+windowLen*bits.TrailingZeros8(some), sink)
				}
			}
		}
		from += groups * groupLen
	}
}
