package syntax

// quantified is a quantifier on its way into a node.
type quantified struct {
	Quantifier
	height int
}

// wordQuantifier reads all, any and none.
func (p *parser) wordQuantifier() Quantifier {
	t := p.next()
	q := Quantifier{Pos: t.pos, Kind: All}
	switch t.kind {
	case tkAny:
		q.Kind = Any
	case tkNone:
		q.Kind = None
	}
	return q
}

// quantifier makes one of a value already read, and reads the % behind it.
func (p *parser) quantifier(o operand) quantified {
	q := quantified{Quantifier{Pos: o.first.pos, Kind: Count, X: o.x}, o.height}
	if p.accept(tkPercent) {
		q.Kind = Percent
	}
	return q
}

// forQuantifier reads the quantifier behind for.
func (p *parser) forQuantifier() quantified {
	switch p.tok.kind {
	case tkAll, tkAny, tkNone:
		return quantified{Quantifier: p.wordQuantifier()}
	}
	if !p.enter() {
		return quantified{}
	}
	defer p.leave()
	outer := p.percent
	p.percent = p.depth
	o := p.needValue(p.binary(precOr))
	p.percent = outer
	return p.quantifier(o)
}

// of reads what stands behind the quantifier of an of outside of for.
func (p *parser) of(first token, q quantified) operand {
	p.expect(tkOf, `"of"`)
	set, height := p.set()
	node := &Of{Node: Node{first.pos}, Quantifier: q.Quantifier, Set: set}
	o := condition(node, first)
	var deep int
	if set.Kind == StringSet {
		node.Offset, node.In, deep = p.place()
	} else if p.tok.kind == tkAt || p.tok.kind == tkIn {
		p.fail(p.tok.pos, "unexpected "+p.describe(p.tok)+
			" behind a set of rules or conditions, expected it behind strings only")
	}
	o.height = p.grown(q.height, height, deep)
	return o
}

// forExpr reads both forms of for.
func (p *parser) forExpr() operand {
	if !p.enter() {
		return operand{}
	}
	defer p.leave()
	t := p.next()
	q := p.forQuantifier()
	if p.tok.kind == tkOf {
		return p.forOf(t, q)
	}
	return p.forIn(t, q)
}

func (p *parser) forOf(t token, q quantified) operand {
	p.next()
	node := &ForOf{Node: Node{t.pos}, Quantifier: q.Quantifier}
	node.Set = p.stringSet()
	p.inForOf++
	body := p.body()
	p.inForOf--
	node.Body = body.x
	return operand{x: node, first: t, cond: true, height: p.grown(q.height, body.height)}
}

func (p *parser) forIn(t token, q quantified) operand {
	node := &ForIn{Node: Node{t.pos}, Quantifier: q.Quantifier}
	what := `"of" or the name of a variable`
	for {
		v, ok := p.expect(tkIdent, what)
		if !ok {
			return operand{}
		}
		node.Vars = append(node.Vars, Ident{v.pos, string(p.source(v))})
		if !p.accept(tkComma) {
			break
		}
		what = "the name of a variable"
	}
	p.expect(tkIn, `"," or "in"`)
	height := p.iterable(node)
	body := p.body()
	node.Body = body.x
	return operand{x: node, first: t, cond: true, height: p.grown(q.height, height, body.height)}
}

// iterable reads (X..Y), (X, Y, …), or an array or dictionary.
func (p *parser) iterable(node *ForIn) (height int) {
	if p.tok.kind != tkLParen {
		o := p.value()
		node.X = o.x
		return o.height
	}
	open := p.next()
	first := p.value()
	if p.tok.kind == tkDotDot {
		node.Range, height = p.rangeRest(open, first)
		return height
	}
	node.Tuple, height = []Expr{first.x}, first.height
	for p.accept(tkComma) {
		o := p.value()
		node.Tuple = append(node.Tuple, o.x)
		height = max(height, o.height)
	}
	p.expect(tkRParen, `an operator, "..", "," or ")"`)
	return height
}

// body reads `: ( X )`.
func (p *parser) body() operand {
	p.expect(tkColon, `":"`)
	p.expect(tkLParen, `"("`)
	o := p.expr()
	p.closing()
	return o
}

// atWith tells whether the identifier in hand begins a with. YARA 4 knows no
// such keyword, so there only the whole beginning of one makes it one.
func (p *parser) atWith() bool {
	if string(p.source(p.tok)) != "with" {
		return false
	}
	return p.opts.YARAX || p.peek(1) == tkIdent && p.peek(2) == tkAssign
}

func (p *parser) with() operand {
	if !p.enter() {
		return operand{}
	}
	defer p.leave()
	t := p.next()
	node := &With{Node: Node{t.pos}}
	height := 0
	for {
		v, ok := p.expect(tkIdent, "the name of a variable")
		if !ok {
			return operand{}
		}
		p.expect(tkAssign, `"="`)
		o := p.value()
		height = max(height, o.height)
		node.Decls = append(node.Decls, WithDecl{Ident{v.pos, string(p.source(v))}, o.x})
		if !p.accept(tkComma) {
			break
		}
	}
	p.expect(tkColon, `an operator, "," or ":"`)
	p.expect(tkLParen, `"("`)
	body := p.expr()
	p.closing()
	node.Body = body.x
	return operand{x: node, first: t, cond: true, height: p.grown(height, body.height)}
}
