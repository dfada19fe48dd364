package facts

import (
	"math/bits"
	"slices"

	"vitrine/yara/internal/ir"
	"vitrine/yara/syntax"
)

// maxGates is how many beginnings are told apart; more are as good as any.
const maxGates = 8

// Passes reports whether a file that begins with head, shorter only when the
// whole file is, may match.
func (f *Facts) Passes(head []byte, size int64) bool {
	if size < f.MinSize || size > f.MaxSize {
		return false
	}
	if f.Gates == nil {
		return true
	}
	for _, g := range f.Gates {
		if g.Open(head) {
			return true
		}
	}
	return false
}

// Open reports whether the file begins so.
func (g Gate) Open(head []byte) bool {
	var v, have uint32
	for i := range min(4, len(head)) {
		v |= uint32(head[i]) << (8 * i)
		have |= 0xFF << (8 * i)
	}
	return g.Mask&^have == 0 && v&g.Mask == g.Value
}

// gates gives the beginnings without which the node is not true, or nil.
func (p *Prover) gates(id ir.NodeID) []Gate {
	n := &p.set.Nodes[id]
	switch n.Op {
	case ir.And:
		return p.tightest(p.set.List(n.A, n.B))
	case ir.Or:
		return p.anyGate(p.set.List(n.A, n.B))
	case ir.RuleRef:
		return p.rules[n.A].Gates
	case ir.Compare:
		return p.compareGate(n)
	case ir.FoundAt:
		return p.foundGate(n)
	case ir.ToBool:
		return p.valueGate(n.A)
	case ir.TextOp:
		if g := p.valueGate(n.B); g != nil {
			return g
		}
		return p.valueGate(n.C)
	case ir.Matches:
		return p.valueGate(n.A)
	case ir.With:
		return p.gates(n.C)
	case ir.ForRange, ir.ForTuple, ir.ForArray, ir.ForDict:
		head := &p.set.Nodes[n.A]
		if p.least(head.C, 1) < 1 {
			return nil
		}
		if list := p.set.List(head.A, head.B); n.Op == ir.ForArray || n.Op == ir.ForDict {
			if g := p.valueGate(list[0]); g != nil {
				return g
			}
		}
		return p.gates(p.set.Lists[head.D+2])
	}
	return nil
}

func (p *Prover) tightest(items []int32) (best []Gate) {
	for _, item := range items {
		if g := p.gates(item); g != nil && (best == nil || tightness(g) > tightness(best)) {
			best = g
		}
	}
	return best
}

// tightness is the number of bits the loosest gate fixes.
func tightness(gates []Gate) int {
	least := 33
	for _, g := range gates {
		least = min(least, bits.OnesCount32(g.Mask))
	}
	return least
}

func (p *Prover) anyGate(items []int32) []Gate {
	var all []Gate
	for _, item := range items {
		g := p.gates(item)
		if g == nil {
			return nil
		}
		for _, x := range g {
			if !slices.Contains(all, x) {
				all = append(all, x)
			}
		}
	}
	if len(all) > maxGates {
		return nil
	}
	return all
}

// compareGate reads `uint16(0) == 0x5A4D` and its kin, and comparisons with
// what a module knows only of its own format.
func (p *Prover) compareGate(n *ir.Node) []Gate {
	l, r := n.B, n.C
	if _, known := p.constInt(l); known {
		l, r = r, l
	}
	if g := p.valueGate(l); g != nil && p.set.Nodes[l].Op != ir.Call {
		return g
	}
	if g := p.valueGate(r); g != nil && p.set.Nodes[r].Op != ir.Call {
		return g
	}
	v, known := p.constInt(r)
	read := &p.set.Nodes[l]
	if !known || read.Op != ir.ReadInt || syntax.Op(n.A) != syntax.Eq {
		return nil
	}
	at, known := p.constInt(read.B)
	width := int64(read.A & ir.IntWidth)
	if !known || at < 0 || at+width > 4 || read.A&ir.IntFloat != 0 {
		return nil
	}
	return intGate(v, at, width, read.A)
}

// intGate is the gate of reading v at an offset. A value the form cannot give
// is never read.
func intGate(v, at, width int64, form ir.IntForm) []Gate {
	mask := uint32(1<<(8*width) - 1)
	low, high := int64(0), int64(mask)
	if form&ir.IntSigned != 0 {
		low, high = -(high+1)/2, high/2
	}
	if v < low || v > high {
		return []Gate{}
	}
	u := uint32(v) & mask
	if form&ir.IntBig != 0 {
		u = bits.ReverseBytes32(u) >> (32 - 8*width)
	}
	return []Gate{{mask << (8 * at), u << (8 * at)}}
}

// foundGate reads `$a at 0` where $a is plain text.
func (p *Prover) foundGate(n *ir.Node) []Gate {
	if g := p.valueGate(n.B); g != nil {
		return g
	}
	at, known := p.constInt(n.B)
	if !known || n.A < 0 || at < 0 || at > 3 {
		return nil
	}
	pt := p.set.Patterns[n.A]
	if len(pt.Links) != 1 || len(pt.Links[0].Forms) != 1 {
		return nil
	}
	f := &pt.Links[0].Forms[0]
	if f.Literal == nil || f.NoCase || f.Xor {
		return nil
	}
	var g Gate
	for i := 0; i < len(f.Literal) && int(at)+i < 4; i++ {
		shift := 8 * (int(at) + i)
		g.Mask |= 0xFF << shift
		g.Value |= uint32(f.Literal[i]) << shift
	}
	return []Gate{g}
}

// valueGate gives the beginnings without which a value read from a module is
// not defined. What a function of the module gives is not true without them,
// but may be defined.
func (p *Prover) valueGate(id ir.NodeID) []Gate {
	n := &p.set.Nodes[id]
	if n.Op == ir.Call {
		id = n.D
	}
	switch p.moduleOf(id) {
	case "pe":
		return []Gate{{0xFFFF, 0x5A4D}}
	case "elf":
		return []Gate{{0xFFFFFFFF, 0x464C457F}}
	}
	return nil
}
