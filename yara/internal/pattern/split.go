package pattern

// Link is one part of a pattern that was cut at its large jumps.
type Link struct {
	Node *Node
	// GapMin and GapMax bound the number of bytes between the end of the
	// previous link's match and the start of this one's; GapMax is -1 for no
	// upper bound. Both are 0 in the first link.
	GapMin, GapMax int
	// NoNewline tells that the gap was written as a dot that matches no line
	// feed. YARA 4 allows any bytes in it nevertheless.
	NoNewline bool
}

// maxRepeat is the largest bound of a quantifier in a regular expression, and
// what YARA takes {n,} for.
const maxRepeat = 1<<15 - 1

// Split cuts a pattern at the jumps of a hex string, or the lazy dots with
// bounds in a regular expression, that can be longer than threshold, where
// they stand outside of any parentheses. YARA cuts with a threshold of 200.
// A pattern with nothing to cut gives one link.
func Split(n *Node, threshold int) []Link {
	if n.kind != kConcat {
		return []Link{{Node: n}}
	}
	var links []Link
	gap, from := Link{}, 0
	for i, s := range n.sub {
		if i == from || i == len(n.sub)-1 || !s.cuttable(threshold) {
			continue
		}
		gap.Node = concat(n.sub[from:i]).with(n.traits)
		links = append(links, gap)
		gap, from = s.asGap(), i+1
	}
	if from == 0 {
		return []Link{{Node: n}}
	}
	gap.Node = concat(n.sub[from:]).with(n.traits)
	return append(links, gap)
}

func (n *Node) cuttable(threshold int) bool {
	return n.gap != gapNone && (n.min > threshold || n.max > threshold || n.max == unbounded)
}

func (n *Node) asGap() Link {
	l := Link{GapMin: n.min, GapMax: n.max, NoNewline: n.sub[0].kind == kNotLF}
	if n.gap == gapRegexp && n.max == unbounded {
		l.GapMax = maxRepeat
	}
	return l
}
