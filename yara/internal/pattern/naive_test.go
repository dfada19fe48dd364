package pattern

import (
	"fmt"
	"math/rand"
	"strings"
)

// The tests compare with a matcher that has nothing in common with the
// package: gen is a pattern with its own text form, and match backtracks.

type genKind int

const (
	gByte genKind = iota // set: one byte of it
	gCat
	gAlt
	gRep
	gStart
	gEnd
	gWord
	gNotWord
)

type gen struct {
	kind     genKind
	text     string // gByte: as written
	set      func(byte) bool
	sub      []*gen
	min, max int // gRep; max -1: none
	lazy     bool
}

const genAlphabet = "ab1 \n"

// genRegexp makes a random pattern of a few levels.
func genRegexp(r *rand.Rand, depth int) *gen {
	switch k := r.Intn(10); {
	case depth <= 0 || k < 3:
		return genByte(r)
	case k < 6:
		return &gen{kind: gCat, sub: genList(r, depth, 1+r.Intn(4))}
	case k < 7:
		return &gen{kind: gAlt, sub: genList(r, depth, 2+r.Intn(2))}
	case k < 9:
		g := &gen{kind: gRep, sub: []*gen{genRegexp(r, depth-1)}, min: r.Intn(3), lazy: r.Intn(3) == 0}
		if g.max = g.min + r.Intn(3); g.max == 0 || r.Intn(3) == 0 {
			g.max = -1
		}
		return g
	}
	return &gen{kind: gStart + genKind(r.Intn(4))}
}

func genList(r *rand.Rand, depth, n int) []*gen {
	var list []*gen
	for range n {
		list = append(list, genRegexp(r, depth-1))
	}
	return list
}

func genByte(r *rand.Rand) *gen {
	switch r.Intn(8) {
	case 0:
		return &gen{text: ".", set: func(c byte) bool { return c != '\n' }}
	case 1:
		return &gen{text: `[^a]`, set: func(c byte) bool { return c != 'a' }}
	case 2:
		return &gen{text: `[ab]`, set: func(c byte) bool { return c == 'a' || c == 'b' }}
	case 3:
		return &gen{text: `\w`, set: isWord}
	case 4:
		return &gen{text: `\s`, set: func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }}
	}
	c := genAlphabet[r.Intn(len(genAlphabet))]
	text := string(c)
	if c == '\n' {
		text = `\n`
	}
	return &gen{text: text, set: func(x byte) bool { return x == c }}
}

func genData(r *rand.Rand, n int) []byte {
	data := make([]byte, r.Intn(n+1))
	for i := range data {
		data[i] = genAlphabet[r.Intn(len(genAlphabet))]
	}
	return data
}

func (g *gen) String() string {
	var b strings.Builder
	g.write(&b, 0)
	return b.String()
}

// write puts parentheses where level needs them: 0 alternatives, 1 parts of a
// concatenation, 2 what is repeated.
func (g *gen) write(b *strings.Builder, level int) {
	own := map[genKind]int{gByte: 2, gAlt: 0, gCat: 0, gRep: 1}[g.kind]
	if g.kind == gCat {
		own = 0
	}
	if g.kind >= gStart {
		own = 1
	}
	if own < level {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch g.kind {
	case gByte:
		b.WriteString(g.text)
	case gCat:
		for _, s := range g.sub {
			s.write(b, 1)
		}
	case gAlt:
		for i, s := range g.sub {
			if i > 0 {
				b.WriteByte('|')
			}
			s.write(b, 1)
		}
	case gRep:
		g.sub[0].write(b, 2)
		b.WriteString(g.quantifier())
	default:
		b.WriteString([]string{"^", "$", `\b`, `\B`}[g.kind-gStart])
	}
}

func (g *gen) quantifier() string {
	q := fmt.Sprintf("{%d,%d}", g.min, g.max)
	switch {
	case g.min == 0 && g.max < 0:
		q = "*"
	case g.min == 1 && g.max < 0:
		q = "+"
	case g.min == 0 && g.max == 1:
		q = "?"
	case g.max < 0:
		q = fmt.Sprintf("{%d,}", g.min)
	case g.min == g.max:
		q = fmt.Sprintf("{%d}", g.min)
	}
	if g.lazy {
		q += "?"
	}
	return q
}

// nullableLoop tells whether something is repeated that can match nothing:
// what is preferred then depends on details that the tests leave open.
func (g *gen) nullableLoop() bool {
	if g.kind == gRep && g.sub[0].nullable() {
		return true
	}
	for _, s := range g.sub {
		if s.nullableLoop() {
			return true
		}
	}
	return false
}

func (g *gen) nullable() bool {
	switch g.kind {
	case gByte:
		return false
	case gCat:
		for _, s := range g.sub {
			if !s.nullable() {
				return false
			}
		}
		return true
	case gAlt:
		for _, s := range g.sub {
			if s.nullable() {
				return true
			}
		}
		return false
	case gRep:
		return g.min == 0 || g.sub[0].nullable()
	}
	return true
}

// naive is one run of the backtracking matcher.
type naive struct {
	data  []byte
	wide  bool
	steps int // left
}

// match calls next with the ends of g's matches at pos, the preferred first,
// until next is true.
func (m *naive) match(g *gen, pos int, next func(int) bool) bool {
	if m.steps--; m.steps < 0 {
		return false
	}
	switch g.kind {
	case gByte:
		width := m.width()
		if pos+width > len(m.data) || !g.set(m.data[pos]) || m.wide && m.data[pos+1] != 0 {
			return false
		}
		return next(pos + width)
	case gCat:
		return m.sequence(g.sub, pos, next)
	case gAlt:
		for _, s := range g.sub {
			if m.match(s, pos, next) {
				return true
			}
		}
		return false
	case gRep:
		return m.repeat(g, 0, pos, next)
	}
	return m.place(g.kind, pos) && next(pos)
}

func (m *naive) sequence(list []*gen, pos int, next func(int) bool) bool {
	if len(list) == 0 {
		return next(pos)
	}
	return m.match(list[0], pos, func(p int) bool { return m.sequence(list[1:], p, next) })
}

func (m *naive) repeat(g *gen, done, pos int, next func(int) bool) bool {
	if done >= g.min && g.lazy && next(pos) {
		return true
	}
	if g.max < 0 || done < g.max {
		again := m.match(g.sub[0], pos, func(p int) bool {
			if p == pos && done >= g.min {
				return next(p)
			}
			return m.repeat(g, done+1, p, next)
		})
		if again {
			return true
		}
	}
	return done >= g.min && !g.lazy && next(pos)
}

func (m *naive) width() int {
	if m.wide {
		return 2
	}
	return 1
}

func (m *naive) place(k genKind, pos int) bool {
	word := func(i int) bool {
		if i < 0 || i+m.width() > len(m.data) {
			return false
		}
		return isWord(m.data[i]) && (!m.wide || m.data[i+1] == 0)
	}
	boundary := word(pos-m.width()) != word(pos)
	switch k {
	case gStart:
		return pos == 0
	case gEnd:
		return pos == len(m.data)
	case gWord:
		return boundary
	}
	return !boundary
}

// results are all matches: ends[start] lists the ends, the preferred first.
type results struct{ ends [][]int }

// naiveMatches is false when it takes too long to tell.
func naiveMatches(g *gen, data []byte, wide bool) (results, bool) {
	m := naive{data: data, wide: wide, steps: 100_000}
	res := results{make([][]int, len(data)+1)}
	for start := range res.ends {
		seen := map[int]bool{}
		m.match(g, start, func(end int) bool {
			if !seen[end] {
				seen[end] = true
				res.ends[start] = append(res.ends[start], end)
			}
			return false
		})
	}
	return res, m.steps >= 0
}

func (r results) has(start, end int) bool {
	for _, e := range r.ends[start] {
		if e == end {
			return true
		}
	}
	return false
}

// starts gives the starts of matches that end at end, the nearest first.
func (r results) starts(end int) []int {
	var out []int
	for s := end; s >= 0; s-- {
		if r.has(s, end) {
			out = append(out, s)
		}
	}
	return out
}
