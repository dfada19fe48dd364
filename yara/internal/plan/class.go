package plan

import (
	"encoding/binary"
	"slices"

	"vitrine/yara/internal/facts"
	"vitrine/yara/internal/ir"
)

// classify groups the patterns by the ways a file must begin for a rule that
// has them to match. Class 0 matters in every file.
func (p *Plan) classify(set *ir.Set) []uint16 {
	gates := patternGates(set, p.facts)
	class := make([]uint16, set.Patterns.Len())
	known := map[string]uint16{}
	p.classes = [][]facts.Gate{nil}
	var key []byte
	for id, g := range gates {
		if g == nil {
			continue
		}
		key = key[:0]
		for _, gate := range g {
			key = binary.LittleEndian.AppendUint64(key, uint64(gate.Mask)<<32|uint64(gate.Value))
		}
		c, ok := known[string(key)]
		if !ok && len(p.classes) < maxClasses {
			c = uint16(len(p.classes))
			p.classes = append(p.classes, g)
			known[string(key)] = c
		}
		class[id] = c
	}
	return class
}

// maxClasses bounds the work of Open for each file; further classes count as 0.
const maxClasses = 256

// patternGates unites the gates of the rules of each pattern. Nil: some rule
// has none.
func patternGates(set *ir.Set, all []facts.Facts) [][]facts.Gate {
	gates := make([][]facts.Gate, set.Patterns.Len())
	open := make([]bool, set.Patterns.Len())
	for r := range set.Rules {
		for _, s := range set.Rules[r].Strings {
			switch {
			case all[r].Gates == nil:
				open[s.Pattern] = true
			case gates[s.Pattern] == nil:
				gates[s.Pattern] = slices.Clip(all[r].Gates) // shared until it grows
			default:
				gates[s.Pattern] = unite(gates[s.Pattern], all[r].Gates)
			}
		}
	}
	for id := range gates {
		if open[id] {
			gates[id] = nil
		} else if gates[id] == nil {
			gates[id] = []facts.Gate{}
		}
	}
	return gates
}

func unite(a, b []facts.Gate) []facts.Gate {
next:
	for _, g := range b {
		for _, h := range a {
			if g == h {
				continue next
			}
		}
		a = append(a, g)
	}
	return a
}
