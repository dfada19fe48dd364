package hunting

import (
	"vitrine/yara/syntax"
)

// binary gives the ways of a comparison.
func (r *reader) binary(e *syntax.Binary, not bool) way {
	op := e.Op
	if not {
		if op != syntax.Ne {
			return way{}
		}
		op = syntax.Eq
	}
	l, right := e.L, e.R
	if constant(l) && !constant(right) {
		l, right, op = right, l, op.Flipped()
	}
	switch value := right.(type) {
	case *syntax.IntLit:
		return r.number(e, l, op, value.Value)
	case *syntax.TextLit:
		return r.text(l, op, [][]byte{value.Value})
	case *syntax.RegexpLit:
		texts, _ := samples(value.Source)
		return r.text(l, op, texts)
	}
	return r.value(l).and(r.value(right))
}

func constant(e syntax.Expr) bool {
	switch e.(type) {
	case *syntax.IntLit, *syntax.TextLit:
		return true
	}
	return false
}

// number is a comparison with a constant number.
func (r *reader) number(e *syntax.Binary, l syntax.Expr, op syntax.Op, value int64) way {
	switch l := l.(type) {
	case *syntax.StringCount:
		if zeroFails(op, value) {
			return r.named(l.Name)
		}
		return way{}
	case *syntax.Call:
		if fun, ok := l.Fun.(*syntax.Name); ok && len(l.Args) == 1 {
			if b := readBytes(fun.Name, value); b != nil {
				return r.read(e, l.Args[0], op, b)
			}
		}
	case *syntax.Field:
		if op == syntax.Eq && value == 0 && (l.Name == "is_pe" || l.Name == "is_dotnet") {
			return way{}
		}
	}
	return r.value(l)
}

// zeroFails reports whether `0 op v` is false.
func zeroFails(op syntax.Op, v int64) bool {
	switch op {
	case syntax.Eq:
		return v != 0
	case syntax.Ne:
		return v == 0
	case syntax.Gt:
		return v >= 0
	case syntax.Ge:
		return v > 0
	}
	return false
}

// read is `uint32(…) == value`.
func (r *reader) read(e *syntax.Binary, offset syntax.Expr, op syntax.Op, b []byte) way {
	w := r.value(offset)
	if op != syntax.Eq {
		return w
	}
	s := sign{pos: e.At, raw: b}
	at, fixed := offset.(*syntax.IntLit)
	switch {
	case fixed && at.Value == 0 && documentStart(b) != "":
		s.format = documentStart(b)
	case fixed && at.Value == 0 && programStart(b), len(b) >= 2 && string(b[:2]) == "PE":
		s.exec = true
	case opcode(b):
		s.code = 0.5
	}
	return w.and(way{signs: []*sign{&s}})
}

func opcode(b []byte) bool {
	strange, _ := opcodes(b)
	return strange > 0
}

// text is a comparison with a text, or with a regular expression that has
// these samples.
func (r *reader) text(l syntax.Expr, op syntax.Op, texts [][]byte) way {
	w := r.value(l)
	if op == syntax.Ne {
		return w
	}
	var s sign
	switch root := root(l); {
	case root == nil || len(texts) == 0:
		return w
	case root.Name == "magic":
		s = ofMIME(texts)
	case root == l && r.rules[root.Name] == nil && !r.vars[root.Name]:
		s = r.words.ofName(root.Name, texts[0])
		for _, t := range texts[1:] {
			s = worse(s, r.words.ofName(root.Name, t))
		}
	default:
		return w
	}
	s.pos = l.Pos()
	return w.and(way{signs: []*sign{&s}})
}

func ofMIME(texts [][]byte) (s sign) {
	for _, t := range texts {
		if documentMIME(string(t)) {
			return sign{format: "a document, by its type"}
		}
	}
	return sign{exec: true}
}

// root gives the name an expression begins with.
func root(e syntax.Expr) *syntax.Name {
	for {
		switch x := e.(type) {
		case *syntax.Name:
			return x
		case *syntax.Field:
			e = x.X
		case *syntax.Index:
			e = x.X
		case *syntax.Call:
			e = x.Fun
		default:
			return nil
		}
	}
}
