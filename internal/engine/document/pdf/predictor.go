package pdf

import (
	"errors"
	"io"
)

// png undoes the filters of PNG, one byte before each row telling which.
type png struct {
	src   io.Reader
	pixel int    // bytes from one to the next
	row   []byte // the row before
	line  []byte // a row with its filter before it
	out   []byte
	err   error
}

// Read gives undone rows.
func (p *png) Read(b []byte) (int, error) {
	for len(p.out) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		var n int
		if n, p.err = io.ReadFull(p.src, p.line); errors.Is(p.err, io.ErrUnexpectedEOF) {
			p.err = io.EOF // the last row may be short
		}
		if n > 1 {
			p.undo(p.line[0], p.line[1:n])
			p.out = p.row[:copy(p.row, p.line[1:n])]
		}
	}
	n := copy(b, p.out)
	p.out = p.out[n:]
	return n, nil
}

func (p *png) undo(filter byte, line []byte) {
	for i := range line {
		var left, corner byte
		if i >= p.pixel {
			left, corner = line[i-p.pixel], p.row[i-p.pixel]
		}
		switch up := p.row[i]; filter {
		case 1:
			line[i] += left
		case 2:
			line[i] += up
		case 3:
			line[i] += byte((int(left) + int(up)) / 2)
		case 4:
			line[i] += paeth(int(left), int(up), int(corner))
		}
	}
}

// paeth gives the neighbour nearest to their linear estimate.
func paeth(left, up, corner int) byte {
	estimate := left + up - corner
	byLeft, byUp, byCorner := distance(estimate, left), distance(estimate, up), distance(estimate, corner)
	switch {
	case byLeft <= byUp && byLeft <= byCorner:
		return byte(left)
	case byUp <= byCorner:
		return byte(up)
	}
	return byte(corner)
}

func distance(a, b int) int { return max(a-b, b-a) }

// tiff undoes TIFF's predictor 2 for components of one byte.
type tiff struct {
	src   io.Reader
	row   int
	pixel int
	at    int // in the row
	last  [256]byte
}

// Read gives undone bytes.
func (t *tiff) Read(b []byte) (int, error) {
	n, err := t.src.Read(b)
	for i := range b[:n] {
		k := t.at % t.pixel
		if t.at >= t.pixel {
			b[i] += t.last[k]
		}
		t.last[k] = b[i]
		if t.at++; t.at == t.row {
			t.at = 0
		}
	}
	return n, err
}
