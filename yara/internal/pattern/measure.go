package pattern

// maxLength is where lengths stop growing: beyond any data.
const maxLength = 1 << 40

// MinLen gives the fewest bytes that a match can have.
func (n *Node) MinLen() int {
	switch n.kind {
	case kEmpty, kAssert:
		return 0
	case kLiteral:
		return len(n.lit)
	case kConcat:
		return sumLen(n.sub, (*Node).MinLen)
	case kAlternate:
		least := maxLength
		for _, s := range n.sub {
			least = min(least, s.MinLen())
		}
		return least
	case kRepeat:
		return timesLen(n.sub[0].MinLen(), n.min)
	}
	return 1
}

// MaxLen gives the most bytes that a match can have, -1 if there is no limit.
func (n *Node) MaxLen() int {
	switch n.kind {
	case kEmpty, kAssert:
		return 0
	case kLiteral:
		return len(n.lit)
	case kConcat:
		return sumLen(n.sub, (*Node).MaxLen)
	case kAlternate:
		most := 0
		for _, s := range n.sub {
			l := s.MaxLen()
			if l < 0 {
				return unbounded
			}
			most = max(most, l)
		}
		return most
	case kRepeat:
		l := n.sub[0].MaxLen()
		if l == 0 {
			return 0
		}
		if l < 0 || n.max == unbounded {
			return unbounded
		}
		return timesLen(l, n.max)
	}
	return 1
}

func sumLen(nodes []*Node, length func(*Node) int) int {
	sum := 0
	for _, n := range nodes {
		l := length(n)
		if l < 0 {
			return unbounded
		}
		sum = min(sum+l, maxLength)
	}
	return sum
}

// timesLen multiplies without overflow: both factors are below 2^41, so the
// check comes before the product.
func timesLen(length, times int) int {
	if times != 0 && length > maxLength/times {
		return maxLength
	}
	return length * times
}

// StartAnchored tells whether every match starts at the first byte of the
// data (or is impossible).
func (n *Node) StartAnchored() bool {
	switch n.kind {
	case kAssert:
		return n.look == lookStart
	case kConcat:
		for _, s := range n.sub {
			if s.StartAnchored() {
				return true
			}
			if s.MaxLen() != 0 {
				return false
			}
		}
		return false
	case kAlternate:
		for _, s := range n.sub {
			if !s.StartAnchored() {
				return false
			}
		}
		return true
	case kRepeat:
		return n.min > 0 && n.sub[0].StartAnchored()
	}
	return false
}

// UnboundedDot tells whether the pattern has .*, .+ or .{n,} outside of
// alternatives and of repeated groups; YARA warns about those.
func (n *Node) UnboundedDot() bool {
	switch n.kind {
	case kConcat:
		for _, s := range n.sub {
			if s.UnboundedDot() {
				return true
			}
		}
	case kRepeat:
		return n.max == unbounded && n.gap != gapHex && n.sub[0].anyByte()
	}
	return false
}

// EndlessStart tells whether the pattern starts with an unbounded number of
// arbitrary bytes, which makes every byte before a match the start of another
// one. YARA-X refuses such patterns.
func (n *Node) EndlessStart() bool {
	switch n.kind {
	case kRepeat:
		return n.max == unbounded && n.sub[0].kind == kAny || n.sub[0].EndlessStart()
	case kAlternate:
		for _, s := range n.sub {
			if s.EndlessStart() {
				return true
			}
		}
	case kConcat:
		for _, s := range n.sub {
			if s.EndlessStart() {
				return true
			}
			if s.kind != kAny && s.kind != kAssert && !(s.kind == kRepeat && s.sub[0].kind == kAny) {
				return false
			}
		}
	}
	return false
}

// anyByte tells whether the node is a dot, with or without line feeds.
func (n *Node) anyByte() bool { return n.kind == kAny || n.kind == kNotLF }
