package authenticode

import "strconv"

// Tags as they stand in the first byte.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagBitString   = 0x03
	tagOctetString = 0x04
	tagOID         = 0x06
	tagUTCTime     = 0x17
	tagTime        = 0x18
	tagSequence    = 0x30
	tagSet         = 0x31
	tagContext0    = 0xa0 // constructed
	tagContext1    = 0xa1
	tagContext3    = 0xa3
	tagPrimitive0  = 0x80
	tagPrimitive1  = 0x81
	tagPrimitive2  = 0x82
	maxLength      = 1 << 30
)

// element is one value: its tag, its contents and all of it with the header.
type element struct {
	tag  byte
	body []byte
	raw  []byte
}

// next takes the first element off in. It is not ok for what is not whole and
// for tags of more than one byte, which none of the formats here have.
func next(in []byte) (e element, rest []byte, ok bool) {
	if len(in) < 2 || in[0]&0x1f == 0x1f {
		return e, in, false
	}
	size, head := int(in[1]), 2
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 8 || len(in) < 2+n {
			return e, in, false
		}
		size, head = 0, 2+n
		for _, b := range in[2 : 2+n] {
			if size = size<<8 | int(b); size > maxLength {
				return e, in, false
			}
		}
	}
	if size > len(in)-head {
		return e, in, false
	}
	return element{in[0], in[head : head+size], in[:head+size]}, in[head+size:], true
}

// reader takes elements off a sequence's contents, one expected tag after the
// other. After a miss bad stays set and nothing more is read.
type reader struct {
	rest []byte
	bad  bool
}

// take reads the next element, which must have this tag.
func (r *reader) take(tag byte) element {
	e, rest, ok := next(r.rest)
	if r.bad || !ok || e.tag != tag {
		r.bad = true
		return element{}
	}
	r.rest = rest
	return e
}

// any reads the next element whatever it is.
func (r *reader) any() element {
	e, rest, ok := next(r.rest)
	if r.bad || !ok {
		r.bad = true
		return element{}
	}
	r.rest = rest
	return e
}

// maybe reads the next element if it has this tag.
func (r *reader) maybe(tag byte) (element, bool) {
	e, rest, ok := next(r.rest)
	if r.bad || !ok || e.tag != tag {
		return element{}, false
	}
	r.rest = rest
	return e, true
}

// inside reads the next element, a sequence, and gives a reader of its contents.
func (r *reader) inside(tag byte) *reader {
	e := r.take(tag)
	return &reader{rest: e.body, bad: r.bad}
}

// end notes as bad whatever is left over.
func (r *reader) end() { r.bad = r.bad || len(r.rest) > 0 }

// oid reads an object identifier.
func (r *reader) oid() string {
	id := dotted(r.take(tagOID).body)
	r.bad = r.bad || id == ""
	return id
}

// bits reads a bit string; the first byte says how many bits at the end do not
// count.
func (r *reader) bits() []byte {
	b := r.take(tagBitString).body
	r.bad = r.bad || len(b) == 0 || b[0] > 7
	return b
}

// more reports whether there is another element.
func (r *reader) more() bool { return !r.bad && len(r.rest) > 0 }

// algorithm reads an AlgorithmIdentifier: the identifier and its parameters.
func (r *reader) algorithm() (oid string, parameters element) {
	in := r.inside(tagSequence)
	oid = in.oid()
	if in.more() {
		parameters = in.any()
	}
	in.end()
	r.bad = r.bad || in.bad
	return oid, parameters
}

const maxOIDBytes = 64

// dotted writes an object identifier as 1.2.840; it is empty for a broken one.
func dotted(b []byte) string {
	if len(b) == 0 || len(b) > maxOIDBytes {
		return ""
	}
	var out []byte
	var v uint64
	for i, c := range b {
		if v > 1<<56 || v == 0 && c == 0x80 {
			return ""
		}
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			if i == len(b)-1 {
				return ""
			}
			continue
		}
		if out == nil {
			first := min(v/40, 2)
			out = strconv.AppendUint(out, first, 10)
			v -= 40 * first
		}
		out = strconv.AppendUint(append(out, '.'), v, 10)
		v = 0
	}
	return string(out)
}
