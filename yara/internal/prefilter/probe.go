package prefilter

import "math/bits"

// groupLen is the number of bytes probed by one step of the vector code, at
// every fourth of them, and blockLen what it probes before its answers are
// followed up: both stay in the first-level cache.
const (
	groupLen = 32
	blockLen = 4096
)

// scanStride reports what the table finds from from up to but without to.
func (t *Table) scanStride(s *strideTable, data []byte, from, to int, sink Sink) {
	from = (from + s.stride - 1) &^ (s.stride - 1)
	if t.vector {
		from = t.scanVector(s, data, from, to, sink)
	}
	t.scanScalar(s, data, from, to, sink)
}

// scanScalar probes one window at a time.
func (t *Table) scanScalar(s *strideTable, data []byte, from, to int, sink Sink) {
	if from >= to {
		return
	}
	bloom, shift := s.bloom, s.shift
	for d := data[:to+windowLen-1]; from+windowLen <= len(d); from += s.stride {
		w := load(d, from) | fold
		h := w * hashMul
		word := bloom[h>>shift]
		if int32(word<<(h&31)&(word<<(h>>5&31))) < 0 {
			t.lookup(s, data, from, w, sink)
		}
	}
}

// scanVector probes whole groups and gives the first position it left. The
// windows between every fourth byte are probed by starting a byte or two later.
func (t *Table) scanVector(s *strideTable, data []byte, from, to int, sink Sink) int {
	var masks [blockLen / groupLen]byte
	for {
		groups := min(to-from, blockLen) / groupLen
		if groups <= 0 {
			return from
		}
		for o := 0; o < windowLen; o += s.stride {
			if from+o+groups*groupLen > len(data) {
				groups-- // the last window of a shifted group would lie outside
			}
			probeVector(masks[:groups], data[from+o:], s.bloom, s.shift)
			t.follow(s, data, from+o, masks[:groups], sink)
		}
		from += groups * groupLen
	}
}

// follow looks up the windows whose bits are set: bit k of a group's mask is
// the window 4*k bytes into the group.
func (t *Table) follow(s *strideTable, data []byte, at int, masks []byte, sink Sink) {
	for g, m := range masks {
		for ; m != 0; m &= m - 1 {
			pos := at + g*groupLen + windowLen*bits.TrailingZeros8(m)
			t.lookup(s, data, pos, load(data, pos)|fold, sink)
		}
	}
}
