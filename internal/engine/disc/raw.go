package disc

import (
	"io"
	"strings"
)

const (
	rawSize  = 2352 // of a sector with all that a disc has of it
	cooked   = 2048 // of what is in it
	rawMagic = "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"
)

// Raw reads an image whose sectors are there as they lie on a compact disc,
// with headers and checks around 2048 bytes each; nil when data is none.
func Raw(data []byte) io.Reader {
	if len(data) < rawSize || !strings.HasPrefix(string(data[:len(rawMagic)]), rawMagic) {
		return nil
	}
	switch r := (&raw{data: data}); data[15] {
	case 1:
		r.head = 16
		return r
	case 2: // mode 2 has a second header
		r.head = 24
		return r
	}
	return nil
}

// raw reads the inner parts of raw sectors.
type raw struct {
	data []byte
	head int // bytes of a sector before what is in it
	at   int // in this
}

// Read gives bytes of one sector at most.
func (r *raw) Read(p []byte) (int, error) {
	if r.at == cooked {
		r.data, r.at = r.data[min(rawSize, len(r.data)):], 0
	}
	from := r.head + r.at
	if from >= len(r.data) {
		return 0, io.EOF
	}
	n := copy(p, r.data[from:min(r.head+cooked, len(r.data))])
	r.at += n
	return n, nil
}
