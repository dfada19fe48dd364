package sema

import (
	"slices"
	"strings"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// quantifier compiles a quantifier over total things, or over an unknown
// number when total is negative.
func (u *unit) quantifier(q *syntax.Quantifier, total int) (node ir.NodeID, ok bool) {
	n := ir.Node{Op: ir.Quantifier}
	switch q.Kind {
	case syntax.All:
		n.A = ir.QuantAll
	case syntax.Any:
		n.A = ir.QuantAny
	case syntax.None:
		n.A = ir.QuantNone
	case syntax.Count, syntax.Percent:
		n.A = ir.QuantCount
		v := u.integer(q.X, "a quantifier")
		if v.bad || !u.checkQuantifier(q, v, total) {
			return 0, false
		}
		if q.Kind == syntax.Percent {
			n.A = ir.QuantPercent
		}
		n.B = v.node
	}
	return u.emit(n), true
}

func (u *unit) checkQuantifier(q *syntax.Quantifier, v operand, total int) bool {
	switch {
	case !v.known:
	case q.Kind == syntax.Percent && (v.value < 1 || v.value > 100):
		u.errorf(q.Pos, "a percentage must be between 1 and 100, not %d", v.value)
		return false
	case v.value < 0:
		u.errorf(q.Pos, "a quantifier cannot be negative, like %d", v.value)
		return false
	case v.value == 0:
		u.warnf(q.Pos, "`none` says more clearly what 0 means here")
	case q.Kind == syntax.Count && total >= 0 && v.value > int64(total):
		u.warnf(q.Pos, "never true: %d of %d are asked for", v.value, total)
	}
	return true
}

func (u *unit) of(x *syntax.Of) operand {
	switch x.Set.Kind {
	case syntax.RuleSet:
		return u.ofRules(x)
	case syntax.ExprSet:
		return u.ofExprs(x)
	}
	uses, ok := u.stringSet(&x.Set)
	if !ok {
		return operand{bad: true}
	}
	q, ok := u.quantifier(&x.Quantifier, len(uses))
	place, want, at, ok2 := u.place(x)
	if !ok || !ok2 {
		return operand{bad: true}
	}
	if x.Offset != nil {
		u.warnAllAt(x, len(uses))
	}
	items := make([]int32, len(uses))
	at.known = false
	for i, s := range uses {
		u.note(s, want, at)
		items[i] = s.id
	}
	start, n := u.list(items)
	return u.op(ir.Node{Op: ir.Of, Kind: module.KindBool, A: start, B: n, C: q, D: place})
}

func (u *unit) warnAllAt(x *syntax.Of, total int) {
	several := x.Quantifier.Kind == syntax.All && total > 1
	if n, ok := x.Quantifier.X.(*syntax.IntLit); ok && x.Quantifier.Kind == syntax.Count && n.Value > 1 {
		several = true
	}
	if several {
		u.warnf(x.Pos(), "several strings are asked for at one offset, which is seldom possible")
	}
}

// place compiles the at or in of an Of.
func (u *unit) place(x *syntax.Of) (node ir.NodeID, want usage, at operand, ok bool) {
	switch {
	case x.Offset != nil:
		at = u.atOffset(x.Offset)
		return u.emit(ir.Node{Op: ir.PlaceAt, A: at.node}), wantAt, at, !at.bad
	case x.In != nil:
		low, high := u.bounds(x.In)
		return u.emit(ir.Node{Op: ir.PlaceIn, A: low.node, B: high.node}), wantList, at, !low.bad && !high.bad
	}
	return 0, wantFound, at, true
}

func (u *unit) ofExprs(x *syntax.Of) operand {
	if x.Offset != nil || x.In != nil {
		return u.errorf(x.Pos(), "`at` and `in` need a set of strings")
	}
	q, ok := u.quantifier(&x.Quantifier, len(x.Set.Exprs))
	items := make([]int32, len(x.Set.Exprs))
	for i, e := range x.Set.Exprs {
		v := u.boolean(e)
		ok = ok && !v.bad
		items[i] = v.node
	}
	if !ok {
		return operand{bad: true}
	}
	start, n := u.list(items)
	return u.op(ir.Node{Op: ir.OfExprs, Kind: module.KindBool, A: start, B: n, C: q})
}

func (u *unit) ofRules(x *syntax.Of) operand {
	if x.Offset != nil || x.In != nil {
		return u.errorf(x.Pos(), "`at` and `in` need a set of strings")
	}
	items, ok := u.ruleSet(&x.Set)
	q, ok2 := u.quantifier(&x.Quantifier, len(items))
	if !ok || !ok2 {
		return operand{bad: true}
	}
	start, n := u.list(items)
	return u.op(ir.Node{Op: ir.OfRules, Kind: module.KindBool, A: start, B: n, C: q})
}

func (u *unit) ruleSet(s *syntax.Set) (rules []int32, ok bool) {
	ok = true
	for _, item := range s.Items {
		found := u.matchRules(item)
		if len(found) == 0 && !u.ns.broken[item.Name] {
			u.errorf(item.Pos, "no rule is named %s", wildcardName(item))
			ok = false
		}
		if item.Wildcard {
			u.wildcards = append(u.wildcards, item.Name)
			if u.c.options.YARAX {
				u.errorf(item.Pos, "wildcards over rules are not part of YARA-X")
				ok = false
			}
		}
		rules = append(rules, found...)
	}
	return rules, ok
}

func (u *unit) matchRules(item syntax.SetItem) []int32 {
	if !item.Wildcard {
		if r, ok := u.ns.rules[item.Name]; ok {
			return []int32{r}
		}
		return nil
	}
	var out []int32
	for name, r := range u.ns.rules {
		if strings.HasPrefix(name, item.Name) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}
