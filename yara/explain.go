package yara

import (
	"bytes"
	"math"

	"vitrine/yara/internal/facts"
	"vitrine/yara/internal/search"
)

// Cost is what a rule asks of a scanner, as proved when it was compiled.
type Cost struct {
	Never  bool // the condition cannot hold
	Always bool // evaluated whatever strings are found; Gated may still narrow that down
	Gated  bool // only for files that begin in certain ways

	// Wake names the strings of the rule of which one has to occur for the rule to be
	// evaluated. Empty with Always, and where strings of other rules wake it.
	Wake []string

	MinSize, MaxSize int64 // of the file, both included; MaxSize is math.MaxInt64 where nothing bounds it
	Strings          []StringCost
}

// StringCost is what the search for one string costs.
type StringCost struct {
	// Atom is the shortest text by which the string is found, of those that are
	// all needed. Empty: nothing helps, and every offset is tried.
	Atom     []byte
	Padding  bool // Atom is one byte over and over, as padding is
	OnDemand bool // never searched, only checked where a condition asks for it
}

// Cost tells what rule i asks for, counted as All does. It panics when there is
// no such rule.
func (r *Rules) Cost(i int) Cost {
	for _, part := range r.parts {
		if i < part.Len() {
			return part.Cost(i)
		}
		i -= part.Len()
	}
	rule, f := &r.set.Rules[i], &r.plan.Facts()[i]
	c := Cost{MinSize: f.MinSize, MaxSize: f.MaxSize, Gated: len(f.Gates) > 0, Never: f.Never()}
	wakes := c.wake(f)
	about := r.describe(i, r.about.Reader())
	for k, s := range rule.Strings {
		if wakes[s.Pattern] {
			c.Wake = append(c.Wake, about.Strings[k].Name)
		}
		c.Strings = append(c.Strings, stringCost(r.set.Patterns.At(s.Pattern)))
	}
	return c
}

// wake tells when the rule is evaluated, and gives the patterns that wake it.
func (c *Cost) wake(f *facts.Facts) map[int32]bool {
	ways, wakes, gated := f.Ways, map[int32]bool{}, true
	if ways == nil {
		ways = []facts.Facts{*f}
	}
	for i := range ways {
		w := &ways[i]
		if w.Wake == nil && !w.Never() {
			c.Always, gated = true, gated && len(w.Gates) > 0
		}
		for _, p := range w.Wake {
			wakes[p] = true
		}
	}
	if c.Always {
		c.Gated = gated
		return nil
	}
	return wakes
}

// stringCost looks at the part of a pattern that is easiest to find: where a
// pattern is cut at long jumps, every part is searched, so the worst counts.
func stringCost(p *search.Pattern) StringCost {
	out := StringCost{OnDemand: p.OnDemand}
	least := math.MaxInt
	for _, l := range p.Links {
		for i := range l.Forms {
			if len(l.Forms[i].Atoms) == 0 {
				return StringCost{OnDemand: p.OnDemand}
			}
			for _, a := range l.Forms[i].Atoms {
				if len(a.Bytes) < least {
					least, out.Atom = len(a.Bytes), a.Bytes
				}
			}
		}
	}
	out.Padding = padding(out.Atom)
	return out
}

func padding(b []byte) bool {
	return len(b) > 0 && bytes.Count(b, b[:1]) == len(b) && bytes.IndexByte([]byte("\x00\xff\x90\xcc \t-=*#"), b[0]) >= 0
}
