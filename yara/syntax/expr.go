package syntax

import "fmt"

// operand is an expression on its way into a larger one.
type operand struct {
	x      Expr
	first  token // where it begins
	height int   // of the tree
	// cond says that the grammar takes it for a condition (true, $a, a == b):
	// such a thing is no operand of a comparison or of arithmetic.
	cond    bool
	compare bool // a comparison without parentheses
}

// enter goes one level deeper; where it fails, the caller must return at once.
// Each enter that succeeds needs a leave.
func (p *parser) enter() bool {
	if p.depth >= p.opts.MaxDepth {
		p.fail(p.tok.pos, fmt.Sprintf("expression nested deeper than %d levels", p.opts.MaxDepth))
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

// grown gives a height that is one more than the tallest of hs, within limits.
func (p *parser) grown(hs ...int) int {
	top := 0
	for _, h := range hs {
		top = max(top, h)
	}
	if limit := rowFactor * p.opts.MaxDepth; top >= limit {
		p.fail(p.tok.pos, fmt.Sprintf("more than %d operators in a row", limit))
	}
	return top + 1
}

// expr reads any expression: the level of `or`.
func (p *parser) expr() operand {
	if !p.enter() {
		return operand{}
	}
	defer p.leave()
	return p.logic(tkOr)
}

// logic reads a chain of one of `or` and `and`.
func (p *parser) logic(word kind) operand {
	first := p.logicOperand(word)
	if p.tok.kind != word {
		return first
	}
	node := &Logic{Node: Node{p.tok.pos}, Op: Or, Operands: []Expr{first.x}}
	if word == tkAnd {
		node.Op = And
	}
	height := first.height
	for p.accept(word) {
		o := p.logicOperand(word)
		node.Operands = append(node.Operands, o.x)
		height = max(height, o.height)
	}
	return operand{x: node, first: first.first, height: p.grown(height), cond: true}
}

func (p *parser) logicOperand(word kind) operand {
	if word == tkOr {
		return p.logic(tkAnd)
	}
	return p.negation()
}

// negation reads `not` and `defined`, which bind weaker than comparisons.
func (p *parser) negation() operand {
	op := Not
	switch p.tok.kind {
	case tkNot:
	case tkDefined:
		op = Defined
	default:
		return p.comparison()
	}
	if !p.enter() {
		return operand{}
	}
	defer p.leave()
	t := p.next()
	o := p.negation()
	node := &Unary{Node: Node{t.pos}, Op: op, X: o.x}
	return operand{x: node, first: t, height: p.grown(o.height), cond: true}
}

// comparison reads what stands between the words of logic.
func (p *parser) comparison() operand {
	left := p.binary(precOr)
	if !left.cond && (p.tok.kind == tkOf || p.percentEnds()) {
		return p.of(left.first, p.quantifier(left))
	}
	return p.binaryRest(left, precEqual)
}

// Precedences of the binary operators, weakest first. From precOr on the
// result is a value, below it a condition.
const (
	precNone = iota
	precEqual
	precOrder
	precOr
	precXor
	precAnd
	precShift
	precSum
	precProduct
)

// binaryOperator is what a token means between two operands.
type binaryOperator struct {
	op   Op
	prec int
}

var binaryOperators = [kinds]binaryOperator{
	tkEq:          {Eq, precEqual},
	tkNe:          {Ne, precEqual},
	tkContains:    {Contains, precEqual},
	tkIContains:   {IContains, precEqual},
	tkStartsWith:  {StartsWith, precEqual},
	tkIStartsWith: {IStartsWith, precEqual},
	tkEndsWith:    {EndsWith, precEqual},
	tkIEndsWith:   {IEndsWith, precEqual},
	tkIEquals:     {IEquals, precEqual},
	tkMatches:     {Matches, precEqual},
	tkLt:          {Lt, precOrder},
	tkLe:          {Le, precOrder},
	tkGt:          {Gt, precOrder},
	tkGe:          {Ge, precOrder},
	tkPipe:        {BitOr, precOr},
	tkCaret:       {BitXor, precXor},
	tkAmp:         {BitAnd, precAnd},
	tkShl:         {Shl, precShift},
	tkShr:         {Shr, precShift},
	tkPlus:        {Add, precSum},
	tkMinus:       {Sub, precSum},
	tkStar:        {Mul, precProduct},
	tkBackslash:   {Div, precProduct},
	tkPercent:     {Mod, precProduct},
}

// binary reads operands joined by operators of at least the precedence given.
func (p *parser) binary(prec int) operand {
	return p.binaryRest(p.unary(), prec)
}

// binaryRest goes on behind a left operand already read.
func (p *parser) binaryRest(left operand, prec int) operand {
	for {
		op := binaryOperators[p.tok.kind]
		if op.prec == precNone || op.prec < prec || p.percentEnds() {
			return left
		}
		if left.cond && !(left.compare && p.opts.YARAX && op.prec < precOr) {
			p.fail(p.tok.pos, fmt.Sprintf(
				`unexpected %q behind a condition, expected "and", "or" or the end of the expression`,
				spelling[p.tok.kind]))
			return left
		}
		t := p.next()
		right := p.right(op)
		left = operand{
			x:       &Binary{Node: Node{t.pos}, Op: op.op, L: left.x, R: right.x},
			first:   left.first,
			height:  p.grown(left.height, right.height),
			cond:    op.prec < precOr,
			compare: op.prec < precOr,
		}
	}
}

// right reads the right operand of op. YARA 4 has no chains of comparisons,
// so that both kinds of them end at one another.
func (p *parser) right(op binaryOperator) operand {
	if op.op == Matches {
		return p.regexpOperand()
	}
	if op.prec >= precOr {
		return p.needValue(p.binary(op.prec + 1))
	}
	o := p.needValue(p.binary(precOr))
	if p.opts.YARAX && op.prec == precEqual {
		o = p.binaryRest(o, precOrder)
	}
	return o
}

func (p *parser) regexpOperand() operand {
	if p.tok.kind != tkRegexp {
		p.unexpected("a regular expression behind \"matches\"")
		return operand{}
	}
	return p.regexpLiteral()
}

// needValue refuses a condition where a number, a text or the like must stand.
func (p *parser) needValue(o operand) operand {
	if o.cond {
		p.fail(o.first.pos, fmt.Sprintf("unexpected condition at %s, expected a value", p.describe(o.first)))
	}
	return o
}

// value reads an expression that is no condition: the level above comparisons.
func (p *parser) value() operand {
	if !p.enter() {
		return operand{}
	}
	defer p.leave()
	return p.needValue(p.binary(precOr))
}

// unary reads - and ~.
func (p *parser) unary() operand {
	op := Neg
	switch p.tok.kind {
	case tkMinus:
	case tkTilde:
		op = BitNot
	default:
		return p.primary()
	}
	if !p.enter() {
		return operand{}
	}
	defer p.leave()
	t := p.next()
	o := p.needValue(p.unary())
	return operand{x: &Unary{Node: Node{t.pos}, Op: op, X: o.x}, first: t, height: p.grown(o.height)}
}

// percentEnds tells whether the token in hand is the % of a quantifier and not
// of a division: `50% of them`, `for 50% i in (…)`.
func (p *parser) percentEnds() bool {
	if p.tok.kind != tkPercent {
		return false
	}
	switch p.peek(1) {
	case tkOf:
		return true
	case tkIdent:
		after := p.peek(2)
		return p.percent == p.depth && (after == tkIn || after == tkComma)
	}
	return false
}
