package digests

import "math/bits"

// sizes tells quickly that no entry has a size: a bit table by the hash of
// the size. It may say yes for a size that is not there, never no for one
// that is.
type sizes struct {
	any   bool
	shift uint8
	table []uint64
}

// make sizes the table for so many entries: four to eight bits each, at most 4 MiB.
func (s *sizes) make(entries int) {
	if entries == 0 {
		return
	}
	log := min(max(bits.Len(uint(entries))+2, 6), 25)
	s.shift = uint8(32 - log)
	s.table = make([]uint64, 1<<(log-6))
}

func (s *sizes) place(size uint32) uint32 { return size * 2654435761 >> s.shift }

func (s *sizes) add(size uint32) {
	if size == AnySize {
		s.any = true
		return
	}
	p := s.place(size)
	s.table[p/64] |= 1 << (p % 64)
}

func (s *sizes) may(size uint32) bool {
	if s.any || s.table == nil {
		return s.any
	}
	p := s.place(size)
	return s.table[p/64]&(1<<(p%64)) != 0
}
