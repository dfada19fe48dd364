package pattern

import "fmt"

// SyntaxError is what is wrong with a pattern and where.
type SyntaxError struct {
	Offset  int // in the source given to the parser
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.Message) }

const (
	// maxDepth limits nested parentheses.
	maxDepth = 200
	// maxJump is the largest bound of a jump.
	maxJump = 1<<31 - 1
	// maxNestedJump is the largest bound of a jump inside parentheses.
	maxNestedJump = 200
)

// ParseHex parses what stands between the braces of a hex string. Comments
// are allowed wherever blanks are. Bounds of jumps may be decimal, and
// hexadecimal (0x) or octal (0o) as in YARA-X. Jumps that follow one another
// are joined. The error is a *SyntaxError.
func ParseHex(src []byte) (*Node, error) {
	p := hexParser{src: src}
	n, err := p.sequence(0)
	if err != nil {
		return nil, err
	}
	if p.pos < len(src) {
		return nil, p.fail("unbalanced )")
	}
	return n, nil
}

type hexParser struct {
	src []byte
	pos int
}

func (p *hexParser) fail(format string, a ...any) error {
	return &SyntaxError{Offset: p.pos, Message: fmt.Sprintf(format, a...)}
}

func (p *hexParser) at(i int) byte {
	if p.pos+i < len(p.src) {
		return p.src[p.pos+i]
	}
	return 0
}

// sequence parses tokens up to the end, a bar or a closing parenthesis.
func (p *hexParser) sequence(depth int) (*Node, error) {
	var nodes []*Node
	for {
		if err := p.blank(); err != nil {
			return nil, err
		}
		c := p.at(0)
		if p.pos == len(p.src) || c == ')' || c == '|' && depth > 0 {
			break
		}
		jump := c == '['
		if jump && len(nodes) == 0 {
			return nil, p.fail("a jump cannot come first")
		}
		n, err := p.token(depth)
		if err != nil {
			return nil, err
		}
		if last := len(nodes) - 1; jump && isJump(nodes[last]) {
			nodes[last] = joinJumps(nodes[last], n, depth)
			continue
		}
		nodes = append(nodes, n)
	}
	if len(nodes) == 0 {
		return nil, p.fail("expected a byte")
	}
	if isJump(nodes[len(nodes)-1]) {
		return nil, p.fail("a jump cannot come last")
	}
	for i, n := range nodes {
		if isJump(n) && n.max == n.min && n.max <= 1 {
			nodes[i] = repeat(n.sub[0], n.min, n.max, true)
		}
	}
	return concat(nodes), nil
}

// isJump tells whether a token was a jump: bytes and groups are never lazy
// repetitions.
func isJump(n *Node) bool { return n.kind == kRepeat }

func jumpNode(min, max, depth int) *Node {
	n := &Node{kind: kRepeat, sub: []*Node{{kind: kAny}}, min: min, max: max, lazy: true}
	if depth == 0 {
		n.gap = gapHex
	}
	return n
}

func joinJumps(a, b *Node, depth int) *Node {
	if a.max == unbounded || b.max == unbounded {
		return jumpNode(a.min+b.min, unbounded, depth)
	}
	return jumpNode(a.min+b.min, a.max+b.max, depth)
}

func (p *hexParser) blank() error {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			p.pos++
		case c == '/' && p.at(1) == '/':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		case c == '/' && p.at(1) == '*':
			if !p.blockComment() {
				return p.fail("comment without end")
			}
		default:
			return nil
		}
	}
	return nil
}

func (p *hexParser) blockComment() bool {
	for i := p.pos + 2; i+1 < len(p.src); i++ {
		if p.src[i] == '*' && p.src[i+1] == '/' {
			p.pos = i + 2
			return true
		}
	}
	return false
}

func (p *hexParser) token(depth int) (*Node, error) {
	switch p.at(0) {
	case '[':
		return p.jump(depth)
	case '(':
		return p.group(depth)
	case '~':
		p.pos++
		n, err := p.maskedByte()
		if err == nil && n.kind == kAny {
			p.pos -= len("~??")
			return nil, p.fail("~?? can never match")
		}
		if err != nil {
			return nil, err
		}
		return negatedByte(n), nil
	}
	return p.maskedByte()
}

func negatedByte(n *Node) *Node {
	if n.kind == kLiteral {
		return &Node{kind: kMasked, val: n.lit[0], mask: 0xFF, not: true}
	}
	c := *n
	c.not = true
	return &c
}

// maskedByte parses two digits, each of which may be a question mark.
func (p *hexParser) maskedByte() (*Node, error) {
	var val, mask byte
	for i := range 2 {
		d, ok := hexDigit(p.at(i))
		val, mask = val<<4, mask<<4
		switch {
		case ok:
			val, mask = val|d, mask|0xF
		case p.at(i) == '?':
		case i == 1:
			return nil, p.fail("expected two hexadecimal digits or question marks")
		default:
			return nil, p.fail("unexpected %q", p.at(0))
		}
	}
	p.pos += 2
	switch mask {
	case 0xFF:
		return byteNode(val), nil
	case 0:
		return &Node{kind: kAny}, nil
	}
	return &Node{kind: kMasked, val: val, mask: mask}, nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

func (p *hexParser) group(depth int) (*Node, error) {
	open := p.pos
	if depth == maxDepth {
		return nil, p.fail("more than %d nested parentheses", maxDepth)
	}
	p.pos++
	var alts []*Node
	for {
		n, err := p.sequence(depth + 1)
		if err != nil {
			return nil, err
		}
		alts = append(alts, n)
		c := p.at(0)
		if p.pos == len(p.src) {
			p.pos = open
			return nil, p.fail("( without )")
		}
		p.pos++
		if c == ')' {
			return alternate(alts), nil
		}
	}
}

// jump parses [n], [n-m], [n-] or [-].
func (p *hexParser) jump(depth int) (*Node, error) {
	open := p.pos
	p.pos++
	lo, hasLo, err := p.bound()
	if err != nil {
		return nil, err
	}
	hi, hasHi, dash := lo, hasLo, p.at(0) == '-'
	if dash {
		p.pos++
		if hi, hasHi, err = p.bound(); err != nil {
			return nil, err
		}
	}
	if p.at(0) != ']' {
		return nil, p.fail("expected ] at the end of the jump")
	}
	if !hasHi {
		hi = unbounded
	}
	end := p.pos + 1
	p.pos = open
	if problem := jumpProblem(lo, hi, dash, depth); problem != "" {
		return nil, p.fail("%s", problem)
	}
	p.pos = end
	return jumpNode(lo, hi, depth), nil
}

func jumpProblem(lo, hi int, dash bool, depth int) string {
	switch {
	case !dash && hi == unbounded:
		return "empty jump"
	case !dash && lo == 0:
		return "a jump of zero bytes"
	case hi != unbounded && lo > hi:
		return "the jump's lower bound is above the upper one"
	case depth > 0 && hi == unbounded:
		return "unbounded jumps are not allowed inside parentheses"
	case depth > 0 && (lo > maxNestedJump || hi > maxNestedJump):
		return fmt.Sprintf("jumps over %d are not allowed inside parentheses", maxNestedJump)
	}
	return ""
}

// bound parses a number and the blanks around it; found is false when there
// is none.
func (p *hexParser) bound() (value int, found bool, err error) {
	if err := p.blank(); err != nil {
		return 0, false, err
	}
	base, start := 10, p.pos
	if p.at(0) == '0' && (p.at(1) == 'x' || p.at(1) == 'o') {
		base = map[byte]int{'x': 16, 'o': 8}[p.at(1)]
		p.pos += 2
		start = p.pos
	}
	for {
		d, ok := hexDigit(p.at(0))
		if !ok || int(d) >= base {
			break
		}
		if value = value*base + int(d); value > maxJump {
			return 0, false, p.fail("jump too large: the limit is %d", maxJump)
		}
		p.pos++
	}
	found = p.pos > start
	if base != 10 && !found {
		return 0, false, p.fail("expected a number")
	}
	return value, found, p.blank()
}
