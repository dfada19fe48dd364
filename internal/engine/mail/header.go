package mail

import (
	"bytes"
	"mime"
	"strconv"
	"strings"
)

const (
	maxValue  = 16 << 10 // bytes of one field, unfolded
	maxHeader = 1 << 20  // bytes of all fields
	maxParams = 100      // parameters of one field
)

// header is what a part says of itself.
type header struct {
	kind     string // in lower case; empty when not said
	boundary string
	encoding string // in lower case
	name     string
	cut      bool // something was too long to be read
}

// plain tells whether the body stands there as it is.
func (h header) plain() bool { return h.encoding != "base64" && h.encoding != "quoted-printable" }

// readHeader reads the fields data begins with. A line that can be none ends
// them as an empty line does.
func readHeader(data []byte) (h header, body []byte) {
	var field string
	var value []byte
	size := len(data)
	for len(data) > 0 {
		line, rest := cutLine(data)
		folded := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		if folded && field != "" && len(bytes.TrimSpace(line)) > 0 {
			value = h.add(value, line)
			data = rest
			continue
		}
		name, first, ok := splitField(line)
		if len(bytes.TrimSpace(line)) == 0 {
			data = rest
			break
		}
		if !ok {
			break
		}
		if size-len(data) > maxHeader {
			h.cut = true
			break
		}
		h.take(field, value)
		field, value, data = name, h.add(nil, first), rest
	}
	h.take(field, value)
	return h, data
}

// add unfolds a line to a value of which no more than maxValue is kept.
func (h *header) add(value, line []byte) []byte {
	if room := maxValue - len(value); len(line) > room {
		h.cut = true
		line = line[:max(room, 0)]
	}
	return append(value, line...)
}

// take keeps what matters of one field.
func (h *header) take(field string, value []byte) {
	switch field {
	case "content-type":
		kind, params := parseParams(string(value))
		if h.kind == "" {
			h.kind, h.boundary = strings.ToLower(kind), params["boundary"]
		}
		if h.name == "" {
			h.name = params["name"]
		}
	case "content-disposition":
		if _, params := parseParams(string(value)); params["filename"] != "" {
			h.name = params["filename"]
		}
	case "content-transfer-encoding":
		h.encoding, _ = parseParams(string(value))
		h.encoding = strings.ToLower(h.encoding)
	}
}

// parseParams reads a value and its parameters, names in lower case, joined
// and decoded as RFC 2231 and, for many programs do it, RFC 2047 say. Of two
// with one name the first counts.
func parseParams(s string) (value string, params map[string]string) {
	value, s, _ = strings.Cut(s, ";")
	params, parts := map[string]string{}, map[string]string{}
	for n := 0; s != "" && n < maxParams; n++ {
		var name, text string
		name, text, s = nextParam(s)
		if _, there := parts[name]; !there && name != "" {
			parts[name] = text
		}
	}
	for name, text := range parts {
		base, section, _ := strings.Cut(name, "*")
		if section == "" && base == name {
			params[base] = decodeWords(text)
		}
	}
	for _, base := range []string{"name", "filename", "boundary"} {
		if text := joinParam(parts, base); text != "" {
			params[base] = text
		}
	}
	return strings.TrimSpace(value), params
}

// nextParam reads `name=text;` with text in quotes or not.
func nextParam(s string) (name, text, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	if s[end] == ';' {
		return "", "", s[end+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		text, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(text), rest
	}
	text, rest = unquote(s[1:])
	_, rest, _ = strings.Cut(rest, ";")
	return name, text, rest
}

func unquote(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// decodeWords decodes RFC 2047 words. A character set nobody here reads leaves
// the text as it is.
func decodeWords(s string) string {
	var d mime.WordDecoder
	if text, err := d.DecodeHeader(s); err == nil {
		return text
	}
	return s
}

// joinParam joins the sections `name*0`, `name*1*` and so on, or reads `name*`.
func joinParam(parts map[string]string, base string) string {
	if text, ok := parts[base+"*"]; ok {
		return extended(text, true)
	}
	var b strings.Builder
	for n := range maxParams {
		key := base + "*" + strconv.Itoa(n)
		if text, ok := parts[key]; ok {
			b.WriteString(text)
		} else if text, ok := parts[key+"*"]; ok {
			b.WriteString(extended(text, n == 0))
		} else {
			break
		}
	}
	return b.String()
}

// extended decodes `charset'language'text`, of which only the first section
// has the beginning. Bytes stay in their character set.
func extended(s string, first bool) string {
	if first {
		if p := strings.SplitN(s, "'", 3); len(p) == 3 {
			s = p[2]
		}
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, ok := hexByte(s[i+1], s[i+2]); ok {
				out = append(out, c)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
