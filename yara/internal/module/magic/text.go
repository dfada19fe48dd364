package magic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	textLook = 1 << 16 // bytes, as libmagic
	longLine = 300     // characters
)

// encoding is a way to write text, as libmagic names it.
type encoding struct {
	name   string
	text   []rune
	binary bool // the name ends the sentence: no scripts are known in it
}

// text is a file without bytes that are not text.
func text(data []byte) kind {
	cut := data[:min(len(data), textLook)]
	e := encodingOf(cut)
	if e.name == "" {
		return kind{}
	}
	if !e.binary {
		if k := language(data, e); k.name != "" {
			return k
		}
	}
	return kind{e.name + " text" + lines(e.text), "text/plain"}
}

// encodingOf tries the encodings from the narrowest on.
func encodingOf(b []byte) encoding {
	switch {
	case at(b, 0, "\xef\xbb\xbf") && isUTF8(b[3:]):
		return encoding{name: "Unicode text, UTF-8 (with BOM)", text: []rune(string(b[3:]))}
	case at(b, 0, "\xff\xfe") || at(b, 0, "\xfe\xff"):
		return utf16Of(b)
	case all(b, func(c byte) bool { return c < 0x80 }):
		return encoding{name: "ASCII", text: latin(b)}
	case isUTF8(b):
		return encoding{name: "Unicode text, UTF-8", text: []rune(string(b))}
	case all(b, func(c byte) bool { return c < 0x80 || c >= 0xa0 || c == 0x85 }):
		return encoding{name: "ISO-8859", text: latin(b)}
	case all(b, func(byte) bool { return true }):
		return encoding{name: "Non-ISO extended-ASCII", text: latin(b)}
	}
	return encoding{}
}

// all reports whether every byte is a printable one or a usual control, and fits.
func all(b []byte, fits func(c byte) bool) bool {
	for _, c := range b {
		if !fits(c) || isControl(rune(c)) {
			return false
		}
	}
	return true
}

// isControl are the characters that text does not hold: all but BEL to CR, and
// ESC.
func isControl(r rune) bool {
	return r < 0x20 && (r < 7 || r > 13) && r != 0x1b || r == 0x7f
}

func latin(b []byte) []rune {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return out
}

// isUTF8 allows that the last character is cut off.
func isUTF8(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b)
		}
		if isControl(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

func utf16Of(b []byte) encoding {
	e := encoding{name: "Unicode text, UTF-16, little-endian", binary: true}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 0xfe {
		e.name, order = "Unicode text, UTF-16, big-endian", binary.BigEndian
	}
	var units []uint16
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	e.text = utf16.Decode(units)
	for _, r := range e.text {
		if isControl(r) || r == 0xfffe {
			return encoding{}
		}
	}
	return e
}

// lines says what is unusual about the lines.
func lines(text []rune) string {
	var crlf, cr, lf, nel, longest int
	escapes, overstrikes, last := false, false, -1
	for i, r := range text {
		switch {
		case r == '\n' && i > 0 && text[i-1] == '\r':
			crlf, cr, last = crlf+1, cr-1, i
		case r == '\n':
			lf, last = lf+1, i
		case r == '\r':
			cr, last = cr+1, i
		case r == 0x85:
			nel, last = nel+1, i
		}
		longest = max(longest, i-last)
		escapes, overstrikes = escapes || r == 0x1b, overstrikes || r == '\b'
	}
	out := ""
	if longest > longLine {
		out = fmt.Sprintf(", with very long lines (%d)", longest)
	}
	out += ends(crlf, cr, lf, nel)
	if escapes {
		out += ", with escape sequences"
	}
	if overstrikes {
		out += ", with overstriking"
	}
	return out
}

// ends names the line terminators unless they are those of Unix.
func ends(crlf, cr, lf, nel int) string {
	var found []string
	for i, n := range []int{crlf, cr, lf, nel} {
		if n > 0 {
			found = append(found, [...]string{"CRLF", "CR", "LF", "NEL"}[i])
		}
	}
	switch {
	case len(found) == 0:
		return ", with no line terminators"
	case len(found) == 1 && lf > 0:
		return ""
	}
	return ", with " + strings.Join(found, ", ") + " line terminators"
}

// firstLine is the line that says which program runs a script.
func firstLine(b []byte) string {
	b = b[:min(len(b), 256)]
	if n := bytes.IndexAny(b, "\r\n"); n >= 0 {
		b = b[:n]
	}
	return string(b)
}
