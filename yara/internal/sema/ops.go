package sema

import (
	"math"
	"math/bits"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/pattern"
	"vitrine/yara/syntax"
)

func (u *unit) logic(x *syntax.Logic) operand {
	nodes := make([]int32, 0, len(x.Operands))
	bad := false
	for _, o := range x.Operands {
		v := u.boolean(o)
		bad = bad || v.bad
		nodes = append(nodes, v.node)
	}
	if bad {
		return operand{bad: true}
	}
	start, n := u.list(nodes)
	op := ir.And
	if x.Op == syntax.Or {
		op = ir.Or
	}
	return u.op(ir.Node{Op: op, Kind: module.KindBool, A: start, B: n})
}

func (u *unit) unary(x *syntax.Unary) operand {
	switch x.Op {
	case syntax.Not:
		return u.wrap(ir.Not, u.boolean(x.X))
	case syntax.Defined:
		return u.wrap(ir.Defined, u.boolean(x.X))
	}
	o := u.expr(x.X)
	switch {
	case o.bad:
		return o
	case o.kind == module.KindInt:
	case o.kind == module.KindFloat && x.Op == syntax.Neg:
		return u.op(ir.Node{Op: ir.Neg, Kind: module.KindFloat, A: o.node})
	default:
		return u.errorf(x.Pos(), "%s has no negative or complement", describe(o))
	}
	v, op := ^o.value, ir.BitNot
	if x.Op == syntax.Neg {
		v, op = -o.value, ir.Neg
	}
	if o.known {
		return operand{node: u.intNode(v), kind: module.KindInt, known: true, value: v}
	}
	return u.op(ir.Node{Op: op, Kind: module.KindInt, A: o.node})
}

func (u *unit) wrap(op ir.Op, o operand) operand {
	if o.bad {
		return o
	}
	return u.op(ir.Node{Op: op, Kind: module.KindBool, A: o.node})
}

func (u *unit) binary(x *syntax.Binary) operand {
	if x.Op == syntax.Matches {
		return u.matches(x)
	}
	l, r := u.expr(x.L), u.expr(x.R)
	if l.bad || r.bad {
		return operand{bad: true}
	}
	switch x.Op {
	case syntax.Eq, syntax.Ne, syntax.Lt, syntax.Le, syntax.Gt, syntax.Ge:
		return u.compare(x, l, r)
	case syntax.Contains, syntax.IContains, syntax.StartsWith, syntax.IStartsWith, syntax.EndsWith, syntax.IEndsWith, syntax.IEquals:
		if l.kind != module.KindString || r.kind != module.KindString {
			return u.errorf(x.Pos(), "both sides must be texts, not %s and %s", describe(l), describe(r))
		}
		return u.op(ir.Node{Op: ir.TextOp, Kind: module.KindBool, A: int32(x.Op), B: l.node, C: r.node})
	}
	return u.arith(x, l, r)
}

func (u *unit) matches(x *syntax.Binary) operand {
	l := u.expr(x.L)
	re, ok := x.R.(*syntax.RegexpLit)
	switch {
	case l.bad:
		return l
	case l.kind != module.KindString:
		return u.errorf(x.Pos(), "the left side of matches must be a text, not %s", describe(l))
	case !ok:
		return u.errorf(x.R.Pos(), "the right side of matches must be a regular expression")
	}
	i, ok := u.regexp(re)
	if !ok {
		return operand{bad: true}
	}
	return u.op(ir.Node{Op: ir.Matches, Kind: module.KindBool, A: l.node, B: i})
}

// regexp compiles a regular expression of a condition.
func (u *unit) regexp(x *syntax.RegexpLit) (index int32, ok bool) {
	n, err := pattern.ParseRegexp(x.Source, pattern.Flags{NoCase: x.CaseInsensitive, DotAll: x.DotAll}, u.c.options.YARAX)
	var p *pattern.Program
	if err == nil {
		p, err = pattern.Compile(n, pattern.Options{})
	}
	if err != nil {
		u.errorf(x.Pos(), "invalid regular expression: %v", err)
		return 0, false
	}
	u.checkEscapes(x.Pos(), n.UnknownEscape())
	s := u.c.set
	s.Regexps = append(s.Regexps, p)
	return int32(len(s.Regexps) - 1), true
}

func isNumber(k module.Kind) bool { return k == module.KindInt || k == module.KindFloat }

func (u *unit) compare(x *syntax.Binary, l, r operand) operand {
	bools := u.c.options.YARAX && l.kind == module.KindBool && r.kind == module.KindBool
	texts := l.kind == module.KindString && r.kind == module.KindString
	if !bools && !texts && !(isNumber(l.kind) && isNumber(r.kind)) {
		return u.errorf(x.Pos(), "%s and %s cannot be compared", describe(l), describe(r))
	}
	return u.op(ir.Node{Op: ir.Compare, Kind: module.KindBool, A: int32(x.Op), B: l.node, C: r.node})
}

func (u *unit) arith(x *syntax.Binary, l, r operand) operand {
	kind := module.KindInt
	switch x.Op {
	case syntax.Add, syntax.Sub, syntax.Mul, syntax.Div:
		if !isNumber(l.kind) || !isNumber(r.kind) {
			return u.errorf(x.Pos(), "%s and %s cannot be calculated with", describe(l), describe(r))
		}
		if l.kind == module.KindFloat || r.kind == module.KindFloat {
			kind = module.KindFloat
		}
	default:
		if l.kind != module.KindInt || r.kind != module.KindInt {
			return u.errorf(x.Pos(), "both sides must be integers, not %s and %s", describe(l), describe(r))
		}
	}
	out := operand{kind: kind}
	if kind == module.KindInt {
		var problem string
		out.value, out.known, problem = fold(x.Op, l, r)
		if problem != "" {
			return u.errorf(x.Pos(), "%s", problem)
		}
	}
	if out.known {
		out.node = u.intNode(out.value)
		return out
	}
	out.node = u.emit(ir.Node{Op: ir.Arith, Kind: kind, A: int32(x.Op), B: l.node, C: r.node})
	return out
}

// fold computes what is known now, and finds what can never be computed.
func fold(op syntax.Op, l, r operand) (v int64, known bool, problem string) {
	a, b := l.value, r.value
	switch op {
	case syntax.Div, syntax.Mod:
		if r.known && b == 0 {
			return 0, false, "division by zero"
		}
		if l.known && r.known && a == math.MinInt64 && b == -1 {
			return 0, false, "integer overflow"
		}
	case syntax.Shl, syntax.Shr:
		if r.known && b < 0 {
			return 0, false, "shift by a negative number"
		}
	}
	if !l.known || !r.known {
		return 0, false, ""
	}
	v, overflow := compute(op, a, b)
	if overflow {
		return 0, false, "integer overflow"
	}
	return v, true, ""
}

func compute(op syntax.Op, a, b int64) (v int64, overflow bool) {
	switch op {
	case syntax.Add:
		v = a + b
		return v, (v > a) != (b > 0) && b != 0
	case syntax.Sub:
		v = a - b
		return v, (v < a) != (b > 0) && b != 0
	case syntax.Mul:
		hi, lo := bits.Mul64(magnitude(a), magnitude(b))
		return a * b, hi != 0 || lo > math.MaxInt64
	case syntax.Div:
		return a / b, false
	case syntax.Mod:
		return a % b, false
	case syntax.BitAnd:
		return a & b, false
	case syntax.BitOr:
		return a | b, false
	case syntax.BitXor:
		return a ^ b, false
	}
	if b >= 64 {
		return 0, false
	}
	if op == syntax.Shl {
		return a << uint(b), false
	}
	return a >> uint(b), false
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}
