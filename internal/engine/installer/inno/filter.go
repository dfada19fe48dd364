package inno

import (
	"errors"
	"io"
)

// filterFor undoes what was done to the calls and jumps of a program before it
// was packed.
func filterFor(v version, r io.Reader) io.Reader {
	if v.number < at(5, 2, 0) {
		return &oldFilter{r: r}
	}
	return &filter{r: r, flip: v.number >= at(5, 3, 9)}
}

// oldFilter adds up addresses byte by byte, whatever they are.
type oldFilter struct {
	r    io.Reader
	pos  uint32
	addr uint32
	left int
}

// Read undoes the filter in place.
func (f *oldFilter) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	for i, c := range p[:n] {
		switch {
		case f.left > 0:
			f.addr += uint32(c)
			p[i] = byte(f.addr)
			f.addr >>= 8
			f.left--
		case c == 0xe8 || c == 0xe9:
			f.addr, f.left = -(f.pos + 5), 4
		}
		f.pos++
	}
	return n, err
}

// filterBlock is what calls and jumps may not cross.
const filterBlock = 64 << 10

// filter works on blocks, and on addresses within 16 MiB only.
type filter struct {
	r    io.Reader
	flip bool // the highest byte is turned over when the address is negative
	buf  []byte
	out  []byte
	base uint32
	err  error
}

// Read fills a block and undoes it.
func (f *filter) Read(p []byte) (int, error) {
	if len(f.out) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if f.buf == nil {
			f.buf = make([]byte, filterBlock)
		}
		var n int
		n, f.err = io.ReadFull(f.r, f.buf)
		if errors.Is(f.err, io.ErrUnexpectedEOF) && n < filterBlock {
			f.err = f.ended()
		}
		f.out = f.buf[:n]
		f.undo(f.out)
		f.base += uint32(n)
	}
	n := copy(p, f.out)
	f.out = f.out[n:]
	if n == 0 {
		return 0, f.err
	}
	return n, nil
}

// ended asks the source how it ended, which io.ReadFull does not tell.
func (f *filter) ended() error {
	var b [1]byte
	if _, err := f.r.Read(b[:]); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

func (f *filter) undo(b []byte) {
	for i := 0; i+5 <= len(b); i++ {
		if b[i] != 0xe8 && b[i] != 0xe9 {
			continue
		}
		if a := b[i+1 : i+5]; a[3] == 0 || a[3] == 0xff {
			rel := uint32(a[0]) | uint32(a[1])<<8 | uint32(a[2])<<16
			rel -= f.base + uint32(i) + 5
			a[0], a[1], a[2] = byte(rel), byte(rel>>8), byte(rel>>16)
			if f.flip && rel&0x800000 != 0 {
				a[3] = ^a[3]
			}
		}
		i += 4
	}
}
