package archive

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/codec"
)

var errGzipTrailing = errors.New("gzip: other data after the last member")

// gzipReader reads the members of a gzip file (RFC 1952) as one stream. It is
// our own because the name, the end and the damage all matter here.
type gzipReader struct {
	in   *codec.Input
	open *codec.Opener
	name string // of the first member
	body io.ReadCloser
	sum  uint32
	size uint32
	end  int64 // behind the last whole member
	all  int
	err  error
}

func (g *gzipReader) at() int64 { return int64(g.all - g.in.Unread()) }

// header reads the header of the first member.
func (g *gzipReader) header() error {
	g.all = g.in.Unread()
	g.err = g.next()
	return g.err
}

// next reads a member's header and opens its body.
func (g *gzipReader) next() error {
	var h [10]byte
	n, err := io.ReadFull(g.in, h[:])
	first := g.end == 0
	switch {
	case errors.Is(err, io.EOF) && !first:
		return io.EOF
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case n < len(h) || h[0] != 0x1f || h[1] != 0x8b || h[2] != 8:
		if first {
			return io.ErrUnexpectedEOF
		}
		return errGzipTrailing
	}
	if err := g.optional(h[3], first); err != nil {
		return err
	}
	g.sum, g.size = 0, 0
	g.body, err = g.open.Deflate(g.in)
	return err
}

// optional reads the fields that the flags announce.
func (g *gzipReader) optional(flags byte, first bool) error {
	var b [2]byte
	if flags&4 != 0 { // extra
		if _, err := io.ReadFull(g.in, b[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, g.in, int64(binary.LittleEndian.Uint16(b[:]))); err != nil {
			return err
		}
	}
	for _, flag := range []byte{8, 16} { // name, comment
		if flags&flag == 0 {
			continue
		}
		text, err := g.text()
		if err != nil {
			return err
		}
		if first && flag == 8 {
			g.name = text
		}
	}
	if flags&2 != 0 { // header checksum
		_, err := io.ReadFull(g.in, b[:])
		return err
	}
	return nil
}

// text reads up to a zero byte, and keeps as much as a name may have.
func (g *gzipReader) text() (string, error) {
	var out []byte
	for {
		c, err := g.in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == 0 {
			return string(out), nil
		}
		if len(out) < maxName {
			out = append(out, c)
		}
	}
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for g.err == nil && len(p) > 0 {
		n, err := g.body.Read(p)
		g.sum = crc32.Update(g.sum, crc32.IEEETable, p[:n])
		g.size += uint32(n)
		if errors.Is(err, io.EOF) {
			err = g.finish()
		}
		g.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// finish compares the trailer and goes on to the next member.
func (g *gzipReader) finish() error {
	g.Close()
	var t [8]byte
	if _, err := io.ReadFull(g.in, t[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	if binary.LittleEndian.Uint32(t[:]) != g.sum || binary.LittleEndian.Uint32(t[4:]) != g.size {
		return errors.New("gzip: the checksum is wrong")
	}
	g.end = g.at()
	return g.next()
}

// End is where the last whole member ended.
func (g *gzipReader) End() int64 { return g.end }

// Close gives the decompressor back.
func (g *gzipReader) Close() error {
	if g.body != nil {
		_ = g.body.Close() // only memory is given back
		g.body = nil
	}
	return nil
}
