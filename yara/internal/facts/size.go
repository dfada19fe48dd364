package facts

import (
	"math"

	"vitrine/yara/internal/ir"
	"vitrine/yara/syntax"
)

// sizes gives the sizes of file for which the node may be true. An interval
// with low above high means none.
func (p *Prover) sizes(id ir.NodeID) (low, high int64) {
	n := &p.set.Nodes[id]
	low, high = 0, math.MaxInt64
	switch n.Op {
	case ir.ConstBool:
		if n.A == 0 {
			return 1, 0
		}
	case ir.And:
		for _, c := range p.set.List(n.A, n.B) {
			l, h := p.sizes(c)
			low, high = max(low, l), min(high, h)
		}
	case ir.Or:
		low, high = math.MaxInt64, 0
		for _, c := range p.set.List(n.A, n.B) {
			l, h := p.sizes(c)
			if l <= h {
				low, high = min(low, l), max(high, h)
			}
		}
	case ir.RuleRef:
		return p.rules[n.A].MinSize, p.rules[n.A].MaxSize
	case ir.Compare:
		if v, known := p.constInt(n.C); known && p.set.Nodes[n.B].Op == ir.Filesize {
			return interval(syntax.Op(n.A), v)
		}
		if v, known := p.constInt(n.B); known && p.set.Nodes[n.C].Op == ir.Filesize {
			return interval(syntax.Op(n.A).Flipped(), v)
		}
	}
	return low, high
}

// interval is where `filesize op v` is true.
func interval(op syntax.Op, v int64) (low, high int64) {
	switch op {
	case syntax.Eq:
		return v, v
	case syntax.Lt:
		if v == math.MinInt64 {
			return 1, 0
		}
		return 0, v - 1
	case syntax.Le:
		return 0, v
	case syntax.Gt:
		if v == math.MaxInt64 {
			return 1, 0
		}
		return v + 1, math.MaxInt64
	case syntax.Ge:
		return v, math.MaxInt64
	}
	return 0, math.MaxInt64
}
