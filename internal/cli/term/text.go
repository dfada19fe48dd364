package term

import (
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

// Clean makes a message safe to print on one line: like Escape, but backslashes
// stay as they are, because messages often hold names that are quoted already.
func Clean(s string) string {
	return strings.ReplaceAll(Escape(s), `\\`, `\`)
}

// Columns is the number of terminal cells s takes, for the scripts we print.
func Columns(s string) int { return utf8.RuneCountInString(s) }

// Shorten cuts the front of s so that it fits into columns cells, with an
// ellipsis where it was cut: of a path, the end says more.
func Shorten(s string, columns int) string {
	if Columns(s) <= columns {
		return s
	}
	if columns < 2 {
		return ""
	}
	runes := []rune(s)
	return "…" + string(runes[len(runes)-columns+1:])
}

// Plural is "1 file" or "1,204 files".
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}
