package mail

import (
	"io"
	"strings"
)

// step is how many coded bytes are decoded at a time.
const step = 32 << 10

// decoder reads what decode makes of its bytes, some at a time.
type decoder struct {
	data []byte
	out  []byte // decoded and not yet read
	// decode appends to out what it makes of the beginning of data, and gives
	// how much of data it took: at least one byte.
	decode func(out, data []byte) ([]byte, int)
	buf    []byte
}

// Read gives decoded bytes; the only error is io.EOF.
func (d *decoder) Read(p []byte) (int, error) {
	if len(d.out) == 0 {
		if len(d.data) == 0 {
			return 0, io.EOF
		}
		var n int
		d.buf, n = d.decode(d.buf[:0], d.data)
		d.out, d.data = d.buf, d.data[n:]
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// newBase64 reads base64 as mail programs do: what is not of the alphabet is
// left out, and padding ends a group but not the part.
func newBase64(data []byte) *decoder {
	var bits uint32
	var have int // bits in it
	return &decoder{data: data, decode: func(out, data []byte) ([]byte, int) {
		n := min(len(data), step)
		for _, c := range data[:n] {
			v, ok := base64Value(c)
			if c == '=' {
				have = 0
			}
			if !ok {
				continue
			}
			bits = bits<<6 | uint32(v)
			if have += 6; have >= 8 {
				have -= 8
				out = append(out, byte(bits>>have))
			}
		}
		return out, n
	}}
}

func base64Value(c byte) (byte, bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A', true
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26, true
	case c >= '0' && c <= '9':
		return c - '0' + 52, true
	case c == '+', c == '-':
		return 62, true
	case c == '/', c == '_':
		return 63, true
	}
	return 0, false
}

// newQuoted reads quoted-printable. What cannot be meant stays as it stands.
func newQuoted(data []byte) *decoder {
	return &decoder{data: data, decode: func(out, data []byte) ([]byte, int) {
		i := 0
		for i < len(data) && i < step {
			if data[i] != '=' {
				out = append(out, data[i])
				i++
				continue
			}
			c, n, ok := quoted(data[i:])
			if ok {
				out = append(out, c)
			}
			i += n
		}
		return out, i
	}}
}

// quoted reads what begins with an equals sign: a byte, or a line break that
// is to be left out, for which ok is false.
func quoted(data []byte) (c byte, n int, ok bool) {
	if len(data) > 2 {
		if c, ok := hexByte(data[1], data[2]); ok {
			return c, 3, true
		}
	}
	n = 1
	for n < len(data) && n < maxField && (data[n] == ' ' || data[n] == '\t' || data[n] == '\r') {
		n++
	}
	if n < len(data) && data[n] == '\n' {
		return 0, n + 1, false
	}
	if n == len(data) {
		return 0, n, false
	}
	return '=', 1, true
}

func hexByte(a, b byte) (byte, bool) {
	hi, lo := strings.IndexByte(hexDigits, lower(a)), strings.IndexByte(hexDigits, lower(b))
	return byte(hi<<4 | lo&15), hi >= 0 && lo >= 0
}

const hexDigits = "0123456789abcdef"

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
