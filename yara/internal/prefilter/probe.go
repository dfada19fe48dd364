package prefilter

import "math/bits"

// groupLen is the number of bytes probed by one step of the vector code, at
// every fourth of them, and blockLen what it probes before its answers are
// followed up: both stay in the first-level cache.
const (
	groupLen = 32
	blockLen = 4096
)

// scanShelf reports what a shelf holds from from up to but without to.
func (t *Table) scanShelf(s *shelf, data []byte, from, to int, sink Sink) {
	from = (from + s.stride - 1) &^ (s.stride - 1)
	if t.vector {
		from = t.scanVector(s, data, from, to, sink)
	}
	t.scanScalar(s, data, from, to, sink)
}

// scanScalar probes one window at a time; the last few, where four bytes
// cannot be loaded, with care.
func (t *Table) scanScalar(s *shelf, data []byte, from, to int, sink Sink) {
	bloom, shift, keep := s.bloom, s.shift, s.keep
	safe := min(to, len(data)-windowLen+1)
	for ; from < safe; from += s.stride {
		w := (load(data, from) | fold) & keep
		h := w * hashMul
		word := bloom[h>>shift]
		if int32(word<<(h&31)&(word<<(h>>5&31))) < 0 {
			t.lookup(s, data, from, w, sink)
		}
	}
	for ; from < to; from += s.stride {
		t.lookup(s, data, from, s.window(data, from), sink)
	}
}

// scanVector probes whole groups and gives the first position it left. The
// windows between every fourth byte are probed by starting a byte or two later.
func (t *Table) scanVector(s *shelf, data []byte, from, to int, sink Sink) int {
	var masks [blockLen / groupLen]byte
	to = min(to, len(data)-windowLen+1) // then a shifted group ends inside, too
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		for o := 0; o < windowLen; o += s.stride {
			probeVector(masks[:groups], data[from+o:], s.keep, s.bloom, s.shift)
			t.follow(s, data, from+o, masks[:groups], sink)
		}
		from += groups * groupLen
	}
}

// follow looks up the windows whose bits are set: bit k of a group's mask is
// the window 4*k bytes into the group.
func (t *Table) follow(s *shelf, data []byte, at int, masks []byte, sink Sink) {
	for g, m := range masks {
		for ; m != 0; m &= m - 1 {
			pos := at + g*groupLen + windowLen*bits.TrailingZeros8(m)
			t.lookup(s, data, pos, (load(data, pos)|fold)&s.keep, sink)
		}
	}
}
