package lzxtest

import (
	"slices"
	"sort"
)

// writer collects bits, highest first, in 16-bit words, low byte first.
type writer struct {
	out []byte
	buf uint64
	n   int
}

func (w *writer) put(v, bits int) {
	w.buf = w.buf<<bits | uint64(v)
	for w.n += bits; w.n >= 16; w.n -= 16 {
		word := w.buf >> (w.n - 16)
		w.out = append(w.out, byte(word), byte(word>>8))
	}
}

// word fills up 1 to 16 bits.
func (w *writer) word() { w.put(0, 16-w.n) }

func (w *writer) raw(b []byte) { w.out = append(w.out, b...) }

func (w *writer) flush() []byte {
	if w.n > 0 {
		w.word()
	}
	return w.out
}

func count(tokens []token) (main [656]int, length [249]int, low [8]int) {
	for _, t := range tokens {
		main[t.symbol]++
		if t.footer >= 0 {
			length[t.footer]++
		}
		if t.slot >= 8 && t.symbol >= 256 {
			low[t.rest&7]++
		}
	}
	return main, length, low
}

// lengthsOf makes a complete code of at most most bits, empty when nothing was
// counted.
func lengthsOf(counts []int, most int) []byte {
	type node struct {
		weight  int
		symbols []int
	}
	for scale := 0; ; scale++ {
		var nodes []node
		for s, n := range counts {
			if n > 0 {
				nodes = append(nodes, node{n>>scale + 1, []int{s}})
			}
		}
		out := make([]byte, len(counts))
		if len(nodes) == 0 {
			return out
		}
		if len(nodes) == 1 {
			nodes = append(nodes, node{1, []int{(nodes[0].symbols[0] + 1) % len(counts)}})
		}
		longest := byte(0)
		sort.SliceStable(nodes, func(i, j int) bool { return nodes[i].weight < nodes[j].weight })
		for len(nodes) > 1 {
			a, b := nodes[0], nodes[1]
			all := append(append([]int(nil), a.symbols...), b.symbols...)
			for _, s := range all {
				out[s]++
				longest = max(longest, out[s])
			}
			nodes = nodes[2:]
			sum := node{a.weight + b.weight, all}
			at := sort.Search(len(nodes), func(i int) bool { return nodes[i].weight >= sum.weight })
			nodes = slices.Insert(nodes, at, sum)
		}
		if int(longest) <= most {
			return out
		}
	}
}

// code is what is written for a symbol.
type code struct{ v, bits int }

func codesOf(lengths []byte) []code {
	out := make([]code, len(lengths))
	next := 0
	for n := 1; n <= 16; n++ {
		for s, l := range lengths {
			if int(l) == n {
				out[s] = code{next, n}
				next++
			}
		}
		next <<= 1
	}
	return out
}

// lengths writes code lengths as differences to those in old, which it brings
// up to date.
func (e *encoder) lengths(old, now []byte) {
	var symbols [][3]int // of the tree of lengths, then a value of so many bits
	for i := 0; i < len(now); {
		run := 1
		for i+run < len(now) && now[i+run] == now[i] {
			run++
		}
		switch diff := (int(old[i]) - int(now[i]) + 17) % 17; {
		case now[i] == 0 && run >= 20:
			run = min(run, 51)
			symbols = append(symbols, [3]int{18, run - 20, 5})
		case now[i] == 0 && run >= 4:
			run = min(run, 19)
			symbols = append(symbols, [3]int{17, run - 4, 4})
		case run >= 4:
			run = min(run, 5)
			symbols = append(symbols, [3]int{19, run - 4, 1}, [3]int{diff, 0, 0})
		default:
			run = 1
			symbols = append(symbols, [3]int{diff, 0, 0})
		}
		i += run
	}
	copy(old, now)
	var counts [20]int
	for _, s := range symbols {
		counts[s[0]]++
	}
	pre := lengthsOf(counts[:], 15)
	for _, n := range pre {
		e.w.put(int(n), 4)
	}
	codes := codesOf(pre)
	for _, s := range symbols {
		e.w.put(codes[s[0]].v, codes[s[0]].bits)
		e.w.put(s[1], s[2])
	}
}

// write puts the tokens of a block out; low is nil in a verbatim one.
func (e *encoder) write(tokens []token, main, length, low []code) {
	for _, t := range tokens {
		e.w.put(main[t.symbol].v, main[t.symbol].bits)
		if t.footer >= 0 {
			e.w.put(length[t.footer].v, length[t.footer].bits)
		}
		if t.symbol >= 256 {
			switch extra := extraBits(t.slot); {
			case len(low) > 0 && extra >= 3:
				e.w.put(t.rest>>3, extra-3)
				e.w.put(low[t.rest&7].v, low[t.rest&7].bits)
			default:
				e.w.put(t.rest, extra)
			}
		}
		e.advance(t.size)
	}
}
