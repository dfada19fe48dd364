package term

import (
	"strings"
	"unicode/utf8"

	"vitrine/internal/spelling"
)

// Escape makes one printable line of any bytes, without loss; see spelling.Escape.
func Escape(s string) string { return spelling.Escape(s) }

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
