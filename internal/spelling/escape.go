package spelling

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape makes one printable line of any bytes, without loss: a backslash is
// doubled, control characters and what does not print become \n, \t, \x1b or
// \u202e, and a byte that is not UTF-8 becomes \xff. What Escape returns can
// neither break a line nor steer a terminal.
func Escape(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		escapeRune(&b, r, s[:size])
		s = s[size:]
	}
	return b.String()
}

func escapeRune(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		const hex = "0123456789abcdef"
		b.WriteString(`\x`)
		b.WriteByte(hex[raw[0]>>4])
		b.WriteByte(hex[raw[0]&15])
	case r == '\\':
		b.WriteString(`\\`)
	case strconv.IsPrint(r):
		b.WriteString(raw)
	default:
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
}

// plain is the way out for almost every name: printable ASCII.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e || s[i] == '\\' {
			return false
		}
	}
	return true
}

// Unescape gives back what Escape made s of. Other text than Escape makes may be
// an error.
func Unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for len(s) > 0 {
		r, multibyte, rest, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			return "", errors.New("a backslash with something wrong behind it")
		}
		if multibyte || r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
		s = rest
	}
	return b.String(), nil
}
