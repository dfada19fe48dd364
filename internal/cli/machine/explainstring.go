package machine

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"vitrine/yara/syntax"
)

// modifiers lists the keywords behind a string in the order of the manual.
func modifiers(s *syntax.String) []string {
	m := s.Mods
	out := []string{}
	add := func(set bool, word string) {
		if set {
			out = append(out, word)
		}
	}
	add(s.CaseInsensitive, "ignoring case")
	add(s.DotAll, "dot matches newline")
	add(m.NoCase, "nocase")
	add(m.ASCII, "ascii")
	add(m.Wide, "wide")
	add(m.FullWord, "fullword")
	add(m.Private, "private")
	add(m.Xor, xorWord(m))
	add(m.Base64, alphabet("base64", m.Base64Alphabet))
	add(m.Base64Wide, alphabet("base64wide", m.Base64WideAlphabet))
	return out
}

func xorWord(m syntax.Modifiers) string {
	if m.XorMin == 0 && m.XorMax == 255 {
		return "xor"
	}
	return fmt.Sprintf("xor(%#02x-%#02x)", m.XorMin, m.XorMax)
}

func alphabet(word, letters string) string {
	if letters == "" {
		return word
	}
	return word + "(" + strconv.Quote(letters) + ")"
}

// hexReads shows the bytes of a hex string as ASCII, with a dot for what is
// not, if enough of them is: such strings are often words in disguise.
func hexReads(s string) string {
	var b strings.Builder
	printable := 0
	for _, word := range strings.Fields(spaced(s)) {
		c, err := hex.DecodeString(word)
		switch {
		case err == nil && len(c) == 1 && c[0] >= 0x20 && c[0] < 0x7f:
			printable++
			b.WriteByte(c[0])
		case err == nil || word == "??":
			b.WriteByte('.')
		default:
			return "" // jumps and alternatives do not read as one line
		}
	}
	if printable < 4 || printable*2 < b.Len() {
		return ""
	}
	return strconv.Quote(b.String())
}

// spaced puts a space behind every two characters of a run of hex digits.
func spaced(s string) string {
	var b strings.Builder
	for _, word := range strings.Fields(s) {
		for len(word) > 2 && !strings.ContainsAny(word, "()[]|~/") {
			b.WriteString(word[:2] + " ")
			word = word[2:]
		}
		b.WriteString(word + " ")
	}
	return b.String()
}
