package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Methods.
const (
	zlib = 1
	lzma = 2
	lzo  = 3
	xz   = 4
	lz4  = 5
	zstd = 6
)

// unreadable names a method that nobody here reads.
func unreadable(method uint16) (string, bool) {
	switch method {
	case zlib, lzma, xz, lz4, zstd:
		return "", false
	case lzo:
		return "LZO", true
	}
	return fmt.Sprintf("an unknown method %d", method), true
}

var errLong = errors.New("a block unpacks to more than it may have")

// unpack unpacks a block into buf, which has room for all that may come.
func (m *image) unpack(buf, packed []byte) ([]byte, error) {
	if err := m.Budget.Check(); err != nil {
		return nil, err
	}
	if m.method == lz4 {
		return unpackLZ4(buf, packed)
	}
	r, err := m.open(packed)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for len(buf) < cap(buf) {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
	var more [1]byte
	if n, _ := r.Read(more[:]); n > 0 {
		return nil, errLong
	}
	return buf, nil
}

func (m *image) open(packed []byte) (io.ReadCloser, error) {
	in := m.Input(packed)
	switch m.method {
	case zlib:
		var head [2]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return nil, err
		}
		return m.Open.Deflate(in)
	case lzma:
		var h [13]byte
		if _, err := io.ReadFull(in, h[:]); err != nil {
			return nil, err
		}
		return m.Open.LZMA(in, h[0], int64(binary.LittleEndian.Uint32(h[1:])), int64(binary.LittleEndian.Uint64(h[5:])))
	case xz:
		return m.Open.XZ(in)
	}
	return m.Open.Zstd(in)
}

var errLZ4 = errors.New("lz4: malformed block")

// unpackLZ4 unpacks one block of LZ4, which stands without a frame.
func unpackLZ4(out, in []byte) ([]byte, error) {
	for len(in) > 0 {
		token := in[0]
		in = in[1:]
		n, ok := lz4Length(int(token>>4), &in)
		if !ok || n > len(in) {
			return nil, errLZ4
		}
		if n > cap(out)-len(out) {
			return nil, errLong
		}
		out = append(out, in[:n]...)
		if in = in[n:]; len(in) == 0 {
			break // the last sequence has no match
		}
		if len(in) < 2 {
			return nil, errLZ4
		}
		dist := int(in[0]) | int(in[1])<<8
		in = in[2:]
		n, ok = lz4Length(int(token&15), &in)
		if n += 4; !ok || dist == 0 || dist > len(out) {
			return nil, errLZ4
		}
		if n > cap(out)-len(out) {
			return nil, errLong
		}
		for range n {
			out = append(out, out[len(out)-dist])
		}
	}
	return out, nil
}

// lz4Length reads what a length of 15 goes on with.
func lz4Length(n int, in *[]byte) (int, bool) {
	if n < 15 {
		return n, true
	}
	for len(*in) > 0 {
		c := (*in)[0]
		*in = (*in)[1:]
		if n += int(c); c < 255 {
			return n, true
		}
	}
	return 0, false
}
