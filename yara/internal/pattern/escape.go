package pattern

import "bytes"

// knownEscapes are the characters that YARA 4 does not warn about when they
// are escaped, other than those with a meaning of their own.
const knownEscapes = `\^$.|()[]*+?"'-{}#:_=/!,@<>~&%`

// escape parses a backslash and what belongs to it, outside of brackets.
func (p *reParser) escape() (*Node, error) {
	c := p.at(1)
	if s, ok := setEscape(c); ok {
		if p.scope.unicode {
			return nil, p.fail("\\%c is not supported with (?u)", c)
		}
		p.pos += 2
		return classNode(s), nil
	}
	if '0' <= c && c <= '9' {
		return nil, p.fail("backreferences are not allowed")
	}
	b, err := p.escapedByte(false)
	if err != nil {
		return nil, err
	}
	return p.char(b), nil
}

// setEscape gives the set of \w \W \s \S \d \D.
func setEscape(c byte) (s Set, ok bool) {
	switch c | 0x20 {
	case 'w':
		s = wordSet()
	case 's':
		s = spaceSet()
	case 'd':
		s = digitSet()
	default:
		return s, false
	}
	if c&0x20 == 0 {
		s = s.negated()
	}
	return s, true
}

// escapedByte parses a backslash and the one byte that it stands for.
func (p *reParser) escapedByte(inClass bool) (byte, error) {
	if p.pos+1 >= len(p.src) {
		return 0, p.fail("the pattern ends with a backslash")
	}
	c := p.src[p.pos+1]
	if c == 'x' {
		return p.hexEscape()
	}
	if v, ok := controlEscape(c, p.strict); ok {
		p.pos += 2
		return v, nil
	}
	if p.strict && !strictEscape(c, inClass) {
		return 0, p.fail("unknown escape sequence \\%c", c)
	}
	if bytes.IndexByte([]byte(knownEscapes), c) < 0 {
		p.traits.unknownEscape = true
	}
	p.pos += 2
	return c, nil
}

func controlEscape(c byte, strict bool) (byte, bool) {
	switch {
	case c == 'n':
		return '\n', true
	case c == 't':
		return '\t', true
	case c == 'r':
		return '\r', true
	case c == 'f':
		return '\f', true
	case c == 'a':
		return '\a', true
	case c == 'v' && strict: // a plain v in YARA 4
		return '\v', true
	}
	return 0, false
}

// strictEscape tells whether YARA-X lets a character be escaped that has no
// other meaning: ASCII, but no letter, digit or, in brackets, < and >.
func strictEscape(c byte, inClass bool) bool {
	if c >= 0x80 || isLetter(c) || '0' <= c && c <= '9' {
		return false
	}
	return !inClass || c != '<' && c != '>'
}

// hexEscape parses \xHH and, when strict, \x{H…}.
func (p *reParser) hexEscape() (byte, error) {
	if p.strict && p.at(2) == '{' {
		return p.bracedHex()
	}
	hi, ok1 := hexDigit(p.at(2))
	lo, ok2 := hexDigit(p.at(3))
	if !ok1 || !ok2 {
		return 0, p.fail("\\x needs two hexadecimal digits")
	}
	p.pos += 4
	return hi<<4 | lo, nil
}

func (p *reParser) bracedHex() (byte, error) {
	value, i := 0, 3
	for ; p.at(i) != '}'; i++ {
		d, ok := hexDigit(p.at(i))
		if value = value<<4 | int(d); !ok || value > 0xFF {
			return 0, p.fail("\\x{…} needs hexadecimal digits of at most FF")
		}
	}
	if i == 3 {
		return 0, p.fail("\\x{…} needs hexadecimal digits")
	}
	p.pos += i + 1
	return byte(value), nil
}

// class parses a set in brackets.
func (p *reParser) class() (*Node, error) {
	open := p.pos
	p.pos++
	if p.scope.unicode {
		return nil, p.fail("bracketed classes are not supported with (?u)")
	}
	var s Set
	negated := p.at(0) == '^'
	if negated {
		p.pos++
	}
	if p.at(0) == ']' { // stands for itself when it comes first
		p.pos++
		s.add(']')
	}
	for p.at(0) != ']' || p.end() {
		if p.end() {
			p.pos = open
			return nil, p.fail("missing terminating ] for character class")
		}
		if err := p.classItem(&s); err != nil {
			return nil, err
		}
	}
	p.pos++
	if p.scope.nocase {
		s = s.folded()
	}
	if negated {
		s = s.negated()
	}
	return classNode(s), nil
}

// classItem parses one byte, range or \w-like set inside brackets.
func (p *reParser) classItem(s *Set) error {
	if p.at(0) == '\\' && !p.rangeFollows(p.escapeWidth()) {
		if set, ok := setEscape(p.at(1)); ok {
			p.pos += 2
			s.union(set)
			return nil
		}
	}
	at, plain := p.pos, p.at(0) != '\\'
	lo, err := p.classByte()
	if err != nil {
		return err
	}
	if !p.rangeFollows(0) {
		if plain && (lo < ' ' || lo > '~') && !p.strict {
			p.pos = at
			return p.fail("character that is not printable ASCII in a character class; write it as \\x%02x", lo)
		}
		s.add(lo)
		return nil
	}
	p.pos++
	hi, err := p.classByte()
	if err != nil {
		return err
	}
	if hi < lo {
		p.pos = at
		return p.fail("bad character range: the first character is above the last one")
	}
	s.addRange(lo, hi)
	return nil
}

// rangeFollows tells whether a - with an upper bound stands i bytes on: a -
// before the closing bracket stands for itself.
func (p *reParser) rangeFollows(i int) bool {
	return p.at(i) == '-' && p.pos+i+1 < len(p.src) && p.at(i+1) != ']'
}

func (p *reParser) escapeWidth() int {
	if p.at(1) == 'x' {
		return 4
	}
	return 2
}

// classByte parses one byte inside brackets. A letter such as w may be the
// bound of a range even when escaped: YARA 4 then takes it for the letter.
func (p *reParser) classByte() (byte, error) {
	if p.at(0) == '\\' {
		return p.escapedByte(true)
	}
	c := p.at(0)
	p.pos++
	return c, nil
}
