package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	metaSize   = 8192 // bytes of a block of metadata, unpacked
	metaStored = 0x8000
	maxKept    = 128 // blocks
)

// metaBlock is a block of metadata and where the next one is.
type metaBlock struct {
	data []byte
	next int64
}

// metaReader reads on from a place in the metadata.
type metaReader struct {
	m    *image
	data []byte // left of the current block
	next int64
	left int64 // bytes that may be read
	err  error
}

// metadata begins to read at a byte of the block at place.
func (m *image) metadata(place int64, offset int) *metaReader {
	r := &metaReader{m: m, next: place, left: 1 << 40}
	if r.load(); r.err == nil && offset > len(r.data) {
		r.err = errors.New("a place behind the end of its block")
	}
	if r.err == nil {
		r.data = r.data[offset:]
	}
	return r
}

// load goes on to the next block.
func (r *metaReader) load() {
	b, ok := r.m.blocks[r.next]
	if !ok {
		b, r.err = r.m.metaBlock(r.next)
		if r.err != nil {
			return
		}
		if len(r.m.blocks) >= maxKept {
			clear(r.m.blocks)
		}
		r.m.blocks[r.next] = b
	} else if r.err = r.m.Budget.Check(); r.err != nil {
		return
	}
	r.data, r.next = b.data, b.next
}

// metaBlock unpacks a block of metadata.
func (m *image) metaBlock(place int64) (metaBlock, error) {
	if place < superSize || place > int64(len(m.data))-2 {
		return metaBlock{}, io.ErrUnexpectedEOF
	}
	h := binary.LittleEndian.Uint16(m.data[place:])
	size := int64(h &^ metaStored)
	if size == 0 || size > metaSize || size > int64(len(m.data))-place-2 {
		return metaBlock{}, fmt.Errorf("a block of metadata of %d bytes", size)
	}
	packed := m.data[place+2 : place+2+size]
	b := metaBlock{data: packed, next: place + 2 + size}
	if h&metaStored == 0 {
		var err error
		if b.data, err = m.unpack(make([]byte, 0, metaSize), packed); err != nil {
			return metaBlock{}, err
		}
		if err := m.Budget.Spend(int64(len(b.data))); err != nil {
			return metaBlock{}, err
		}
	}
	return b, nil
}

// bytes gives the next n bytes; fewer with an error.
func (r *metaReader) bytes(n int) []byte {
	if r.err == nil && int64(n) > r.left {
		r.err = io.ErrUnexpectedEOF
	}
	if r.err != nil {
		return nil
	}
	r.left -= int64(n)
	if n <= len(r.data) {
		out := r.data[:n]
		r.data = r.data[n:]
		return out
	}
	var out []byte
	for n > 0 && r.err == nil {
		if len(r.data) == 0 {
			r.load()
			if r.err == nil && len(r.data) == 0 {
				r.err = io.ErrUnexpectedEOF
			}
			continue
		}
		k := min(n, len(r.data))
		out = append(out, r.data[:k]...)
		r.data = r.data[k:]
		n -= k
	}
	return out
}

func (r *metaReader) skip(n int) { r.bytes(n) }

func (r *metaReader) u16() uint16 {
	if b := r.bytes(2); len(b) == 2 {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *metaReader) u32() uint32 {
	if b := r.bytes(4); len(b) == 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *metaReader) u64() uint64 {
	low := r.u32()
	return uint64(low) | uint64(r.u32())<<32
}

// Kinds of inodes.
const (
	kindFolder     = 1
	kindFile       = 2
	kindFolderLong = 8
	kindFileLong   = 9
)

// folder is where the entries of a folder are.
type folder struct {
	block  uint32
	offset uint16
	size   uint32
}

func readFolder(r *metaReader, long bool) (f folder) {
	if !long {
		f.block = r.u32()
		r.skip(4)
		f.size, f.offset = uint32(r.u16()), r.u16()
		return f
	}
	r.skip(4)
	f.size, f.block = r.u32(), r.u32()
	r.skip(6) // the parent, and how many entries an index has
	f.offset = r.u16()
	return f
}
