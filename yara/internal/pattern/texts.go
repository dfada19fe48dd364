package pattern

import (
	"math"
	"slices"
)

// maxWindowItems bounds the items of a window: assertions and the like add
// nothing to its texts.
const maxWindowItems = 4 * maxAtomLen

// window gives the best choice of texts that start at items[at]: the texts of
// as many of the next items as stay within the limits. It gives best when
// that is better.
func (o AtomOptions) window(items []item, at int, p place, best *choice) *choice {
	c := choice{items: items, at: at, place: p, cost: p.cost(), count: 1}
	var buf [maxAtomLen]byte
	run := o.run(items[at:], &buf, &c)
	i, last := at+len(run), min(len(items), at+maxWindowItems)
	grows := len(run) < maxAtomLen && i < last && items[i].node.small(o.MaxAtoms)
	if c.bits = rarity(run, c.fold); !grows && (len(run) < o.MinLen || !c.better(best)) {
		return best // before anything is allocated
	}
	w := texts{all: []string{string(run)}, limit: o.MaxAtoms, fold: c.fold}
	for {
		if w.shortest() >= o.MinLen {
			c.texts, c.fold, c.count, c.bits = w.all, w.fold, len(w.all), w.bits()
			if c.better(best) {
				kept := c
				best = &kept
			}
		}
		if w.shortest() == maxAtomLen || i == last || !w.extend(items[i]) {
			return best
		}
		i++
	}
}

// run gives the bytes that items start with for certain.
func (o AtomOptions) run(items []item, buf *[maxAtomLen]byte, c *choice) []byte {
	n := 0
	c.fold = o.NoCase
	for ; n < len(buf) && n < len(items) && items[n].off >= 0; n++ {
		it := items[n]
		buf[n] = it.node.lit[it.off]
		c.fold = c.fold || it.node.fold
	}
	if c.fold {
		for i, b := range buf[:n] {
			buf[i] = lower(b)
		}
	}
	return buf[:n]
}

// small tells whether it is worth asking for the texts of a node.
func (n *Node) small(limit int) bool {
	switch n.kind {
	case kAny, kNotLF:
		return false
	case kRepeat:
		return n.max != unbounded && n.max <= maxUnrolled
	case kMasked, kClass:
		s := n.byteSet()
		return s.Len() <= 2*limit
	}
	return true
}

// texts is a small set of texts of which one must occur.
type texts struct {
	all   []string // sorted, no two the same, none longer than maxAtomLen
	limit int
	fold  bool // all are lower case, and letters count in either case
}

// extend appends what a node matches to every text. It is false, and nothing
// changes, when the node has no small set of texts.
func (t *texts) extend(it item) bool {
	if it.off >= 0 {
		return t.extendWith([]string{string(it.node.lit[it.off : it.off+1])}, it.node.fold)
	}
	more, fold, ok := finite(it.node, t.limit)
	return ok && t.extendWith(more, fold)
}

func (t *texts) extendWith(more []string, fold bool) bool {
	if len(more) > t.limit {
		return false
	}
	fold = fold || t.fold
	next := make([]string, 0, len(t.all)*len(more))
	for _, a := range t.all {
		for _, b := range more {
			s := a + b
			if len(s) > maxAtomLen {
				s = s[:maxAtomLen]
			}
			next = append(next, s)
		}
	}
	next = distinct(next, fold)
	if len(next) > t.limit {
		return false
	}
	t.all, t.fold = next, fold
	return true
}

// distinct sorts and drops what is double, or differs in case only if fold.
func distinct(all []string, fold bool) []string {
	if fold {
		for i, s := range all {
			all[i] = lowerString(s)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func lowerString(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

func (t *texts) shortest() int {
	least := maxAtomLen
	for _, s := range t.all {
		least = min(least, len(s))
	}
	return least
}

// bits tells how rare it is that one of the texts occurs.
func (t *texts) bits() float64 {
	if len(t.all) == 1 {
		return rarity(t.all[0], t.fold)
	}
	rate := 0.0
	for _, s := range t.all {
		rate += math.Exp2(-rarity(s, t.fold))
	}
	return -doublings(rate)
}

// finite gives all texts that a node matches, cut to maxAtomLen, when they are
// at most limit; fold tells that letters count in either case.
func finite(n *Node, limit int) (all []string, fold, ok bool) {
	switch n.kind {
	case kEmpty, kAssert:
		return []string{""}, false, true
	case kLiteral:
		s := string(n.lit[:min(len(n.lit), maxAtomLen)])
		if n.fold {
			s = lowerString(s)
		}
		return []string{s}, n.fold, true
	case kMasked, kClass:
		return finiteSet(n.byteSet(), limit)
	case kConcat:
		return finiteConcat(n, limit)
	case kAlternate:
		return finiteAlternate(n, limit)
	case kRepeat:
		return finiteRepeat(n, limit)
	}
	return nil, false, false
}

// finiteSet gives the bytes of a set. One that has both cases of its letters
// takes up half the room when case is ignored.
func finiteSet(s Set, limit int) (all []string, fold, ok bool) {
	if s.Len() > 2*limit {
		return nil, false, false
	}
	fold = s == s.folded()
	for _, c := range s.bytes() {
		all = append(all, string([]byte{c}))
	}
	all = distinct(all, fold)
	fold = fold && len(all) < s.Len()
	return all, fold, len(all) <= limit
}

func finiteConcat(n *Node, limit int) (all []string, fold, ok bool) {
	t := texts{all: []string{""}, limit: limit}
	for _, s := range n.sub {
		if !t.extend(item{s, -1}) {
			return nil, false, false
		}
	}
	return t.all, t.fold, true
}

func finiteAlternate(n *Node, limit int) (all []string, fold, ok bool) {
	for _, s := range n.sub {
		more, f, ok := finite(s, limit)
		if !ok || len(all)+len(more) > limit {
			return nil, false, false
		}
		all, fold = append(all, more...), fold || f
	}
	return distinct(all, fold), fold, true
}

func finiteRepeat(n *Node, limit int) (all []string, fold, ok bool) {
	if n.max == unbounded || n.max > maxUnrolled {
		return nil, false, false
	}
	more, fold, ok := finite(n.sub[0], limit)
	if !ok {
		return nil, false, false
	}
	t := texts{all: []string{""}, limit: limit}
	for i := range n.max {
		if i >= n.min {
			all = append(all, t.all...)
		}
		if !t.extendWith(more, fold) {
			return nil, false, false
		}
	}
	all = distinct(append(all, t.all...), t.fold)
	return all, t.fold, len(all) <= limit
}
