package pattern

import (
	"bytes"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A case is a random pattern with data; every check below is run on it by the
// fuzz targets and, for a fixed run of seeds, by the tests.
type fuzzCase struct {
	gen    *gen
	source string
	node   *Node
	data   []byte
	wide   bool
	want   results
	rand   *rand.Rand
}

// newFuzzCase is false for the few cases that take the naive matcher too long.
func newFuzzCase(t *testing.T, seed int64, hex bool) (fuzzCase, bool) {
	t.Helper()
	r := rand.New(rand.NewSource(seed))
	c := fuzzCase{rand: r}
	var err error
	if hex {
		c.gen = genHex(r, 2)
		c.source = hexText(c.gen)
		c.data = genHexData(r, c.gen, 30)
		c.node, err = ParseHex([]byte(c.source))
	} else {
		c.gen = genRegexp(r, 4)
		c.source = c.gen.String()
		c.data = genData(r, 24)
		c.wide = r.Intn(4) == 0
		if c.wide {
			c.data = widenData(r, c.data)
		}
		c.node, err = ParseRegexp([]byte(c.source), Flags{}, !c.wide && r.Intn(2) == 0)
	}
	if err != nil {
		t.Fatalf("parse %q: %v", c.source, err)
	}
	var ok bool
	c.want, ok = naiveMatches(c.gen, c.data, c.wide)
	return c, ok
}

// widenData puts zeroes between the bytes, with some mistakes.
func widenData(r *rand.Rand, data []byte) []byte {
	var out []byte
	for _, c := range data {
		out = append(out, c)
		if r.Intn(20) != 0 {
			out = append(out, 0)
		}
	}
	return out
}

func (c *fuzzCase) compile(t *testing.T, o Options) *Program {
	t.Helper()
	o.Wide = c.wide
	p, err := Compile(c.node, o)
	if err != nil {
		t.Fatalf("compile %q: %v", c.source, err)
	}
	if err := p.Check(); err != nil {
		t.Fatalf("%q: %v", c.source, err)
	}
	return p
}

func (c *fuzzCase) checkForward(t *testing.T) {
	p := c.compile(t, Options{})
	var m Machine
	exact := !c.gen.nullableLoop()
	for at, ends := range c.want.ends {
		end, ok, cut := m.Forward(p, c.data, at, 0)
		if ok != (len(ends) > 0) || cut {
			t.Fatalf("%q on %q at %d: ok %v cut %v, want ends %v", c.source, c.data, at, ok, cut, ends)
		}
		if ok && (exact && end != ends[0] || !c.want.has(at, end)) {
			t.Fatalf("%q on %q at %d: end %d, want %v", c.source, c.data, at, end, ends)
		}
		limit := 1 + c.rand.Intn(6)
		e, k, cut := m.Forward(p, c.data, at, limit)
		if !cut && (k != ok || e != end) || k && (e > at+limit || !c.want.has(at, e)) {
			t.Fatalf("%q on %q at %d limit %d: %d %v %v, without limit %d %v", c.source, c.data, at, limit, e, k, cut, end, ok)
		}
	}
}

func (c *fuzzCase) checkBackward(t *testing.T) {
	p := c.compile(t, Options{Reverse: true})
	var m Machine
	for at := range c.want.ends {
		want := c.want.starts(at)
		if got, _ := backward(&m, p, c.data, at, 0); !slices.Equal(got, want) {
			t.Fatalf("%q on %q back from %d: starts %v, want %v", c.source, c.data, at, got, want)
		}
		limit := 1 + c.rand.Intn(6)
		got, cut := backward(&m, p, c.data, at, limit)
		if !cut && !slices.Equal(got, want) || len(got) > 0 && got[len(got)-1] < at-limit {
			t.Fatalf("%q on %q back from %d limit %d: starts %v cut %v, want %v", c.source, c.data, at, limit, got, cut, want)
		}
	}
}

func backward(m *Machine, p *Program, data []byte, at, limit int) (starts []int, cut bool) {
	cut = m.Backward(p, data, at, limit, func(s int) bool { starts = append(starts, s); return true })
	return starts, cut
}

func (c *fuzzCase) checkSearch(t *testing.T) {
	p := c.compile(t, Options{})
	var m Machine
	var want, got [][2]int
	found := false
	for start, ends := range c.want.ends {
		found = found || len(ends) > 0
		if len(ends) > 0 && start < len(c.data) {
			want = append(want, [2]int{start, 0})
		}
	}
	if m.Search(p, c.data) != found {
		t.Fatalf("%q on %q: search says %v", c.source, c.data, !found)
	}
	m.All(p, c.compile(t, Options{Reverse: true}), c.data, 0, len(c.data), 0, func(start, end int) bool {
		got = append(got, [2]int{start, 0})
		return c.want.has(start, end)
	})
	if !slices.Equal(got, want) {
		t.Fatalf("%q on %q: all starts %v, want %v", c.source, c.data, got, want)
	}
}

// checkAtoms does what a scanner does: it finds the atoms and verifies, and
// must come to every start of a match and to no other.
func (c *fuzzCase) checkAtoms(t *testing.T) {
	atoms := Atoms(c.node, AtomOptions{Wide: c.wide, NoCase: c.rand.Intn(4) == 0})
	if atoms == nil {
		return
	}
	p := c.compile(t, Options{})
	var m Machine
	found := map[int]bool{}
	for _, a := range atoms {
		if len(a.Bytes) == 0 || len(a.Bytes) > maxAtomLen {
			t.Fatalf("%q: atom %q", c.source, a.Bytes)
		}
		for at := range c.data {
			if atomAt(a, c.data, at) {
				c.verify(t, &m, p, a, at, found)
			}
		}
	}
	for start, ends := range c.want.ends {
		if found[start] != (len(ends) > 0) {
			t.Fatalf("%q on %q: atoms %s lead to start %d: %v, want ends %v", c.source, c.data, atomTexts(atoms), start, found[start], ends)
		}
	}
}

func atomAt(a Atom, data []byte, at int) bool {
	if len(data)-at < len(a.Bytes) {
		return false
	}
	d := string(data[at : at+len(a.Bytes)])
	if a.NoCase {
		d = lowerString(d)
	}
	return d == string(a.Bytes)
}

func (c *fuzzCase) verify(t *testing.T, m *Machine, p *Program, a Atom, at int, found map[int]bool) {
	if a.MinOff == a.MaxOff {
		if at < a.MinOff || a.Prefix != nil || a.Suffix != nil {
			return
		}
		if _, ok, _ := m.Forward(p, c.data, at-a.MinOff, 0); ok {
			found[at-a.MinOff] = true
		}
		return
	}
	end, ok, _ := m.Forward(a.Suffix, c.data, at, 0)
	if !ok {
		return
	}
	m.Backward(a.Prefix, c.data, at, 0, func(start int) bool {
		if !c.want.has(start, end) {
			t.Fatalf("%q on %q: atom %q at %d leads to %d-%d", c.source, c.data, a.Bytes, at, start, end)
		}
		if d := at - start; d < a.MinOff || a.MaxOff >= 0 && d > a.MaxOff {
			t.Fatalf("%q: atom %q at distance %d, told %d to %d", c.source, a.Bytes, d, a.MinOff, a.MaxOff)
		}
		found[start] = true
		return true
	})
}

func atomTexts(atoms []Atom) string {
	var s []string
	for _, a := range atoms {
		s = append(s, string(a.Bytes))
	}
	return strings.Join(s, "|")
}

func (c *fuzzCase) checkGo(t *testing.T) {
	if c.wide {
		return
	}
	re, err := regexp.Compile(c.source)
	if err != nil {
		t.Fatalf("%q: %v", c.source, err)
	}
	var m Machine
	if got, want := m.Search(c.compile(t, Options{}), c.data), re.Match(c.data); got != want {
		t.Fatalf("%q on %q: search says %v, Go's regexp %v", c.source, c.data, got, want)
	}
}

func (c *fuzzCase) checkSplit(t *testing.T) {
	links := Split(c.node, 2)
	for i, l := range links {
		if l.Node.MinLen() < 0 || l.GapMax >= 0 && l.GapMax < l.GapMin || i == 0 && l.GapMin != 0 {
			t.Fatalf("%q: link %d: %+v", c.source, i, l)
		}
	}
	lens := 0
	for _, l := range links {
		lens += l.GapMin + l.Node.MinLen()
	}
	if lens != c.node.MinLen() {
		t.Fatalf("%q: links of %d bytes, whole of %d", c.source, lens, c.node.MinLen())
	}
	c.node.Slow()
}

func runRegexp(t *testing.T, seed int64) {
	c, ok := newFuzzCase(t, seed, false)
	if !ok {
		return
	}
	c.checkForward(t)
	c.checkBackward(t)
	c.checkSearch(t)
	c.checkGo(t)
	c.checkSplit(t)
}

func runHex(t *testing.T, seed int64) {
	c, ok := newFuzzCase(t, seed, true)
	if !ok {
		return
	}
	c.checkForward(t)
	c.checkBackward(t)
	c.checkSearch(t)
	c.checkSplit(t)
}

func runAtoms(t *testing.T, seed int64) {
	if c, ok := newFuzzCase(t, seed, seed%2 == 0); ok {
		c.checkAtoms(t)
	}
}

func FuzzRegexp(f *testing.F) { fuzzSeeds(f, runRegexp) }
func FuzzHex(f *testing.F)    { fuzzSeeds(f, runHex) }
func FuzzAtoms(f *testing.F)  { fuzzSeeds(f, runAtoms) }

func fuzzSeeds(f *testing.F, run func(*testing.T, int64)) {
	for seed := range int64(8) {
		f.Add(seed)
	}
	f.Fuzz(run)
}

func TestRandomRegexps(t *testing.T) { testSeeds(t, runRegexp) }
func TestRandomHex(t *testing.T)     { testSeeds(t, runHex) }
func TestRandomAtoms(t *testing.T)   { testSeeds(t, runAtoms) }

func testSeeds(t *testing.T, run func(*testing.T, int64)) {
	n := int64(3000)
	if testing.Short() {
		n = 300
	}
	for seed := range n {
		run(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzParse gives the parsers any bytes, and runs what they accept.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`a(b|c)*\x41[^a-z]{2,}?$`), []byte("abcbcA00"))
	f.Add([]byte(`(?i:x)(?P<n>\b{start}y)\A(?u).`), []byte("xy\xc3\xa9"))
	f.Add([]byte(`01 ~2? [2-4] (?? | A? 11) /* c */ FF`), []byte{1, 2, 3, 4, 5, 0xA0, 0x11, 0xFF})
	f.Add([]byte(`((a{3}){3}){3}(b?){9}`), bytes.Repeat([]byte("a"), 30))
	f.Fuzz(func(t *testing.T, src, data []byte) {
		if len(src) > 200 || len(data) > 200 {
			return
		}
		for mode := range 3 {
			runParsed(t, src, data, mode)
		}
	})
}

func runParsed(t *testing.T, src, data []byte, mode int) {
	var n *Node
	var err error
	if mode == 2 {
		n, err = ParseHex(src)
	} else {
		n, err = ParseRegexp(src, Flags{NoCase: len(data)%2 == 0}, mode == 1)
	}
	if err != nil {
		if e, ok := err.(*SyntaxError); !ok || e.Offset < 0 || e.Offset > len(src) || e.Message == "" {
			t.Fatalf("%q: error %#v", src, err)
		}
		return
	}
	c := fuzzCase{source: string(src), node: n, data: data, rand: rand.New(rand.NewSource(1))}
	c.checkSplit(t)
	p, err := Compile(n, Options{MaxInsts: 5000})
	if err != nil {
		return
	}
	rev, err := Compile(n, Options{Reverse: true, MaxInsts: 5000})
	if err != nil {
		t.Fatalf("%q: forward compiles, backward not: %v", src, err)
	}
	var m Machine
	c.want = results{make([][]int, len(data)+1)}
	for at := range c.want.ends {
		end, ok, _ := m.Forward(p, data, at, 0)
		if !ok {
			continue
		}
		c.want.ends[at] = []int{end}
		if starts, _ := backward(&m, rev, data, end, 0); !slices.Contains(starts, at) {
			t.Fatalf("%q on %q: match %d-%d not found backwards", src, data, at, end)
		}
	}
	Atoms(n, AtomOptions{MaxInsts: 5000})
}
