package blob

import (
	"slices"

	"vitrine/yara/internal/facts"
)

// The flags of facts: whether anything is known.
const (
	factWake = 1 << iota
	factGates
	factNeed
)

// WriteFacts writes what was proved of each rule, and behind it of each of its ways.
func WriteFacts(w *Writer, all []facts.Facts) {
	for i := range all {
		f := &all[i]
		minLow, minHigh := Halves(uint64(f.MinSize))
		maxLow, maxHigh := Halves(uint64(f.MaxSize))
		w.Row(Facts, Bit(0, f.Wake != nil)|Bit(1, f.Gates != nil)|Bit(2, f.Need != nil)|uint32(len(f.Ways))<<8, uint32(len(f.Wake)), uint32(len(f.Gates)),
			minLow, minHigh, maxLow, maxHigh)
		for _, id := range f.Wake {
			w.Row(Wakes, uint32(id))
		}
		for _, g := range f.Gates {
			w.Row(Gates, g.Mask, g.Value)
		}
		writeNeed(w, f.Need)
		WriteFacts(w, f.Ways)
	}
}

func writeNeed(w *Writer, n *facts.Need) {
	if n == nil {
		return
	}
	w.Row(Needs, uint32(n.Module), uint32(n.Field), uint32(n.Elem), uint32(len(n.Texts)))
	for _, t := range n.Texts {
		w.Row(Keys, uint32(t))
	}
}

// readNeeds reads what rules need of modules. That there is such a thing is for
// facts to check.
func readNeeds(r *Reader) []facts.Need {
	keys := ReadInts(r, Keys)
	needs := make([]facts.Need, r.Len(Needs))
	for i := range needs {
		row := r.At(Needs, i)
		from, to := r.Take(Keys, row.Word(3))
		needs[i] = facts.Need{Module: row.Int(0), Field: row.Int(1), Elem: row.Int(2), Texts: keys[from:to:to]}
	}
	r.Done(Keys)
	return needs
}

// ReadFacts reads them, for as many rules and patterns as there are. That they
// are true is not checked: false ones hide matches of the rules they come with,
// and nothing else.
func ReadFacts(r *Reader, rules, patterns int) []facts.Facts {
	wakes := ReadInts(r, Wakes)
	for _, id := range wakes {
		if id < 0 || int(id) >= patterns {
			r.Fail("pattern %d of %d wakes a rule", id, patterns)
		}
	}
	gates := make([]facts.Gate, r.Len(Gates))
	for i := range gates {
		row := r.At(Gates, i)
		gates[i] = facts.Gate{Mask: row.Word(0), Value: row.Word(1)}
	}
	needs := readNeeds(r)
	all := make([]facts.Facts, r.Len(Facts))
	for i := range all {
		row := r.At(Facts, i)
		flags := r.Flags(row, 0, factWake|factGates|factNeed|0xFF00)
		f := &all[i]
		f.MinSize, f.MaxSize = int64(row.Long(3)), int64(row.Long(5))
		if from, to := r.Take(Wakes, row.Word(1)); flags&factWake != 0 {
			f.Wake = wakes[from:to:to]
		}
		if from, to := r.Take(Gates, row.Word(2)); flags&factGates != 0 {
			f.Gates = gates[from:to:to]
		}
		if from, to := r.Take(Needs, flags&factNeed/factNeed); from < to {
			f.Need = &needs[from]
		}
	}
	r.Done(Wakes, Gates, Needs)
	return ownWays(r, all, rules)
}

// ownWays gives the facts of rules those of their ways, which lie behind them.
// What it gives lies where all was.
func ownWays(r *Reader, all []facts.Facts, rules int) []facts.Facts {
	out := all[:0]
	for range rules {
		at, _ := r.Take(Facts, 1)
		if r.Err() != nil {
			return nil
		}
		f := all[at]
		if from, to := r.Take(Facts, r.At(Facts, at).Word(0)>>8); from < to {
			f.Ways = slices.Clone(all[from:to])
		}
		out = append(out, f)
	}
	r.Done(Facts)
	return out
}
