package ole

import (
	"io"

	"vitrine/internal/engine/limit"
)

// Whole gives the bytes of a stream in place, when they lie in one piece that
// Whole gave to nobody before; else nil: they are to be read by Reader. So all
// that Whole ever gives is no more than the file.
func (f *File) Whole(e *Entry) []byte {
	if e.Size < f.cutoff || e.Size > int64(len(f.data)) {
		return nil
	}
	count := (e.Size + 1<<f.shift - 1) >> f.shift
	n := e.start
	for i := range count {
		if f.sector(n) == nil || f.used[n/64]&(1<<(n%64)) != 0 {
			return nil
		}
		f.used[n/64] |= 1 << (n % 64)
		next := f.lookup(f.fat, n)
		if i < count-1 && next != n+1 {
			return nil
		}
		n = next
	}
	at := (int64(e.start) + 1) << f.shift
	if at+e.Size > int64(len(f.data)) {
		return nil
	}
	return f.data[at : at+e.Size]
}

// Reader reads a stream. A chain that ends before the size claimed, or that
// runs in a circle, ends with an error of the reason Damaged.
func (f *File) Reader(e *Entry) io.Reader {
	s := &stream{f: f, next: e.start, left: e.Size}
	if s.mini = e.Size < f.cutoff; s.mini {
		s.steps = len(f.mini) << (f.shift - f.small)
	} else {
		s.steps = f.sectors()
	}
	return s
}

// stream is one chain being read.
type stream struct {
	f     *File
	mini  bool
	next  uint32
	left  int64
	steps int // sectors it may still have
	part  []byte
}

// Read gives the bytes of one sector at most.
func (s *stream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.part) == 0 {
		if s.part = s.sector(); len(s.part) == 0 {
			return 0, limit.Errorf(limit.Damaged, "ole: the chain of a stream ends %d bytes too early", s.left)
		}
	}
	n := copy(p, s.part[:min(int64(len(s.part)), s.left)])
	s.part = s.part[n:]
	s.left -= int64(n)
	return n, nil
}

func (s *stream) sector() []byte {
	if s.steps == 0 {
		return nil
	}
	s.steps--
	n := s.next
	if !s.mini {
		s.next = s.f.lookup(s.f.fat, n)
		return s.f.sector(n)
	}
	s.next = s.f.lookup(s.f.miniFAT, n)
	per := uint32(1) << (s.f.shift - s.f.small)
	if int64(n/per) >= int64(len(s.f.mini)) {
		return nil
	}
	whole := s.f.sector(s.f.mini[n/per])
	at := int(n % per << s.f.small)
	if at >= len(whole) {
		return nil
	}
	return whole[at:min(at+1<<s.f.small, len(whole))]
}
