package syntax

import "slices"

// Options say how to read a file. The zero value reads YARA 4 together with
// everything of YARA-X that YARA 4 has no other meaning for.
type Options struct {
	// YARAX chooses YARA-X where the two dialects disagree: `with` is a
	// keyword, a rule modifier may not be repeated, comparisons may be chained
	// (a == b == c), and names in `of (a, b)` are conditions, so that the set
	// is an ExprSet and not a RuleSet.
	YARAX bool

	MaxErrors int // after so many errors reading stops; 0 means 100
	MaxDepth  int // of nested expressions; 0 means 1000
}

// The limits of zero Options, and how many operators may stand in a row for
// each level of nesting allowed. A row makes a tree as deep as it is long.
const (
	defaultErrors = 100
	defaultDepth  = 1000
	rowFactor     = 10
)

// Parse reads one file. name is only stored. It always gives a File, with
// every import, include and rule that is free of errors; without errors the
// slice is nil. The tree shares no memory with src. Every node of an
// expression is a pointer, such as *Binary.
func Parse(name string, src []byte, o Options) (*File, []Error) {
	f := &File{Name: name}
	errs := Each(src, o, func(item Item) { f.Items = append(f.Items, item) })
	return f, errs
}

// Each is Parse for files too large to be kept as a tree: yield gets each item as it
// is read.
func Each(src []byte, o Options, yield func(Item)) []Error {
	p := newParser(src, o)
	for p.next(); p.tok.kind != tkEOF; {
		if item := p.item(); item != nil {
			yield(item)
		}
		if !p.stopped {
			continue
		}
		if len(p.errs) >= p.opts.MaxErrors {
			break
		}
		p.recover()
	}
	slices.SortStableFunc(p.errs, func(a, b Error) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Col - b.Pos.Col
	})
	return p.errs
}

// parser reads by recursive descent with one token in hand. On a syntax error
// tok becomes tkStop, which fits nowhere, so that every function on the way up
// returns by itself and nothing more is reported until recover.
type parser struct {
	opts Options
	lex  lexer
	tok  token
	errs []Error

	rule string // the name of the rule being read
	bad  bool   // the item being read has an error

	before  lexer // in front of tok
	stopped bool
	culprit token // the token that stopped the reading
	resume  lexer // in front of culprit

	depth   int // nested expressions
	inForOf int // bodies of for … of around
	percent int // depth at which % may end a quantifier of for; 0: none
}

func newParser(src []byte, o Options) *parser {
	if o.MaxErrors <= 0 {
		o.MaxErrors = defaultErrors
	}
	if o.MaxDepth <= 0 {
		o.MaxDepth = defaultDepth
	}
	return &parser{opts: o, lex: newLexer(src)}
}

// next takes the token in hand and reads another.
func (p *parser) next() token {
	t := p.tok
	if p.stopped {
		return t
	}
	p.before = p.lex
	p.tok = p.lex.next()
	return t
}

// peek gives the kind of the n-th token after the one in hand, from 1.
func (p *parser) peek(n int) kind {
	look := p.lex
	var t token
	for range n {
		t = look.next()
	}
	return t.kind
}

func (p *parser) source(t token) []byte { return p.lex.src[t.start:t.end] }

// accept takes the token in hand if it is a k.
func (p *parser) accept(k kind) bool {
	if p.tok.kind != k {
		return false
	}
	p.next()
	return true
}

// expect takes the token in hand, which must be a k; what names the choice
// that stood here.
func (p *parser) expect(k kind, what string) (token, bool) {
	if p.tok.kind != k {
		p.unexpected(what)
		return token{}, false
	}
	return p.next(), true
}

// report notes an error that leaves the structure of the file intact.
func (p *parser) report(at Pos, message string) {
	p.bad = true
	if p.stopped || len(p.errs) >= p.opts.MaxErrors {
		return
	}
	p.errs = append(p.errs, Error{Pos: at, Rule: p.rule, Message: message})
	if len(p.errs) >= p.opts.MaxErrors {
		p.stop()
	}
}

// fail reports an error after which the structure is lost.
func (p *parser) fail(at Pos, message string) {
	p.report(at, message)
	p.stop()
}

func (p *parser) stop() {
	if !p.stopped {
		p.stopped, p.culprit, p.resume = true, p.tok, p.before
		p.tok = token{kind: tkStop}
	}
}

// unexpected fails at the token in hand.
func (p *parser) unexpected(expected string) {
	if p.tok.flaw != flawNone {
		p.fail(p.tok.pos, flawMessage[p.tok.flaw])
		return
	}
	p.fail(p.tok.pos, "unexpected "+p.describe(p.tok)+", expected "+expected)
}

// describe names a token for a message.
func (p *parser) describe(t token) string {
	b := p.source(t)
	switch t.kind {
	case tkEOF:
		return "end of file"
	case tkIdent:
		return "identifier " + quoted(b)
	case tkInt, tkFloat:
		return "number " + quoted(b)
	case tkText:
		return "text " + shown(b)
	case tkRegexp:
		return "regular expression " + shown(b)
	}
	return quoted(b)
}

// item reads one import, include or rule; nil if it has an error.
func (p *parser) item() Item {
	p.bad, p.rule = false, ""
	var it Item
	switch {
	case p.tok.kind == tkImport:
		it = p.importItem()
	case p.atInclude():
		it = p.includeItem()
	case p.tok.kind == tkRule || p.tok.kind == tkPrivate || p.tok.kind == tkGlobal:
		it = p.ruleItem()
	default:
		p.unexpected(`"rule", "import" or "include"`)
	}
	if p.bad {
		return nil
	}
	return it
}

func (p *parser) importItem() Item {
	p.next()
	it := &Import{Pos: p.tok.pos}
	text, _ := p.text("a module name between quotes")
	it.Module = string(text)
	return it
}

// atInclude tells whether the word include is in hand, which is no keyword.
func (p *parser) atInclude() bool {
	return p.tok.kind == tkIdent && string(p.source(p.tok)) == "include"
}

// includeItem reads a path, in which a backslash stands for itself.
func (p *parser) includeItem() Item {
	p.next()
	t, ok := p.expect(tkText, "a path between quotes")
	if !ok {
		return nil
	}
	path, _ := p.inside(t)
	return &Include{Pos: t.pos, Path: string(path)}
}

// recover goes on after a syntax error at the next token that begins an item.
func (p *parser) recover() {
	p.lex, p.stopped = p.resume, false
	if p.culprit.flaw == flawRegexp {
		// A slash meant as division: what follows it is no regular expression.
		p.lex.space()
		p.lex.off++
	}
	for p.next(); p.tok.kind != tkEOF && !p.startsItem(); {
		p.next()
	}
}

// startsItem tells whether the token in hand begins an item, as opposed to a
// word within a broken one. A rule whose header is itself wrong is recognised
// when it begins a line.
func (p *parser) startsItem() bool {
	switch p.tok.kind {
	case tkRule:
		after := p.peek(2)
		return p.beginsLine() || p.peek(1) == tkIdent && (after == tkLBrace || after == tkColon)
	case tkPrivate, tkGlobal:
		after := p.peek(1)
		return after == tkRule || after == tkPrivate || after == tkGlobal
	case tkImport:
		return p.peek(1) == tkText
	}
	return p.atInclude() && p.peek(1) == tkText
}

// beginsLine tells whether only blanks stand in front of the token in hand.
func (p *parser) beginsLine() bool {
	i := p.tok.start - 1
	for i >= 0 && (p.lex.src[i] == ' ' || p.lex.src[i] == '\t') {
		i--
	}
	return i < 0 || p.lex.src[i] == '\n'
}
