// Package rtf finds the objects that RTF text embeds as hexadecimal digits,
// and decodes them as Word does: over white space, nested groups, control
// words and binary runs that are put between the digits to hide them. It does
// not lay out text and follows nothing.
package rtf

import (
	"bytes"
	"io"
)

// Object is one embedded object.
type Object struct {
	data  []byte // from behind \objdata to the end of the file
	spend func(n int) error
}

// Objects gives the objects of an RTF file in their order. Objects can lie in
// each other, so spend is told how many characters are read for them; an error
// of it ends the reading of an object, one of found ends all.
func Objects(data []byte, spend func(n int) error, found func(Object) error) error {
	word := []byte("\\objdata")
	for from := 0; ; {
		i := bytes.Index(data[from:], word)
		if i < 0 {
			return nil
		}
		from += i + len(word)
		if from < len(data) && isLetter(data[from]) {
			continue
		}
		if err := found(Object{data[from:], spend}); err != nil {
			return err
		}
	}
}

// Packed is how many bytes there are at most to read the object from.
func (o Object) Packed() int { return len(o.data) }

// Reader decodes the object up to the end of its group.
func (o Object) Reader() io.Reader { return &reader{data: o.data, spend: o.spend, high: -1} }

// reader decodes the digits of one object.
type reader struct {
	data  []byte
	spend func(n int) error
	told  int // up to where spend was told
	pos   int
	depth int // of groups inside the object's own
	skip  int // the depth of a group that is left out; 0: none
	high  int // the first digit of a byte; negative: none
	raw   int // bytes of a binary run still to come
	end   bool
}

// step is how many characters are read between two calls of spend.
const step = 32 << 10

// Read gives decoded bytes.
func (r *reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && !r.end {
		if r.pos >= len(r.data) {
			break
		}
		if r.pos-r.told >= step {
			if err := r.spend(r.pos - r.told); err != nil {
				return n, err
			}
			r.told = r.pos
		}
		c := r.data[r.pos]
		r.pos++
		if r.raw > 0 {
			r.raw--
			p[n] = c
			n++
			continue
		}
		if b, ok := r.take(c); ok {
			p[n] = b
			n++
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// take looks at one character; ok tells that a byte is complete.
func (r *reader) take(c byte) (b byte, ok bool) {
	switch c {
	case '{':
		r.open()
	case '}':
		r.close()
	case '\\':
		r.control()
	default:
		d := digit(c)
		switch {
		case d < 0 || r.skip > 0:
		case r.high < 0:
			r.high = d
		default:
			b, ok = byte(r.high<<4|d), true
			r.high = -1
		}
	}
	return b, ok
}

// open enters a group. One that begins with \* is of no concern to Word when it
// does not know it, and its digits are not the object's.
func (r *reader) open() {
	r.depth++
	if r.skip > 0 {
		return
	}
	at := r.pos
	for at < len(r.data) && isSpace(r.data[at]) {
		at++
	}
	if bytes.HasPrefix(r.data[at:], []byte("\\*")) && !bytes.HasPrefix(r.data[at:], []byte("\\*\\objdata")) {
		r.skip = r.depth
	}
}

func (r *reader) close() {
	if r.skip == r.depth {
		r.skip = 0
	}
	if r.depth--; r.depth < 0 {
		r.end = true
	}
}

// control goes over a control word or symbol with its number. Only \bin means
// something here: that many raw bytes follow.
func (r *reader) control() {
	start := r.pos
	for r.pos < len(r.data) && isLetter(r.data[r.pos]) && r.pos-start < 32 {
		r.pos++
	}
	word := r.data[start:r.pos]
	if len(word) == 0 {
		r.symbol()
		return
	}
	if r.pos < len(r.data) && r.data[r.pos] == '-' {
		r.pos++
	}
	n := 0
	for r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9' {
		if n < 1<<26 {
			n = n*10 + int(r.data[r.pos]-'0')
		}
		r.pos++
	}
	if r.pos < len(r.data) && r.data[r.pos] == ' ' {
		r.pos++
	}
	if string(word) == "bin" && r.skip == 0 {
		r.raw = n
		r.high = -1
	}
}

// symbol goes over \' with its two digits, or over one other character.
func (r *reader) symbol() {
	if r.pos < len(r.data) && r.data[r.pos] == '\'' {
		r.pos = min(r.pos+3, len(r.data))
		return
	}
	r.pos = min(r.pos+1, len(r.data))
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
