package facts

import (
	"math"
	"slices"

	"vitrine/yara/internal/ir"
)

// Many a rule is `gate and ... or 3 of them`: of either half something is known,
// of the whole nothing. Such a rule is taken apart.

// maxWays is how many ways a rule may be true in; beyond it is not taken apart.
const maxWays = 16

// ways gives what is known of each way in which a node may be true. Nil where
// there is only one, or nothing is known of one.
func (p *Prover) ways(id ir.NodeID) []Facts {
	n := &p.set.Nodes[id]
	switch n.Op {
	case ir.Or:
		return p.choices(p.set.List(n.A, n.B))
	case ir.And:
		for _, item := range p.set.List(n.A, n.B) {
			if ways := p.ways(item); ways != nil {
				return p.narrow(ways, id)
			}
		}
	}
	return nil
}

func (p *Prover) choices(items []int32) []Facts {
	var all []Facts
	for _, item := range items {
		some := p.ways(item)
		if some == nil {
			f := p.known(item)
			if f.Wake == nil && f.Gates == nil && f.Need == nil && f.MinSize == 0 && f.MaxSize == math.MaxInt64 {
				return nil
			}
			some = []Facts{f}
		}
		if all = append(all, some...); len(all) > maxWays {
			return nil
		}
	}
	return all
}

// narrow adds to each way what the whole condition needs in any case.
func (p *Prover) narrow(ways []Facts, whole ir.NodeID) []Facts {
	f := p.known(whole)
	for i := range ways {
		w := &ways[i]
		w.Gates = tighter(w.Gates, f.Gates)
		if w.Wake == nil {
			w.Need = dearer(w.Need, f.Need)
		}
		w.MinSize, w.MaxSize = max(w.MinSize, f.MinSize), min(w.MaxSize, f.MaxSize)
	}
	return ways
}

// known gives what is known of a node as a whole.
func (p *Prover) known(id ir.NodeID) Facts {
	var f Facts
	if w, ok := p.wake(id); ok {
		f.Wake = append([]int32{}, w...)
	}
	if f.Wake == nil {
		f.Need = p.need(id)
	}
	f.Gates = slices.Clip(p.gates(id))
	f.MinSize, f.MaxSize = p.sizes(id)
	return f
}
