package pdf

import (
	"bufio"
	"errors"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// maxFilters is how many filters of one stream are undone.
const maxFilters = 16

// chain is a stream with its filters undone.
type chain struct {
	io.Reader
	plain   bool // there was nothing to undo
	closers []io.Closer
}

func (c *chain) close() {
	for _, x := range c.closers {
		_ = x.Close() // gives memory back, and cannot fail
	}
}

// Read marks the errors of decoders.
func (c *chain) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error {
	if e := (*limit.Error)(nil); errors.As(err, &e) {
		return err
	}
	return limit.Errorf(limit.Damaged, "pdf: %v", err)
}

// decode undoes the encryption and the filters of a stream. Pictures stay as
// they are: their decoders have nothing to show but pictures.
func (d *Document) decode(o parsed, raw []byte) (*chain, error) {
	filters, parms := d.list(o, "Filter", "F"), d.list(o, "DecodeParms", "DP")
	if len(filters) > maxFilters {
		return nil, limit.Errorf(limit.Damaged, "pdf: %d filters", len(filters))
	}
	c := &chain{Reader: codec.NewInput(d.budget, raw), plain: true}
	if d.crypt != nil && !o.get("Type").is("XRef") {
		c.Reader, c.plain = d.crypt.stream(o, c.Reader), false
	}
	for i, f := range filters {
		var parm value
		if i < len(parms) {
			parm = d.resolve(parms[i])
		}
		if i > 0 {
			c.Reader = &spending{c.Reader, d.budget}
		}
		stop, err := d.undo(c, string(d.resolve(f).bytes), parm)
		if err != nil {
			c.close()
			return nil, err
		}
		if stop {
			break
		}
		c.plain = false
	}
	return c, nil
}

// list gives what may be one value or an array of them.
func (d *Document) list(o parsed, keys ...string) []value {
	for _, k := range keys {
		switch v := d.resolve(o.get(k)); v.kind {
		case array:
			return v.items
		case name, dict:
			return []value{v}
		}
	}
	return nil
}

// undo adds a filter to a chain. It returns true for one that stays.
func (d *Document) undo(c *chain, filter string, parm value) (bool, error) {
	switch filter {
	case "FlateDecode", "Fl":
		z, err := d.inflate(c.Reader)
		if err != nil {
			return false, err
		}
		c.closers = append(c.closers, z)
		return false, d.predict(c, z, parm)
	case "LZWDecode", "LZW":
		early := d.resolve(parm.get("EarlyChange"))
		return false, d.predict(c, newLZW(c.Reader, early.kind != number || early.num != 0), parm)
	case "ASCII85Decode", "A85":
		c.Reader = &ascii85{src: bufio.NewReader(c.Reader)}
	case "ASCIIHexDecode", "AHx":
		c.Reader = &asciiHex{src: bufio.NewReader(c.Reader)}
	case "RunLengthDecode", "RL":
		c.Reader = &runLength{src: bufio.NewReader(c.Reader)}
	case "Crypt":
	case "DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode":
		return true, nil
	default:
		return false, limit.Errorf(limit.Method, "pdf: filter %.40q", filter)
	}
	return false, nil
}

// inflate opens a zlib stream. Its checksum is not looked at: writers that end
// too early are common, and readers do not mind.
func (d *Document) inflate(r io.Reader) (io.ReadCloser, error) {
	src := bufio.NewReader(r)
	for range 4 { // line ends that belong to no stream
		if b, err := src.Peek(1); err != nil || b[0] != '\n' && b[0] != '\r' {
			break
		}
		_, _ = src.Discard(1) // was peeked
	}
	if h, err := src.Peek(2); err == nil && h[0]&15 == 8 && (uint(h[0])<<8|uint(h[1]))%31 == 0 {
		_, _ = src.Discard(2) // was peeked
	}
	return d.open.Deflate(src)
}

// spending counts what goes from one filter to the next.
type spending struct {
	r io.Reader
	b *limit.Budget
}

// Read gives at most what may be spent at once.
func (s *spending) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if spent := s.b.Spend(int64(n)); spent != nil {
		return n, spent
	}
	return n, err
}

const maxRow = 1 << 20 // bytes of one row of a predictor

// predict undoes a predictor behind r (ISO 32000-1, 7.4.4.4).
func (d *Document) predict(c *chain, r io.Reader, parm value) error {
	c.Reader = r
	kind := d.resolve(parm.get("Predictor")).num
	if kind < 2 {
		return nil
	}
	number := func(key string, otherwise int64) int64 {
		if n := d.resolve(parm.get(key)).num; n > 0 && n <= maxRow {
			return n
		}
		return otherwise
	}
	colors, bits, columns := number("Colors", 1), number("BitsPerComponent", 8), number("Columns", 1)
	row := (min(colors, 64)*min(bits, 32)*columns + 7) / 8
	if row > maxRow {
		return limit.Errorf(limit.Damaged, "pdf: a row of %d bytes", row)
	}
	pixel := max(int(min(colors, 64)*min(bits, 32)/8), 1)
	if kind == 2 {
		if bits == 8 {
			c.Reader = &tiff{src: r, row: int(row), pixel: pixel}
		}
		return nil
	}
	c.Reader = &png{src: r, pixel: pixel, row: make([]byte, row), line: make([]byte, row+1)}
	return nil
}
