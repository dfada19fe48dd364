package syntax

import "fmt"

// modifiers reads the keywords behind a string.
func (p *parser) modifiers(s *String) {
	m := &s.Mods
	for {
		t := p.tok
		field := m.field(t.kind)
		if field == nil {
			break
		}
		p.next()
		word := spelling[t.kind]
		switch {
		case !allowed(s.Kind, t.kind):
			p.report(t.pos, fmt.Sprintf("unexpected modifier %q, expected %s", word, allowedText[s.Kind]))
		case *field:
			p.report(t.pos, fmt.Sprintf("modifier %q given twice", word))
		}
		*field = true
		if m.Pos == nil {
			m.Pos = map[string]Pos{}
		}
		m.Pos[word] = t.pos
		p.modifierArgument(m, t.kind)
	}
	if s.Kind == Text {
		p.combinations(m)
	}
}

// field gives the place of a modifier, nil for any other token.
func (m *Modifiers) field(k kind) *bool {
	switch k {
	case tkASCII:
		return &m.ASCII
	case tkWide:
		return &m.Wide
	case tkNocase:
		return &m.NoCase
	case tkFullword:
		return &m.FullWord
	case tkPrivate:
		return &m.Private
	case tkXor:
		return &m.Xor
	case tkBase64:
		return &m.Base64
	case tkBase64Wide:
		return &m.Base64Wide
	}
	return nil
}

// allowedText names the modifiers that each kind of string takes.
var allowedText = [...]string{
	Text:   "",
	Hex:    `"private" or none behind a hex string`,
	Regexp: `"ascii", "wide", "nocase", "fullword" or "private" behind a regular expression`,
}

func allowed(s StringKind, k kind) bool {
	switch s {
	case Hex:
		return k == tkPrivate
	case Regexp:
		return k != tkXor && k != tkBase64 && k != tkBase64Wide
	}
	return true
}

func (p *parser) modifierArgument(m *Modifiers, k kind) {
	switch k {
	case tkXor:
		m.XorMin, m.XorMax = 0, 255
		if p.accept(tkLParen) {
			p.xorRange(m)
			p.expect(tkRParen, `")"`)
		}
	case tkBase64:
		m.Base64Alphabet = p.alphabet()
	case tkBase64Wide:
		m.Base64WideAlphabet = p.alphabet()
	}
}

// xorRange reads `5` or `1-0xff`.
func (p *parser) xorRange(m *Modifiers) {
	at := p.tok.pos
	low, okLow := p.xorKey()
	high, okHigh := low, okLow
	if p.accept(tkMinus) {
		high, okHigh = p.xorKey()
	}
	m.XorMin, m.XorMax = low, high
	if okLow && okHigh && low > high {
		p.report(at, fmt.Sprintf("xor range runs backwards from %d to %d", low, high))
	}
}

func (p *parser) xorKey() (byte, bool) {
	if p.tok.kind != tkInt {
		p.unexpected("a key from 0 to 255")
		return 0, false
	}
	t := p.tok
	v := p.integer()
	if v > 255 {
		p.report(t.pos, fmt.Sprintf("xor key %s out of range, expected 0 to 255", shown(p.source(t))))
		return 0, false
	}
	return byte(v), true
}

// alphabet reads the optional alphabet of base64.
func (p *parser) alphabet() string {
	if !p.accept(tkLParen) {
		return ""
	}
	at := p.tok.pos
	text, _ := p.text("an alphabet between quotes")
	p.expect(tkRParen, `")"`)
	if len(text) != 64 {
		p.report(at, fmt.Sprintf("base64 alphabet of %d bytes, expected 64", len(text)))
		return ""
	}
	var seen [256]bool
	for _, c := range text {
		if seen[c] {
			p.report(at, fmt.Sprintf("base64 alphabet has %s twice, expected 64 different bytes", quoted([]byte{c})))
			break
		}
		seen[c] = true
	}
	return string(text)
}

// combinations refuses modifiers that exclude each other.
func (p *parser) combinations(m *Modifiers) {
	for _, c := range []struct {
		a, b         bool
		first, other kind
	}{
		{m.Xor, m.NoCase, tkXor, tkNocase},
		{m.Base64, m.NoCase, tkBase64, tkNocase},
		{m.Base64Wide, m.NoCase, tkBase64Wide, tkNocase},
		{m.Base64, m.FullWord, tkBase64, tkFullword},
		{m.Base64Wide, m.FullWord, tkBase64Wide, tkFullword},
		{m.Base64, m.Xor, tkBase64, tkXor},
		{m.Base64Wide, m.Xor, tkBase64Wide, tkXor},
	} {
		if c.a && c.b {
			a, b := spelling[c.first], spelling[c.other]
			p.report(later(m.Pos[a], m.Pos[b]), fmt.Sprintf("modifiers %q and %q exclude each other", a, b))
		}
	}
	if m.Base64 && m.Base64Wide && !sameAlphabet(m.Base64Alphabet, m.Base64WideAlphabet) {
		p.report(later(m.Pos["base64"], m.Pos["base64wide"]),
			`modifiers "base64" and "base64wide" have different alphabets, expected the same`)
	}
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func sameAlphabet(a, b string) bool {
	if a == "" {
		a = base64Alphabet
	}
	if b == "" {
		b = base64Alphabet
	}
	return a == b
}

func later(a, b Pos) Pos {
	if a.Line > b.Line || a.Line == b.Line && a.Col > b.Col {
		return a
	}
	return b
}
