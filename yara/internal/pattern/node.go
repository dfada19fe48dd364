package pattern

import (
	"fmt"
	"strings"
)

type kind uint8

const (
	kEmpty     kind = iota // matches nothing at all, everywhere
	kLiteral               // bytes, perhaps in either case
	kMasked                // one byte, some bits of it
	kClass                 // one byte of a set
	kAny                   // one byte
	kNotLF                 // one byte other than a line feed
	kConcat                // one after the other
	kAlternate             // the first that fits
	kRepeat                // min to max times
	kAssert                // a condition on the place, no byte
)

// look is what an assertion demands of the place it stands at.
type look uint8

const (
	lookStart         look = iota // start of the data
	lookEnd                       // end of the data
	lookPairEnd                   // fewer than two bytes left: end of wide text in YARA-X
	lookWord                      // word boundary
	lookNotWord                   // no word boundary
	lookLineStart                 // (?m)^
	lookLineEnd                   // (?m)$
	lookWordStart                 // \b{start}
	lookWordEnd                   // \b{end}
	lookWordStartHalf             // \b{start-half}: no word character before
	lookWordEndHalf               // \b{end-half}: no word character after
	lookCount
)

// unbounded is the max of a repetition without an upper bound.
const unbounded = -1

// gapKind marks the jumps at which Split may cut a pattern.
type gapKind uint8

const (
	gapNone   gapKind = iota
	gapHex            // [n-m] outside of any parentheses
	gapRegexp         // .{n,m}? outside of any parentheses
)

// Node is a parsed pattern. It is immutable: the functions that change a
// pattern return another one that may share parts with it.
type Node struct {
	kind kind
	look look
	gap  gapKind
	fold bool // kLiteral: letters match in either case
	not  bool // kMasked: must differ
	lazy bool // kRepeat: as few as possible
	wide bool // kAssert: characters are two bytes long

	val, mask byte    // kMasked
	lit       []byte  // kLiteral
	set       Set     // kClass
	sub       []*Node // kConcat, kAlternate; kRepeat has one
	min, max  int     // kRepeat

	traits traits // of the whole pattern; set on the root only
}

// traits is what the parser saw and the simplified tree may no longer show.
type traits struct {
	greedy, lazy  bool
	unknownEscape bool
}

// Greedy tells whether the pattern was written with a quantifier that takes
// as much as it can (including {n}). YARA refuses regular expressions in
// strings where both Greedy and Ungreedy are true; the operator matches takes
// them.
func (n *Node) Greedy() bool { return n.traits.greedy }

// Ungreedy tells whether the pattern was written with a quantifier that takes
// as little as it can.
func (n *Node) Ungreedy() bool { return n.traits.lazy }

// UnknownEscape tells whether the pattern has an escape of a character that
// needs none and means nothing else. YARA warns about it on request.
func (n *Node) UnknownEscape() bool { return n.traits.unknownEscape }

// Literal gives the bytes of a pattern that is one plain text, and whether
// ASCII letters in it match in either case; ok is false for other patterns.
func (n *Node) Literal() (text []byte, nocase, ok bool) {
	if n.kind != kLiteral {
		return nil, false, false
	}
	return n.lit, n.fold && hasLetter(n.lit), true
}

// NewLiteral makes the pattern of a plain text, which must not be changed
// afterwards. With nocase ASCII letters match in either case.
func NewLiteral(text []byte, nocase bool) *Node {
	if len(text) == 0 {
		return emptyNode()
	}
	return &Node{kind: kLiteral, lit: text, fold: nocase}
}

// NewAlternate makes the pattern that matches where one of the given ones
// does; earlier ones are preferred.
func NewAlternate(alternatives ...*Node) *Node { return alternate(alternatives) }

func emptyNode() *Node              { return &Node{kind: kEmpty} }
func byteNode(c byte) *Node         { return &Node{kind: kLiteral, lit: []byte{c}} }
func assertNode(l look) *Node       { return &Node{kind: kAssert, look: l} }
func (n *Node) oneByte() bool       { return n.kind >= kMasked && n.kind <= kNotLF || n.singleByte() }
func (n *Node) singleByte() bool    { return n.kind == kLiteral && len(n.lit) == 1 }
func (n *Node) with(t traits) *Node { c := *n; c.traits = t; return &c }

// classNode gives the cheapest node for one byte of the set.
func classNode(s Set) *Node {
	if s.full() {
		return &Node{kind: kAny}
	}
	if s.Len() == 1 {
		return byteNode(s.bytes()[0])
	}
	lf := Set{}
	lf.add('\n')
	if s == lf.negated() {
		return &Node{kind: kNotLF}
	}
	return &Node{kind: kClass, set: s}
}

// byteSet gives the bytes that a one-byte node matches.
func (n *Node) byteSet() Set {
	switch n.kind {
	case kLiteral:
		var s Set
		s.add(n.lit[0])
		if n.fold {
			s = s.folded()
		}
		return s
	case kMasked:
		return maskedSet(n.val, n.mask, n.not)
	case kClass:
		return n.set
	case kNotLF:
		return maskedSet('\n', 0xFF, true)
	}
	return fullSet()
}

// concat joins nodes, flattening and merging what can be.
func concat(nodes []*Node) *Node {
	var j joiner
	for _, n := range nodes {
		if n.kind == kConcat {
			for _, s := range n.sub {
				j.add(s)
			}
		} else {
			j.add(n)
		}
	}
	j.flush()
	switch len(j.out) {
	case 0:
		return emptyNode()
	case 1:
		return j.out[0]
	}
	return &Node{kind: kConcat, sub: j.out}
}

// joiner merges neighbouring texts. The text being gathered is its own copy,
// as the nodes given may be part of other trees.
type joiner struct {
	out     []*Node
	first   *Node  // the text that is being gathered, while it is only one
	text    []byte // else
	fold    bool
	letters bool
}

func (j *joiner) add(n *Node) {
	switch n.kind {
	case kEmpty:
	case kLiteral:
		j.addText(n)
	default:
		j.flush()
		j.out = append(j.out, n)
	}
}

func (j *joiner) addText(n *Node) {
	letters := hasLetter(n.lit)
	if j.first == nil || j.fold != n.fold && j.letters && letters {
		j.flush()
		j.first, j.fold, j.letters = n, n.fold, letters
		return
	}
	if j.text == nil {
		j.text = append(j.text, j.first.lit...)
	}
	j.text = append(j.text, n.lit...)
	if !j.letters {
		j.fold = n.fold
	}
	j.letters = j.letters || letters
}

func (j *joiner) flush() {
	switch {
	case j.first == nil:
		return
	case j.text == nil:
		j.out = append(j.out, j.first)
	default:
		j.out = append(j.out, &Node{kind: kLiteral, lit: j.text, fold: j.fold})
	}
	j.first, j.text = nil, nil
}

func hasLetter(text []byte) bool {
	for _, c := range text {
		if isLetter(c) {
			return true
		}
	}
	return false
}

// alternate joins alternatives; neighbours that are one byte each become a
// class, which keeps the order of preference.
func alternate(nodes []*Node) *Node {
	out := make([]*Node, 0, len(nodes))
	for _, n := range nodes {
		if n.kind == kAlternate {
			for _, s := range n.sub {
				out = appendAlternative(out, s)
			}
		} else {
			out = appendAlternative(out, n)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return &Node{kind: kAlternate, sub: out}
}

func appendAlternative(out []*Node, n *Node) []*Node {
	if len(out) > 0 && n.oneByte() && out[len(out)-1].oneByte() {
		s := out[len(out)-1].byteSet()
		s.union(n.byteSet())
		out[len(out)-1] = classNode(s)
		return out
	}
	return append(out, n)
}

// repeat builds the repetition of a node; max is unbounded for no limit.
func repeat(n *Node, min, max int, lazy bool) *Node {
	if max == 0 || n.kind == kEmpty {
		return emptyNode()
	}
	if min == 1 && max == 1 {
		return n
	}
	return &Node{kind: kRepeat, sub: []*Node{n}, min: min, max: max, lazy: lazy}
}

// String gives the tree in a form for people and tests.
func (n *Node) String() string {
	switch n.kind {
	case kEmpty:
		return "empty"
	case kLiteral:
		if n.fold {
			return fmt.Sprintf("fold(%q)", n.lit)
		}
		return fmt.Sprintf("%q", n.lit)
	case kMasked:
		return fmt.Sprintf("%smask(%02x,%02x)", map[bool]string{true: "!"}[n.not], n.val, n.mask)
	case kClass:
		return fmt.Sprintf("class(%x)", n.set.bytes())
	case kAny:
		return "any"
	case kNotLF:
		return "notlf"
	case kAssert:
		return fmt.Sprintf("assert%d", n.look)
	case kRepeat:
		return fmt.Sprintf("%s{%d,%d}%s", n.sub[0], n.min, n.max, map[bool]string{true: "?"}[n.lazy])
	}
	parts := make([]string, len(n.sub))
	for i, s := range n.sub {
		parts[i] = s.String()
	}
	name := "cat"
	if n.kind == kAlternate {
		name = "alt"
	}
	return name + "(" + strings.Join(parts, " ") + ")"
}
