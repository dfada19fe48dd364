package nsis

import (
	"encoding/binary"
	"fmt"
	"io"

	"vitrine/internal/engine/codec/deflate64"
	"vitrine/internal/engine/codec/filter"
)

// method is how something is packed.
type method uint8

const (
	deflate method = iota // nothing tells it
	bzip2
	lzma
	lzmaFiltered // a byte before it tells whether branches were converted
)

// methodOf tells the method by the first bytes, as nothing else says it.
func methodOf(data []byte) method {
	switch {
	case isLZMA(data):
		return lzma
	case len(data) > 0 && data[0] <= 1 && isLZMA(data[1:]):
		return lzmaFiltered
	case len(data) > 2 && data[0] == blockSign && data[1] < 14:
		return bzip2
	}
	return deflate
}

// isLZMA knows the properties that the compiler always writes, and the zero
// that a coded stream begins with.
func isLZMA(data []byte) bool {
	return len(data) >= 7 && data[0] == 0x5d && data[1] == 0 && data[2] == 0 && data[5] == 0 && data[6]&0x80 == 0
}

// open opens a packed stream. Closing it gives its memory back.
func (w *walker) open(data []byte, m method) (io.ReadCloser, error) {
	switch m {
	case lzma:
		return w.openLZMA(data)
	case lzmaFiltered:
		r, err := w.openLZMA(data[1:])
		if err != nil || data[0] == 0 {
			return r, err
		}
		f, err := filter.NewBranch(r, filter.X86, 0)
		if err != nil {
			r.Close()
			return nil, err
		}
		return filtered{f, r}, nil
	case bzip2:
		return newBZip2(w.Input(data), w.Budget)
	case deflate:
		return io.NopCloser(deflate64.NewInstaller(w.Input(data))), nil
	}
	return nil, fmt.Errorf("unknown method %d", m)
}

func (w *walker) openLZMA(data []byte) (io.ReadCloser, error) {
	in := w.Input(data[5:])
	return w.Open.LZMA(in, data[0], int64(binary.LittleEndian.Uint32(data[1:])), -1)
}

// filtered closes what lies below a filter.
type filtered struct {
	io.Reader
	io.Closer
}
