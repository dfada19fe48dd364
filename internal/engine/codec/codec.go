// Package codec opens the decompressors that archives name by number: one
// place where each of them is tied to the budget of the scan. Every reader it
// returns takes memory only after asking, decodes in steps small enough for a
// deadline to be checked between them, and starts no goroutine. It knows no
// archive format.
package codec

import (
	"bufio"
	"compress/bzip2"
	"io"

	"github.com/klauspost/compress/flate"

	"vitrine/internal/engine/codec/deflate64"
	"vitrine/internal/engine/codec/lz4"
	"vitrine/internal/engine/codec/lzma"
	"vitrine/internal/engine/codec/xz"
	"vitrine/internal/engine/limit"
)

// Opener opens decompressors within one budget. It belongs to one goroutine.
type Opener struct {
	Budget *limit.Budget
	flate  []io.ReadCloser // idle, to be used again
}

// maxIdle is how many idle deflate readers are kept, one for each level of
// nesting that is common; each is 80 KiB.
const maxIdle = 4

// Deflate opens a raw deflate stream. When r is an io.ByteReader it is read no
// further than the stream goes.
func (o *Opener) Deflate(r io.Reader) (io.ReadCloser, error) {
	if n := len(o.flate); n > 0 {
		z := o.flate[n-1]
		o.flate = o.flate[:n-1]
		if err := z.(flate.Resetter).Reset(r, nil); err == nil {
			return &pooled{z, o}, nil
		}
	}
	return &pooled{flate.NewReader(r), o}, nil
}

type pooled struct {
	io.ReadCloser
	o *Opener
}

// Close makes the reader ready for the next stream.
func (p *pooled) Close() error {
	if p.ReadCloser != nil && len(p.o.flate) < maxIdle {
		p.o.flate = append(p.o.flate, p.ReadCloser)
	}
	p.ReadCloser = nil
	return nil
}

// Read fails after Close.
func (p *pooled) Read(b []byte) (int, error) {
	if p.ReadCloser == nil {
		return 0, io.ErrClosedPipe
	}
	return p.ReadCloser.Read(b)
}

// Deflate64 opens a Deflate64 stream.
func (o *Opener) Deflate64(r io.Reader) (io.ReadCloser, error) {
	return io.NopCloser(deflate64.NewReader(r)), nil
}

// bzip2Memory is what the decoder of the largest blocks takes.
const bzip2Memory = 4 << 20

// BZip2 opens one or more bzip2 streams. A block of at most 900,000 bytes is
// decoded at once.
func (o *Opener) BZip2(r io.Reader) (io.ReadCloser, error) {
	if err := o.Budget.Hold(bzip2Memory); err != nil {
		return nil, err
	}
	return &holding{bzip2.NewReader(r), o.Budget, bzip2Memory}, nil
}

// holding gives memory back when it is closed.
type holding struct {
	io.Reader
	budget *limit.Budget
	held   int64
}

// Close gives the memory back, once.
func (h *holding) Close() error {
	h.budget.Release(h.held)
	h.held = 0
	return nil
}

// LZMA opens an LZMA stream without a header. A negative size means that an
// end marker ends it.
func (o *Opener) LZMA(r io.Reader, properties byte, dict, size int64) (io.ReadCloser, error) {
	z, err := lzma.NewReader(r, lzma.Config{Properties: properties, Dict: dict, Size: size, Memory: o.Budget})
	if err != nil {
		return nil, err
	}
	return z, nil
}

// LZMA2 opens an LZMA2 stream; property is the byte that codes the dictionary.
func (o *Opener) LZMA2(r io.Reader, property byte) (io.ReadCloser, error) {
	dict, err := lzma.DictSize2(property)
	if err != nil {
		return nil, err
	}
	z, err := lzma.NewReader2(bufio.NewReader(r), dict, o.Budget)
	if err != nil {
		return nil, err
	}
	return z, nil
}

// XZ opens an .xz file.
func (o *Opener) XZ(r io.Reader) (io.ReadCloser, error) {
	return xz.NewReader(bufio.NewReader(r), o.Budget), nil
}

// LZ4 opens LZ4 frames.
func (o *Opener) LZ4(r io.Reader) (io.ReadCloser, error) {
	return lz4.NewReader(bufio.NewReader(r), o.Budget), nil
}
