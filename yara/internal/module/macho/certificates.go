package macho

import (
	"bytes"
	"strconv"
	"strings"

	"vitrine/yara/internal/module"
)

const (
	blobSignature   = 0xfade0b01
	maxCertificates = 64
	maxBERDepth     = 12
	maxBERElements  = 1 << 12
	tagSequence     = 0x30
	tagContext0     = 0xa0
)

// certificate is one that came with the signature; it is shown, not checked.
type certificate struct{ issuer, subject []byte }

// element is a value of BER: tag and contents.
type element struct {
	tag  byte
	body []byte
}

// berElement takes the first element off b. Apple writes lengths that are not
// known beforehand: such a value ends with an empty element of tag 0.
func berElement(b []byte, depth int) (e element, rest []byte, ok bool) {
	if len(b) < 2 || depth > maxBERDepth || b[0]&0x1f == 0x1f {
		return e, nil, false
	}
	e.tag, b = b[0], b[1:]
	n := int(b[0])
	if b = b[1:]; n == 0x80 {
		for rest = b; ; {
			if bytes.HasPrefix(rest, []byte{0, 0}) {
				e.body = b[:len(b)-len(rest)]
				return e, rest[2:], true
			}
			if _, rest, ok = berElement(rest, depth+1); !ok {
				return e, nil, false
			}
		}
	}
	if n > 0x80 {
		digits := n & 0x7f
		if digits > 4 || digits > len(b) {
			return e, nil, false
		}
		n = 0
		for _, c := range b[:digits] {
			n = n<<8 | int(c)
		}
		b = b[digits:]
	}
	if n > len(b) {
		return e, nil, false
	}
	e.body = b[:n]
	return e, b[n:], true
}

// berChildren lists the elements of a value, up to one that is broken.
func berChildren(b []byte) (list []element) {
	for len(b) > 0 && len(list) < maxBERElements {
		e, rest, ok := berElement(b, 0)
		if !ok {
			break
		}
		list, b = append(list, e), rest
	}
	return list
}

// at gives the children of child i of a tag; nil where there is none.
func at(list []element, i int, tag byte) []element {
	if i >= len(list) || list[i].tag != tag {
		return nil
	}
	return berChildren(list[i].body)
}

// certificates reads those of the signature's message (RFC 5652).
func (m *image) certificates() []certificate {
	return *m.signers.Get(func() (list []certificate) {
		m.eachBlob(blobSignature, func(body []byte) {
			info := at(berChildren(body), 0, tagSequence)
			data := at(at(info, 1, tagContext0), 0, tagSequence)
			for _, c := range at(data, 3, tagContext0) {
				if c.tag != tagSequence || len(list) >= maxCertificates {
					continue
				}
				if read, ok := readCertificate(c.body); ok {
					list = append(list, read)
				}
			}
		})
		return list
	})
}

// readCertificate reads the two names of a certificate (RFC 5280).
func readCertificate(body []byte) (c certificate, ok bool) {
	fields := at(berChildren(body), 0, tagSequence)
	if len(fields) > 0 && fields[0].tag == tagContext0 { // the version may be left out
		fields = fields[1:]
	}
	if len(fields) < 5 || fields[2].tag != tagSequence || fields[4].tag != tagSequence {
		return c, false
	}
	return certificate{fields[2].body, fields[4].body}, true
}

// nameText writes a name as C=US, O=Example, CN=Someone.
func nameText(name []byte) module.Value {
	var parts []string
	for _, set := range berChildren(name) {
		var attributes []string
		for _, a := range berChildren(set.body) {
			if pair := berChildren(a.body); len(pair) == 2 {
				attributes = append(attributes, attributeName(pair[0].body)+"="+string([]rune(string(pair[1].body))))
			}
		}
		parts = append(parts, strings.Join(attributes, " + "))
	}
	return module.String(strings.Join(parts, ", "))
}

// attributeName is the short name of the kind of an attribute, or its number.
func attributeName(oid []byte) string {
	names := map[string]string{"\x55\x04\x03": "CN", "\x55\x04\x06": "C", "\x55\x04\x07": "L", "\x55\x04\x08": "ST",
		"\x55\x04\x0a": "O", "\x55\x04\x0b": "OU", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID",
		"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "emailAddress"}
	if name := names[string(oid)]; name != "" {
		return name
	}
	out, v := "", uint64(0)
	for _, c := range oid {
		if v = v<<7 | uint64(c&0x7f); c >= 0x80 {
			continue
		}
		if out == "" {
			first := min(v/40, 2)
			out, v = strconv.FormatUint(first, 10), v-40*first
		}
		out, v = out+"."+strconv.FormatUint(v, 10), 0
	}
	return out
}

func certificateField[T any](of func(T) *image) module.Field {
	elem := module.Struct(
		module.Got("issuer", module.KindString, func(c *certificate) module.Value { return nameText(c.issuer) }),
		module.Got("subject", module.KindString, func(c *certificate) module.Value { return nameText(c.subject) }),
		module.Got("is_self_signed", module.KindBool, func(c *certificate) module.Value {
			return module.Bool(bytes.Equal(c.issuer, c.subject))
		}),
	)
	return listField("certificates", elem, of, (*image).certificates)
}
