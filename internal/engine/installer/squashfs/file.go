package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	noFragment  = 0xffffffff
	blockStored = 1 << 24
)

// fileReader gives the bytes of a file, block by block.
type fileReader struct {
	m        *image
	sizes    []uint32 // of the blocks, packed
	at       int64    // where the next one is
	left     int64    // bytes still to come
	fragment uint32   // which has the end of the file
	offset   uint32   // in it
	buf, out []byte
	err      error
}

// file hands out a file.
func (m *image) file(r *metaReader, long bool, path string) error {
	f := &fileReader{m: m}
	if long {
		f.at, f.left = int64(r.u64()), int64(r.u64())
		r.skip(12) // bytes of holes, and the number of links
		f.fragment, f.offset = r.u32(), r.u32()
		r.skip(4)
	} else {
		f.at = int64(r.u32())
		f.fragment, f.offset = r.u32(), r.u32()
		f.left = int64(r.u32())
	}
	if r.err == nil && (f.left < 0 || f.at < 0) {
		r.err = errors.New("sizes that cannot be meant")
	}
	if r.err != nil {
		return m.Damaged("squashfs: "+path, r.err)
	}
	n := f.left / int64(m.blockSize)
	if f.fragment == noFragment && f.left%int64(m.blockSize) != 0 {
		n++
	}
	// More blocks than are handed out of one member need not be known.
	n = min(n, m.Budget.Limits().MaxObject/int64(m.blockSize)+2)
	packed := 0
	for range n {
		s := r.u32()
		if r.err != nil {
			return m.Damaged("squashfs: "+path, r.err)
		}
		f.sizes = append(f.sizes, s)
		packed += int(s &^ blockStored)
	}
	if f.left == 0 {
		return nil
	}
	return m.Sink.Decoded(path, f, max(packed, m.blockSize/256))
}

// Read gives the next bytes; io.EOF behind the last.
func (f *fileReader) Read(p []byte) (int, error) {
	for len(f.out) == 0 && f.err == nil {
		f.out, f.err = f.next()
	}
	if len(f.out) == 0 {
		return 0, f.err
	}
	n := copy(p, f.out)
	f.out = f.out[n:]
	return n, nil
}

func (f *fileReader) next() ([]byte, error) {
	if f.left <= 0 {
		return nil, io.EOF
	}
	want := int(min(f.left, int64(f.m.blockSize)))
	if len(f.sizes) == 0 {
		if f.fragment == noFragment {
			return nil, io.ErrUnexpectedEOF
		}
		return f.tail(want)
	}
	size := f.sizes[0]
	f.sizes = f.sizes[1:]
	if f.buf == nil {
		f.buf = make([]byte, 0, f.m.blockSize)
	}
	out := f.buf[:want]
	if size == 0 { // a hole
		clear(out)
	} else {
		b, err := f.m.block(f.buf[:0], f.at, size)
		if err == nil && len(b) != want {
			err = fmt.Errorf("a block of %d bytes in place of %d", len(b), want)
		}
		if err != nil {
			return nil, err
		}
		out = b
	}
	f.at += int64(size &^ blockStored)
	f.left -= int64(want)
	return out, nil
}

// tail gives the end of the file, out of a block that many files share.
func (f *fileReader) tail(n int) ([]byte, error) {
	b, err := f.m.loadFragment(f.fragment)
	if err != nil {
		return nil, err
	}
	if int64(f.offset)+int64(n) > int64(len(b)) {
		return nil, io.ErrUnexpectedEOF
	}
	f.left -= int64(n)
	return b[f.offset : int(f.offset)+n], nil
}

// loadFragment unpacks a shared block; the last one is kept.
func (m *image) loadFragment(n uint32) ([]byte, error) {
	if m.fragment != nil && m.which == n {
		return m.fragment, nil
	}
	const perBlock = metaSize / 16
	at := m.fragments + int64(n/perBlock)*8
	if n >= m.fragmentN || at < superSize || at > int64(len(m.data))-8 {
		return nil, errors.New("a fragment that is not there")
	}
	r := m.metadata(int64(binary.LittleEndian.Uint64(m.data[at:])), int(n%perBlock)*16)
	place, size := int64(r.u64()), r.u32()
	if r.err != nil {
		return nil, r.err
	}
	b, err := m.block(make([]byte, 0, m.blockSize), place, size)
	if err != nil {
		return nil, err
	}
	if err := m.Budget.Spend(int64(len(b))); err != nil {
		return nil, err
	}
	m.fragment, m.which = b, n
	return b, nil
}

// block unpacks a block of data into buf, which has room for one.
func (m *image) block(buf []byte, at int64, size uint32) ([]byte, error) {
	n := int64(size &^ blockStored)
	if at < superSize || at > int64(len(m.data)) || n > int64(len(m.data))-at || n > int64(m.blockSize) {
		return nil, io.ErrUnexpectedEOF
	}
	packed := m.data[at : at+n]
	if size&blockStored != 0 {
		return append(buf, packed...), nil
	}
	return m.unpack(buf, packed)
}
