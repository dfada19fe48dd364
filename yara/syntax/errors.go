package syntax

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Error is one thing wrong in a rule file. Message says what was found and
// what was expected; it holds neither the place nor the name of the file.
type Error struct {
	Pos     Pos
	Rule    string // the rule around it, or "" outside of rules
	Message string
}

// Error gives `line:column: rule "name": message`.
func (e Error) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("%d:%d: %s", e.Pos.Line, e.Pos.Col, e.Message)
	}
	return fmt.Sprintf("%d:%d: rule %q: %s", e.Pos.Line, e.Pos.Col, e.Rule, e.Message)
}

// maxShown is how many bytes of the source a message repeats.
const maxShown = 40

// shown cuts a piece of source to what fits a message. Bytes that would garble
// a terminal are escaped.
func shown(b []byte) string {
	cut := len(b) > maxShown
	if cut {
		b = b[:maxShown]
		for len(b) > 0 && !utf8.Valid(b[max(0, len(b)-utf8.UTFMax):]) && len(b) > maxShown-utf8.UTFMax {
			b = b[:len(b)-1]
		}
	}
	s := string(b)
	if !printable(s) {
		s = strconv.QuoteToASCII(s)
		s = s[1 : len(s)-1]
	}
	if cut {
		s += "…"
	}
	return s
}

func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func quoted(b []byte) string { return `"` + shown(b) + `"` }
