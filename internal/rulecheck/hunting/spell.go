package hunting

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxSpelled is how much of a string is read in other spellings.
const maxSpelled = 4 << 10

// maxXored is the longest text that is tried with every key.
const maxXored = 96

// spelling is one way to read the bytes of a string.
type spelling struct {
	text string
	how  string // empty: as it stands
	// sure is false where nearly any bytes can be read so: then only what is
	// surely a marking counts.
	sure bool
}

var (
	base64Run  = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}={0,2}`)
	hexRun     = regexp.MustCompile(`(?:[0-9A-Fa-f]{2}[\s:,-]?){5,}`)
	byteEscape = regexp.MustCompile(`(?i)(?:\\x|%|=|\\'|0x)([0-9a-f]{2}),? ?`)
	runeEscape = regexp.MustCompile(`(?i)\\u([0-9a-f]{4})|&#(\d{2,6});|&#x([0-9a-f]{2,5});|\\u(\d{3,5})\\?'?\??`)
)

// spellings reads bytes as text in every way that is known.
func spellings(b []byte) []spelling {
	b = b[:min(len(b), maxSpelled)]
	out := plainSpellings(b)
	out = append(out, wrapped(b)...)
	return append(out, disguised(b)...)
}

// plainSpellings reads bytes as character encodings.
func plainSpellings(b []byte) (out []spelling) {
	if utf8.Valid(b) {
		out = append(out, spelling{string(b), "", true})
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for start := range 2 {
			if s, ok := utf16Text(b[min(start, len(b)):], order); ok {
				out = append(out, spelling{s, "UTF-16", true})
			}
		}
	}
	if utf8.Valid(b) {
		return out
	}
	for _, e := range []struct {
		name string
		f    letters
	}{{"Windows-1251", windows1251}, {"KOI8-R", koi8r}, {"CP866", cp866}, {"ISO 8859-5", iso8859x5},
		{"Windows-1253", windows1253}, {"Windows-1255", windows1255}, {"Latin-1", latin1}} {
		if s, ok := decodedAs(b, e.f); ok {
			out = append(out, spelling{s, e.name, false})
		}
	}
	if word, ok := legacyMarking(b); ok {
		out = append(out, spelling{word, "a legacy encoding", false})
	}
	return out
}

// utf16Text reads UTF-16 if that gives letters of few scripts.
func utf16Text(b []byte, order binary.ByteOrder) (string, bool) {
	if len(b) < 4 {
		return "", false
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, order.Uint16(b[i:]))
	}
	runes := utf16.Decode(units)
	letters, scripts := 0, map[string]bool{}
	for _, r := range runes {
		if r != '\r' && r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			return "", false
		}
		if name := alphabet(r); name != "" {
			scripts[name] = true
			letters++
		}
	}
	delete(scripts, "Latin")
	return string(runes), letters*10 >= len(runes)*6 && len(scripts) <= 1
}

// alphabet names the alphabet of a letter; spaces count as Latin. Bytes that are no
// UTF-16 give letters of many.
func alphabet(r rune) string {
	switch {
	case r == ' ' || unicode.Is(unicode.Latin, r):
		return "Latin"
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		if r >= 0x3400 && r < 0x4E00 || r > 0xFFFF {
			return "rare"
		}
		return "Han"
	}
	for name, table := range map[string]*unicode.RangeTable{"Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Hebrew": unicode.Hebrew,
		"Arabic": unicode.Arabic, "Hangul": unicode.Hangul, "Thai": unicode.Thai, "Devanagari": unicode.Devanagari} {
		if unicode.Is(table, r) {
			return name
		}
	}
	if unicode.IsLetter(r) {
		return "other"
	}
	return ""
}

// wrapped reads texts that stand for other bytes: base64, hexadecimal, escapes.
func wrapped(b []byte) (out []spelling) {
	add := func(inner []byte, how string) {
		if len(inner) < 3 || bytes.Equal(inner, b) {
			return
		}
		for _, s := range plainSpellings(inner) {
			if printable(s.text) {
				out = append(out, spelling{s.text, how, s.sure})
			}
		}
	}
	text := squeezeZeros(b)
	for _, run := range base64Run.FindAll(text, 16) {
		run = bytes.Map(urlAlphabet, bytes.TrimRight(run, "="))
		for skip := range min(4, len(run)) {
			part := run[skip:]
			if len(part)%4 == 1 {
				part = part[:len(part)-1]
			}
			if inner, err := base64.RawStdEncoding.DecodeString(string(part)); err == nil {
				add(inner, "base64")
			}
		}
	}
	for _, run := range hexRun.FindAll(text, 16) {
		if inner, err := hex.DecodeString(string(bytes.Map(hexDigit, run))); err == nil {
			add(inner, "hexadecimal digits")
		}
	}
	if byteEscape.Match(text) {
		add(byteEscape.ReplaceAllFunc(text, unescapeByte), "escapes")
	}
	if runeEscape.Match(text) {
		add(runeEscape.ReplaceAllFunc(text, unescapeRune), "escapes")
	}
	return out
}

// squeezeZeros takes the zeros out of wide text.
func squeezeZeros(b []byte) []byte {
	if bytes.IndexByte(b, 0) < 0 {
		return b
	}
	return bytes.ReplaceAll(b, []byte{0}, nil)
}

func urlAlphabet(r rune) rune {
	switch r {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return r
}

func hexDigit(r rune) rune {
	if '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'f' {
		return r
	}
	return -1
}

func unescapeByte(m []byte) []byte {
	c, err := hex.DecodeString(string(byteEscape.FindSubmatch(m)[1]))
	if err != nil {
		return m
	}
	return c
}

func unescapeRune(m []byte) []byte {
	base := []int{16, 10, 16, 10}
	for i, digits := range runeEscape.FindSubmatch(m)[1:] {
		if n, err := strconv.ParseUint(string(digits), base[i], 21); err == nil {
			return utf8.AppendRune(nil, rune(n))
		}
	}
	return m
}

// disguised reads texts that were turned round or shifted. Nearly any bytes
// can be, so nothing is sure.
func disguised(b []byte) (out []spelling) {
	text := squeezeZeros(b)
	if len(text) < 5 {
		return nil
	}
	if utf8.Valid(text) {
		runes := []rune(string(text))
		slices.Reverse(runes)
		out = append(out, spelling{string(runes), "read backwards", false},
			spelling{string(bytes.Map(rot13, text)), "rot13", false})
	}
	if len(text) > maxXored {
		return out
	}
	for key := 1; key < 256; key++ {
		if s, ok := xored(text, byte(key)); ok {
			out = append(out, spelling{s, "xor", false})
		}
	}
	return out
}

func rot13(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case 'A' <= r && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}

// xored gives the text under a key if it is letters and spaces of ASCII, or
// UTF-8 of another alphabet.
func xored(b []byte, key byte) (string, bool) {
	letters := 0
	for _, c := range b {
		c ^= key
		if c < 0x20 || c == 0x7F {
			return "", false
		}
		if letter(c) || c >= 0x80 || c == ' ' {
			letters++
		}
	}
	if letters*10 < len(b)*8 {
		return "", false
	}
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c ^ key
	}
	return string(out), utf8.Valid(out)
}

func printable(s string) bool {
	for _, r := range s {
		if r != '\n' && r != '\r' && r != '\t' && !unicode.IsPrint(r) {
			return false
		}
	}
	return s != ""
}
