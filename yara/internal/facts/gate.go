package facts

import (
	"math/bits"
	"slices"

	"vitrine/yara/internal/ir"
	"vitrine/yara/syntax"
)

// maxGates is how many beginnings are told apart; more are as good as any.
const maxGates = 8

// Never reports whether no file can match.
func (f *Facts) Never() bool {
	return f.MinSize > f.MaxSize || f.Gates != nil && len(f.Gates) == 0 || f.Wake != nil && len(f.Wake) == 0
}

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
	case ir.ConstBool:
		if n.A == 0 {
			return []Gate{}
		}
		return nil
	case ir.And:
		return p.tightest(p.set.List(n.A, n.B), p.gates)
	case ir.Or:
		return p.anyGate(p.set.List(n.A, n.B), p.gates)
	case ir.RuleRef:
		return p.rules[n.A].Gates
	case ir.Compare:
		return tighter(p.definedGate(id), p.compareGate(n))
	case ir.FoundAt:
		return tighter(p.definedGate(id), p.foundGate(n))
	case ir.Defined:
		return p.definedGate(n.A)
	case ir.ToBool:
		if p.isPE(n.A) {
			return magic("pe")
		}
	case ir.With:
		return p.gates(n.C)
	case ir.ForStrings, ir.ForRange, ir.ForTuple, ir.ForArray, ir.ForDict:
		return p.loopGate(n)
	}
	return p.definedGate(id)
}

// loopGate: what is looped over must be there, and the body true at least once
// unless it may never be.
func (p *Prover) loopGate(n *ir.Node) (gates []Gate) {
	head := &p.set.Nodes[n.A]
	if p.least(head.C, 1) >= 1 {
		gates = p.gates(p.set.Lists[head.D+2])
	}
	list := p.set.List(head.A, head.B)
	switch n.Op {
	case ir.ForRange:
		return tighter(gates, p.tightest(list, p.definedGate))
	case ir.ForStrings, ir.ForTuple:
		return gates
	}
	return tighter(gates, p.definedGate(list[0]))
}

// tightest: all of the items must hold, so the gates of any one will do.
func (p *Prover) tightest(items []int32, f func(ir.NodeID) []Gate) (best []Gate) {
	for _, item := range items {
		best = tighter(best, f(item))
	}
	return best
}

// tighter gives the gates that fix more bits. Nil fixes none.
func tighter(a, b []Gate) []Gate {
	if a == nil || b != nil && tightness(b) > tightness(a) {
		return b
	}
	return a
}

// tightness is the number of bits the loosest gate fixes.
func tightness(gates []Gate) int {
	least := 33
	for _, g := range gates {
		least = min(least, bits.OnesCount32(g.Mask))
	}
	return least
}

// anyGate: one of the items must hold.
func (p *Prover) anyGate(items []int32, f func(ir.NodeID) []Gate) []Gate {
	all := []Gate{}
	for _, item := range items {
		g := f(item)
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

// compareGate reads `uint16(0) == 0x5A4D` and its kin.
func (p *Prover) compareGate(n *ir.Node) []Gate {
	l, r := n.B, n.C
	if _, known := p.constInt(l); known {
		l, r = r, l
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
	at, known := p.constInt(n.B)
	if !known || n.A < 0 || at < 0 || at > 3 {
		return nil
	}
	pt := p.set.Patterns.At(n.A)
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
