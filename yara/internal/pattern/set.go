package pattern

import "math/bits"

// Set is a set of byte values, one bit each, lowest value in the lowest bit of
// the first word.
type Set [4]uint64

// Has tells whether b is in the set.
func (s *Set) Has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// Len gives the number of values in the set.
func (s *Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s *Set) add(b byte) { s[b>>6] |= 1 << (b & 63) }

func (s *Set) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *Set) union(o Set) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s Set) negated() Set {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

func (s Set) full() bool { return s == fullSet() }

// folded gives the set with both cases of every ASCII letter in it.
func (s Set) folded() Set {
	for c := byte('a'); c <= 'z'; c++ {
		if s.Has(c) || s.Has(c-0x20) {
			s.add(c)
			s.add(c - 0x20)
		}
	}
	return s
}

// bytes gives the values of the set in rising order.
func (s *Set) bytes() []byte {
	out := make([]byte, 0, s.Len())
	for c := range 256 {
		if s.Has(byte(c)) {
			out = append(out, byte(c))
		}
	}
	return out
}

func fullSet() Set { return Set{}.negated() }

func digitSet() Set {
	var s Set
	s.addRange('0', '9')
	return s
}

func wordSet() Set {
	s := digitSet()
	s.addRange('a', 'z')
	s.addRange('A', 'Z')
	s.add('_')
	return s
}

// spaceSet is what isspace() tells in the C locale.
func spaceSet() Set {
	var s Set
	s.addRange('\t', '\r')
	s.add(' ')
	return s
}

func maskedSet(val, mask byte, not bool) Set {
	var s Set
	for c := range 256 {
		if (byte(c)&mask == val) != not {
			s.add(byte(c))
		}
	}
	return s
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 0x20
	}
	return c
}

// isWord tells whether c belongs to \w.
func isWord(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' || c == '_' }
