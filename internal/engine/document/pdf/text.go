package pdf

import (
	"encoding/binary"
	"unicode/utf16"
)

// literal reads a string in parentheses.
func (p *parser) literal() value {
	p.pos++
	start, depth := p.pos, 1
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; c {
		case '\\':
			return p.escapedLiteral(start, depth)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.pos++
				return value{kind: text, bytes: p.data[start : p.pos-1]}
			}
		}
		p.pos++
	}
	return value{kind: text, bytes: p.data[start:]}
}

// escapedLiteral reads on from the first backslash.
func (p *parser) escapedLiteral(start, depth int) value {
	out := append([]byte(nil), p.data[start:p.pos]...)
	p.escaped = true
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		p.pos++
		switch c {
		case '\\':
			out = p.escape(out)
			continue
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return value{kind: text, bytes: out}
			}
		}
		out = p.keep(out, c)
	}
	return value{kind: text, bytes: out}
}

// maxString is how much is kept of a string that is not in the open.
const maxString = 8 << 20

func (p *parser) keep(out []byte, c byte) []byte {
	if len(out) >= maxString {
		p.cut = true
		return out
	}
	return append(out, c)
}

func (p *parser) escape(out []byte) []byte {
	if p.pos >= len(p.data) {
		return out
	}
	c := p.data[p.pos]
	p.pos++
	switch c {
	case 'n':
		return p.keep(out, '\n')
	case 'r':
		return p.keep(out, '\r')
	case 't':
		return p.keep(out, '\t')
	case 'b':
		return p.keep(out, '\b')
	case 'f':
		return p.keep(out, '\f')
	case '\n':
		return out
	case '\r':
		if p.pos < len(p.data) && p.data[p.pos] == '\n' {
			p.pos++
		}
		return out
	}
	if c < '0' || c > '7' {
		return p.keep(out, c)
	}
	n := c - '0'
	for i := 0; i < 2 && p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '7'; i++ {
		n = n<<3 | (p.data[p.pos] - '0')
		p.pos++
	}
	return p.keep(out, n)
}

// hex reads a string in angle brackets.
func (p *parser) hex() value {
	p.pos++
	p.escaped = true
	var out []byte
	high := -1
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		p.pos++
		if c == '>' {
			break
		}
		d := hexDigit(c)
		switch {
		case d < 0:
		case high < 0:
			high = d
		default:
			out = p.keep(out, byte(high<<4|d))
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4))
	}
	return value{kind: text, bytes: out}
}

// textOf decodes a text string (ISO 32000-1, 7.9.2.2): UTF-16 or UTF-8 by
// their marks, and anything else as it is.
func textOf(b []byte) []byte {
	if len(b) >= 3 && string(b[:3]) == "\xef\xbb\xbf" {
		return b[3:]
	}
	if len(b) < 2 {
		return b
	}
	var order binary.ByteOrder
	switch string(b[:2]) {
	case "\xfe\xff":
		order = binary.BigEndian
	case "\xff\xfe":
		order = binary.LittleEndian
	default:
		return b
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return []byte(string(utf16.Decode(units)))
}
