package iso

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"

	"vitrine/internal/engine/disc"
)

const (
	zisofsMagic  = "\x37\xe4\x53\x96\xc9\xdb\xd6\x07"
	zisofsHeader = 16
	minBlock     = 10 // of a compressed block, as a power of two
	maxBlock     = 20
)

var errZisofs = errors.New("iso: the compressed file is malformed")

// zisofs hands out a file that Rock Ridge says is compressed. One that is not
// is handed out as it lies.
func (w *walker) zisofs(path string, extents []disc.Extent) error {
	if len(extents) != 1 {
		return w.File(path, extents)
	}
	e := extents[0]
	if e.At < 0 || e.Size < zisofsHeader || e.At+e.Size > int64(len(w.Data)) || string(w.Data[e.At:e.At+8]) != zisofsMagic {
		return w.File(path, extents)
	}
	if first, err := w.First(extents); !first {
		return err
	}
	z := &unzisofs{data: w.Data[e.At : e.At+e.Size]}
	z.left = int64(binary.LittleEndian.Uint32(z.data[8:]))
	z.table = int(z.data[12]) * 4
	if n := z.data[13]; n >= minBlock && n <= maxBlock {
		z.block = 1 << n
	}
	return w.Sink.Decoded(path, z, len(z.data))
}

// unzisofs reads a compressed file: a table of where the blocks are, each a
// zlib stream, or nothing for zeros.
type unzisofs struct {
	data  []byte
	table int   // where the next entry is
	block int64 // bytes of one; 0: what says so is malformed
	left  int64 // of the file
	now   int64 // of the block being read
	zeros bool  // which is not stored
	z     io.ReadCloser
	in    bytes.Reader
}

// Read gives bytes of one block at most.
func (u *unzisofs) Read(p []byte) (int, error) {
	if u.left == 0 {
		return 0, io.EOF
	}
	if u.now == 0 {
		if err := u.next(); err != nil {
			return 0, err
		}
	}
	p = p[:min(int64(len(p)), u.now)]
	n := len(p)
	var err error
	if u.zeros {
		clear(p)
	} else if n, err = u.z.Read(p); errors.Is(err, io.EOF) {
		if err = nil; int64(n) < u.now && n == 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	u.now -= int64(n)
	u.left -= int64(n)
	return n, err
}

// next opens the next block.
func (u *unzisofs) next() error {
	if u.block == 0 || u.table < zisofsHeader || u.table+8 > len(u.data) {
		return errZisofs
	}
	from, to := binary.LittleEndian.Uint32(u.data[u.table:]), binary.LittleEndian.Uint32(u.data[u.table+4:])
	u.table += 4
	u.now = min(u.block, u.left)
	if u.zeros = from == to; u.zeros {
		return nil
	}
	if from > to || int64(to) > int64(len(u.data)) {
		return errZisofs
	}
	u.in.Reset(u.data[from:to])
	if u.z != nil {
		return u.z.(zlib.Resetter).Reset(&u.in, nil)
	}
	z, err := zlib.NewReader(&u.in)
	if err == nil {
		u.z = z
	}
	return err
}
