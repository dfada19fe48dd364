package inno

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

const (
	blockPiece = 4096
	maxHeaders = 16 << 20 // more than the headers of any installer
)

var errChecksum = errors.New("the checksum is wrong")

// block is a run of bytes in checked pieces, and perhaps packed.
type block struct {
	data   []byte
	packed bool
}

// openBlock reads the head of a block, which has a size of 4 or, since 6.7, of 8
// bytes; the checksum tells which. rest is what follows the block.
func openBlock(data []byte) (b block, rest []byte, err error) {
	for _, width := range []int{4, 8} {
		head := 4 + width + 1
		if len(data) < head {
			return block{}, nil, io.ErrUnexpectedEOF
		}
		if crc32.ChecksumIEEE(data[4:head]) != binary.LittleEndian.Uint32(data) {
			continue
		}
		size := uint64(binary.LittleEndian.Uint32(data[4:]))
		if width == 8 {
			size = binary.LittleEndian.Uint64(data[4:])
		}
		b.packed = data[head-1] != 0
		data = data[head:]
		if size > uint64(len(data)) {
			return b, nil, io.ErrUnexpectedEOF
		}
		b.data = data[:size]
		return b, data[size:], nil
	}
	return block{}, nil, errChecksum
}

// open opens the bytes of a block.
func (b block) open(w *walker) (io.ReadCloser, error) {
	r := &pieces{in: w.Input(b.data)}
	switch {
	case !b.packed:
		return io.NopCloser(r), nil
	case w.version.number < at(4, 1, 6):
		return w.openZlib(r)
	}
	return w.openLZMA(r, -1)
}

// readBlock takes a block into memory.
func (w *walker) readBlock(data []byte) (out, rest []byte, err error) {
	b, rest, err := openBlock(data)
	if err != nil {
		return nil, rest, err
	}
	r, err := b.open(w)
	if err != nil {
		return nil, rest, err
	}
	defer r.Close()
	out, err = w.Read(r, maxHeaders)
	return out, rest, err
}

// pieces reads the bytes of a block and holds them against their checksums.
type pieces struct {
	in  io.Reader
	buf [blockPiece]byte
	out []byte
	err error
}

// Read gives nothing of a piece whose checksum is wrong.
func (p *pieces) Read(b []byte) (int, error) {
	if len(p.out) == 0 && p.err == nil {
		p.err = p.next()
	}
	if len(p.out) == 0 {
		return 0, p.err
	}
	n := copy(b, p.out)
	p.out = p.out[n:]
	return n, nil
}

func (p *pieces) next() error {
	var sum [4]byte
	if _, err := io.ReadFull(p.in, sum[:]); err != nil {
		return err
	}
	n, err := io.ReadFull(p.in, p.buf[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if crc32.ChecksumIEEE(p.buf[:n]) != binary.LittleEndian.Uint32(sum[:]) {
		return errChecksum
	}
	p.out = p.buf[:n]
	return nil
}
