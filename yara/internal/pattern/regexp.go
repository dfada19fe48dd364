package pattern

import "fmt"

// Flags are the letters after a regular expression's closing slash, merged
// with the modifiers of the string.
type Flags struct {
	NoCase bool // i, nocase: ASCII letters match in either case
	DotAll bool // s: the dot also matches a line feed
}

// ParseRegexp parses what stands between the slashes of a regular expression.
//
// Without strict it takes what YARA 4 takes: any character may be escaped, a
// brace that starts no repetition stands for itself, repetitions go up to
// 32767 and cannot be repeated, groups and first alternatives cannot be empty.
// With strict it takes the syntax of YARA-X: unknown escapes are errors,
// literal opening braces must be escaped, and (?flags), (?:…), named groups,
// \A, \z, \v, \x{…} and \b{start} and its kin mean what they mean there.
//
// The error is a *SyntaxError.
func ParseRegexp(src []byte, f Flags, strict bool) (*Node, error) {
	p := reParser{src: src, strict: strict}
	p.scope = scope{nocase: f.NoCase, dotAll: f.DotAll}
	n, err := p.alternatives(0)
	if err != nil {
		return nil, err
	}
	if p.pos < len(src) {
		return nil, p.fail("unbalanced )")
	}
	return n.with(p.traits), nil
}

// scope is what (?flags) changes up to the end of the group.
type scope struct {
	nocase, dotAll bool
	multiLine      bool
	swapGreed      bool
	unicode        bool
}

type reParser struct {
	src    []byte
	pos    int
	strict bool
	scope  scope
	traits traits
}

func (p *reParser) fail(format string, a ...any) error {
	return &SyntaxError{Offset: p.pos, Message: fmt.Sprintf(format, a...)}
}

func (p *reParser) end() bool { return p.pos >= len(p.src) }

// at gives the byte i places on; 0 past the end. Callers that treat 0 as a
// byte of the pattern check end first.
func (p *reParser) at(i int) byte {
	if p.pos+i < len(p.src) {
		return p.src[p.pos+i]
	}
	return 0
}

// alternatives parses up to the end or a closing parenthesis.
func (p *reParser) alternatives(depth int) (*Node, error) {
	var alts []*Node
	for {
		n, err := p.sequence(depth)
		if err != nil {
			return nil, err
		}
		if n == nil {
			if len(alts) == 0 && !p.strict {
				return nil, p.missing()
			}
			n = emptyNode()
		}
		alts = append(alts, n)
		if p.end() || p.at(0) == ')' {
			return alternate(alts), nil
		}
		p.pos++ // the bar
	}
}

func (p *reParser) missing() error {
	if p.end() {
		return p.fail("unexpected end: expected a character or a group")
	}
	return p.fail("expected a character or a group before %q", p.at(0))
}

// sequence parses one alternative; nil means an empty one.
func (p *reParser) sequence(depth int) (*Node, error) {
	var nodes []*Node
	for !p.end() && p.at(0) != '|' && p.at(0) != ')' {
		n, err := p.item(depth)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	if nodes == nil {
		return nil, nil
	}
	return concat(nodes), nil
}

// item parses one thing and the quantifiers behind it.
func (p *reParser) item(depth int) (*Node, error) {
	n, err := p.assertion()
	if err != nil {
		return nil, err
	}
	quantifiers := 1
	if n != nil && !p.strict {
		quantifiers = 0 // YARA 4 repeats no assertions, and nothing twice
	}
	if n == nil {
		if n, err = p.single(depth); err != nil {
			return nil, err
		}
	}
	for quantifiers > 0 {
		q, ok, err := p.quantifier()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		n = p.repeated(n, q, depth)
		if !p.strict {
			quantifiers--
		}
	}
	return n, nil
}

type quantifier struct {
	min, max int
	lazy     bool
	bounds   bool // written {n,m}
}

func (p *reParser) repeated(n *Node, q quantifier, depth int) *Node {
	p.traits.greedy = p.traits.greedy || !q.lazy
	p.traits.lazy = p.traits.lazy || q.lazy
	r := repeat(n, q.min, q.max, q.lazy)
	if r.kind == kRepeat && q.lazy && q.bounds && depth == 0 && n.anyByte() {
		r.gap = gapRegexp // but not for .*? and .+? which YARA never cuts at
	}
	return r
}

// assertion parses a condition on the place; nil means that there is none.
func (p *reParser) assertion() (*Node, error) {
	var l look
	width := 1
	switch c, next := p.at(0), p.at(1); {
	case c == '^':
		l = lookStart
		if p.scope.multiLine {
			l = lookLineStart
		}
	case c == '$':
		l = lookEnd
		if p.scope.multiLine {
			l = lookLineEnd
		} else if p.strict {
			l = lookPairEnd
		}
	case c != '\\':
		return nil, nil
	case next == 'b' || next == 'B':
		return p.wordAssertion()
	case p.strict && next == 'A':
		l, width = lookStart, 2
	case p.strict && next == 'z':
		l, width = lookPairEnd, 2
	default:
		return nil, nil
	}
	p.pos += width
	return assertNode(l), nil
}

// quantifier parses *, +, ?, {…} and the ? that makes them lazy.
func (p *reParser) quantifier() (q quantifier, ok bool, err error) {
	switch p.at(0) {
	case '*':
		q = quantifier{min: 0, max: unbounded}
	case '+':
		q = quantifier{min: 1, max: unbounded}
	case '?':
		q = quantifier{min: 0, max: 1}
	case '{':
		if q, ok, err = p.braces(); !ok || err != nil {
			return q, false, err
		}
		q.bounds = true
		p.pos-- // the closing brace is stepped over below, as the others are
	default:
		return q, false, nil
	}
	p.pos++
	q.lazy = p.scope.swapGreed
	if p.at(0) == '?' {
		p.pos++
		q.lazy = !q.lazy
	}
	return q, true, nil
}

// braces parses {n}, {n,}, {,m}, {n,m} and {,}; blanks are allowed around the
// comma only. Anything else is no repetition.
func (p *reParser) braces() (q quantifier, ok bool, err error) {
	i := 1
	lo, hasLo := p.number(&i)
	q = quantifier{min: lo, max: lo}
	comma := i
	p.skipBlanks(&comma)
	if p.at(comma) == ',' {
		i = comma + 1
		p.skipBlanks(&i)
		hi, hasHi := p.number(&i)
		if q.max = hi; !hasHi {
			q.max = unbounded
		}
	} else if !hasLo {
		return q, false, nil
	}
	if p.at(i) != '}' {
		return q, false, nil
	}
	switch {
	case q.min > maxRepeat || q.max > maxRepeat:
		return q, false, p.fail("repeat interval too large: the limit is %d", maxRepeat)
	case q.max != unbounded && q.min > q.max:
		return q, false, p.fail("bad repeat interval: the lower bound is above the upper one")
	case q.max == maxRepeat && q.min < maxRepeat:
		q.max = unbounded // the two are the same to YARA
	}
	p.pos += i + 1
	return q, true, nil
}

func (p *reParser) skipBlanks(i *int) {
	for p.at(*i) == ' ' {
		*i++
	}
}

// number parses digits, saturating above every limit.
func (p *reParser) number(i *int) (value int, found bool) {
	for ; '0' <= p.at(*i) && p.at(*i) <= '9'; *i++ {
		value = min(value*10+int(p.at(*i)-'0'), maxJump)
		found = true
	}
	return value, found
}

// single parses what a quantifier can stand behind.
func (p *reParser) single(depth int) (*Node, error) {
	switch c := p.at(0); c {
	case '(':
		return p.group(depth)
	case '[':
		return p.class()
	case '.':
		p.pos++
		return p.dot(), nil
	case '\\':
		return p.escape()
	case '*', '+', '?':
		return nil, p.fail("nothing to repeat before %q", c)
	case '{':
		at := p.pos
		_, ok, err := p.braces()
		if err != nil {
			return nil, err
		}
		if p.pos = at; ok || p.strict {
			return nil, p.fail("nothing to repeat before '{'; write \\{ for a brace")
		}
	}
	c := p.at(0)
	p.pos++
	return p.char(c), nil
}

func (p *reParser) char(c byte) *Node {
	return &Node{kind: kLiteral, lit: []byte{c}, fold: p.scope.nocase}
}

func (p *reParser) dot() *Node {
	switch {
	case p.scope.unicode:
		return anyRune(p.scope.dotAll)
	case p.scope.dotAll:
		return &Node{kind: kAny}
	}
	return &Node{kind: kNotLF}
}

func (p *reParser) group(depth int) (*Node, error) {
	open, outer := p.pos, p.scope
	if depth == maxDepth {
		return nil, p.fail("more than %d nested groups", maxDepth)
	}
	p.pos++
	if p.strict && p.at(0) == '?' {
		done, err := p.groupHead()
		if err != nil {
			return nil, err
		}
		if done { // (?flags) holds up to the end of the group around it
			return emptyNode(), nil
		}
	}
	n, err := p.alternatives(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.end() {
		p.pos = open
		return nil, p.fail("( without )")
	}
	p.pos++
	p.scope = outer
	return n, nil
}
