package sigtext

import (
	"fmt"
	"strings"
)

// byteSet is a set of byte values.
type byteSet [256]bool

func setOf(text string) (s byteSet) {
	for _, c := range []byte(text) {
		s[c] = true
	}
	return s
}

func (s byteSet) complement() (out byteSet) {
	for i, in := range s {
		out[i] = !in
	}
	return out
}

// The characters that bound words, as ClamAV has them: before a word, behind
// one, and either.
const (
	beforeWord = " -./<@_"
	behindWord = "\n\r \"'-/=>_"
)

func alnum() byteSet {
	return setOf("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}

// specialSet is what (B), (L) and (W) stand for within a body.
func specialSet(kind byte) byteSet {
	switch kind {
	case 'B':
		return setOf(beforeWord + behindWord)
	case 'L':
		return setOf("\n")
	}
	return alnum().complement()
}

// hex writes the set as one byte of a hex string. Whole rows of sixteen are
// written with a question mark.
func (s byteSet) hex() string {
	var alts []string
	for high := range 16 {
		row := 0
		for low := range 16 {
			if s[high<<4|low] {
				row++
			}
		}
		if row == 16 {
			alts = append(alts, fmt.Sprintf("%X?", high))
			continue
		}
		for low := range 16 {
			if s[high<<4|low] {
				alts = append(alts, fmt.Sprintf("%02X", high<<4|low))
			}
		}
	}
	switch len(alts) {
	case 1:
		return alts[0]
	case 16:
		if strings.HasSuffix(alts[15], "?") && strings.HasSuffix(alts[0], "?") {
			return "??"
		}
	}
	return "(" + strings.Join(alts, "|") + ")"
}

func (s byteSet) empty() bool { return s == byteSet{} }

// condition writes that a byte, given as an expression, is in the set.
func (s byteSet) condition(v string) string {
	var parts []string
	for i := 0; i < 256; i++ {
		if !s[i] {
			continue
		}
		j := i
		for j+1 < 256 && s[j+1] {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprintf("%s == %d", v, i))
		} else {
			parts = append(parts, fmt.Sprintf("(%s >= %d and %s <= %d)", v, i, v, j))
		}
		i = j
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// negate makes what matches as many bytes as the alternatives have, but none
// of them. They must be plain bytes of one length.
func negate(alts [][]node) (node, error) {
	for _, a := range alts {
		if len(a) != len(alts[0]) {
			return node{}, malformed("body: negated alternatives of different lengths")
		}
		for _, n := range a {
			if n.kind != byteNode || n.mask != 0xff {
				return node{}, malformed("body: a negated group with more than plain bytes")
			}
		}
	}
	return complement(alts), nil
}

// complement splits by the first byte: another one and anything behind it, or
// one of them and behind it none of what follows it.
func complement(alts [][]node) node {
	var first byteSet
	var order []byte
	tails := map[byte][][]node{}
	for _, a := range alts {
		c := a[0].value
		if !first[c] {
			order = append(order, c)
		}
		first[c] = true
		tails[c] = append(tails[c], a[1:])
	}
	if len(alts[0]) == 1 {
		others := first.complement()
		return node{kind: setNode, set: &others}
	}
	out := node{kind: altNode}
	if other := first.complement(); !other.empty() {
		head := []node{{kind: setNode, set: &other}}
		for range len(alts[0]) - 1 {
			head = append(head, node{kind: byteNode})
		}
		out.alts = append(out.alts, head)
	}
	for _, c := range order {
		out.alts = append(out.alts, []node{{kind: byteNode, value: c, mask: 0xff}, complement(tails[c])})
	}
	return out
}
