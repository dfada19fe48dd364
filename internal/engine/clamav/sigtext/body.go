package sigtext

import (
	"strconv"
	"strings"
)

type nodeKind uint8

const (
	byteNode nodeKind = iota // value under mask
	gapNode                  // min to max bytes
	setNode                  // one byte of set
	altNode                  // one of alts
)

// node is one element of a body.
type node struct {
	kind        nodeKind
	value, mask byte
	min, max    int      // max < 0: any number
	set         *byteSet // large, and seldom there
	alts        [][]node
}

// edge is a condition on the byte beside a body: 'B', 'L', 'W', or 0: none.
type edge struct {
	kind byte
	not  bool
}

// body is a parsed body signature.
type body struct {
	nodes       []node
	left, right edge
}

// The limits of one body.
const (
	maxNest   = 15
	maxGap    = 1 << 30
	maxSquare = 32 // of [n-m]
)

// parser reads the text of a body.
type parser struct {
	text string
	pos  int
	body body
}

// parseBody parses hexadecimal text with wildcards.
func parseBody(text string) (*body, error) {
	p := &parser{text: text}
	nodes, err := p.sequence(0)
	if err != nil {
		return nil, err
	}
	if p.pos < len(text) {
		return nil, malformed("body: unexpected %q", text[p.pos])
	}
	p.body.nodes = mergeGaps(nodes)
	return &p.body, p.body.check()
}

// check refuses bodies that begin or end with a gap of no fixed length, and
// those without anything to look for.
func (b *body) check() error {
	n := len(b.nodes)
	if n == 0 {
		return malformed("body: nothing to look for")
	}
	for _, end := range []node{b.nodes[0], b.nodes[n-1]} {
		if end.kind == gapNode && (end.min != end.max || end.min > 256) {
			return malformed("body: begins or ends with a gap")
		}
	}
	for _, x := range b.nodes {
		if x.kind != gapNode && !(x.kind == byteNode && x.mask == 0) {
			return nil
		}
	}
	return malformed("body: only wildcards")
}

// mergeGaps makes one gap of neighbours, and of wildcards beside a gap none:
// those stay bytes.
func mergeGaps(nodes []node) []node {
	var out []node
	for _, x := range nodes {
		if last := len(out) - 1; x.kind == gapNode && last >= 0 && out[last].kind == gapNode {
			g := &out[last]
			g.min = min(g.min+x.min, maxGap)
			if g.max < 0 || x.max < 0 {
				g.max = -1
			} else {
				g.max = min(g.max+x.max, maxGap)
			}
			continue
		}
		out = append(out, x)
	}
	return out
}

// sequence parses up to the end, a bar or a closing parenthesis.
func (p *parser) sequence(depth int) ([]node, error) {
	var nodes []node
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case '|', ')':
			return nodes, nil
		case '*', '{', '[':
			if depth > 0 {
				return nil, malformed("body: a gap inside of alternatives")
			}
			g, err := p.gap()
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, g)
		case '!', '(':
			n, err := p.group(depth, len(nodes) == 0)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n...)
		default:
			n, err := p.pair()
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

// pair parses two digits or question marks.
func (p *parser) pair() (node, error) {
	if p.pos+2 > len(p.text) {
		return node{}, malformed("body: half a byte at the end")
	}
	n := node{kind: byteNode}
	for i := range 2 {
		shift := uint(4 - 4*i)
		c := p.text[p.pos+i]
		if c == '?' {
			continue
		}
		d, ok := digit(c)
		if !ok {
			return node{}, malformed("body: unexpected %q", c)
		}
		n.value |= d << shift
		n.mask |= 0xf << shift
	}
	p.pos += 2
	return n, nil
}

func digit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|32 >= 'a' && c|32 <= 'f':
		return c | 32 - 'a' + 10, true
	}
	return 0, false
}

// gap parses *, {n}, {n-}, {-n}, {n-m} and [n-m].
func (p *parser) gap() (node, error) {
	open := p.text[p.pos]
	p.pos++
	if open == '*' {
		return node{kind: gapNode, max: -1}, nil
	}
	end := strings.IndexByte(p.text[p.pos:], map[byte]byte{'{': '}', '[': ']'}[open])
	if end < 0 {
		return node{}, malformed("body: %q is not closed", open)
	}
	text := p.text[p.pos : p.pos+end]
	p.pos += end + 1
	low, high, err := bounds(text)
	if err != nil {
		return node{}, err
	}
	if open == '[' && (high < 0 || high > maxSquare) {
		return node{}, malformed("body: [%s] is more than %d", text, maxSquare)
	}
	return node{kind: gapNode, min: low, max: high}, nil
}

// bounds parses n, n-, -n and n-m.
func bounds(text string) (low, high int, err error) {
	a, b, ranged := strings.Cut(text, "-")
	number := func(s string, empty int) int {
		if s == "" && ranged {
			return empty
		}
		v, bad := strconv.ParseUint(s, 10, 30)
		if bad != nil {
			err = malformed("body: a gap of %q", text)
		}
		return int(v)
	}
	low = number(a, 0)
	high = low
	if ranged {
		high = number(b, -1)
	}
	if err == nil && (text == "-" || high >= 0 && high < low) {
		err = malformed("body: a gap of %q", text)
	}
	return low, high, err
}

// group parses (aa|bb), !(aa|bb), and (B), (L), (W), which at an end of the
// body look at the byte beside it and elsewhere stand for one.
func (p *parser) group(depth int, first bool) ([]node, error) {
	not := p.text[p.pos] == '!'
	if not {
		p.pos++
	}
	if p.pos >= len(p.text) || p.text[p.pos] != '(' || depth >= maxNest {
		return nil, malformed("body: a group is not opened, or nested too deep")
	}
	p.pos++
	if rest := p.text[p.pos:]; len(rest) > 1 && rest[1] == ')' && strings.IndexByte("BLW", rest[0]) >= 0 {
		p.pos += 2
		return p.special(rest[0], not, depth, first)
	}
	var alts [][]node
	for {
		alt, err := p.sequence(depth + 1)
		if err != nil {
			return nil, err
		}
		if len(alt) == 0 || p.pos >= len(p.text) {
			return nil, malformed("body: an empty alternative or an open group")
		}
		alts = append(alts, alt)
		p.pos++
		if p.text[p.pos-1] == ')' {
			break
		}
	}
	if not {
		n, err := negate(alts)
		return []node{n}, err
	}
	return []node{{kind: altNode, alts: alts}}, nil
}

func (p *parser) special(kind byte, not bool, depth int, first bool) ([]node, error) {
	switch {
	case depth > 0:
		return nil, malformed("body: (%c) inside of alternatives", kind)
	case p.pos == len(p.text):
		p.body.right = edge{kind, not}
		return nil, nil
	case first:
		p.body.left = edge{kind, not}
		return nil, nil
	case kind == 'L' && !not:
		return []node{{kind: altNode, alts: [][]node{literal("\n"), literal("\r\n")}}}, nil
	}
	set := specialSet(kind)
	if not {
		set = set.complement()
	}
	return []node{{kind: setNode, set: &set}}, nil
}

func literal(text string) []node {
	var out []node
	for _, c := range []byte(text) {
		out = append(out, node{kind: byteNode, value: c, mask: 0xff})
	}
	return out
}
