package rar

import (
	"encoding/binary"

	"vitrine/internal/engine/limit"
)

// filterKind names a transformation of a block of the output.
type filterKind uint8

// The kinds; those of RAR 5 have its numbers, the others are RAR 3's.
const (
	filterDelta filterKind = iota
	filterE8
	filterE8E9
	filterARM
	filterItanium
	filterRGB
	filterAudio
	filterE8Old
	filterE8E9Old
)

// filter is one transformation, of size bytes from start of the member on.
type filter struct {
	kind        filterKind
	start, size int64
	channels    int // delta, audio
	width, red  int // RGB: bytes of a line, and where red is
}

const (
	maxFilters = 8192    // waiting, as in the program itself
	maxBlock   = 4 << 20 // bytes of one, as in the program itself
	maxStacked = 16      // on the same block
)

// stage passes what was decoded on, and applies the filters to their blocks.
type stage struct {
	budget *limit.Budget
	pos    int64 // bytes taken from the ring
	queued []filter
	block  []byte // of the first filter, as far as it was decoded
	spare  []byte // where a filter writes to
	done   []byte // filtered and not handed out
	held   int64
}

func (s *stage) reset() {
	s.pos, s.queued, s.block, s.done = 0, s.queued[:0], s.block[:0], nil
}

func (s *stage) close() {
	s.budget.Release(s.held)
	*s = stage{budget: s.budget}
}

// queue adds a filter. One that begins inside another's block, or is too
// large, is left out, as the program does.
func (s *stage) queue(f filter) error {
	if len(s.queued) >= maxFilters {
		return errMalformed
	}
	if f.size <= 0 || f.size > maxBlock {
		return nil
	}
	if n := len(s.queued); n > 0 {
		last := &s.queued[n-1]
		same := f.start == last.start && f.size == last.size
		if !same && f.start < last.start+last.size {
			return nil
		}
	} else if f.start < s.pos {
		return nil
	}
	s.queued = append(s.queued, f)
	return nil
}

// ready hands out what was filtered.
func (s *stage) ready(p []byte) int {
	n := copy(p, s.done)
	s.done = s.done[n:]
	return n
}

// rest hands out the part of a block that the data ended in.
func (s *stage) rest(p []byte) int {
	n := copy(p, s.block)
	s.block = s.block[n:]
	return n
}

// pass takes decoded bytes from the ring: to p up to the next filter's block,
// or into that block. All filters that begin in these bytes are queued by now.
func (s *stage) pass(p []byte, w *ring) (int, error) {
	have := w.buf[w.out:w.pos]
	if len(s.queued) == 0 {
		n := copy(p, have)
		s.advance(w, n)
		return n, nil
	}
	f := s.queued[0]
	if gap := f.start - s.pos; gap > 0 && len(s.block) == 0 {
		n := copy(p[:min(int64(len(p)), gap)], have)
		s.advance(w, n)
		return n, nil
	}
	if err := s.hold(f.size); err != nil {
		return 0, err
	}
	n := min(f.size-int64(len(s.block)), int64(len(have)))
	s.block = append(s.block, have[:n]...)
	s.advance(w, int(n))
	if int64(len(s.block)) < f.size {
		return 0, nil
	}
	return 0, s.apply()
}

func (s *stage) advance(w *ring, n int) {
	w.out += n
	s.pos += int64(n)
}

// hold counts the two buffers of a block.
func (s *stage) hold(size int64) error {
	if need := 2 * size; need > s.held {
		if err := s.budget.Hold(need - s.held); err != nil {
			return err
		}
		s.held = need
		s.block = append(make([]byte, 0, size), s.block...)
		s.spare = make([]byte, size)
	}
	return nil
}

// apply undoes all filters of the block that is complete.
func (s *stage) apply() error {
	first := s.queued[0]
	n := 0
	for n < len(s.queued) && s.queued[n].start == first.start && s.queued[n].size == first.size {
		if n++; n > maxStacked {
			return errMalformed
		}
	}
	data, other := s.block, s.spare[:len(s.block)]
	for _, f := range s.queued[:n] {
		if f.undo(data, other) {
			data, other = other, data
		}
	}
	s.queued = append(s.queued[:0], s.queued[n:]...)
	s.done, s.block = data, s.block[:0] // which is done before the next block comes
	return nil
}

// undo undoes one filter in data, or into other; it returns true for that.
func (f *filter) undo(data, other []byte) bool {
	switch f.kind {
	case filterDelta:
		undoDelta(other, data, max(f.channels, 1))
		return true
	case filterE8, filterE8E9:
		undoCalls(data, f.kind == filterE8E9, uint32(f.start), fileWrap-1)
	case filterE8Old, filterE8E9Old:
		undoCalls(data, f.kind == filterE8E9Old, uint32(f.start), 1<<32-1)
	case filterARM:
		undoARM(data, uint32(f.start))
	case filterItanium:
		undoItanium(data, uint32(f.start))
	case filterRGB:
		undoRGB(other, data, f.width, f.red)
		return true
	case filterAudio:
		undoAudio(other, data, max(f.channels, 1))
		return true
	}
	return false
}

func undoDelta(dst, src []byte, channels int) {
	at := 0
	for c := range channels {
		prev := byte(0)
		for i := c; i < len(dst); i += channels {
			prev -= src[at]
			at++
			dst[i] = prev
		}
	}
}

// fileWrap is the size that addresses of the x86 filters are taken modulo.
const fileWrap = 1 << 24

func undoCalls(b []byte, jumps bool, start, mask uint32) {
	for i := 0; i+4 < len(b); {
		c := b[i]
		i++
		if c != 0xe8 && (!jumps || c != 0xe9) {
			continue
		}
		at := (start + uint32(i)) & mask
		v := binary.LittleEndian.Uint32(b[i:])
		switch {
		case v < fileWrap:
			binary.LittleEndian.PutUint32(b[i:], v-at)
		case v>>31 == 1 && (v+at)>>31 == 0:
			binary.LittleEndian.PutUint32(b[i:], v+fileWrap)
		}
		i += 4
	}
}

func undoARM(b []byte, start uint32) {
	for i := 0; i+4 <= len(b); i += 4 {
		if b[i+3] != 0xeb {
			continue
		}
		v := uint32(b[i]) | uint32(b[i+1])<<8 | uint32(b[i+2])<<16
		v -= (start + uint32(i)) / 4
		b[i], b[i+1], b[i+2] = byte(v), byte(v>>8), byte(v>>16)
	}
}

func undoItanium(b []byte, start uint32) {
	slots := [16]byte{4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0}
	at := start >> 4
	for ; len(b) > 21; b, at = b[16:], at+1 {
		kind := int(b[0]&0x1f) - 0x10
		if kind < 0 {
			continue
		}
		for slot := range uint(3) {
			bit := slot*41 + 5
			if slots[kind]>>slot&1 == 1 && itaniumBits(b, bit+37, 4) == 5 {
				v := itaniumBits(b, bit+13, 20) - at
				setItaniumBits(b, bit+13, v&0xfffff)
			}
		}
	}
}

func itaniumBits(b []byte, bit, n uint) uint32 {
	v := binary.LittleEndian.Uint32(b[bit/8:]) >> (bit & 7)
	return v & (1<<n - 1)
}

// setItaniumBits replaces 20 bits.
func setItaniumBits(b []byte, bit uint, v uint32) {
	at := b[bit/8:]
	old := binary.LittleEndian.Uint32(at)
	mask := uint32(0xfffff) << (bit & 7)
	binary.LittleEndian.PutUint32(at, old&^mask|v<<(bit&7))
}

func undoRGB(dst, src []byte, width, red int) {
	width -= 3
	at := 0
	for c := range 3 {
		prev := byte(0)
		for i := c; i < len(dst); i += 3 {
			guess := prev
			if up := i - width; width >= 0 && up >= 3 {
				guess = paeth(prev, dst[up], dst[up-3])
			}
			prev = guess - src[at]
			at++
			dst[i] = prev
		}
	}
	for i := red; i >= 0 && i+2 < len(dst); i += 3 {
		dst[i] += dst[i+1]
		dst[i+2] += dst[i+1]
	}
}

// paeth is the neighbour nearest to left + up - corner.
func paeth(left, up, corner byte) byte {
	guess := int(left) + int(up) - int(corner)
	a, b, c := distance(guess, left), distance(guess, up), distance(guess, corner)
	switch {
	case a <= b && a <= c:
		return left
	case b <= c:
		return up
	}
	return corner
}

func distance(a int, b byte) int {
	if d := a - int(b); d >= 0 {
		return d
	}
	return int(b) - a
}
