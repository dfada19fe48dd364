package syntax

// element is one part of a set between parentheses: an item if it is a bare
// name of strings or rules, an expression otherwise.
type element struct {
	first token
	item  SetItem
	kind  SetKind
	x     operand
}

// set reads what stands behind of outside of for.
func (p *parser) set() (Set, int) {
	if p.tok.kind == tkThem {
		return Set{Pos: p.next().pos, Kind: StringSet, Them: true}, 0
	}
	open, _ := p.expect(tkLParen, `"them" or "("`)
	var elements []element
	for {
		elements = append(elements, p.element())
		if !p.accept(tkComma) {
			break
		}
	}
	p.expect(tkRParen, `"," or ")"`)
	if p.stopped {
		return Set{}, 0
	}
	kind := p.setKind(elements)
	if kind == ExprSet {
		return p.expressions(open, elements)
	}
	s := Set{Pos: open.pos, Kind: kind}
	for _, e := range elements {
		s.Items = append(s.Items, e.item)
	}
	return s, 0
}

// setKind tells what a set is: one of expressions unless all are of one kind.
func (p *parser) setKind(elements []element) SetKind {
	wild := false
	for _, e := range elements {
		if e.kind != elements[0].kind {
			return ExprSet
		}
		wild = wild || e.item.Wildcard
	}
	if elements[0].kind == RuleSet && p.opts.YARAX && !wild {
		return ExprSet
	}
	return elements[0].kind
}

// element reads one part of a set. A name is an item only if nothing but the
// end of the element follows it.
func (p *parser) element() element {
	t := p.tok
	switch t.kind {
	case tkStringWild:
		p.next()
		return element{t, p.stringItem(t), StringSet, operand{}}
	case tkStringID:
		if ends(p.peek(1)) {
			p.next()
			return element{t, p.stringItem(t), StringSet, operand{}}
		}
	case tkIdent:
		wild := p.peek(1) == tkStar && ends(p.peek(2))
		if wild || ends(p.peek(1)) {
			p.next()
			if wild {
				p.next()
			}
			return element{t, SetItem{t.pos, string(p.source(t)), wild}, RuleSet, operand{}}
		}
	}
	return element{first: t, kind: ExprSet, x: p.expr()}
}

func ends(k kind) bool { return k == tkComma || k == tkRParen }

// stringItem makes an item of $a or $a*.
func (p *parser) stringItem(t token) SetItem {
	name := string(p.source(t)[1:])
	if t.kind == tkStringWild {
		return SetItem{t.pos, name[:len(name)-1], true}
	}
	return SetItem{t.pos, name, false}
}

// expressions makes a set of expressions, in which a name is one too.
func (p *parser) expressions(open token, elements []element) (Set, int) {
	s := Set{Pos: open.pos, Kind: ExprSet}
	height := 0
	for _, e := range elements {
		x := e.x.x
		if e.item.Wildcard {
			p.report(e.first.pos, "unexpected "+p.describe(e.first)+" with a wildcard, expected a condition like the others")
		}
		switch e.kind {
		case StringSet:
			x = &StringRef{Node: Node{e.first.pos}, Name: p.stringName(e.first)}
		case RuleSet:
			x = &Name{Node{e.first.pos}, e.item.Name}
		}
		height = max(height, e.x.height)
		s.Exprs = append(s.Exprs, x)
	}
	return s, height
}

// stringSet reads the set of for … of, which holds only strings.
func (p *parser) stringSet() Set {
	if p.tok.kind == tkThem {
		return Set{Pos: p.next().pos, Kind: StringSet, Them: true}
	}
	open, _ := p.expect(tkLParen, `"them" or "("`)
	s := Set{Pos: open.pos, Kind: StringSet}
	for {
		if p.tok.kind != tkStringID && p.tok.kind != tkStringWild {
			p.unexpected("a string such as $a or $a*")
			return s
		}
		s.Items = append(s.Items, p.stringItem(p.next()))
		if !p.accept(tkComma) {
			break
		}
	}
	p.expect(tkRParen, `"," or ")"`)
	return s
}
