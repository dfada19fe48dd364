package mail

import (
	"bytes"
	"fmt"

	"vitrine/internal/engine/limit"
)

// maxLead is how far into a text a coded file must begin for the text to be
// known by it.
const maxLead = 1 << 20

// Encoded tells whether data is a text that has files in it which are coded as
// lines: uuencoded, in base64 as uuencode writes it, or in yEnc.
func Encoded(data []byte) bool {
	if bytes.IndexByte(data[:min(len(data), 512)], 0) >= 0 {
		return false
	}
	lead := data[:min(len(data), maxLead)]
	for len(lead) > 0 {
		c, rest := nextCoded(lead)
		if c.decode != nil {
			return true
		}
		lead = rest
	}
	return false
}

// WalkEncoded hands out the files that stand coded in a text. The error is the
// Sink's, or one that ends the scan.
func WalkEncoded(data []byte, b *limit.Budget, sink Sink) error {
	w := &walker{b: b, sink: sink}
	return w.encoded(data)
}

// coded is a file that stands in a text.
type coded struct {
	name   string
	data   []byte
	decode func(data []byte) *decoder // nil: there is none
}

// encoded hands out the files in a body.
func (w *walker) encoded(body []byte) error {
	for len(body) > 0 {
		c, rest := nextCoded(body)
		if c.decode != nil {
			if err := w.sink.Decoded(c.name, c.decode(c.data), len(c.data)); err != nil {
				return err
			}
		}
		body = rest
	}
	return nil
}

// nextCoded finds the next line that may begin a file. rest is where to go on.
func nextCoded(body []byte) (c coded, rest []byte) {
	for from := 0; ; {
		i := bytes.Index(body[from:], []byte("begin"))
		if i < 0 {
			return coded{}, nil
		}
		at := from + i
		from = at + 5
		if bytes.HasSuffix(body[:at], []byte("=y")) {
			at -= 2
		}
		if at > 0 && body[at-1] != '\n' {
			continue
		}
		line, rest := cutLine(body[at:])
		return begun(line[:min(len(line), maxValue)], rest)
	}
}

// begun reads the line that begins a file, with what follows it. "begin" stands
// in many a text: without a line that can be meant there is no file. What comes
// behind the lines of one is looked through again, so that a beginning put
// before it hides no other.
func begun(line, rest []byte) (coded, []byte) {
	if bytes.HasPrefix(line, []byte("=ybegin ")) {
		return yEnc(line, rest), rest
	}
	f := bytes.SplitN(line, []byte(" "), 3)
	if len(f) != 3 || !isMode(f[1]) {
		return coded{}, rest
	}
	c := coded{name: string(f[2])}
	isLine := isUULine
	switch string(f[0]) {
	case "begin":
		c.decode = newUU
	case "begin-base64":
		c.decode, isLine = newBase64, isBase64Line
	}
	n := 0
	for n < len(rest) {
		line, behind := cutLine(rest[n:])
		if len(line) > 0 && !isLine(line) {
			break
		}
		n = len(rest) - len(behind)
	}
	c.data, rest = rest[:n], rest[n:]
	if len(bytes.TrimSpace(c.data)) == 0 {
		return coded{}, rest
	}
	return c, rest
}

func isBase64Line(line []byte) bool {
	for _, c := range line {
		if _, ok := base64Value(c); !ok && c != '=' {
			return false
		}
	}
	return len(line) > 3 && line[0] != '='
}

// yEnc reads the head of a file in yEnc (version 1.3 of its draft). The name is
// all that follows its key.
func yEnc(line, rest []byte) coded {
	_, name, ok := bytes.Cut(line, []byte(" name="))
	if !ok || !bytes.Contains(line, []byte(" size=")) || len(rest) == 0 {
		return coded{}
	}
	c := coded{name: string(bytes.TrimSpace(name)), decode: newYEnc}
	if _, part, ok := bytes.Cut(line, []byte(" part=")); ok {
		number, _, _ := bytes.Cut(part, []byte(" "))
		c.name += fmt.Sprintf(" (part %s)", number)
	}
	if bytes.HasPrefix(rest, []byte("=ypart ")) {
		_, rest = cutLine(rest)
	}
	c.data, _, _ = bytes.Cut(rest, []byte("\n=yend"))
	return c
}

// newYEnc reads yEnc: 42 is taken from each byte, and 64 more from one behind
// an equals sign.
func newYEnc(data []byte) *decoder {
	escaped := false
	return &decoder{data: data, decode: func(out, data []byte) ([]byte, int) {
		n := min(len(data), step)
		for _, c := range data[:n] {
			switch {
			case c == '\r' || c == '\n':
			case escaped:
				out, escaped = append(out, c-64-42), false
			case c == '=':
				escaped = true
			default:
				out = append(out, c-42)
			}
		}
		return out, n
	}}
}

func isMode(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '7' {
			return false
		}
	}
	return len(b) >= 3 && len(b) <= 5
}

func newUU(data []byte) *decoder { return &decoder{data: data, decode: uuLine} }

// isUULine tells whether a line has letters of the code only, and no more than
// its first one says, but for what encoders add. Blanks at its end may be gone.
func isUULine(line []byte) bool {
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	n := int(line[0]-' ') & 63
	return len(line)-1 <= (n+2)/3*4+2
}

// uuLine decodes one line. One that can be none takes all that is left.
func uuLine(out, data []byte) ([]byte, int) {
	line, rest := cutLine(data)
	if len(line) == 0 {
		return out, len(data) - len(rest)
	}
	n := int(line[0]-' ') & 63
	if line[0] < ' ' || line[0] > '`' || n == 0 || string(line) == "end" {
		return out, len(data)
	}
	v := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; n > 0; i += 4 {
		a, b, c, d := v(i), v(i+1), v(i+2), v(i+3)
		three := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		out = append(out, three[:min(n, 3)]...)
		n -= 3
	}
	return out, len(data) - len(rest)
}
