package sema

import (
	"strings"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// usage says what a condition wants to know of a string.
type usage uint8

const (
	wantFound usage = iota
	wantList
	wantAt
)

// str resolves a string name to the operand of a string node. For the string
// of a for…of, every string of its set is noted as used so.
func (u *unit) str(p syntax.Pos, name string, want usage, at operand) (operand int32, ok bool) {
	if name == "" {
		if u.forOf < 0 {
			u.errorf(p, "$ stands for a string only inside `for … of`")
			return 0, false
		}
		at.known = false // as YARA has it, only `$name at 0` fixes the place
		u.loose = true
		for _, s := range u.loopSet() {
			u.note(s, want, at)
		}
		return ^u.forOf, true
	}
	s := u.byName[name]
	if s == nil {
		u.errorf(p, "unknown string $%s", name)
		return 0, false
	}
	u.note(s, want, at)
	return s.id, true
}

// loopSet gives the strings that the innermost for…of runs over.
func (u *unit) loopSet() []*stringUse {
	for i := len(u.scopes) - 1; i >= 0; i-- {
		if u.scopes[i].strings != nil {
			return u.scopes[i].strings
		}
	}
	return nil
}

func (u *unit) note(s *stringUse, want usage, at operand) {
	s.used = true
	switch {
	case want == wantFound:
		s.found = true
	case want == wantList:
		s.list = true
	case at.known && at.value >= 0:
		s.atConst = append(s.atConst, at.value)
	default:
		s.atOthers = true
	}
}

func (u *unit) stringExpr(x syntax.Expr) operand {
	switch x := x.(type) {
	case *syntax.StringRef:
		return u.stringRef(x)
	case *syntax.StringCount:
		return u.stringCount(x)
	case *syntax.StringOffset:
		return u.stringItem(ir.OffsetOf, x.Pos(), x.Name, x.Index)
	}
	l := x.(*syntax.StringLength)
	return u.stringItem(ir.LengthOf, l.Pos(), l.Name, l.Index)
}

func (u *unit) stringRef(x *syntax.StringRef) operand {
	n := ir.Node{Op: ir.Found, Kind: module.KindBool}
	want, at := wantFound, operand{}
	bad := false
	switch {
	case x.Offset != nil:
		at = u.atOffset(x.Offset)
		n.Op, n.B, want, bad = ir.FoundAt, at.node, wantAt, at.bad
	case x.In != nil:
		low, high := u.bounds(x.In)
		n.Op, n.B, n.C, want, bad = ir.FoundIn, low.node, high.node, wantList, low.bad || high.bad
	}
	s, ok := u.str(x.Pos(), x.Name, want, at)
	if !ok || bad {
		return operand{bad: true}
	}
	n.A = s
	return u.op(n)
}

// atOffset compiles the offset behind at.
func (u *unit) atOffset(x syntax.Expr) operand {
	at := u.integer(x, "the offset behind at")
	if u.c.options.YARAX && at.known && at.value < 0 {
		return u.errorf(x.Pos(), "the offset %d is negative", at.value)
	}
	return at
}

func (u *unit) stringCount(x *syntax.StringCount) operand {
	n := ir.Node{Op: ir.Count, Kind: module.KindInt}
	if x.In != nil {
		low, high := u.bounds(x.In)
		if low.bad || high.bad {
			return operand{bad: true}
		}
		n.Op, n.B, n.C = ir.CountIn, low.node, high.node
	}
	s, ok := u.str(x.Pos(), x.Name, wantList, operand{})
	if !ok {
		return operand{bad: true}
	}
	n.A = s
	return u.op(n)
}

func (u *unit) stringItem(op ir.Op, p syntax.Pos, name string, index syntax.Expr) operand {
	n := ir.Node{Op: op, Kind: module.KindInt}
	if index != nil {
		i := u.integer(index, "the number of a match")
		if i.bad {
			return i
		}
		if u.c.options.YARAX && i.known && i.value < 1 {
			return u.errorf(index.Pos(), "matches are counted from 1, so there is no number %d", i.value)
		}
		n.B = i.node
	}
	s, ok := u.str(p, name, wantList, operand{})
	if !ok {
		return operand{bad: true}
	}
	n.A = s
	return u.op(n)
}

// stringSet resolves `them` or a list of names and wildcards. Strings already
// in the set are not added again.
func (u *unit) stringSet(s *syntax.Set) (uses []*stringUse, ok bool) {
	if s.Them {
		if len(u.strings) == 0 {
			u.errorf(s.Pos, "`them` stands for the strings of the rule, and it has none")
			return nil, false
		}
		return u.strings, true
	}
	for _, item := range s.Items {
		found := u.matchStrings(item)
		if len(found) == 0 {
			u.errorf(item.Pos, "no string is named $%s", wildcardName(item))
			return nil, false
		}
		uses = append(uses, found...)
	}
	return uses, true
}

func wildcardName(i syntax.SetItem) string {
	if i.Wildcard {
		return i.Name + "*"
	}
	return i.Name
}

func (u *unit) matchStrings(item syntax.SetItem) []*stringUse {
	if !item.Wildcard {
		if s := u.byName[item.Name]; s != nil {
			return []*stringUse{s}
		}
		return nil
	}
	var out []*stringUse
	for _, s := range u.strings {
		if strings.HasPrefix(s.def.Name, item.Name) {
			out = append(out, s)
		}
	}
	return out
}
