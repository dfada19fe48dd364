package syntax

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
)

// integer is the value of a tkInt, or false if it does not fit 64 bits with sign.
func integer(b []byte) (int64, bool) {
	s, base, scale := string(b), 10, int64(1)
	switch {
	case len(s) > 2 && s[1] == 'x':
		s, base = s[2:], 16
	case len(s) > 2 && s[1] == 'o':
		s, base = s[2:], 8
	case len(s) > 2 && s[len(s)-2] == 'K':
		s, scale = s[:len(s)-2], 1<<10
	case len(s) > 2 && s[len(s)-2] == 'M':
		s, scale = s[:len(s)-2], 1<<20
	}
	v, err := strconv.ParseInt(s, base, 64)
	if err != nil || v > math.MaxInt64/scale {
		return 0, false
	}
	return v * scale, true
}

// unescape resolves the escape sequences of a text. The result never shares
// memory with b. bad is the place of the first sequence that means nothing, or
// -1; the sequence is then left out.
func unescape(b []byte) (out []byte, bad int) {
	bad = -1
	if bytes.IndexByte(b, '\\') < 0 {
		return bytes.Clone(b), bad
	}
	out = make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		c, n, ok := escape(b[i:])
		if ok {
			out = append(out, c)
		} else if bad < 0 {
			bad = i
		}
		i += n
	}
	return out, bad
}

// escape resolves the sequence at the start of b and gives its length.
func escape(b []byte) (c byte, n int, ok bool) {
	if len(b) < 2 {
		return 0, len(b), false
	}
	switch b[1] {
	case '"', '\\':
		return b[1], 2, true
	case 't':
		return '\t', 2, true
	case 'n':
		return '\n', 2, true
	case 'r':
		return '\r', 2, true
	case 'x':
		if len(b) >= 4 && isHex(b[2]) && isHex(b[3]) {
			return nibble(b[2])<<4 | nibble(b[3]), 4, true
		}
	}
	_, n = utf8.DecodeRune(b[1:])
	return 0, 1 + n, false
}

func nibble(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}
