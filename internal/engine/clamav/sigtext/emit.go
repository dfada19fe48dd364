package sigtext

import (
	"fmt"
	"strings"
)

// definition writes a body as a string of a rule: a hex string, or text where
// it is to match in either case and has no wildcards.
func (b *body) definition(id string, nocase bool) string {
	if text, ok := plainText(b.nodes); ok && nocase {
		return fmt.Sprintf("$%s = \"%s\" nocase\n", id, text)
	}
	var w strings.Builder
	fmt.Fprintf(&w, "$%s = {", id)
	for i, n := range b.nodes {
		writeNode(&w, n, nocase, i == 0 || i == len(b.nodes)-1)
	}
	w.WriteString(" }\n")
	return w.String()
}

// plainText escapes a body that has no wildcards.
func plainText(nodes []node) (string, bool) {
	var w strings.Builder
	for _, n := range nodes {
		if n.kind != byteNode || n.mask != 0xff {
			return "", false
		}
		fmt.Fprintf(&w, "\\x%02x", n.value)
	}
	return w.String(), true
}

func writeNode(w *strings.Builder, n node, nocase, end bool) {
	w.WriteByte(' ')
	switch n.kind {
	case byteNode:
		writeByte(w, n, nocase)
	case setNode:
		set := *n.set
		if nocase {
			set = folded(set)
		}
		w.WriteString(set.hex())
	case gapNode:
		writeGap(w, n, end)
	case altNode:
		w.WriteByte('(')
		for i, alt := range n.alts {
			if i > 0 {
				w.WriteString(" |")
			}
			for _, x := range alt {
				writeNode(w, x, nocase, false)
			}
		}
		w.WriteByte(')')
	}
}

func writeByte(w *strings.Builder, n node, nocase bool) {
	if c := n.value | 32; nocase && n.mask == 0xff && c >= 'a' && c <= 'z' {
		fmt.Fprintf(w, "(%02X|%02X)", c-32, c)
		return
	}
	for _, shift := range []uint{4, 0} {
		if n.mask>>shift&0xf == 0 {
			w.WriteByte('?')
		} else {
			w.WriteByte("0123456789ABCDEF"[n.value>>shift&0xf])
		}
	}
}

// folded adds the other case of every letter.
func folded(s byteSet) byteSet {
	for c := 'a'; c <= 'z'; c++ {
		if s[c] || s[c-32] {
			s[c], s[c-32] = true, true
		}
	}
	return s
}

// writeGap writes a jump. At an end of the string, where no jump may stand, it
// has a fixed length and is written out.
func writeGap(w *strings.Builder, n node, end bool) {
	switch {
	case end:
		w.WriteString(strings.Repeat("??", n.min))
	case n.max < 0:
		fmt.Fprintf(w, "[%d-]", n.min)
	case n.min == n.max:
		fmt.Fprintf(w, "[%d]", n.min)
	default:
		fmt.Fprintf(w, "[%d-%d]", n.min, n.max)
	}
}

// widen puts a zero byte behind every byte, as UTF-16 text has.
func (b *body) widen() *body { return &body{widenNodes(b.nodes), b.left, b.right} }

func widenNodes(nodes []node) []node {
	var out []node
	zero := literal("\x00")[0]
	for _, n := range nodes {
		switch n.kind {
		case byteNode, setNode:
			out = append(out, n, zero)
		case gapNode:
			out = append(out, n)
		case altNode:
			wide := node{kind: altNode}
			for _, alt := range n.alts {
				wide.alts = append(wide.alts, widenNodes(alt))
			}
			out = append(out, wide)
		}
	}
	return out
}

// edges writes that the byte before offset o, or from offset e on, is as
// the edges ask.
func (b *body) edges(o, e string, wide bool) string {
	var parts []string
	if b.left.kind != 0 {
		parts = append(parts, b.left.negated(b.left.before(o, wide)))
	}
	if b.right.kind != 0 {
		parts = append(parts, b.right.negated(b.right.behind(e, wide)))
	}
	return strings.Join(parts, " and ")
}

func (e edge) negated(condition string) string {
	if e.not {
		return "not " + condition
	}
	return condition
}

func (e edge) before(o string, wide bool) string {
	last := "uint8(" + o + " - 1)"
	switch {
	case e.kind == 'B':
		return "(" + o + " == 0 or " + setOf(beforeWord).condition(last) + ")"
	case e.kind == 'L':
		return "(" + o + " == 0 or " + last + " == 10)"
	case wide:
		return fmt.Sprintf("(%s < 2 or not (%s == 0 and %s))", o, last, alnum().condition("uint8("+o+" - 2)"))
	}
	return "(" + o + " == 0 or not " + alnum().condition(last) + ")"
}

func (e edge) behind(o string, wide bool) string {
	next := "uint8(" + o + ")"
	switch {
	case e.kind == 'B':
		return "(" + o + " == filesize or " + setOf(behindWord).condition(next) + ")"
	case e.kind == 'L':
		return fmt.Sprintf("(%s == filesize or %s == 10 or (%s == 13 and uint8(%s + 1) == 10))", o, next, next, o)
	case wide:
		return fmt.Sprintf("(%s + 1 >= filesize or not (%s and uint8(%s + 1) == 0))", o, alnum().condition(next), o)
	}
	return "(" + o + " == filesize or not " + alnum().condition(next) + ")"
}
