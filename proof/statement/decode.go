package statement

import (
	"bytes"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Limits of the JSON that is read. Whatever is within MaxLeaf and these takes
// memory in proportion to its bytes.
const (
	maxDepth   = 8
	maxNumber  = 1<<53 - 1 // above, a reader that uses floating point would round
	maxMembers = 1024      // of one object or array
)

// value is one JSON value of the subset: object, array, string, integer.
// There is no null, no boolean and no fraction.
type value struct {
	kind    kind
	text    string
	number  int64
	list    []value
	members []member // in strictly ascending order of key
}

type member struct {
	key   string
	value value
}

type kind int

const (
	kindString kind = iota
	kindNumber
	kindList
	kindObject
)

func (k kind) String() string {
	return [...]string{"a string", "a number", "an array", "an object"}[k]
}

// plain is the value as the encoder takes it.
func (v value) plain() any {
	switch v.kind {
	case kindString:
		return v.text
	case kindNumber:
		return v.number
	case kindList:
		list := make(jsonList, len(v.list))
		for i, item := range v.list {
			list[i] = item.plain()
		}
		return list
	}
	object := make(jsonObject, len(v.members))
	for _, m := range v.members {
		object[m.key] = m.value.plain()
	}
	return object
}

// decoder walks over the bytes once. Every check is of the next byte, so what
// it accepts is already canonical; comparing with the encoder's output is the
// second pair of eyes.
type decoder struct {
	data  []byte
	pos   int
	depth int
}

// decode reads one value, and nothing may follow it.
func decode(data []byte) (value, error) {
	d := &decoder{data: data}
	v, err := d.value()
	if err == nil && d.pos != len(data) {
		err = fmt.Errorf("%d bytes behind the end", len(data)-d.pos)
	}
	if err == nil && !bytes.Equal(appendJSON(make([]byte, 0, len(data)), v.plain()), data) {
		err = errors.New("encoded again it is not the same bytes")
	}
	if err != nil {
		return value{}, fmt.Errorf("canonical JSON: byte %d: %w", d.pos, err)
	}
	return v, nil
}

// peek gives the next byte, or 0 at the end: a byte that fits nowhere.
func (d *decoder) peek() byte {
	if d.pos == len(d.data) {
		return 0
	}
	return d.data[d.pos]
}

// take steps over the next byte if it is c.
func (d *decoder) take(c byte) bool {
	if d.pos == len(d.data) || d.data[d.pos] != c {
		return false
	}
	d.pos++
	return true
}

// unexpected names the next byte.
func (d *decoder) unexpected(expected string) error {
	if d.pos == len(d.data) {
		return fmt.Errorf("end of text, expected %s", expected)
	}
	return fmt.Errorf("%q, expected %s", d.data[d.pos], expected)
}

func (d *decoder) value() (value, error) {
	switch c := d.peek(); {
	case c == '"':
		s, err := d.string()
		return value{kind: kindString, text: s}, err
	case c >= '0' && c <= '9':
		n, err := d.integer()
		return value{kind: kindNumber, number: n}, err
	case c == '{' || c == '[':
		if d.depth == maxDepth {
			return value{}, fmt.Errorf("nested deeper than %d", maxDepth)
		}
		d.depth++
		defer func() { d.depth-- }()
		if c == '{' {
			return d.object()
		}
		return d.array()
	}
	return value{}, d.unexpected("a string, a number from 0, an array or an object, without space before it")
}

func (d *decoder) object() (value, error) {
	v := value{kind: kindObject}
	d.take('{')
	if d.take('}') {
		return v, nil
	}
	for {
		m, err := d.member()
		if err != nil {
			return value{}, err
		}
		if n := len(v.members); n > 0 {
			if last := v.members[n-1].key; last == m.key {
				return value{}, fmt.Errorf("key %q twice", m.key)
			} else if last > m.key {
				return value{}, fmt.Errorf("key %q behind %q, expected ascending order", m.key, last)
			}
		}
		v.members = append(v.members, m)
		if more, err := d.more('}', len(v.members)); err != nil || !more {
			return v, err
		}
	}
}

func (d *decoder) member() (member, error) {
	if d.peek() != '"' {
		return member{}, d.unexpected("a key, without space before it")
	}
	key, err := d.string()
	if err != nil {
		return member{}, err
	}
	if !d.take(':') {
		return member{}, d.unexpected("a colon")
	}
	v, err := d.value()
	return member{key, v}, err
}

func (d *decoder) array() (value, error) {
	v := value{kind: kindList}
	d.take('[')
	if d.take(']') {
		return v, nil
	}
	for {
		item, err := d.value()
		if err != nil {
			return value{}, err
		}
		v.list = append(v.list, item)
		if more, err := d.more(']', len(v.list)); err != nil || !more {
			return v, err
		}
	}
}

// more steps over a comma, or over the closing byte.
func (d *decoder) more(closing byte, have int) (bool, error) {
	switch {
	case d.take(closing):
		return false, nil
	case !d.take(','):
		return false, d.unexpected(fmt.Sprintf("a comma or %q", closing))
	case have == maxMembers:
		return false, fmt.Errorf("more than %d members", maxMembers)
	}
	return true, nil
}

// string reads a string. Only the quote and the backslash are escaped, each in
// one way; \u and its surrogates do not exist here.
func (d *decoder) string() (string, error) {
	d.take('"')
	run := d.run()
	if d.take('"') {
		return string(run), nil // as most are
	}
	s := bytes.Clone(run)
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return string(s), nil
		case c == '\\':
			if d.pos+1 == len(d.data) || d.data[d.pos+1] != '"' && d.data[d.pos+1] != '\\' {
				return "", errors.New("escape, expected only \\\" and \\\\")
			}
			s = append(s, d.data[d.pos+1])
			d.pos += 2
		default:
			r, size := utf8.DecodeRune(d.data[d.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", errors.New("expected valid UTF-8")
			}
			if misleading(r) {
				return "", fmt.Errorf("control character %U in a string", r)
			}
			s = append(s, d.data[d.pos:d.pos+size]...)
			d.pos += size
		}
	}
	return "", d.unexpected("a quote at the end of the string")
}

// run steps over printable ASCII that is not escaped, and gives it.
func (d *decoder) run() []byte {
	from := d.pos
	for d.pos < len(d.data) {
		if c := d.data[d.pos]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			break
		}
		d.pos++
	}
	return d.data[from:d.pos]
}

// misleading characters make a text look like another one: controls, ends of
// lines, and what turns the direction of writing. Reports print these texts.
func misleading(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// integer reads a number from 0 to maxNumber without sign, leading zero,
// fraction or exponent. The sign has been refused before: no value begins so.
func (d *decoder) integer() (int64, error) {
	if d.take('0') {
		switch c := d.peek(); {
		case c >= '0' && c <= '9':
			return 0, errors.New("leading zero")
		case c == '.' || c == 'e' || c == 'E':
			return 0, d.unexpected("an integer, without fraction or exponent")
		}
		return 0, nil
	}
	var n int64
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		if n = n*10 + int64(c-'0'); n > maxNumber {
			return 0, fmt.Errorf("number above %d", int64(maxNumber))
		}
		d.pos++
	}
	if c := d.peek(); c == '.' || c == 'e' || c == 'E' {
		return 0, d.unexpected("an integer, without fraction or exponent")
	}
	return n, nil
}
