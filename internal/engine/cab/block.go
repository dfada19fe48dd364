package cab

import (
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

const (
	blockHeader = 8
	blockSize   = 32 << 10 // that a block which is not the last unpacks to
)

var errSum = errors.New("its checksum is wrong")

// block unpacks the next block. One that is not right is remarked; when the
// decoder can go on behind it, what it lacks is zeros.
func (s *stream) block() {
	if s.err = s.c.budget.Check(); s.err != nil {
		return
	}
	if s.left == 0 {
		s.err = io.EOF
		return
	}
	b, err := s.nextBlock()
	if err != nil {
		s.err = err
		return
	}
	out := s.c.works.out[:b.size]
	n, wrong := s.works.block(b.in, out, s.begins)
	s.begins = false
	switch {
	case b.ends != nil:
		out, s.err, wrong = out[:n], b.ends, nil
	case wrong != nil && !s.works.resumes():
		out, s.err = out[:n], wrong
	case wrong != nil:
		clear(out[n:])
	default:
		wrong = b.wrong
	}
	s.out = out
	s.ready = s.pos + int64(len(out))
	if wrong != nil {
		s.bad, s.badEnd = wrong, s.ready
	}
}

// block is one data block of a folder.
type block struct {
	in    []byte
	size  int   // that it unpacks to
	ends  error // why it is not whole and the last here; it may hold less
	wrong error // its checksum
}

// nextBlock goes over one block.
func (s *stream) nextBlock() (block, error) {
	data := s.c.data
	from := s.next + blockHeader + int64(s.c.reserve)
	if from > int64(len(data)) {
		return block{}, io.ErrUnexpectedEOF
	}
	h := data[s.next:from]
	end := from + int64(le16(h[4:]))
	b := block{size: int(le16(h[6:]))}
	switch {
	case end > int64(len(data)):
		end, b.ends = int64(len(data)), io.ErrUnexpectedEOF
	case b.size == 0:
		b.size, b.ends = blockSize, limit.Errorf(limit.Damaged, "cab: the folder goes on in the next cabinet of the set")
	}
	b.in = data[from:end:end]
	if want := le32(h); b.ends == nil && want != 0 && want != sum(b.in, h[4:8]) && want != sum(b.in, h[4:]) {
		b.wrong = errSum
	}
	s.next = end
	s.left--
	return b, nil
}

// sum is the checksum of a block: 32-bit words put together by exclusive or,
// first of the bytes, then of the header behind the checksum. Whether the
// reserved area is a part of that is not agreed upon.
func sum(data, header []byte) uint32 {
	return words(header, words(data, 0))
}

func words(b []byte, x uint32) uint32 {
	for ; len(b) >= 4; b = b[4:] {
		x ^= le32(b)
	}
	switch len(b) { // what is left has its highest byte first
	case 3:
		x ^= uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	case 2:
		x ^= uint32(b[0])<<8 | uint32(b[1])
	case 1:
		x ^= uint32(b[0])
	}
	return x
}
