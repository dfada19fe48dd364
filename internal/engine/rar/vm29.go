package rar

import (
	"hash/crc32"
	"io"

	"vitrine/internal/engine/limit"
)

// RAR 3 sends filters as programs of a small machine. Only six programs were
// ever sent by the packer itself; they are known by their checksum and done
// here in Go. Others are not run.
type filters29 struct {
	known   []known29
	current int
}

// known29 is a program sent before, which is called again by its number.
type known29 struct {
	kind filterKind
	size uint32 // of the block, until another is given
}

const (
	maxPrograms = 1024
	maxProgram  = 64 << 10 // bytes of one
	maxOldBlock = 0x3c000  // memory of the machine
)

func (f *filters29) start(solid bool) {
	if !solid {
		*f = filters29{}
	}
}

// program29 knows a program by its length and checksum.
func program29(code []byte) (filterKind, error) {
	type id struct {
		size int
		sum  uint32
	}
	kinds := map[id]filterKind{
		{53, 0xad576887}:  filterE8Old,
		{57, 0x3cd7e57e}:  filterE8E9Old,
		{120, 0x3769893f}: filterItanium,
		{29, 0x0e06077d}:  filterDelta,
		{149, 0x1c2c5dc8}: filterRGB,
		{216, 0xbc85e701}: filterAudio,
	}
	kind, ok := kinds[id{len(code), crc32.ChecksumIEEE(code)}]
	if !ok {
		return 0, limit.Errorf(limit.Method, "rar: a filter program of %d bytes that is none of the packer's own", len(code))
	}
	return kind, nil
}

// filter29 reads the call of a filter, byte by byte from next, and queues it.
func (u *unpacker) filter29(next func() (byte, error)) error {
	flags, err := next()
	if err != nil {
		return err
	}
	size, err := callSize(flags, next)
	if err != nil {
		return err
	}
	body := make([]byte, size)
	for i := range body {
		if body[i], err = next(); err != nil {
			return err
		}
	}
	r := &vmReader{}
	r.bits.reset(&sliceReader{body})
	f, err := u.lz29.vm.call(flags, r)
	if err != nil {
		return err
	}
	f.start += u.decoded()
	if f.size > maxOldBlock {
		return nil
	}
	return u.stage.queue(f)
}

// callSize is the length of a call: in the flags, or in one or two bytes.
func callSize(flags byte, next func() (byte, error)) (int, error) {
	size := int(flags&7) + 1
	if size < 7 {
		return size, nil
	}
	high, err := next()
	if size == 7 || err != nil {
		return int(high) + 7, err
	}
	low, err := next()
	return int(high)<<8 | int(low), err
}

// call reads the arguments of a call; the filter's start is relative.
func (v *filters29) call(flags byte, r *vmReader) (filter, error) {
	if flags&0x80 != 0 {
		n := r.number()
		if n == 0 {
			v.known = v.known[:0]
			v.current = 0
		} else {
			v.current = int(n - 1)
		}
	}
	if v.current > len(v.known) || v.current >= maxPrograms {
		return filter{}, errMalformed
	}
	f := filter{start: int64(r.number())}
	if flags&0x40 != 0 {
		f.start += 258
	}
	var size uint32
	if v.current < len(v.known) {
		size = v.known[v.current].size
	}
	if flags&0x20 != 0 {
		size = r.number()
	}
	f.size = int64(size)
	var regs [7]uint32
	if flags&0x10 != 0 {
		set := r.bits.take(7)
		for i := range regs {
			if set>>i&1 == 1 {
				regs[i] = r.number()
			}
		}
	}
	if v.current == len(v.known) {
		kind, err := r.program()
		if err != nil {
			return f, err
		}
		v.known = append(v.known, known29{kind: kind})
	}
	k := &v.known[v.current]
	k.size = size
	f.kind = k.kind
	f.channels, f.width, f.red = int(regs[0]&0xffff), int(regs[0]&0x3ffff), int(regs[1]&0x3ffff)
	return f, r.bits.over()
}

// vmReader reads the arguments of a filter.
type vmReader struct{ bits bitReader }

// number reads a number of 4, 8, 16 or 32 bits.
func (r *vmReader) number() uint32 {
	switch r.bits.take(2) {
	case 0:
		return r.bits.take(4)
	case 1:
		v := r.bits.take(8)
		if v < 16 { // a negative one
			v = 0xffffff00 | v<<4 | r.bits.take(4)
		}
		return v
	case 2:
		return r.bits.take(16)
	}
	return r.bits.take(32)
}

func (r *vmReader) program() (filterKind, error) {
	n := r.number()
	if n == 0 || n >= maxProgram {
		return 0, errMalformed
	}
	code := make([]byte, 0, 256)
	var sum byte
	for i := range n {
		c := byte(r.bits.take(8))
		if err := r.bits.over(); err != nil {
			return 0, errMalformed
		}
		if i > 0 {
			sum ^= c
		}
		code = append(code, c)
	}
	if code[0] != sum {
		return 0, errMalformed
	}
	return program29(code)
}

// sliceReader reads a slice.
type sliceReader struct{ b []byte }

func (s *sliceReader) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}
