package syntax

// Walk calls fn for e and then, where fn returns true, for everything in it in
// the order written: quantifiers, sets, places and ranges included. A Range is
// visited as one node, *Range, in front of its ends. Names of sets (SetItem)
// and variables are no expressions and are not visited. A nil e is skipped.
func Walk(e Expr, fn func(Expr) bool) {
	if e == nil || !fn(e) {
		return
	}
	switch x := e.(type) {
	case *Field:
		Walk(x.X, fn)
	case *Index:
		Walk(x.X, fn)
		Walk(x.Key, fn)
	case *Call:
		Walk(x.Fun, fn)
		walkAll(x.Args, fn)
	case *StringRef:
		walkPlace(x.Offset, x.In, fn)
	case *StringCount:
		walkPlace(nil, x.In, fn)
	case *StringOffset:
		Walk(x.Index, fn)
	case *StringLength:
		Walk(x.Index, fn)
	case *Unary:
		Walk(x.X, fn)
	case *Binary:
		Walk(x.L, fn)
		Walk(x.R, fn)
	case *Logic:
		walkAll(x.Operands, fn)
	case *Range:
		Walk(x.Low, fn)
		Walk(x.High, fn)
	default:
		walkLoop(e, fn)
	}
}

// walkLoop walks the forms that range over something.
func walkLoop(e Expr, fn func(Expr) bool) {
	switch x := e.(type) {
	case *Of:
		Walk(x.Quantifier.X, fn)
		walkAll(x.Set.Exprs, fn)
		walkPlace(x.Offset, x.In, fn)
	case *ForOf:
		Walk(x.Quantifier.X, fn)
		walkAll(x.Set.Exprs, fn)
		Walk(x.Body, fn)
	case *ForIn:
		Walk(x.Quantifier.X, fn)
		walkPlace(nil, x.Range, fn)
		walkAll(x.Tuple, fn)
		Walk(x.X, fn)
		Walk(x.Body, fn)
	case *With:
		for _, d := range x.Decls {
			Walk(d.X, fn)
		}
		Walk(x.Body, fn)
	}
}

func walkAll(list []Expr, fn func(Expr) bool) {
	for _, e := range list {
		Walk(e, fn)
	}
}

// walkPlace keeps a missing range from becoming an Expr that is not nil.
func walkPlace(at Expr, in *Range, fn func(Expr) bool) {
	Walk(at, fn)
	if in != nil {
		Walk(in, fn)
	}
}
