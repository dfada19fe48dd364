package archive

import (
	"bytes"
	"strconv"
	"strings"
)

// tarHeader is what matters of a header block.
type tarHeader struct {
	name   string
	size   int64
	kind   byte
	sparse bool
	real   int64 // sparse: the size with the holes
	map_   []extent
	raw    []byte // the block, for the old GNU map
	v1     bool   // the map of holes stands before the data
}

// isTar tells whether data begins with a header: its checksum is right and its
// size is a number.
func isTar(data []byte) bool {
	if len(data) < tarBlock || data[0] == 0 {
		return false
	}
	_, ok := parseTar(data[:tarBlock])
	return ok
}

func parseTar(b []byte) (tarHeader, bool) {
	want, ok := tarNumber(b[148:156])
	if !ok || len(bytes.TrimRight(b[148:156], "\x00 ")) == 0 {
		return tarHeader{}, false
	}
	// The checksum counts its own field as spaces. Old tars summed signed
	// bytes.
	var unsigned, signed int64
	for i, c := range b[:tarBlock] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	if want != unsigned && want != signed {
		return tarHeader{}, false
	}
	size, ok := tarNumber(b[124:136])
	if !ok || size < 0 {
		return tarHeader{}, false
	}
	h := tarHeader{name: tarText(b[:100]), size: size, kind: b[156], raw: b}
	if bytes.HasPrefix(b[257:], []byte("ustar\x00")) {
		if prefix := tarText(b[345:500]); prefix != "" {
			h.name = prefix + "/" + h.name
		}
	}
	if h.kind == 'S' {
		h.sparse = true
		h.real, _ = tarNumber(b[483:495])
	}
	return h, true
}

func tarText(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// tarNumber reads an octal number, or GNU's binary one. An empty field is 0.
func tarNumber(b []byte) (int64, bool) {
	if b[0]&0x80 != 0 {
		return tarBinary(b)
	}
	s := strings.Trim(tarText(b), " ")
	if s == "" {
		return 0, true
	}
	v, err := strconv.ParseUint(s, 8, 62)
	return int64(v), err == nil
}

func tarBinary(b []byte) (int64, bool) {
	if b[0] == 0xff {
		return 0, false // negative: no size or offset is
	}
	v := int64(b[0] & 0x7f)
	for _, c := range b[1:] {
		if v >= 1<<54 {
			return 0, false
		}
		v = v<<8 | int64(c)
	}
	return v, true
}

// parsePax reads records of the form "length key=value\n". What is malformed
// ends it. Keys that come again, which the sparse map uses, are joined with a
// comma.
func parsePax(text []byte) map[string]string {
	out := map[string]string{}
	for len(text) > 0 {
		head, rest, ok := bytes.Cut(text, []byte{' '})
		n, err := strconv.Atoi(string(head))
		if !ok || err != nil || n <= len(head)+1 || n > len(text) {
			return out
		}
		record := rest[:n-len(head)-1]
		text = text[n:]
		key, value, ok := strings.Cut(strings.TrimSuffix(string(record), "\n"), "=")
		if !ok {
			return out
		}
		if old := out[key]; old != "" && (key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes") {
			if len(old) < maxTarText {
				value = old + "," + value
			} else {
				value = old
			}
		}
		out[key] = value
	}
	return out
}

// apply takes over what pax records say.
func (h *tarHeader) apply(pax map[string]string) {
	if v := pax["path"]; v != "" {
		h.name = v
	}
	if n, err := strconv.ParseInt(pax["size"], 10, 64); err == nil && n >= 0 && n < 1<<62 {
		h.size = n
	}
	if v := pax["GNU.sparse.name"]; v != "" {
		h.name = v
	}
	for _, key := range []string{"GNU.sparse.size", "GNU.sparse.realsize"} {
		if n, err := strconv.ParseInt(pax[key], 10, 64); err == nil && n >= 0 {
			h.sparse, h.real = true, n
		}
	}
	if pax["GNU.sparse.major"] == "1" {
		h.sparse, h.v1 = true, true
		return
	}
	if v := pax["GNU.sparse.map"]; v != "" {
		h.map_ = pairs(strings.Split(v, ","))
	} else if v := pax["GNU.sparse.offset"]; v != "" {
		h.map_ = zip2(strings.Split(v, ","), strings.Split(pax["GNU.sparse.numbytes"], ","))
	}
}
