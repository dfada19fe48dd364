package sevenzip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/codec/aescbc"
	"vitrine/internal/engine/codec/filter"
	"vitrine/internal/engine/limit"
)

// Method ids (Methods.txt in 7-Zip's sources).
const (
	methodCopy      = 0x00
	methodDelta     = 0x03
	methodLZMA2     = 0x21
	methodLZMA      = 0x030101
	methodPPMd      = 0x030401
	methodDeflate   = 0x040108
	methodDeflate64 = 0x040109
	methodBZip2     = 0x040202
	methodZstd      = 0x04f71101
	methodLZ4       = 0x04f71104
	methodBCJ2      = 0x0303011b
	methodAES       = 0x06f10701
)

func branchKind(method uint64) (filter.Kind, bool) {
	switch method {
	case 0x04, 0x03030103:
		return filter.X86, true
	case 0x05, 0x03030205:
		return filter.PPC, true
	case 0x06, 0x03030401:
		return filter.IA64, true
	case 0x07, 0x03030501:
		return filter.ARM, true
	case 0x08, 0x03030701:
		return filter.ARMT, true
	case 0x09, 0x03030805:
		return filter.SPARC, true
	case 0x0a:
		return filter.ARM64, true
	}
	return 0, false
}

// chain builds the readers of one folder and closes them together.
type chain struct {
	a        *Archive
	s        *streams
	f        *folder
	password string
	closers  []io.Closer
	built    int
	io.Reader
}

// Close gives back what the decompressors hold.
func (c *chain) Close() error {
	for _, z := range c.closers {
		_ = z.Close() // only memory is given back
	}
	c.closers = nil
	return nil
}

// out is the output of coder i, cut at the size the header says.
func (c *chain) out(i int) (io.Reader, error) {
	if c.built++; c.built > len(c.f.coders) {
		return nil, fmt.Errorf("7z: coders feed each other in a ring: %w", errHeader)
	}
	first := 0
	for _, k := range c.f.coders[:i] {
		first += k.ins
	}
	k := c.f.coders[i]
	ins := make([]io.Reader, k.ins)
	for j := range ins {
		var err error
		if ins[j], err = c.in(first + j); err != nil {
			return nil, err
		}
	}
	if i >= len(c.f.sizes) {
		return nil, fmt.Errorf("7z: the header lacks the sizes of a folder: %w", errHeader)
	}
	r, err := c.decode(k, ins, c.f.sizes[i])
	if err != nil {
		return nil, fmt.Errorf("7z: %w", err)
	}
	if z, ok := r.(io.Closer); ok {
		c.closers = append(c.closers, z)
	}
	return io.LimitReader(r, c.f.sizes[i]), nil
}

// in is what feeds in-stream i of the folder.
func (c *chain) in(i int) (io.Reader, error) {
	for _, b := range c.f.bonds {
		if b.in == i {
			return c.out(b.out)
		}
	}
	for j, p := range c.f.packed {
		if p == i {
			return c.a.packed(c.s, c.f.firstPack+j)
		}
	}
	return nil, fmt.Errorf("7z: a stream has no source: %w", errHeader)
}

func (c *chain) decode(k coder, ins []io.Reader, size int64) (io.Reader, error) {
	if k.method == methodBCJ2 {
		if len(ins) != 4 {
			return nil, fmt.Errorf("bcj2 with %d streams: %w", len(ins), errHeader)
		}
		return filter.NewBCJ2(ins[0], ins[1], ins[2], ins[3]), nil
	}
	if len(ins) != 1 {
		return nil, fmt.Errorf("method %#x with %d streams: %w", k.method, len(ins), errHeader)
	}
	if kind, ok := branchKind(k.method); ok {
		return filter.NewBranch(ins[0], kind, 0)
	}
	open := c.a.open
	switch k.method {
	case methodCopy:
		return ins[0], nil
	case methodDelta:
		return filter.NewDelta(ins[0], int(prop(k.props, 0))+1)
	case methodDeflate:
		return open.Deflate(ins[0])
	case methodDeflate64:
		return open.Deflate64(ins[0])
	case methodBZip2:
		return open.BZip2(ins[0])
	case methodZstd:
		return open.Zstd(ins[0])
	case methodLZ4:
		return open.LZ4(ins[0])
	case methodLZMA2:
		return open.LZMA2(ins[0], prop(k.props, 0))
	}
	return c.decodeMore(k, ins[0], size)
}

// decodeMore has the methods that need the size or a password.
func (c *chain) decodeMore(k coder, in io.Reader, size int64) (io.Reader, error) {
	switch k.method {
	case methodLZMA, methodPPMd:
		if len(k.props) < 5 {
			return nil, fmt.Errorf("method %#x: %w", k.method, errHeader)
		}
		n := int64(binary.LittleEndian.Uint32(k.props[1:]))
		if k.method == methodLZMA {
			return c.a.open.LZMA(in, k.props[0], n, size)
		}
		return c.a.open.PPMd(in, int(k.props[0]), n, size)
	case methodAES:
		p, err := parseAES(k.props)
		if err != nil {
			return nil, err
		}
		key, err := c.a.key(p, c.password)
		if err != nil {
			return nil, err
		}
		return aescbc.NewReader(in, key[:], p.iv[:])
	}
	return nil, limit.Errorf(limit.Method, "7z method %#x", k.method)
}

func prop(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}

func (f *folder) encrypted() bool {
	for _, k := range f.coders {
		if k.method == methodAES {
			return true
		}
	}
	return false
}

// open builds the reader of a folder's output.
func (a *Archive) chain(s *streams, f *folder, password string) (io.ReadCloser, error) {
	c := &chain{a: a, s: s, f: f, password: password}
	m := f.main()
	if m < 0 {
		return nil, fmt.Errorf("7z: a folder without output: %w", errHeader)
	}
	r, err := c.out(m)
	if err != nil {
		c.Close()
		return nil, err
	}
	c.Reader = r
	return c, nil
}

var errPacked = errors.New("7z: packed data lies outside the file")
