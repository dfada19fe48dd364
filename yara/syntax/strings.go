package syntax

import (
	"bytes"
	"fmt"
)

func (p *parser) stringsSection(r *Rule) {
	p.expect(tkColon, `":"`)
	if p.tok.kind != tkStringID {
		p.unexpected("a string such as $a")
	}
	defined := map[string]int{}
	for p.tok.kind == tkStringID {
		s := p.stringDefinition()
		if line := defined[s.Name]; line > 0 {
			p.report(s.Pos, fmt.Sprintf("string $%s defined twice, first in line %d", s.Name, line))
		}
		if s.Name != "" {
			defined[s.Name] = s.Pos.Line
		}
		r.Strings = append(r.Strings, s)
	}
}

func (p *parser) stringDefinition() *String {
	id := p.next()
	s := &String{Pos: id.pos, Name: string(p.source(id)[1:])}
	p.expect(tkAssign, `"="`)
	switch p.tok.kind {
	case tkText:
		s.Kind = Text
		raw, _ := p.inside(p.tok)
		s.Value, s.ValuePos = p.text("")
		if len(raw) == 0 {
			p.report(id.pos, fmt.Sprintf("string $%s is empty, expected at least one byte", s.Name))
		}
	case tkRegexp:
		p.regexpString(s)
	case tkLBrace:
		p.hexString(s)
	default:
		p.unexpected("a text, a hex string or a regular expression")
	}
	p.modifiers(s)
	return s
}

func (p *parser) regexpString(s *String) {
	s.Kind = Regexp
	t := p.next()
	var flags []byte
	s.Value, flags = p.splitRegexp(t)
	s.ValuePos = Pos{t.pos.Line, t.pos.Col + 1}
	s.CaseInsensitive = bytes.IndexByte(flags, 'i') >= 0
	s.DotAll = bytes.IndexByte(flags, 's') >= 0
}

// splitRegexp gives the source and the flags of a tkRegexp.
func (p *parser) splitRegexp(t token) (source, flags []byte) {
	b := p.source(t)
	end := bytes.LastIndexByte(b, '/')
	return bytes.Clone(b[1:end]), b[end+1:]
}

// hexString reads what stands between the braces as it is. The token in hand
// is the opening brace.
func (p *parser) hexString(s *String) {
	s.Kind = Hex
	brace := p.tok
	s.ValuePos = Pos{brace.pos.Line, brace.pos.Col + 1}
	switch p.lex.hex() {
	case hexGood:
		s.Value = bytes.Clone(p.lex.src[brace.end : p.lex.off-1])
		p.next()
	case hexEmpty:
		p.next()
		p.report(s.Pos, fmt.Sprintf("hex string $%s is empty, expected at least one byte", s.Name))
	case hexOpen:
		p.fail(brace.pos, `unterminated hex string, expected a closing "}"`)
	case hexByte:
		p.before = p.lex
		p.tok = p.lex.next()
		if p.tok.flaw != flawNone {
			p.tok.end = p.tok.start + 1
		}
		p.fail(p.tok.pos, "unexpected "+p.describe(p.tok)+
			` in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`)
	}
}

// hexEnd is how the reading of a hex string ended.
type hexEnd uint8

const (
	hexGood  hexEnd = iota // past the closing brace
	hexEmpty               // the same, without a byte inside
	hexOpen                // at the end of the source
	hexByte                // at a byte that no hex string holds
)

// hex reads up to the closing brace of a hex string, or to what is wrong in it.
func (l *lexer) hex() hexEnd {
	end := hexEmpty
	jump := false
	for l.off < len(l.src) {
		if t, ok := l.space(); !ok {
			l.off = t.end
			return hexOpen
		}
		switch c := l.at(0); {
		case l.off == len(l.src):
			return hexOpen
		case c == '}':
			l.off++
			return end
		case isHex(c) || c == '?':
			end = hexGood
		case c == '[' || c == ']':
			jump = c == '['
		case !isHexMark(c) && !(jump && c == 'x'):
			l.wordStart()
			return hexByte
		}
		l.off++
	}
	return hexOpen
}

// wordStart goes back to where the word at off begins, so that a message shows
// `condition` and not its first letter that is no hex digit.
func (l *lexer) wordStart() {
	if !isLetter(l.at(0)) {
		return
	}
	for isLetter(l.src[l.off-1]) {
		l.off--
	}
}

func isHexMark(c byte) bool {
	return c == '(' || c == ')' || c == '|' || c == '-' || c == '~'
}
