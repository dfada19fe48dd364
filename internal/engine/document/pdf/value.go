package pdf

// kind is what sort of object a value is.
type kind uint8

const (
	null kind = iota
	number
	text // a string
	name
	array
	dict
	ref
	keyword // true, false, and whatever else stands where a value should
)

// value is one object of the language (ISO 32000-1, 7.3).
type value struct {
	kind  kind
	bytes []byte  // of a string, name or keyword, without escapes
	num   int64   // of a number, cut to an integer; of a ref the object
	gen   uint32  // of a ref
	items []value // of an array; of a dict its keys and values in turn
}

// get gives the last value of a key, as readers take it.
func (v value) get(key string) value {
	if v.kind != dict {
		return value{}
	}
	for i := len(v.items) - 2; i >= 0; i -= 2 {
		if string(v.items[i].bytes) == key {
			return v.items[i+1]
		}
	}
	return value{}
}

// is tells whether v is the name s.
func (v value) is(s string) bool { return v.kind == name && string(v.bytes) == s }

const (
	maxNesting = 64      // arrays and dicts in each other
	maxValues  = 1 << 14 // of one object that are kept
)

// parser reads values. What is malformed is read on as well as can be: there
// is no reader that refuses it.
type parser struct {
	data    []byte
	pos     int
	nesting int
	kept    int
	escaped bool // names or strings were not written in the open
	cut     bool // a string was longer than is kept
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

// skip goes over white space and comments.
func (p *parser) skip() {
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '%':
			for p.pos < len(p.data) && p.data[p.pos] != '\n' && p.data[p.pos] != '\r' {
				p.pos++
			}
		case isSpace(c):
			p.pos++
		default:
			return
		}
	}
}

// value reads one. It returns false at the end of the data, and at a bracket
// that closes.
func (p *parser) value() (value, bool) {
	p.skip()
	if p.pos >= len(p.data) {
		return value{}, false
	}
	switch c := p.data[p.pos]; {
	case c == '/':
		return p.name(), true
	case c == '(':
		return p.literal(), true
	case c == '<' && p.at("<<"):
		p.pos += 2
		return p.list(dict, ">>"), true
	case c == '<':
		return p.hex(), true
	case c == '[':
		p.pos++
		return p.list(array, "]"), true
	case c == ']', c == '>', c == ')':
		return value{}, false
	case c == '{', c == '}':
		p.pos++
		return value{kind: keyword}, true
	}
	return p.numberOrWord(), true
}

func (p *parser) at(s string) bool {
	return len(p.data)-p.pos >= len(s) && string(p.data[p.pos:p.pos+len(s)]) == s
}

// list reads the values up to a closing bracket. Past the limits values are
// read and not kept.
func (p *parser) list(k kind, end string) value {
	v := value{kind: k}
	if p.nesting++; p.nesting > maxNesting {
		p.nesting--
		return v
	}
	defer func() { p.nesting-- }()
	for {
		item, ok := p.value()
		if !ok {
			if p.at(end) {
				p.pos += len(end)
			} else if p.pos < len(p.data) && k == array && p.data[p.pos] == ')' {
				p.pos++
				continue
			}
			break
		}
		if item.kind == keyword && isEnd(item.bytes) {
			p.pos -= len(item.bytes)
			break
		}
		if p.kept < maxValues {
			p.kept++
			v.items = append(v.items, item)
		}
	}
	if k == dict {
		v.items = pairs(v.items)
	}
	return v
}

func isEnd(word []byte) bool {
	switch string(word) {
	case "endobj", "stream", "endstream", "xref", "trailer":
		return true
	}
	return false
}

// pairs makes keys and values of what stands in a dict: what is no name where
// a key should be is left out.
func pairs(items []value) []value {
	out := items[:0]
	for i := 0; i+1 < len(items); {
		if items[i].kind != name {
			i++
			continue
		}
		out = append(out, items[i], items[i+1])
		i += 2
	}
	return out
}

func (p *parser) name() value {
	p.pos++
	start := p.pos
	for p.pos < len(p.data) && isRegular(p.data[p.pos]) {
		p.pos++
	}
	raw := p.data[start:p.pos]
	for i := range raw {
		if raw[i] == '#' {
			return value{kind: name, bytes: p.unescapeName(raw)}
		}
	}
	return value{kind: name, bytes: raw}
}

func (p *parser) unescapeName(raw []byte) []byte {
	var out []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) && hexDigit(raw[i+1]) >= 0 && hexDigit(raw[i+2]) >= 0 {
			out = append(out, byte(hexDigit(raw[i+1])<<4|hexDigit(raw[i+2])))
			i += 2
			p.escaped = true
			continue
		}
		out = append(out, raw[i])
	}
	return out
}

func hexDigit(c byte) int {
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

func (p *parser) numberOrWord() value {
	start := p.pos
	for p.pos < len(p.data) && isRegular(p.data[p.pos]) {
		p.pos++
	}
	word := p.data[start:p.pos]
	n, ok := integer(word)
	if !ok {
		if string(word) == "null" {
			return value{}
		}
		return value{kind: keyword, bytes: word}
	}
	if gen, end, ok := p.refTail(); ok {
		p.pos = end
		return value{kind: ref, num: n, gen: gen}
	}
	return value{kind: number, num: n}
}

// integer reads a number and leaves out what is behind a point.
func integer(b []byte) (n int64, ok bool) {
	negative := false
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			ok = true
			if n < 1<<52 {
				n = n*10 + int64(c-'0')
			}
		case c == '.' && (ok || len(b) > i+1):
			return sign(n, negative), true
		case (c == '-' || c == '+') && i == 0:
			negative = c == '-'
		default:
			return 0, false
		}
	}
	return sign(n, negative), ok
}

func sign(n int64, negative bool) int64 {
	if negative {
		return -n
	}
	return n
}

// refTail looks whether "G R" follows a number.
func (p *parser) refTail() (gen uint32, end int, ok bool) {
	i := p.pos
	for i < len(p.data) && isSpace(p.data[i]) && i-p.pos < maxGap {
		i++
	}
	start := i
	for i < len(p.data) && p.data[i] >= '0' && p.data[i] <= '9' && i-start < 6 {
		gen = gen*10 + uint32(p.data[i]-'0')
		i++
	}
	if i == start || i == p.pos {
		return 0, 0, false
	}
	gap := i
	for i < len(p.data) && isSpace(p.data[i]) && i-gap < maxGap {
		i++
	}
	if i == gap || i >= len(p.data) || p.data[i] != 'R' || i+1 < len(p.data) && isRegular(p.data[i+1]) {
		return 0, 0, false
	}
	return gen, i + 1, true
}

// maxGap is how much white space there may be within a reference or before
// "obj".
const maxGap = 32
