package object

import "bytes"

// NormalText gives text as ClamAV's signatures for target type 7 are written
// against: ASCII letters in lower case, runs of white space as one space, all
// other control characters and bytes above 127 left out. The result goes into
// dst, which may be nil.
func NormalText(dst, data []byte) []byte {
	dst = dst[:0]
	space := false
	for _, c := range data {
		switch {
		case c == ' ' || c >= 9 && c <= 13:
			if !space {
				dst = append(dst, ' ')
			}
			space = true
			continue
		case c < 0x20 || c > 0x7f:
			continue
		case c >= 'A' && c <= 'Z':
			c += 32
		}
		space = false
		dst = append(dst, c)
	}
	return dst
}

// NormalHTML gives markup for target type 3: comments left out, everything in
// lower case, runs of white space as one space, none beside a tag's brackets,
// and the few named and all numbered characters in place.
func NormalHTML(dst, data []byte) []byte {
	return normalHTML(dst[:0], data, true)
}

// HTMLText is NormalHTML without the tags.
func HTMLText(dst, data []byte) []byte { return normalHTML(dst[:0], data, false) }

func normalHTML(dst, data []byte, tags bool) []byte {
	inside, last := false, bytes.LastIndex(data, []byte("-->"))
	for i := 0; i < len(data); {
		c := data[i]
		if i < last && bytes.HasPrefix(data[i:], []byte("<!--")) {
			i += bytes.Index(data[i:], []byte("-->")) + 3
			continue
		}
		if c == '&' {
			var n int
			if c, n = reference(data[i:]); n > 0 {
				i += n - 1
			}
		}
		i++
		switch {
		case data[i-1] == '<':
			inside = true
		case data[i-1] == '>' && inside:
			inside = false
			if !tags {
				continue
			}
		}
		if inside && !tags {
			continue
		}
		dst = appendHTML(dst, c)
	}
	return dst
}

// appendHTML adds one character, folded.
func appendHTML(dst []byte, c byte) []byte {
	switch {
	case c == 0:
		return dst
	case c == ' ' || c >= 9 && c <= 13:
		if n := len(dst); n == 0 || dst[n-1] == ' ' || dst[n-1] == '>' || dst[n-1] == '<' {
			return dst
		}
		return append(dst, ' ')
	case c >= 'A' && c <= 'Z':
		c += 32
	case c == '<' || c == '>':
		dst = bytes.TrimRight(dst, " ")
	}
	return append(dst, c)
}

// reference decodes the character reference that data begins with; n 0: none.
func reference(data []byte) (c byte, n int) {
	end := bytes.IndexByte(data[:min(len(data), 10)], ';')
	if end < 2 {
		return '&', 0
	}
	name := string(data[1:end])
	switch name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	}
	if v, ok := numbered(name); ok {
		return v, end + 1
	}
	return '&', 0
}

// numbered reads #65 and #x41.
func numbered(name string) (byte, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	v := 0
	for _, c := range []byte(digits) {
		d := 99
		switch {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c|32 >= 'a' && c|32 <= 'f':
			d = int(c|32-'a') + 10
		}
		if v = v*base + d; d >= base || v > 255 {
			return 0, false
		}
	}
	return byte(v), digits != ""
}

// Narrow gives UTF-16 text, known by its byte order mark, with one byte a
// character; characters above 255 become question marks. Other text is
// returned as it is.
func Narrow(dst, data []byte) []byte {
	low := 0
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		low = 1
	default:
		return data
	}
	dst = dst[:0]
	for i := 2; i+1 < len(data); i += 2 {
		c := data[i+low]
		if data[i+1-low] != 0 {
			c = '?'
		}
		dst = append(dst, c)
	}
	return dst
}
