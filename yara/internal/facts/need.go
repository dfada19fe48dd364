package facts

import (
	"bytes"
	"slices"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// Thousands of rules about certificates begin with `uint16(0) == 0x5A4D and for
// any i in (0..pe.number_of_signatures)`. No program without a signature
// matches any of them, and one with a signature only those that name its
// number. So it is proved what a module must have found in a file.

// Need is a demand on a field of a module, or on a function of it that takes no
// arguments: an array or dictionary has elements, a number or a boolean is
// defined and not 0, a text is one of a few.
type Need struct {
	Module int32 // in Set.Modules
	Field  int32 // in Set.Fields, or ^ the function's in Set.Calls
	// Elem, when not negative, is a text in the elements of the array Field: that of
	// one of them is one of Texts. It is in Set.Fields too.
	Elem  int32
	Texts []int32 // in Set.Texts, in order; none unless Elem or Field is a text
}

// need gives what a module must have found for the node to be true, or nil.
func (p *Prover) need(id ir.NodeID) *Need {
	n := &p.set.Nodes[id]
	switch n.Op {
	case ir.And:
		return p.dearest(p.set.List(n.A, n.B), p.need)
	case ir.Or:
		return p.commonNeed(p.set.List(n.A, n.B))
	case ir.RuleRef:
		return p.rules[n.A].Need
	case ir.ToBool:
		return dearer(p.nonzeroField(n.A), p.definedNeed(n.A))
	case ir.Defined:
		return p.definedNeed(n.A)
	case ir.Compare:
		return dearer(p.compareNeed(n), p.definedNeed(id))
	case ir.With:
		return p.need(n.C)
	case ir.ForStrings, ir.ForRange, ir.ForTuple, ir.ForArray, ir.ForDict:
		return p.loopNeed(n)
	}
	return p.definedNeed(id)
}

// definedNeed gives what must be there for the value of a node to be defined:
// the array that an element is of.
func (p *Prover) definedNeed(id ir.NodeID) *Need {
	n := &p.set.Nodes[id]
	found := p.dearest(p.parts(n), p.definedNeed)
	if n.Op == ir.IndexArray {
		return dearer(p.field(n.A, module.KindArray), found)
	}
	return found
}

// field is the need of a field of a module itself, when it is of that kind.
func (p *Prover) field(id ir.NodeID, kind module.Kind) *Need {
	n := &p.set.Nodes[id]
	if n.Op != ir.Field || p.set.Fields[n.B].Type.Kind != kind {
		return nil
	}
	root := &p.set.Nodes[n.A]
	if root.Op != ir.Module || !has(p.set.Modules[root.A].Type, p.set.Fields[n.B]) {
		return nil
	}
	return &Need{Module: root.A, Field: n.B, Elem: -1}
}

// function is the need of what a function of a module gives without arguments.
func (p *Prover) function(n *ir.Node) *Need {
	if n.Op != ir.Call || n.C != 0 || p.set.Nodes[n.D].Op != ir.Module {
		return nil
	}
	need := &Need{Module: p.set.Nodes[n.D].A, Field: ^n.A, Elem: -1}
	if !gives(p.set.Modules[need.Module].Type, p.set.Calls[n.A]) {
		return nil
	}
	return need
}

// nonzeroField is the need of a number that must not be 0.
func (p *Prover) nonzeroField(id ir.NodeID) *Need {
	if n := p.field(id, module.KindInt); n != nil {
		return n
	}
	return p.field(id, module.KindBool)
}

// compareNeed reads `pe.number_of_signatures > 0` and
// `pe.signatures[i].serial == "..."`.
func (p *Prover) compareNeed(n *ir.Node) *Need {
	op := syntax.Op(n.A)
	for _, side := range []struct {
		value, than ir.NodeID
		op          syntax.Op
	}{{n.B, n.C, op}, {n.C, n.B, op.Flipped()}} {
		if v, known := p.constInt(side.than); known && zeroFails(side.op, v) {
			return p.nonzeroField(side.value)
		}
		if than := &p.set.Nodes[side.than]; than.Op == ir.ConstText && side.op == syntax.Eq {
			return p.textNeed(side.value, than.A)
		}
	}
	return nil
}

// textNeed: a field, one of an element or what a function gives equals a text.
func (p *Prover) textNeed(id ir.NodeID, text int32) *Need {
	n := &p.set.Nodes[id]
	if need := dearer(p.field(id, module.KindString), p.function(n)); need != nil {
		need.Texts = []int32{text}
		return need
	}
	if n.Op != ir.Field {
		return nil
	}
	array := p.elementOf(n.A)
	if array == nil || !has(p.set.Fields[array.Field].Type.Elem, p.set.Fields[n.B]) {
		return nil
	}
	return &Need{Module: array.Module, Field: array.Field, Elem: n.B, Texts: []int32{text}}
}

// elementOf gives the array of which a node is an element, or nil.
func (p *Prover) elementOf(id ir.NodeID) *Need {
	switch n := &p.set.Nodes[id]; n.Op {
	case ir.IndexArray:
		return p.field(n.A, module.KindArray)
	case ir.Slot:
		return p.elements[n.A]
	}
	return nil
}

// loopNeed: a loop over nothing is never true, and the body is true at least
// once unless it may never be.
func (p *Prover) loopNeed(n *ir.Node) (need *Need) {
	head := &p.set.Nodes[n.A]
	list, slot := p.set.List(head.A, head.B), p.set.Lists[head.D]
	switch n.Op {
	case ir.ForRange:
		need = p.rangeNeed(list)
	case ir.ForArray:
		need = p.field(list[0], module.KindArray)
	case ir.ForDict:
		need = p.field(list[0], module.KindDict)
	}
	if p.least(head.C, 1) < 1 {
		return need
	}
	if n.Op == ir.ForArray && need != nil {
		p.elements[slot] = need
		defer delete(p.elements, slot)
	}
	return dearer(p.need(p.set.Lists[head.D+2]), need)
}

// rangeNeed: a range that ends below where it begins is empty.
func (p *Prover) rangeNeed(list []int32) *Need {
	need := p.dearest(list, p.definedNeed)
	low, known := p.constInt(list[0])
	high := &p.set.Nodes[list[1]]
	switch {
	case known && low >= 1:
		return dearer(need, p.nonzeroField(list[1]))
	case known && low == 0 && high.Op == ir.Arith && syntax.Op(high.A) == syntax.Sub:
		if less, known := p.constInt(high.C); known && less >= 1 {
			return dearer(need, p.nonzeroField(high.B))
		}
	}
	return need
}

// dearest: all of the items must hold, so the need of any one will do.
func (p *Prover) dearest(items []int32, f func(ir.NodeID) *Need) (best *Need) {
	for _, item := range items {
		best = dearer(best, f(item))
	}
	return best
}

// dearer gives the need that fewer files meet, as far as that can be told.
func dearer(a, b *Need) *Need {
	switch {
	case a == nil || b == nil:
		if a == nil {
			return b
		}
		return a
	case len(b.Texts) > 0 && (len(a.Texts) == 0 || len(b.Texts) < len(a.Texts)):
		return b
	}
	return a
}

// commonNeed: one of the items must hold, so all must need the same field.
func (p *Prover) commonNeed(items []int32) *Need {
	var all *Need
	var texts []int32
	for i, item := range items {
		n := p.need(item)
		switch {
		case n == nil, i > 0 && (n.Module != all.Module || n.Field != all.Field):
			return nil
		case i == 0:
			all = &Need{Module: n.Module, Field: n.Field, Elem: n.Elem}
		case n.Elem != all.Elem:
			all.Elem = -1
		}
		texts = append(texts, n.Texts...)
	}
	if all != nil && (all.Elem >= 0 || p.isText(all)) {
		all.Texts = p.inOrder(texts)
	}
	return all
}

// isText reports whether a need is of a text: then it has some to be equal to.
func (p *Prover) isText(n *Need) bool {
	return n.Field < 0 || p.set.Fields[n.Field].Type.Kind == module.KindString
}

// inOrder sorts texts by what they say, each once.
func (p *Prover) inOrder(texts []int32) []int32 {
	say := func(a, b int32) int { return bytes.Compare(p.set.Texts[a], p.set.Texts[b]) }
	slices.SortFunc(texts, say)
	return slices.CompactFunc(texts, func(a, b int32) bool { return say(a, b) == 0 })
}
