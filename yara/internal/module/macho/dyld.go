package macho

import (
	"slices"
	"unicode/utf8"
)

const (
	maxTrieNodes = 1 << 16
	maxTrieBytes = 1 << 22 // of all prefixes together
	maxImports   = 1 << 18

	exportReexport = 0x08
	exportResolver = 0x10
)

// uleb reads an unsigned LEB128 number; false when it does not end or does not
// fit in 64 bits.
func uleb(b []byte) (v uint64, rest []byte, ok bool) {
	for i, c := range b {
		if i == 10 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, b[i+1:], true
		}
	}
	return 0, nil, false
}

// skip passes n LEB128 numbers.
func skip(b []byte, n int) ([]byte, bool) {
	ok := true
	for ; n > 0 && ok; n-- {
		_, b, ok = uleb(b)
	}
	return b, ok
}

// node is a place in an export trie and the name so far.
type node struct {
	at     uint64
	prefix []byte
}

// trie adds the names of an export trie, whose place is in eight bytes of a
// command. It stops where the trie is broken.
func (m *image) trie(names [][]byte, place []byte) [][]byte {
	data, ok := m.part(m.order.Uint32(place), m.order.Uint32(place[4:]))
	if !ok {
		return names
	}
	stack, seen, budget := []node{{}}, map[uint64]bool{}, maxTrieBytes
	for len(stack) > 0 && len(seen) < maxTrieNodes && budget > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[n.at] || n.at >= uint64(len(data)) {
			continue
		}
		seen[n.at] = true
		edges, exported, ok := terminal(data[n.at:])
		if !ok || len(edges) == 0 {
			break
		}
		if stack, budget, ok = children(stack, n, edges, budget); !ok {
			break
		}
		if exported {
			names = append(names, n.prefix)
		}
	}
	return names
}

// terminal passes what a node says of its symbol and gives the edges.
func terminal(b []byte) (edges []byte, exported, ok bool) {
	size, b, ok := uleb(b)
	if !ok || size == 0 {
		return b, false, ok
	}
	flags, b, ok := uleb(b)
	if !ok {
		return nil, false, false
	}
	switch flags {
	case exportResolver:
		b, ok = skip(b, 2)
	case exportReexport:
		if b, ok = skip(b, 1); ok {
			var label []byte
			if label, ok = name(b); ok {
				b = b[len(label)+1:]
			}
		}
	default:
		b, ok = skip(b, 1)
	}
	return b, true, ok
}

// children puts the edges of a node on the stack.
func children(stack []node, n node, edges []byte, budget int) ([]node, int, bool) {
	count, b := edges[0], edges[1:]
	for range count {
		label, ok := name(b)
		if !ok {
			return stack, budget, false
		}
		at, rest, ok := uleb(b[len(label)+1:])
		if !ok {
			return stack, budget, false
		}
		b = rest
		if budget -= len(n.prefix) + len(label) + 16; budget < 0 {
			return stack, budget, false
		}
		if utf8.Valid(label) {
			stack = append(stack, node{at, slices.Concat(n.prefix, label)})
		}
	}
	return stack, budget, true
}

// bound adds the names in a program of the dynamic linker's binding opcodes,
// each once.
func bound(names [][]byte, b []byte, seen map[string]bool) [][]byte {
	for ok := true; ok && len(b) > 0 && len(names) < maxImports; {
		opcode := b[0] & 0xf0
		b = b[1:]
		switch opcode {
		case 0x20, 0x70, 0x80, 0xa0, 0x60:
			b, ok = skip(b, 1)
		case 0xc0:
			b, ok = skip(b, 2)
		case 0x40:
			var symbol []byte
			if symbol, ok = name(b); !ok {
				break
			}
			b = b[len(symbol)+1:]
			if utf8.Valid(symbol) && !seen[string(symbol)] {
				seen[string(symbol)] = true
				names = append(names, symbol)
			}
		}
	}
	return names
}

// fixups adds the names in the table of chained fixups.
func (m *image) fixups(names [][]byte, place []byte) [][]byte {
	data, ok := m.part(m.order.Uint32(place), m.order.Uint32(place[4:]))
	if !ok || len(data) < 28 {
		return names
	}
	word := func(i int) uint64 { return uint64(m.order.Uint32(data[4*i:])) }
	start, texts, count, format := word(2), word(3), word(4), word(5)
	step := uint64(4)
	switch format {
	case 2:
		step = 8
	case 3:
		step = 16
	}
	if size := uint64(len(data)); start > size || count > (size-start)/step {
		return names
	}
	for i := range min(count, maxImports) {
		entry := data[start+i*step:]
		at := uint64(m.order.Uint32(entry) >> 9)
		if format == 3 {
			at = m.order.Uint64(entry) >> 32
		}
		if at += texts; at >= uint64(len(data)) {
			continue
		}
		symbol, ok := name(data[at:])
		if !ok {
			break
		}
		if utf8.Valid(symbol) {
			names = append(names, symbol)
		}
	}
	return names
}
