package yaracmd

import (
	"strconv"
	"strings"

	"vitrine/yara"
)

// appendRule appends the line of a rule as yara prints it:
//
//	NAMESPACE:RULE [TAG,TAG] [KEY=VALUE,KEY=VALUE] PATH
func (o *Options) appendRule(b []byte, r *yara.Rule, path string) []byte {
	if o.PrintNamespace {
		b = append(append(b, r.Namespace...), ':')
	}
	b = append(append(b, r.Name...), ' ')
	if o.PrintTags {
		b = append(b, '[')
		b = append(b, strings.Join(r.Tags, ",")...)
		b = append(b, "] "...)
	}
	if o.PrintMeta {
		b = append(appendMeta(append(b, '['), r.Meta), "] "...)
	}
	return append(appendPath(b, path), '\n')
}

func appendMeta(b []byte, list []yara.Meta) []byte {
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendMetaValue(append(b, m.Key...), m.Value)
	}
	return b
}

// appendMetaValue appends = and the value. The space before the = of an
// integer is yara's.
func appendMetaValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(append(b, " ="...), v, 10)
	case bool:
		return strconv.AppendBool(append(b, '='), v)
	case float64:
		return strconv.AppendFloat(append(b, '='), v, 'f', 6, 64)
	case string:
		return append(appendEscaped(append(b, `="`...), v), '"')
	}
	return b
}

// appendEscaped appends text as in a C string, up to a zero byte: there yara's
// metadata ends.
func appendEscaped(b []byte, s string) []byte {
	s, _, _ = strings.Cut(s, "\x00")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		case c >= '\a' && c <= '\r':
			b = append(b, '\\', "abtnvfr"[c-'\a'])
		default:
			b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		}
	}
	return b
}

// appendPath appends a path so that it takes one line.
func appendPath(b []byte, path string) []byte {
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, path[i])
		}
	}
	return b
}

// shown is how many bytes of a match yara keeps, and so prints and counts.
const shown = 512

// appendMatch appends the line of one match, of which each part behind the
// offset is there when asked for:
//
//	0xOFFSET:LENGTH:$NAME:xor(0xKEY,PLAIN): DATA
func (o *Options) appendMatch(b []byte, m yara.StringMatch, hex bool) []byte {
	data := m.Data[:min(len(m.Data), shown)]
	b = strconv.AppendInt(append(b, "0x"...), m.Offset, 16)
	b = append(b, ':')
	if o.PrintLength {
		b = append(strconv.AppendInt(b, int64(len(data)), 10), ':')
	}
	b = append(b, m.Name...)
	if o.PrintXorKey {
		b = appendHexByte(append(b, ":xor(0x"...), m.XorKey, lowerHex)
		b = append(appendText(append(b, ','), data, m.XorKey), ')')
	}
	if o.PrintStrings {
		b = append(b, ": "...)
		if hex {
			b = appendHex(b, data)
		} else {
			b = appendText(b, data, 0)
		}
	}
	return append(b, '\n')
}

// appendText appends data ^ key, with \xNN for what is not printable ASCII.
func appendText(b, data []byte, key byte) []byte {
	for _, c := range data {
		if c ^= key; c >= ' ' && c < 0x7f {
			b = append(b, c)
		} else {
			b = appendHexByte(append(b, `\x`...), c, upperHex)
		}
	}
	return b
}

// hexShown is how many bytes yara prints of the match of a hex string.
const hexShown = 64

func appendHex(b, data []byte) []byte {
	for i, c := range data[:min(len(data), hexShown)] {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendHexByte(b, c, upperHex)
	}
	if len(data) > hexShown {
		b = append(b, " ..."...)
	}
	return b
}

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
)

func appendHexByte(b []byte, c byte, digits string) []byte {
	return append(b, digits[c>>4], digits[c&15])
}
