package facts

import "vitrine/yara/internal/ir"

// parts gives the nodes that must all be defined for the value of a node to be.
func (p *Prover) parts(n *ir.Node) []int32 {
	switch n.Op {
	case ir.Arith, ir.Compare, ir.TextOp, ir.FoundIn, ir.CountIn:
		return []int32{n.B, n.C}
	case ir.Neg, ir.BitNot, ir.ToBool, ir.Not, ir.Matches, ir.Len, ir.Field, ir.PlaceAt:
		return []int32{n.A}
	case ir.IndexArray, ir.IndexDict, ir.PlaceIn:
		return []int32{n.A, n.B}
	case ir.ReadInt, ir.FoundAt:
		return []int32{n.B}
	case ir.Call:
		return append([]int32{n.D}, p.set.List(n.B, n.C)...)
	case ir.OffsetOf, ir.LengthOf:
		if n.B != 0 {
			return []int32{n.B}
		}
	case ir.Of:
		if n.D != 0 {
			return []int32{n.D}
		}
	}
	return nil
}

// defined gives patterns one of which must occur for the value to be defined.
func (p *Prover) defined(id ir.NodeID) (set []int32, ok bool) {
	n := &p.set.Nodes[id]
	if n.Op == ir.OffsetOf || n.Op == ir.LengthOf {
		if set, ok := p.occurs(n.A); ok {
			return set, true
		}
	}
	return p.cheapest(p.parts(n), p.defined)
}

// definedGate gives the beginnings without which the value is not defined: of
// other files the modules pe and elf know nothing, and their functions neither.
func (p *Prover) definedGate(id ir.NodeID) []Gate {
	n := &p.set.Nodes[id]
	switch {
	case n.Op == ir.Module:
		return magic(p.set.Modules[n.A].Name)
	case n.Op == ir.Entrypoint:
		return p.anyGate([]int32{n.A, n.B}, p.definedGate)
	case p.isPE(id):
		return nil // the one that is
	}
	return p.tightest(p.parts(n), p.definedGate)
}

// isPE reports whether a node is pe.is_pe, which is 0 where other files begin.
func (p *Prover) isPE(id ir.NodeID) bool {
	n := &p.set.Nodes[id]
	return n.Op == ir.Field && p.set.Nodes[n.A].Op == ir.Module && p.set.Fields[n.B].Name == "is_pe"
}

// magic is how the files begin that a module reads.
func magic(module string) []Gate {
	switch module {
	case "pe":
		return []Gate{{0xFFFF, 0x5A4D}}
	case "elf":
		return []Gate{{0xFFFFFFFF, 0x464C457F}}
	}
	return nil
}
