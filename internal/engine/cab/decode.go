package cab

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"

	"vitrine/internal/engine/codec/lzx"
	"vitrine/internal/engine/codec/quantum"
	"vitrine/internal/engine/limit"
)

// The methods, in the lowest four bits of what a folder says.
const (
	methodStored  = 0
	methodMSZIP   = 1
	methodQuantum = 2
	methodLZX     = 3
)

// decoder unpacks the blocks of one folder in their order.
type decoder interface {
	// block fills out. n bytes of it are right; err says why not all. rest
	// tells that in is the end of a block that began elsewhere.
	block(in, out []byte, rest bool) (n int, err error)
	// resumes tells whether a block can be unpacked without those before.
	resumes() bool
}

// works has the decoders and buffers that the folders use one after the other.
type works struct {
	out  []byte
	zip  mszip
	lzx  frames[*lzx.Decoder]
	qtm  frames[*quantum.Decoder]
	held int64
}

const (
	maxBlock    = 1<<16 - 1
	blockMemory = maxBlock + 128<<10 // with what MSZIP needs
)

// open makes a decoder ready for a folder of which total bytes come out.
func (w *works) open(b *limit.Budget, method uint16, total int64) (decoder, error) {
	if w.out == nil {
		if err := w.hold(b, blockMemory); err != nil {
			return nil, err
		}
		w.out = make([]byte, maxBlock)
	}
	size := uint(method >> 8 & 31)
	total += blockSize // the last block may not say what it holds
	switch method & 15 {
	case methodStored:
		return stored{}, nil
	case methodMSZIP:
		w.zip.history = w.zip.history[:0]
		return &w.zip, nil
	case methodLZX:
		if w.lzx.d == nil {
			w.lzx.d = new(lzx.Decoder)
		}
		return &w.lzx, w.window(b, &w.lzx.window, lzx.Memory(min(size, lzx.MaxBits), total), func() error { return w.lzx.d.Reset(size, total) })
	case methodQuantum:
		if w.qtm.d == nil {
			w.qtm.d = new(quantum.Decoder)
		}
		return &w.qtm, w.window(b, &w.qtm.window, quantum.Memory(min(size, quantum.MaxBits), total), func() error { return w.qtm.d.Reset(size, total) })
	}
	return nil, limit.Errorf(limit.Method, "cab: method %d is not known", method&15)
}

// window holds the memory of a decoder's window, of which have is held, and
// makes the decoder ready.
func (w *works) window(b *limit.Budget, have *int64, need int64, reset func() error) error {
	if need > *have {
		if err := w.hold(b, need-*have); err != nil {
			return err
		}
		*have = need
	}
	if err := reset(); err != nil {
		return limit.Errorf(limit.Damaged, "cab: %v", err)
	}
	return nil
}

func (w *works) hold(b *limit.Budget, n int64) error {
	err := b.Hold(n)
	if err == nil {
		w.held += n
	}
	return err
}

func (w *works) close(b *limit.Budget) {
	b.Release(w.held)
	*w = works{}
}

var errShort = errors.New("it holds fewer bytes than it says")

// stored copies.
type stored struct{}

func (stored) resumes() bool { return true }

func (stored) block(in, out []byte, rest bool) (int, error) {
	if rest { // its beginning lies elsewhere
		clear(out)
		out = out[max(len(out)-len(in), 0):]
	}
	if copy(out, in) < len(out) {
		return len(in), errShort
	}
	return len(out), nil
}

// mszip unpacks blocks of deflate, each with a mark before it, that refer to
// the last 32 KiB of those before.
type mszip struct {
	in      bytes.Reader
	z       io.ReadCloser
	history []byte
}

var errMark = errors.New("it does not begin as one of MSZIP")

func (*mszip) resumes() bool { return true }

func (m *mszip) block(in, out []byte, rest bool) (int, error) {
	n, err := m.inflate(in, out)
	clear(out[n:])
	m.remember(out)
	return n, err
}

func (m *mszip) inflate(in, out []byte) (int, error) {
	if len(in) < 2 || in[0] != 'C' || in[1] != 'K' {
		return 0, errMark
	}
	m.in.Reset(in[2:])
	if m.z == nil {
		m.z = flate.NewReaderDict(&m.in, m.history)
	} else if err := m.z.(flate.Resetter).Reset(&m.in, m.history); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(m.z, out)
	if errors.Is(err, io.EOF) {
		err = errShort
	}
	return n, err
}

func (m *mszip) remember(out []byte) {
	if keep := blockSize - len(out); keep > 0 && len(m.history) > keep {
		m.history = m.history[:copy(m.history, m.history[len(m.history)-keep:])]
	} else if keep <= 0 {
		m.history = m.history[:0]
		out = out[len(out)-blockSize:]
	}
	m.history = append(m.history, out...)
}

// frames unpacks what comes in frames that need those before, one in each
// block.
type frames[D interface {
	Frame(in, out []byte) (int, error)
}] struct {
	d      D
	window int64 // the memory held for it
}

func (*frames[D]) resumes() bool { return false }

func (f *frames[D]) block(in, out []byte, rest bool) (int, error) { return f.d.Frame(in, out) }
