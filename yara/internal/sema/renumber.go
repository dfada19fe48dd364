package sema

import "vitrine/yara/internal/ir"

// renumber replaces the provisional string numbers in the nodes of this rule.
func (u *unit) renumber(final []int32) {
	s := u.c.set
	replace := func(v *int32) {
		if *v >= 0 {
			*v = final[*v]
		}
	}
	for i := u.mark.nodes; i < len(s.Nodes); i++ {
		n := &s.Nodes[i]
		switch n.Op {
		case ir.Found, ir.FoundAt, ir.FoundIn, ir.Count, ir.CountIn, ir.OffsetOf, ir.LengthOf:
			replace(&n.A)
		case ir.Of:
			u.renumberList(n.A, n.B, replace)
		case ir.ForStrings:
			head := &s.Nodes[n.A]
			u.renumberList(head.A, head.B, replace)
		}
	}
}

func (u *unit) renumberList(start, n int32, replace func(*int32)) {
	list := u.c.set.List(start, n)
	for i := range list {
		replace(&list[i])
	}
}
