package syntax

const anExpression = "an expression"

// primary reads an operand with everything written directly behind it.
func (p *parser) primary() operand {
	t := p.tok
	switch t.kind {
	case tkLParen:
		return p.parenthesised()
	case tkIdent:
		if p.atWith() {
			return p.with()
		}
		return p.name()
	case tkInt:
		return value(&IntLit{Node{t.pos}, p.integer()}, t)
	case tkFloat:
		return value(&FloatLit{Node{t.pos}, p.float()}, t)
	case tkText:
		text, _ := p.text("")
		return value(&TextLit{Node{t.pos}, text}, t)
	case tkRegexp:
		return p.regexpLiteral()
	case tkCount, tkOffset, tkLength:
		return p.stringNumber()
	case tkStringID:
		return p.stringRef()
	}
	return p.keyword()
}

// value and condition make operands without children.
func value(x Expr, first token) operand     { return operand{x: x, first: first} }
func condition(x Expr, first token) operand { return operand{x: x, first: first, cond: true} }

// keyword reads the operands that begin with a keyword.
func (p *parser) keyword() operand {
	t := p.tok
	switch t.kind {
	case tkTrue, tkFalse:
		p.next()
		return condition(&BoolLit{Node{t.pos}, t.kind == tkTrue}, t)
	case tkFilesize:
		p.next()
		return value(&Filesize{Node{t.pos}}, t)
	case tkEntrypoint:
		p.next()
		return value(&Entrypoint{Node{t.pos}}, t)
	case tkAll, tkAny, tkNone:
		return p.of(t, quantified{Quantifier: p.wordQuantifier()})
	case tkFor:
		return p.forExpr()
	}
	p.unexpected(anExpression)
	return operand{}
}

func (p *parser) parenthesised() operand {
	t := p.next()
	o := p.expr()
	p.closing()
	o.first, o.compare = t, false
	return o
}

// closing reads the ) behind an expression.
func (p *parser) closing() { p.expect(tkRParen, `an operator or ")"`) }

func (p *parser) regexpLiteral() operand {
	t := p.next()
	source, flags := p.splitRegexp(t)
	node := &RegexpLit{Node: Node{t.pos}, Source: source}
	for _, f := range flags {
		if f == 'i' {
			node.CaseInsensitive = true
		} else {
			node.DotAll = true
		}
	}
	return value(node, t)
}

// name reads an identifier with its fields, keys and arguments.
func (p *parser) name() operand {
	t := p.next()
	o := value(&Name{Node{t.pos}, string(p.source(t))}, t)
	for {
		switch p.tok.kind {
		case tkDot:
			p.next()
			field, _ := p.expect(tkIdent, "a field name")
			o.x, o.height = &Field{Node{t.pos}, o.x, string(p.source(field))}, p.grown(o.height)
		case tkLBracket:
			p.next()
			key := p.value()
			p.expect(tkRBracket, `an operator or "]"`)
			o.x, o.height = &Index{Node{t.pos}, o.x, key.x}, p.grown(o.height, key.height)
		case tkLParen:
			p.next()
			args, height := p.arguments()
			o.x, o.height = &Call{Node{t.pos}, o.x, args}, p.grown(o.height, height)
		default:
			return o
		}
	}
}

func (p *parser) arguments() (args []Expr, height int) {
	if p.accept(tkRParen) {
		return nil, 0
	}
	for {
		o := p.expr()
		args = append(args, o.x)
		height = max(height, o.height)
		if !p.accept(tkComma) {
			p.expect(tkRParen, `an operator, "," or ")"`)
			return args, height
		}
	}
}

// stringName is the name in $a, #a, @a or !a. Without one the token means the
// string of the for … of around it.
func (p *parser) stringName(t token) string {
	if t.end-t.start == 1 && p.inForOf == 0 {
		p.fail(t.pos, p.describe(t)+" without a name outside of for … of, expected the name of a string")
	}
	return string(p.source(t)[1:])
}

// stringNumber reads #a, @a and !a.
func (p *parser) stringNumber() operand {
	t := p.next()
	name := p.stringName(t)
	if t.kind == tkCount {
		node := &StringCount{Node: Node{t.pos}, Name: name}
		o := value(node, t)
		if p.accept(tkIn) {
			node.In, o.height = p.rangeExpr()
		}
		return o
	}
	var index operand
	if p.accept(tkLBracket) {
		index = p.value()
		p.expect(tkRBracket, `an operator or "]"`)
	}
	o := operand{first: t, height: index.height}
	if t.kind == tkOffset {
		o.x = &StringOffset{Node{t.pos}, name, index.x}
	} else {
		o.x = &StringLength{Node{t.pos}, name, index.x}
	}
	return o
}

// stringRef reads $a, `$a at X` and `$a in (X..Y)`.
func (p *parser) stringRef() operand {
	t := p.next()
	node := &StringRef{Node: Node{t.pos}, Name: p.stringName(t)}
	o := condition(node, t)
	node.Offset, node.In, o.height = p.place()
	return o
}

// place reads the optional `at X` or `in (X..Y)`.
func (p *parser) place() (at Expr, in *Range, height int) {
	switch {
	case p.accept(tkAt):
		o := p.value()
		return o.x, nil, o.height
	case p.accept(tkIn):
		in, height = p.rangeExpr()
	}
	return nil, in, height
}

// rangeExpr reads (X..Y).
func (p *parser) rangeExpr() (*Range, int) {
	t, _ := p.expect(tkLParen, `a range such as (0..100)`)
	return p.rangeRest(t, p.value())
}

// rangeRest goes on behind the low end.
func (p *parser) rangeRest(open token, low operand) (*Range, int) {
	p.expect(tkDotDot, `an operator or ".."`)
	high := p.value()
	p.closing()
	return &Range{Node{open.pos}, low.x, high.x}, max(low.height, high.height) + 1
}
