package pattern

// widened gives the pattern as it matches text of two bytes per character,
// the second being zero: every one-byte part is followed by a zero byte, also
// in negated classes, as YARA has it.
func (n *Node) widened() *Node {
	switch n.kind {
	case kEmpty:
		return n
	case kLiteral:
		text := make([]byte, 2*len(n.lit))
		for i, c := range n.lit {
			text[2*i] = c
		}
		return &Node{kind: kLiteral, lit: text, fold: n.fold}
	case kAssert:
		return n.widenedAssert()
	case kConcat, kAlternate:
		sub := make([]*Node, len(n.sub))
		for i, s := range n.sub {
			sub[i] = s.widened()
		}
		if n.kind == kConcat {
			return concat(sub)
		}
		return &Node{kind: kAlternate, sub: sub}
	case kRepeat:
		c := *n
		c.sub = []*Node{n.sub[0].widened()}
		return &c
	}
	return concat([]*Node{n, byteNode(0)})
}

func (n *Node) widenedAssert() *Node {
	c := *n
	c.wide = true
	return &c
}

// reversed gives the pattern that matches the same bytes read backwards.
// Assertions stay: they look at the place, not along the direction.
func (n *Node) reversed() *Node {
	switch n.kind {
	case kLiteral:
		text := make([]byte, len(n.lit))
		for i, c := range n.lit {
			text[len(text)-1-i] = c
		}
		return &Node{kind: kLiteral, lit: text, fold: n.fold}
	case kConcat:
		sub := make([]*Node, len(n.sub))
		for i, s := range n.sub {
			sub[len(sub)-1-i] = s.reversed()
		}
		return &Node{kind: kConcat, sub: sub}
	case kAlternate:
		sub := make([]*Node, len(n.sub))
		for i, s := range n.sub {
			sub[i] = s.reversed()
		}
		return &Node{kind: kAlternate, sub: sub}
	case kRepeat:
		c := *n
		c.sub = []*Node{n.sub[0].reversed()}
		return &c
	}
	return n
}
