package pattern

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// show writes atoms as text@least-most, with i for NoCase and * where the
// start is to be looked for.
func show(atoms []Atom) string {
	var parts []string
	for _, a := range atoms {
		s := fmt.Sprintf("%q@%d", a.Bytes, a.MinOff)
		if a.MaxOff != a.MinOff {
			s += fmt.Sprintf("-%d", a.MaxOff)
		}
		if a.NoCase {
			s += "i"
		}
		if a.Prefix != nil && a.Suffix != nil {
			s += "*"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestAtomsOfRegexps(t *testing.T) {
	cases := []struct{ src, want string }{
		{`abcd`, `"abcd"@0`},
		{`the request_id=xyz`, `"t_id=xyz"@10`},
		{`.{3}wxyz`, `"wxyz"@3`},
		{`.*wxyz`, `"wxyz"@0--1*`},
		{`x?wxyz`, `"wxyz"@0 "xwxyz"@0`},
		{`x{0,9}wxyz`, `"wxyz"@0-9*`},
		{`foo.*(wxyz|qjkv)`, `"qjkv"@3--1* "wxyz"@3--1*`},
		{`(wx|qj)(yz|kv)`, `"qjkv"@0 "qjyz"@0 "wxkv"@0 "wxyz"@0`},
		{`a(b.*wxyz|kqjv.*)c`, `"wxyz"@2--1* "kqjv"@1`},
		{`https?://`, `"http://"@0 "https://"@0`},
		{`q[jk]z`, `"qjz"@0 "qkz"@0`},
		{`(wx){2,5}`, `"wxwx"@0`},
		{`(wxyz|.qjkv)+`, `"wxyz"@0 "qjkv"@1`},
		{`\bwx\byz$`, `"wxyz"@0`},
		{`[Ww]xyz`, `"wxyz"@0i`},
		{`a*`, ``},
		{`[a-z]+`, ``},
		{`wxyz|.`, ``},
		{`^`, ``},
	}
	for _, c := range cases {
		if got := show(Atoms(mustRegexp(t, c.src), AtomOptions{})); got != c.want {
			t.Errorf("%s: %s, want %s", c.src, got, c.want)
		}
	}
}

func TestAtomsOfHex(t *testing.T) {
	cases := []struct{ src, want string }{
		{`00 00 00 00 11 22 33 44`, `"\x00\x00\x00\x00\x11\"3D"@0`},
		{`11 ?? 22 33 44 55 ?? 66`, `"\"3DU"@2`},
		{`11 22 [2-4] 33 44 55 66`, `"3DUf"@4-6*`},
		{`?? (11 22 33 44 | 55 66 77 88 99)`, `"\x11\"3D"@1 "Ufw\x88\x99"@1`},
		{`?? [4] ??`, ``},
		{`~11 ~22`, ``},
	}
	for _, c := range cases {
		if got := show(Atoms(mustHex(t, c.src), AtomOptions{})); got != c.want {
			t.Errorf("%s: %s, want %s", c.src, got, c.want)
		}
	}
	if got := Atoms(mustHex(t, `?? 1? 22`), AtomOptions{MaxAtoms: 4}); show(got) != `"\""@2` {
		t.Errorf("few atoms: %s", show(got))
	}
	if got := Atoms(mustHex(t, `?? 1? 22`), AtomOptions{}); len(got) != 16 || got[0].MinOff != 1 {
		t.Errorf("a nibble: %s", show(got))
	}
}

func TestAtomOptions(t *testing.T) {
	n := mustRegexp(t, `WX.?YZ`)
	cases := []struct {
		o    AtomOptions
		want string
	}{
		{AtomOptions{}, `"WX"@0`},
		{AtomOptions{NoCase: true}, `"wx"@0i`},
		{AtomOptions{Wide: true}, `"W\x00X\x00"@0`},
		{AtomOptions{MinLen: 3}, ``},
		{AtomOptions{MinLen: 3, Wide: true}, `"W\x00X\x00"@0`},
	}
	for _, c := range cases {
		if got := show(Atoms(n, c.o)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
	folded, _ := ParseRegexp([]byte(`W[xy]z`), Flags{NoCase: true}, false)
	if got := show(Atoms(folded, AtomOptions{})); got != `"wxz"@0i "wyz"@0i` {
		t.Errorf("case ignored: %s", got)
	}
	if got := Atoms(mustRegexp(t, `(a|.b){1,3000}wxyz`), AtomOptions{MaxInsts: 50}); got != nil {
		t.Errorf("programs too large: %s", show(got))
	}
}

// TestAtomsShareProgram: atoms of one place have one pair of programs.
func TestAtomsShareProgram(t *testing.T) {
	atoms := Atoms(mustRegexp(t, `.?[jq]xz`), AtomOptions{})
	if len(atoms) != 2 || atoms[0].Prefix == nil || atoms[0].Prefix != atoms[1].Prefix || atoms[0].Suffix != atoms[1].Suffix {
		t.Errorf("%s", show(atoms))
	}
	if err := atoms[0].Prefix.Check(); err != nil || !atoms[0].Prefix.Reverse {
		t.Errorf("prefix: %v", err)
	}
}

// TestAtomsRarity: what is padding or common is left for what is not.
func TestAtomsRarity(t *testing.T) {
	rare := []string{"wxyz", "\x8b\x4d\xfa\x91", "q\x00z\x00j\x00"}
	common := []string{"\x00\x00\x00\x00", "    ", "then", "a\x00\x00\x00", "----"}
	for _, r := range rare {
		for _, c := range common {
			if rarity(r, false) <= rarity(c, false) {
				t.Errorf("%q is thought no rarer than %q", r, c)
			}
		}
	}
	if rarity("abc", true) >= rarity("abc", false) {
		t.Error("ignoring case makes nothing rarer")
	}
}

// TestAtomsInTime: patterns built to blow up the choice of atoms, which would
// not end before the tests are given up.
func TestAtomsInTime(t *testing.T) {
	sources := []string{
		strings.Repeat("(a{0,8}b?", 100) + strings.Repeat("){4,8}", 100),
		strings.Repeat("(a{0,8}", 100) + strings.Repeat("){0,8}", 100),
		strings.Repeat(`\b`, 20000),
		strings.Repeat("a?", 5000),
		strings.Repeat("(a|b?", 150) + strings.Repeat(")c", 150),
		strings.Repeat("[ab]", 5000),
		strings.Repeat("(foo|bar)?", 2000),
		strings.Repeat("abcdefgh", 20000),
	}
	for _, src := range sources {
		n := mustRegexp(t, src)
		for _, a := range Atoms(n, AtomOptions{MaxInsts: 1 << 16}) {
			if len(a.Bytes) == 0 || len(a.Bytes) > maxAtomLen {
				t.Errorf("%.20s: atom %q", src, a.Bytes)
			}
		}
		n.Slow()
	}
}

func TestSlow(t *testing.T) {
	cases := []struct {
		src  string
		want bool
	}{
		{`01`, true}, {`01 02`, false}, {`01 ?? ??`, true}, {`01 ?? ?? 02`, true}, {`01 ?? 02`, true},
		{`1? 2? 3?`, true}, {`1? 2? 3? 04`, true}, {`1? ?? 03`, true}, {`00 01`, true}, {`00 00 00`, true},
		{`00 00 01`, false}, {`00 00 00 00`, true}, {`00 00 00 01`, false}, {`FF FF FF FF`, true},
		{`20 01 02`, false}, {`61 61`, false}, {`90 90`, true}, {`00 00 00 00 00 01 02`, false},
		{`(61 62 63 64 ?? | 65 ?? ?? 00 00 66)`, false}, {`(61 62 63 | 01)`, true}, {`(01 | 02 03) 61 62 63`, false},
		{`01 [2-4] 02`, true}, {`01 ~02 03`, true},
	}
	for _, c := range cases {
		if got := mustHex(t, c.src).Slow(); got != c.want {
			t.Errorf("%s: %v (%d points)", c.src, got, mustHex(t, c.src).quality())
		}
	}
	for src, want := range map[string]bool{`a+b`: true, `(ab)+`: false, `a{3}`: false, `[ab][cd]`: true, `abcd.*`: false, `(a.){2}`: true} {
		if got := mustRegexp(t, src).Slow(); got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}

func TestMeasures(t *testing.T) {
	cases := []struct {
		src                      string
		least, most              int
		anchored, dotted, endles bool
	}{
		{`abc`, 3, 3, false, false, false},
		{`a|bcd|`, 0, 3, false, false, false},
		{`a{2,5}b*`, 2, -1, false, false, false},
		{`(a|bc){2,3}`, 2, 6, false, false, false},
		{`(\b)*x`, 1, 1, false, false, false},
		{`^a`, 1, 1, true, false, false},
		{`(^a|\B^b)c`, 2, 2, true, false, false},
		{`(^a|b)c`, 2, 2, false, false, false},
		{`x.*y`, 2, -1, false, true, false},
		{`x(.{3,})y`, 5, -1, false, true, false},
		{`x(.*|z)y`, 2, -1, false, false, false},
		{`x.{0,9}y`, 2, 11, false, false, false},
		{`((a{30000}){30000}){30000}`, 27_000_000_000_000, 27_000_000_000_000, false, false, false},
		{`(((a{30000}){30000}){30000}){30000}`, maxLength, maxLength, false, false, false},
	}
	for _, c := range cases {
		n := mustRegexp(t, c.src)
		if l := min(c.least, maxLength); n.MinLen() != l || n.MaxLen() != min(c.most, maxLength) {
			t.Errorf("%s: %d to %d bytes", c.src, n.MinLen(), n.MaxLen())
		}
		if n.StartAnchored() != c.anchored || n.UnboundedDot() != c.dotted {
			t.Errorf("%s: anchored %v, unbounded dot %v", c.src, n.StartAnchored(), n.UnboundedDot())
		}
	}
	for src, want := range map[string]bool{`.*foo`: true, `..{10,}foo`: true, `(a|.+)foo`: true, `\b.*a`: true, `(.*)?a`: true, `a.*`: false, `.{3}a.*`: false, `[^a]*b`: false} {
		n, err := ParseRegexp([]byte(src), Flags{DotAll: true}, false)
		if err != nil || n.EndlessStart() != want {
			t.Errorf("%s: %v, %v", src, n.EndlessStart(), err)
		}
	}
	if mustHex(t, `01 [-] 02`).UnboundedDot() {
		t.Error("a jump is no dot")
	}
}

func TestBuiltNodes(t *testing.T) {
	n := NewAlternate(NewLiteral([]byte("abc"), false), NewLiteral([]byte("aXc"), true), NewLiteral(nil, false))
	if got := n.String(); got != `alt("abc" fold("aXc") empty)` {
		t.Error(got)
	}
	for _, c := range []struct {
		n      *Node
		text   string
		nocase bool
		ok     bool
	}{
		{NewLiteral([]byte("a1"), true), "a1", true, true},
		{NewLiteral([]byte("12"), true), "12", false, true},
		{n, "", false, false},
	} {
		text, nocase, ok := c.n.Literal()
		if string(text) != c.text || nocase != c.nocase || ok != c.ok {
			t.Errorf("%s: %q %v %v", c.n, text, nocase, ok)
		}
	}
}

// Logarithms are rounded to what a wrong last bit cannot change.
func TestDoublings(t *testing.T) {
	for _, c := range []struct{ x, want float64 }{{1, 0}, {2, 1}, {1024, 10}, {0.25, -2}, {3, 1623.0 / 1024}, {7, 2875.0 / 1024}} {
		for _, x := range []float64{c.x, math.Nextafter(c.x, 0), math.Nextafter(c.x, math.Inf(1))} {
			if got := doublings(x); got != c.want {
				t.Errorf("%v: %v, want %v", x, got, c.want)
			}
		}
	}
}
