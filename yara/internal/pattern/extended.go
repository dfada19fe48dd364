package pattern

import "bytes"

// This file has what only YARA-X knows: groups with flags or names, the
// variants of \b, and (?u) for the dot.

// groupHead parses what follows an opening parenthesis and a question mark;
// done tells that the group ended with its flags.
func (p *reParser) groupHead() (done bool, err error) {
	start := p.pos
	p.pos++
	name := p.at(0) == 'P' && p.at(1) == '<' || p.at(0) == '<' && p.at(1) != '=' && p.at(1) != '!'
	if name {
		i := bytes.IndexByte(p.src[p.pos:], '>')
		if i < 0 {
			p.pos = start
			return false, p.fail("the group's name has no end")
		}
		p.pos += i + 1
		return false, nil
	}
	on := true
	for ; ; p.pos++ {
		switch c := p.at(0); {
		case c == ':' || c == ')':
			p.pos++
			return c == ')', nil
		case c == '-':
			on = false
		case !p.setFlag(c, on):
			return false, p.fail("unknown flag in a group")
		}
	}
}

func (p *reParser) setFlag(c byte, on bool) bool {
	switch c {
	case 'i':
		p.scope.nocase = on
	case 's':
		p.scope.dotAll = on
	case 'm':
		p.scope.multiLine = on
	case 'U':
		p.scope.swapGreed = on
	case 'u':
		p.scope.unicode = on
	case 'R': // line ends may be CR LF: always so here
	default:
		return false
	}
	return true
}

// wordAssertion parses \b and \B, and \b{start} and its kin when strict.
func (p *reParser) wordAssertion() (*Node, error) {
	if p.scope.unicode {
		return nil, p.fail("word boundaries are not supported with (?u)")
	}
	l := lookWord
	if p.at(1) == 'B' {
		l = lookNotWord
	}
	width := 2
	if p.strict && p.at(1) == 'b' && p.at(2) == '{' {
		i := bytes.IndexByte(p.src[p.pos:], '}')
		if i < 0 {
			return nil, p.fail("\\b{ without }")
		}
		var ok bool
		if l, ok = wordLook(string(p.src[p.pos+3 : p.pos+i])); !ok {
			return nil, p.fail("unknown word boundary")
		}
		width = i + 1
	}
	p.pos += width
	return assertNode(l), nil
}

func wordLook(name string) (look, bool) {
	switch name {
	case "start":
		return lookWordStart, true
	case "end":
		return lookWordEnd, true
	case "start-half":
		return lookWordStartHalf, true
	case "end-half":
		return lookWordEndHalf, true
	}
	return 0, false
}

// anyRune gives the pattern of one character in well-formed UTF-8 (Unicode
// 16, table 3-7).
func anyRune(dotAll bool) *Node {
	ascii := Set{}
	ascii.addRange(0, 0x7F)
	if !dotAll {
		lf := maskedSet('\n', 0xFF, true)
		for i := range ascii {
			ascii[i] &= lf[i]
		}
	}
	return alternate([]*Node{
		classNode(ascii),
		byteRanges(0xC2, 0xDF, 0x80, 0xBF),
		byteRanges(0xE0, 0xE0, 0xA0, 0xBF, 0x80, 0xBF),
		byteRanges(0xE1, 0xEC, 0x80, 0xBF, 0x80, 0xBF),
		byteRanges(0xED, 0xED, 0x80, 0x9F, 0x80, 0xBF),
		byteRanges(0xEE, 0xEF, 0x80, 0xBF, 0x80, 0xBF),
		byteRanges(0xF0, 0xF0, 0x90, 0xBF, 0x80, 0xBF, 0x80, 0xBF),
		byteRanges(0xF1, 0xF3, 0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF),
		byteRanges(0xF4, 0xF4, 0x80, 0x8F, 0x80, 0xBF, 0x80, 0xBF),
	})
}

// byteRanges gives one class after the other, from pairs of bounds.
func byteRanges(bounds ...byte) *Node {
	var nodes []*Node
	for i := 0; i < len(bounds); i += 2 {
		var s Set
		s.addRange(bounds[i], bounds[i+1])
		nodes = append(nodes, classNode(s))
	}
	return concat(nodes)
}
