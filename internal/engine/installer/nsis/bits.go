package nsis

import (
	"errors"
	"io"
)

// bitReader reads bits, highest first.
type bitReader struct {
	src  io.ByteReader
	hold uint64
	n    uint
	err  error
}

// take reads n bits, at most 24; zeros after an error.
func (b *bitReader) take(n uint) uint32 {
	for b.n < n {
		c, err := b.src.ReadByte()
		if err != nil {
			if b.err == nil {
				b.err = err
			}
			return 0
		}
		b.hold = b.hold<<8 | uint64(c)
		b.n += 8
	}
	b.n -= n
	return uint32(b.hold >> b.n & (1<<n - 1))
}

// short is the error of input that ends too early.
func (b *bitReader) short() error {
	if errors.Is(b.err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return b.err
}

// maxSymbols is 256 bytes less one, two digits of runs and the end.
const maxSymbols = 258

// huffman is one code: for each length, the first code behind those of that
// length and where its symbols begin.
type huffman struct {
	beyond [maxBits + 1]uint32
	shift  [maxBits + 1]uint32 // index less code, modulo 2^32
	sorted [maxSymbols]uint16
}

// read reads the lengths of the codes of n symbols.
func (h *huffman) read(b *bitReader, n int) error {
	var lengths [maxSymbols]uint8
	var counts [maxBits + 1]int
	l := int(b.take(5))
	for i := range n {
		for b.take(1) == 1 {
			l += 1 - 2*int(b.take(1))
			if l < 1 || l > maxBits {
				return errBZip2
			}
		}
		if l < 1 || l > maxBits || b.err != nil {
			return errors.Join(errBZip2, b.err)
		}
		lengths[i] = uint8(l)
		counts[l]++
	}
	h.build(lengths[:n], counts)
	return nil
}

func (h *huffman) build(lengths []uint8, counts [maxBits + 1]int) {
	code, index := uint32(0), uint32(0)
	var next [maxBits + 1]uint32
	for l := 1; l <= maxBits; l++ {
		code <<= 1
		next[l] = index
		h.shift[l] = index - code
		code += uint32(counts[l])
		index += uint32(counts[l])
		h.beyond[l] = code
	}
	for i, l := range lengths {
		h.sorted[next[l]] = uint16(i)
		next[l]++
	}
}

// symbol reads one code.
func (h *huffman) symbol(b *bitReader) (int, error) {
	code := uint32(0)
	for l := 1; l <= maxBits; l++ {
		code = code<<1 | b.take(1)
		if b.err != nil {
			return 0, b.short()
		}
		if code < h.beyond[l] {
			if i := code + h.shift[l]; i < maxSymbols {
				return int(h.sorted[i]), nil
			}
			return 0, errBZip2
		}
	}
	return 0, errBZip2
}
