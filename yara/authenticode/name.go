package authenticode

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// maxName is the length of a name; libyara leaves out the attributes that
// would go past it.
const maxName = 255

// oneLine writes a Name as /C=US/O=Example/CN=Someone: OpenSSL's old form with
// bytes outside printable ASCII as \xE4. Attributes of one set are joined by +.
func oneLine(name []byte) string {
	var out []byte
	sets := reader{rest: name}
	for sets.more() {
		set := sets.inside(tagSet)
		for first := true; set.more(); first = false {
			oid, value, ok := set.attribute()
			if !ok {
				return string(out)
			}
			mark := byte('/')
			if !first {
				mark = '+'
			}
			part := appendAttribute(nil, mark, attributeName(oid), value)
			if len(out)+len(part) > maxName {
				return string(out)
			}
			out = append(out, part...)
		}
	}
	return string(out)
}

func appendAttribute(out []byte, mark byte, name string, value element) []byte {
	const digits = "0123456789ABCDEF"
	out = append(append(append(out, mark), name...), '=')
	for _, c := range value.body {
		switch {
		case c < ' ' || c > '~':
			out = append(out, '\\', 'x', digits[c>>4], digits[c&15])
		case c == '+':
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
		if len(out) > maxName {
			break
		}
	}
	return out
}

// Types of the values of names.
const (
	tagUTF8      = 0x0c
	tagNumeric   = 0x12
	tagPrintable = 0x13
	tagT61       = 0x14
	tagIA5       = 0x16
	tagUniversal = 0x1c
	tagBMP       = 0x1e
)

// attribute reads a type and its value out of a set of a Name.
func (r *reader) attribute() (oid string, value element, ok bool) {
	pair := r.inside(tagSequence)
	oid, value = pair.oid(), pair.any()
	pair.end()
	r.bad = r.bad || pair.bad
	return oid, value, !r.bad
}

// name is the contents of a Name, and once it was compared, its canonical form.
type name struct {
	raw, canonical []byte
}

// maxCompared is how long a name may be to be compared other than byte by byte.
const maxCompared = 4096

// same compares Names without regard to the case of ASCII letters, to spaces
// around and between words, and to the type of the text.
func (n *name) same(m *name) bool {
	if bytes.Equal(n.raw, m.raw) {
		return true
	}
	return len(n.raw) <= maxCompared && len(m.raw) <= maxCompared && bytes.Equal(n.form(), m.form())
}

func (n *name) form() []byte {
	if n.canonical == nil {
		n.canonical = append(canonical(n.raw), 2) // never nil
	}
	return n.canonical
}

// name reads a Name and checks all of it.
func (r *reader) name() name {
	e := r.take(tagSequence)
	sets := reader{rest: e.body}
	for sets.more() {
		set := sets.inside(tagSet)
		for set.more() {
			_, value, _ := set.attribute()
			set.bad = set.bad || !goodValue(value)
		}
		sets.bad = sets.bad || set.bad
	}
	r.bad = r.bad || sets.bad
	return name{raw: e.body}
}

func goodValue(v element) bool {
	switch v.tag {
	case tagUTF8:
		return utf8.Valid(v.body)
	case tagBMP:
		return len(v.body)%2 == 0
	case tagUniversal:
		return len(v.body)%4 == 0
	case 7, 8, 9, 10, 11, 13, 14, 15, 29: // types no one uses, which OpenSSL lets pass
		return true
	case tagNumeric, tagPrintable, tagT61, tagIA5, tagBitString, tagSequence:
		return true
	}
	return false
}

// canonical writes a Name so that equal ones are equal bytes.
func canonical(name []byte) []byte {
	var out []byte
	sets := reader{rest: name}
	for sets.more() {
		set := sets.inside(tagSet)
		for set.more() {
			oid, value, _ := set.attribute()
			out = append(append(out, oid...), '=')
			out = append(append(out, canonicalValue(value)...), 0)
		}
		out = append(out, 1)
	}
	return out
}

func canonicalValue(v element) []byte {
	text := v.body
	switch v.tag {
	case tagBMP:
		text = []byte(fromUTF16(v.body))
	case tagT61:
		text = []byte(fromLatin1(v.body))
	case tagUTF8, tagNumeric, tagPrintable, tagIA5:
	default:
		return v.raw
	}
	return bytes.Join(bytes.Fields(lower(text)), []byte(" "))
}

func lower(s []byte) []byte {
	out := bytes.Clone(s)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// fromUTF16 reads big-endian UTF-16, the form of BMPString.
func fromUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+2 <= len(b); i += 2 {
		units = append(units, binary.BigEndian.Uint16(b[i:]))
	}
	return string(utf16.Decode(units))
}

// fromLatin1 reads text that should be ASCII as OpenSSL does.
func fromLatin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}
