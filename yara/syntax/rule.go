package syntax

import (
	"fmt"
	"strconv"
)

// ruleItem reads a rule from its first modifier to its closing brace.
func (p *parser) ruleItem() Item {
	r := &Rule{}
	r.Source.Start = p.tok.start
	p.ruleModifiers(r)
	p.expect(tkRule, `"rule"`)
	name, _ := p.expect(tkIdent, "a rule name")
	r.Pos, r.Name = name.pos, string(p.source(name))
	p.rule = r.Name
	p.tags(r)
	if len(r.Tags) > 0 {
		p.expect(tkLBrace, `another tag or "{"`)
	} else {
		p.expect(tkLBrace, `":" or "{"`)
	}
	next := `"meta", "strings" or "condition"`
	if p.accept(tkMeta) {
		p.metaSection(r)
		next = `another metadata name, "strings" or "condition"`
	}
	if p.accept(tkStrings) {
		p.stringsSection(r)
		next = `a modifier, another string or "condition"`
	}
	p.expect(tkCondition, next)
	p.expect(tkColon, `":"`)
	r.Condition = p.expr().x
	end, _ := p.expect(tkRBrace, `an operator or "}"`)
	r.Source.End = end.end
	return r
}

func (p *parser) ruleModifiers(r *Rule) {
	for {
		field := &r.Private
		switch p.tok.kind {
		case tkPrivate:
		case tkGlobal:
			field = &r.Global
		default:
			return
		}
		if *field && p.opts.YARAX {
			p.report(p.tok.pos, "modifier "+p.describe(p.tok)+" given twice")
		}
		*field = true
		p.next()
	}
}

func (p *parser) tags(r *Rule) {
	if !p.accept(tkColon) {
		return
	}
	seen := map[string]bool{}
	for p.tok.kind == tkIdent {
		t := p.next()
		name := string(p.source(t))
		if seen[name] {
			p.report(t.pos, fmt.Sprintf("tag %q given twice", name))
			continue
		}
		seen[name] = true
		r.Tags = append(r.Tags, Ident{Pos: t.pos, Name: name})
	}
	if len(r.Tags) == 0 {
		p.unexpected("a tag")
	}
}

func (p *parser) metaSection(r *Rule) {
	p.expect(tkColon, `":"`)
	if p.tok.kind != tkIdent {
		p.unexpected("a metadata name")
	}
	for p.tok.kind == tkIdent {
		key := p.next()
		m := Meta{Pos: key.pos, Key: string(p.source(key))}
		p.expect(tkAssign, `"="`)
		p.metaValue(&m)
		r.Meta = append(r.Meta, m)
	}
}

func (p *parser) metaValue(m *Meta) {
	switch p.tok.kind {
	case tkTrue, tkFalse:
		m.Kind = MetaBool
		m.Bool = p.next().kind == tkTrue
	case tkText:
		m.Kind = MetaText
		text, _ := p.text("")
		m.Text = string(text)
	default:
		p.metaNumber(m)
	}
}

func (p *parser) metaNumber(m *Meta) {
	what := "a text, a number, true or false"
	sign := int64(1)
	if p.accept(tkMinus) {
		what, sign = "a number", -1
	}
	switch p.tok.kind {
	case tkInt:
		m.Kind = MetaInt
		m.Int = sign * p.integer()
	case tkFloat:
		m.Kind = MetaFloat
		m.Float = float64(sign) * p.float()
	default:
		p.unexpected(what)
	}
}

// text reads a text and resolves its escapes. The place is that of its first byte.
func (p *parser) text(what string) ([]byte, Pos) {
	t, ok := p.expect(tkText, what)
	if !ok {
		return nil, Pos{}
	}
	raw, at := p.inside(t)
	value, bad := unescape(raw)
	if bad >= 0 {
		_, n, _ := escape(raw[bad:])
		p.report(advance(at, raw[:bad]), fmt.Sprintf(
			`unexpected escape %s, expected \", \\, \t, \n, \r or \x and two hex digits`,
			quoted(raw[bad:bad+n])))
	}
	return value, at
}

// inside gives what stands between the quotes of a tkText, and its place.
func (p *parser) inside(t token) ([]byte, Pos) {
	quotes := 1
	if t.end-t.start >= 6 && p.lex.src[t.start+1] == '"' {
		quotes = 3
	}
	t.pos.Col += quotes
	return p.lex.src[t.start+quotes : t.end-quotes], t.pos
}

// advance moves a place past b.
func advance(at Pos, b []byte) Pos {
	for _, c := range b {
		at.Col++
		if c == '\n' {
			at.Line, at.Col = at.Line+1, 1
		}
	}
	return at
}

// integer reads a tkInt.
func (p *parser) integer() int64 {
	t := p.next()
	v, ok := integer(p.source(t))
	if !ok {
		p.report(t.pos, fmt.Sprintf("number %s does not fit 64 bits, expected at most %d",
			quoted(p.source(t)), int64(1<<63-1)))
	}
	return v
}

// float reads a tkFloat.
func (p *parser) float() float64 {
	t := p.next()
	v, err := strconv.ParseFloat(string(p.source(t)), 64)
	if err != nil {
		p.report(t.pos, fmt.Sprintf("number %s is too large", quoted(p.source(t))))
	}
	return v
}
