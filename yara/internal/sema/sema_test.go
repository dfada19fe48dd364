package sema

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
	"vitrine/yara/syntax"
)

func compiler(yarax bool) *Compiler {
	return New(Options{YARAX: yarax, Module: modules.Named, Externals: map[string]module.Value{"ext": module.Int(1)}})
}

// add compiles one source as the library does and gives its problems, one a line.
func add(t testing.TB, c *Compiler, ns, text string) string {
	t.Helper()
	file, errs := syntax.Parse("t.yar", []byte(text), syntax.Options{YARAX: c.options.YARAX})
	for _, e := range errs {
		t.Fatalf("%v\n%s", e, text)
	}
	c.Begin()
	var problems []string
	for _, item := range file.Items {
		switch item := item.(type) {
		case *syntax.Import:
			if p := c.Import(item, ns); p != nil {
				problems = append(problems, p.Message)
			}
		case *syntax.Rule:
			for _, p := range c.Rule(item, ns) {
				problems = append(problems, p.Message)
			}
		}
	}
	if len(problems) > 0 {
		c.Abort()
	}
	return strings.Join(problems, "\n")
}

func mustAdd(t testing.TB, c *Compiler, text string) {
	t.Helper()
	if p := add(t, c, "", text); p != "" {
		t.Fatalf("%s\n%s", p, text)
	}
}

// patternsOf gives the numbers of the patterns of a rule's strings.
func patternsOf(c *Compiler, rule int) []int32 {
	var out []int32
	for _, s := range c.Set().Rules[rule].Strings {
		out = append(out, s.Pattern)
	}
	return out
}

// TestSharing: strings are one pattern when they are searched and matched alike.
func TestSharing(t *testing.T) {
	tests := []struct {
		one, other string
		same       bool
	}{
		{`"abc"`, `"abc"`, true},
		{`"abc"`, `"abd"`, false},
		{`"abc"`, `"abc" ascii`, true},
		{`"abc"`, `"abc" private`, true},
		{`"abc" wide`, `"abc" wide`, true},
		{`"abc" wide`, `"abc" wide ascii`, false},
		{`"abc"`, `"abc" nocase`, false},
		{`"abc"`, `"abc" fullword`, false},
		{`"abc"`, `"abc" xor`, false},
		{`"abc" xor`, `"abc" xor(0-255)`, true},
		{`"abc" xor(1-2)`, `"abc" xor(1-3)`, false},
		{`"abc" base64`, `"abc" base64wide`, false},
		{`"abc" base64`, `"abc" base64("!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu")`, false},
		{`"\x61bc"`, `"abc"`, true},
		{`"abc"`, `/abc/`, false},
		{`/abc/`, `/abc/i`, false},
		{`/a.c/`, `/a.c/s`, false},
		{`/abc/ wide`, `/abc/`, false},
		{`{ 61 62 }`, `{ 61 62 }`, true},
		{`{ 61 62 }`, `"ab"`, false},
	}
	for _, tt := range tests {
		c := compiler(false)
		mustAdd(t, c, "rule a { strings: $x = "+tt.one+" condition: $x }")
		mustAdd(t, c, "rule b { strings: $y = \"other\" $x = "+tt.other+" condition: $x and $y }")
		if got := patternsOf(c, 0)[0] == patternsOf(c, 1)[1]; got != tt.same {
			t.Errorf("%s and %s are one pattern: %t", tt.one, tt.other, got)
		}
	}
}

// TestUse: how a string is asked for decides how it is searched.
func TestUse(t *testing.T) {
	tests := []struct {
		cond           string
		list, onDemand bool
		anchor         int64
	}{
		{`$a`, false, false, -1},
		{`any of them`, false, false, -1},
		{`for any of them : ($)`, false, false, -1},
		{`#a > 1`, true, false, -1},
		{`@a > 1`, true, false, -1},
		{`!a > 1`, true, false, -1},
		{`$a in (1..2)`, true, false, -1},
		{`any of them in (1..2)`, true, false, -1},
		{`for any of them : (# > 1)`, true, false, -1},
		{`#a in (1..2) > 1`, true, false, -1},
		{`$a at 5`, false, true, 5},
		{`$a at 5 or $a at 5`, false, true, 5},
		{`$a at 5 or $a at 6`, false, true, -1},
		{`$a at ext`, false, true, -1},
		{`$a at 5 or $a at ext`, false, true, -1},
		{`$a at -5`, false, true, -1},
		{`any of them at 5`, false, true, -1},
		{`for any of them : ($ at 5)`, false, true, -1},
		{`$a at 5 and $a`, true, false, -1},
		{`$a at 5 and #a > 1`, true, false, -1},
		{`$a at 2 + 3`, false, true, 5},
		{`$h at 5`, true, false, 5},
		{`$h at 5 or $h at ext`, true, false, -1},
		{`$h at 5 or $h`, true, false, -1},
		{`$j at 5`, true, false, -1},
	}
	for _, tt := range tests {
		c := compiler(false)
		def := map[byte]string{'a': `"abc"`, 'h': `{ 61 62 [300-] 63 }`, 'j': `{ 61 ?? [300-] 63 }`}
		name := byte('a')
		if strings.HasPrefix(tt.cond, "$") {
			name = tt.cond[1]
		}
		mustAdd(t, c, `rule r { strings: $`+string(name)+` = `+def[name]+` condition: `+tt.cond+` }`)
		p := c.Set().Patterns.At(0)
		if p.NeedList != tt.list || p.OnDemand != tt.onDemand || p.Anchor != tt.anchor {
			t.Errorf("%s: list %t, on demand %t, anchor %d", tt.cond, p.NeedList, p.OnDemand, p.Anchor)
		}
	}
}

// TestLoopLoosensAll: asking about $ frees every string of the rule from its one
// offset, those that the loop never meets too. So does YARA.
func TestLoopLoosensAll(t *testing.T) {
	for body, anchor := range map[string]int64{`any of ($b)`: 5, `for any of ($b) : ($)`: -1, `for any of ($b) : ($ at 9)`: -1, `for any of ($b) : (# > 1)`: -1} {
		c := compiler(false)
		mustAdd(t, c, `rule r { strings: $a = "abc" $b = "def" condition: $a at 5 and `+body+` }`)
		if p := c.Set().Patterns.At(0); p.Anchor != anchor || !p.OnDemand {
			t.Errorf("%s: anchor %d, want %d, on demand %t", body, p.Anchor, anchor, p.OnDemand)
		}
	}
}

// TestSharedUse: what one rule needs of a pattern holds for all, and strings
// asked for in different ways are different patterns.
func TestSharedUse(t *testing.T) {
	c := compiler(false)
	mustAdd(t, c, `rule a { strings: $a = "abc" condition: $a }`)
	mustAdd(t, c, `rule b { strings: $a = "abc" condition: #a > 1 }`)
	mustAdd(t, c, `rule c { strings: $a = "abc" condition: $a at 7 }`)
	mustAdd(t, c, `rule d { strings: $a = "abc" condition: $a at 7 and true }`)
	mustAdd(t, c, `rule e { strings: $a = "abc" condition: $a at 8 }`)
	var got []int32
	for r := range 5 {
		got = append(got, patternsOf(c, r)[0])
	}
	if !slices.Equal(got, []int32{0, 0, 1, 1, 2}) || !c.Set().Patterns.At(0).NeedList {
		t.Errorf("patterns %v, list %t", got, c.Set().Patterns.At(0).NeedList)
	}
}

// TestRenumber: every place that names a string names it by its final number.
func TestRenumber(t *testing.T) {
	c := compiler(false)
	mustAdd(t, c, `rule first { strings: $x = "xx" $c = "cc" condition: all of them }`)
	mustAdd(t, c, `rule r { strings: $a = "aa" $b = "bb" $c = "cc" condition:
		$c or $b at 3 or $a in (1..2) or #b == 1 or #c in (1..2) == 1 or @a == 1 or !b == 1 or 1 of ($a, $c) or any of them in (1..2)
		or for any of ($c, $b) : ($ at @a) or for any i in (1..#c) : (@b[i] == 1) or any of ($b*) at 9 }`)
	want := patternsOf(c, 1) // $a, $b, $c
	if !slices.Equal(want, []int32{2, 3, 1}) {
		t.Fatalf("patterns %v", want)
	}
	set := c.Set()
	named := map[ir.Op][]int32{}
	for _, n := range set.Nodes {
		switch n.Op {
		case ir.Found, ir.FoundAt, ir.FoundIn, ir.Count, ir.CountIn, ir.OffsetOf, ir.LengthOf:
			named[n.Op] = append(named[n.Op], n.A)
		case ir.Of:
			named[n.Op] = append(named[n.Op], set.List(n.A, n.B)...)
		case ir.ForStrings:
			head := set.Nodes[n.A]
			named[n.Op] = append(named[n.Op], set.List(head.A, head.B)...)
		}
	}
	a, b, cc := want[0], want[1], want[2]
	for op, want := range map[ir.Op][]int32{
		ir.Found: {cc}, ir.FoundAt: {b, ^int32(0)}, ir.FoundIn: {a}, ir.Count: {b, cc}, ir.CountIn: {cc}, ir.OffsetOf: {a, a, b}, ir.LengthOf: {b},
		ir.Of: {0, 1, a, cc, a, b, cc, b}, ir.ForStrings: {cc, b},
	} {
		if !slices.Equal(named[op], want) {
			t.Errorf("operation %d names %v, want %v", op, named[op], want)
		}
	}
}

// sizes of everything a rule may add to.
func sizes(c *Compiler) string {
	s := c.Set()
	return fmt.Sprint(len(s.Nodes), len(s.Lists), len(s.Regexps), s.Patterns.Len(), len(s.Rules), len(c.interned.patterns))
}

// TestAbort: a source with errors leaves nothing, and takes nothing with it.
func TestAbort(t *testing.T) {
	c := compiler(false)
	mustAdd(t, c, `rule kept { strings: $a = "kept" condition: $a } global rule each { condition: true }`)
	before, globals := sizes(c), len(c.Set().Namespaces[0].Globals)
	bad := []string{
		`rule x { strings: $a = "new" condition: $a and unknown }`,
		`rule good { strings: $a = "new" $b = /x.y/ condition: $a and $b and "x" matches /y/ } rule bad { condition: nothing }`,
		`rule kept { condition: true }`, // twice: the first stays
		`import "pe" rule bad { condition: pe.nothing == 1 }`,
		`rule wild { condition: any of (ke*) } rule bad { condition: nothing }`,
		`global rule g { condition: true } rule bad { condition: nothing }`,
		`rule again { condition: true } rule again { condition: true }`,
		`rule a { strings: $a = "never used" condition: true }`,
		`rule a { strings: $a = { 61 [4-2] 62 } condition: $a }`,
		`rule bad { condition: nothing } rule other { condition: bad and kept }`,
	}
	for _, text := range bad {
		if add(t, c, "", text) == "" {
			t.Errorf("no error: %s", text)
		}
		if got := sizes(c); got != before {
			t.Errorf("sizes were %s and are %s after %s", before, got, text)
		}
		if n := len(c.Set().Namespaces[0].Globals); n != globals {
			t.Errorf("%d globals after %s", n, text)
		}
	}
	for _, text := range []string{
		`rule uses { condition: kept }`, `rule x { condition: true }`, `rule good { condition: true }`, `rule keeper { condition: true }`,
		`rule g { condition: true }`, `rule again { condition: true }`, `rule bad { condition: true }`, `rule other { condition: bad }`,
	} {
		mustAdd(t, c, text)
	}
	for _, text := range []string{`rule kept { condition: true }`, `rule p { condition: pe.machine == 1 }`} {
		if add(t, c, "", text) == "" {
			t.Errorf("no error: %s", text)
		}
	}
}

func TestWildcardsShutTheDoor(t *testing.T) {
	c := compiler(false)
	mustAdd(t, c, `rule ab1 { condition: true } rule user { condition: any of (ab*) }`)
	if got := add(t, c, "", `rule ab2 { condition: true }`); !strings.Contains(got, "comes after a rule") {
		t.Errorf("got %q", got)
	}
	if got := add(t, c, "other", `rule ab2 { condition: true }`); got != "" {
		t.Errorf("another namespace is concerned: %q", got)
	}
}

func TestNamespaces(t *testing.T) {
	c := compiler(false)
	if p := add(t, c, "one", `import "pe" rule a { condition: pe.machine == 1 } global rule g { condition: true }`); p != "" {
		t.Fatal(p)
	}
	for _, tt := range [][2]string{
		{`rule b { condition: a }`, "unknown identifier"},
		{`rule b { condition: pe.machine == 1 }`, "without `import"},
		{`rule b { condition: any of (a) }`, "no rule is named"},
		{`rule a { condition: true }`, ""},
	} {
		if got := add(t, c, "two", tt[0]); !strings.Contains(got, tt[1]) || tt[1] == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt[0], got, tt[1])
		}
	}
	if got := c.Set().Namespaces; len(got) != 2 || len(got[0].Globals) != 1 || len(got[1].Globals) != 0 {
		t.Errorf("namespaces %+v", got)
	}
}

func TestDialects(t *testing.T) {
	deep := "true"
	for i := range 5 {
		deep = fmt.Sprintf("for any i%d in (1..2) : (%s)", i, deep)
	}
	tests := []struct {
		cond    string
		four, x string
	}{
		{`for any of them : (for any of them : ($))`, "inside another", ""},
		{deep, "more than 4 deep", ""},
		{`entrypoint == 1 and $a`, "", "not part of YARA-X"},
		{`$a at -1`, "", "negative"},
		{`@a[0] == 1`, "", "counted from 1"},
		{`any of (r0*) and $a`, "", "not part of YARA-X"},
		{`101% of them`, "between 1 and 100", "between 1 and 100"},
		{`0% of them`, "between 1 and 100", "between 1 and 100"},
	}
	for _, tt := range tests {
		for yarax, want := range map[bool]string{false: tt.four, true: tt.x} {
			c := compiler(yarax)
			mustAdd(t, c, `rule r0 { condition: true }`)
			got := add(t, c, "", `rule r { strings: $a = "abc" condition: (`+tt.cond+`) and any of them }`)
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("YARA-X %t: %s: %q, want %q", yarax, tt.cond, got, want)
			}
		}
	}
}

// TestFold: what is known is computed when the rule is compiled.
func TestFold(t *testing.T) {
	tests := []struct {
		expr string
		want int64
	}{
		{`1 + 2 * 3`, 7}, {`-7 \ 2`, -3}, {`-7 % 4`, -3}, {`1 << 4`, 16}, {`1 << 64`, 0}, {`-1 >> 1`, -1}, {`6 & 3 | 8 ^ 1`, 11}, {`~0`, -1}, {`-(3 - 5)`, 2},
		{`0x7fffffffffffffff - 1`, 1<<63 - 2}, {`-0x7fffffffffffffff - 1`, -1 << 63}, {`2KB`, 2048},
	}
	for _, tt := range tests {
		c := compiler(false)
		mustAdd(t, c, `rule r { condition: filesize == `+tt.expr+` }`)
		s := c.Set()
		n := s.Nodes[s.Rules[0].Condition]
		if right := s.Nodes[n.C]; right.Op != ir.ConstInt || s.Ints[right.A] != tt.want {
			t.Errorf("%s is not %d", tt.expr, tt.want)
		}
	}
	for _, bad := range []string{`1 \ 0`, `1 % 0`, `1 << -1`, `0x7fffffffffffffff + 1`, `-0x7fffffffffffffff - 2`, `0x7fffffffffffffff * 2`, `(-0x7fffffffffffffff - 1) \ -1`} {
		if add(t, compiler(false), "", `rule r { condition: filesize == `+bad+` }`) == "" {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestSlots(t *testing.T) {
	c := compiler(false)
	mustAdd(t, c, `import "pe" rule r { strings: $a = "x" condition:
		for any i in (1..2) : (for any k, v in pe.version_info : (for any of them : (# > i and k == v)))
		or for any j in (1..2) : (j == 1 and $a) or with x = 1, y = 2 : (x == y and $a) }`)
	if c.Set().Slots != 4 {
		t.Errorf("%d slots, want 1 + 2 + 1", c.Set().Slots)
	}
}
