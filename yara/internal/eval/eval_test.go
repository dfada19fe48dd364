package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
	"vitrine/yara/internal/search"
	"vitrine/yara/internal/sema"
	"vitrine/yara/syntax"
)

// data holds $a at 2 and 7, $b at 5, $c nowhere.
const data = "..ab.CDab.\x01\x02\x03\x04"

const declared = `strings: $a = "ab" $b = /C./ $c = "zzz"`

// build compiles rules.
func build(t testing.TB, yarax bool, text string) *ir.Set {
	t.Helper()
	file, errs := syntax.Parse("t.yar", []byte(text), syntax.Options{YARAX: yarax})
	for _, e := range errs {
		t.Fatalf("%v\n%s", e, text)
	}
	c := sema.New(sema.Options{YARAX: yarax, Module: modules.Named,
		Externals: map[string]module.Value{"text": module.String("FooBar"), "n": module.Int(7), "f": module.Float(0.5)}})
	for _, item := range file.Items {
		switch item := item.(type) {
		case *syntax.Import:
			if p := c.Import(item, ""); p != nil {
				t.Fatal(p.Message)
			}
		case *syntax.Rule:
			for _, p := range c.Rule(item, "") {
				t.Fatalf("%s\n%s", p.Message, text)
			}
		}
	}
	return c.Set()
}

// evaluator makes an Evaluator that has data at hand.
func evaluator(t testing.TB, set *ir.Set, c Config, data string) *Evaluator {
	t.Helper()
	if c.Stop == nil {
		c.Stop = func() error { return nil }
	}
	if c.MaxLoop == 0 {
		c.MaxLoop = 1 << 30
	}
	for _, x := range set.Externals {
		c.Externals = append(c.Externals, x.Value)
	}
	s := search.NewSearcher(search.NewIndex(set.Patterns, search.OneClass(set.Patterns.Len())), set.Patterns,
		search.Config{MaxMatches: 1000, RegexWindow: 4096, Stop: func() error { return nil }})
	s.Reset([]byte(data), 0, []bool{true})
	if err := s.Search(); err != nil {
		t.Fatal(err)
	}
	e := New(set, s, c)
	e.Reset(module.Context{Ctx: context.Background(), Data: []byte(data), YARAX: set.YARAX})
	return e
}

// condition evaluates one condition over data. The strings are declared and used.
func condition(t testing.TB, yarax bool, cond string) bool {
	t.Helper()
	set := build(t, yarax, fmt.Sprintf("import \"math\" import \"pe\" rule r { %s condition: (%s) or (filesize < 0 and all of them) }", declared, cond))
	ok, _ := evaluator(t, set, Config{}, data).Rule(0)
	return ok
}

// both lists conditions that hold in both dialects.
var both = []string{
	`for all i in (1..3) : (i > 0)`, `not for all i in (#c..3) : (i > 0)`, `for any i in (1..3) : (i == 3)`, `for 2 i in (1..3) : (i >= 2)`,
	`not for 3 i in (1..3) : (i >= 2)`, `for none i in (1..3) : (i > 3)`, `not for none i in (1..3) : (i == 2)`, `for 0 i in (1..3) : (i > 3)`,
	`not for all i in (#a..1) : (true)`, `not for none i in (#a..1) : (true)`, `not for any i in (#a..1) : (true)`, `not for 0 i in (#a..1) : (true)`,
	`for all of them : (# <= 2)`, `for 2 of them : ($)`, `not for 3 of them : ($)`, `for none of them : (# > 2)`, `for any of them : ($ at 7)`,
	`for all of ($a, $b) : (@ + ! < 8)`, `for any of them : (@[2] == 7)`, `for any of them : ($ in (3..5))`, `for any of them : (# in (3..9) == 1 and @ == 2)`,
	`for all i in (0, 4, 2) : (i % 2 == 0)`, `for any s in ("x", "FooBar") : (s == text)`,
	`for any i in (1..3) : (for any j in (1..3) : (i + j == 6))`, `for any of them : (for any i in (1..#) : (@[i] == 7))`,
	`not for any i in (@c, 1) : (i == 2)`, `for any i in (@c, 1) : (i == 1)`, `for any i in (@c, 1) : (not defined i)`,
	`66% of them`, `not 67% of them`, `100% of ($a, $b)`, `1% of them`, `none of ($c)`, `not none of them`, `0 of ($c)`, `not 0 of them`, `(#a - 2) of ($c)`,
	`2 of them`, `not 3 of them`, `not 4 of them`, `#a of them`, `(#a) of ($a, $b)`, `any of ($a*) in (6..8)`, `not any of ($a*) in (3..6)`, `all of ($a, $b) in (0..7)`,
	`any of them at 5`, `none of them at 3`, `not defined (any of them at @c)`, `not defined any of them in (@c..9)`, `2 of ($a, $a)`,
	`"abc" contains "b"`, `text icontains "OBA"`, `text istartswith "foo"`, `text iendswith "BAR"`, `text iequals "fOObAR"`, `not text contains "oba"`, `text contains ""`,
	`text matches /^foo/i`, `not text matches /^foo/`, `"" matches /^$/`, `"a" < "b" and "ab" > "a" and "a" != "b" and "a" <= "a"`,
	`7 \ 2 == 3 and -7 \ 2 == -3 and -7 % 4 == -3`, `n \ 2.0 == 3.5`, `n + f == 7.5`, `not defined (n \ (n - 7))`, `not defined (n % (n - 7))`,
	`1 << n == 128 and 1 << (n + 60) == 0 and -1 >> n == -1`, `not defined (1 << (0 - n))`, `~n == -8 and -n == 0 - 7`, `n & 3 == 3 and n | 8 == 15 and n ^ 2 == 5`,
	`uint8(10) == 1 and uint16be(10) == 0x0102 and uint32(10) == 0x04030201 and int8(2) == 0x61`, `not defined uint32(11)`, `not defined uint8(-1)`, `defined uint32(10)`,
	`with x = #a, y = x * 2 : (y == 4)`, `with s = text : (s.len() == 6)`, `any of (@c == 1, n == 7)`, `not all of (@c == 1, n == 7)`, `2 of (true, n == 7, false)`,
	`math.max(n, 3) == 7`, `not defined math.max(n, @c)`, `math.in_range(f, 0.0, 1.0)`, `pe.MACHINE_I386 == 0x14c`, `not defined pe.machine`, `not defined pe.sections[0].name`,
	`#a in (2..7) == 2 and #a in (3..6) == 0 and #a in (7..2 + n) == 1 and #a in (n..2) == 0`, `$a in (2..2) and not $a in (3..6)`, `not defined #a in (0..@c)`,
	`@a == 2 and @a[1] == 2 and @a[2] == 7 and not defined @a[3] and not defined @a[n - 7] and not defined @c and !b == 2 and not defined !c`,
}

func TestConditions(t *testing.T) {
	for _, cond := range both {
		for _, yarax := range []bool{false, true} {
			if !condition(t, yarax, cond) {
				t.Errorf("YARA-X %t: %s does not hold", yarax, cond)
			}
		}
	}
}

func TestDialects(t *testing.T) {
	tests := []struct {
		cond    string
		four, x bool
	}{
		{`(#c)% of them`, true, false}, // any number is 0% or more; YARA-X reads none
		{`(#c)% of ($c)`, true, true},
		{`(0 - #a)% of ($c)`, true, true}, // negative: reached at once
		{`(0 - #a) of ($c)`, true, false}, // and by the first that matches
		{`(0 - #a) of them`, true, true},
		{`for (0 - #a) i in (1..2) : (i > 5)`, true, false},
		{`@c of ($a, $b)`, true, false}, // an undefined number is all
		{`@c of them`, false, false},
		{`for @c i in (1..2) : (i > 0)`, true, false},
		{`not (@c)% of them`, false, false},                // but no undefined percentage is
		{`not for any i in (1..@c) : (true)`, true, false}, // looping over nothing
		{`not for any s in pe.sections : (true)`, true, false},
		{`0.1 + 0.2 == 0.3`, true, false},               // equal within the machine epsilon
		{`f \ (f - 0.5) == f \ (f - 0.5)`, false, true}, // infinity less itself is no small number
		{`f \ (f - 0.5) != f \ (f - 0.5)`, false, false},
		{`(f - 0.5) \ (f - 0.5) != 1.0`, false, true}, // nor is not-a-number
		{`defined for any i in (1..@c) : (true)`, true, false},
		{`for all i in (1..50) : (i > 0) and 29 \ 50 == 0`, true, true},
	}
	for _, tt := range tests {
		if got := condition(t, false, tt.cond); got != tt.four {
			t.Errorf("YARA 4: %s is %t", tt.cond, got)
		}
		if got := condition(t, true, tt.cond); got != tt.x {
			t.Errorf("YARA-X: %s is %t", tt.cond, got)
		}
	}
}

// TestUndefined puts something undefined into every place that takes a value.
func TestUndefined(t *testing.T) {
	for _, u := range []string{`@c`, `uint8(filesize)`, `pe.machine`, `(n \ (n - 7))`, `@a[5]`, `-@c`, `~@c`, `(1 + @c)`, `math.max(1, @c)`, `uint8(@c)`, `!c[@c]`} {
		for _, no := range []string{
			`%s == 1`, `%s != 1`, `not %s == 1`, `1 < %s`, `%s`, `not %s`, `not not %s`, `defined %s`, `$a at %s`, `not $a at %s`, `$a in (%s..9)`, `not $a in (0..%s)`,
			`#a in (0..%s) >= 0`, `@a[%s] >= 0`, `%s > 0 and true`, `%s > 0 or false`, `uint8(%s) >= 0`, `%s + 1.5 > 0.0`, `any of them at %s`, `for any i in (%s, %[1]s) : (i >= 0)`,
			`any of (%s == 1, %[1]s)`, `with x = %s : (x >= 0)`, `with x = %s : (not x == 0)`, `pe.sections[%s].name == ""`,
		} {
			if cond := fmt.Sprintf(no, u); condition(t, false, cond) || condition(t, true, cond) {
				t.Errorf("%s holds", cond)
			}
		}
		for _, yes := range []string{`not (%s == 1 and true)`, `not (%s == 1 or false)`, `defined (%s and true)`, `not defined %s`, `none of (%s == 1, false)`, `for none i in (1..2) : (i == %s)`} {
			if cond := fmt.Sprintf(yes, u); !condition(t, false, cond) || !condition(t, true, cond) {
				t.Errorf("%s does not hold", cond)
			}
		}
	}
}

// TestPercent holds every percentage of up to 60 things to the definition.
func TestPercent(t *testing.T) {
	for total := 1; total <= 60; total++ {
		for percent := 1; percent <= 101; percent++ {
			for found := 0; found <= total; found++ {
				four := float64(found)/float64(total)*100 >= float64(percent)
				x := found*100 >= percent*total
				for i, want := range []bool{four, x} {
					e := &Evaluator{set: &ir.Set{YARAX: i == 1}}
					g := goal{total: int64(total)}
					g.kind, g.need = e.need(ir.QuantPercent, int64(percent), g.total)
					if got := g.after(found, total); got != want {
						t.Fatalf("%d of %d being %d%%, YARA-X %t: %t", found, total, percent, i == 1, got)
					}
				}
			}
		}
	}
}

// after tells the goal of found things that hold among total.
func (g *goal) after(found, total int) bool {
	for i := range total {
		if g.tell(i < found) {
			break
		}
	}
	return g.reached()
}

// TestGoal compares stopping early with asking all, in every order.
func TestGoal(t *testing.T) {
	kinds := []struct {
		goal goal
		want func(found, total int) bool
	}{
		{goal{kind: ir.QuantAll}, func(found, total int) bool { return found == total }},
		{goal{kind: ir.QuantNone}, func(found, total int) bool { return found == 0 }},
		{goal{kind: ir.QuantCount, need: 0}, func(found, total int) bool { return true }},
		{goal{kind: ir.QuantCount, need: -1}, func(found, total int) bool { return true }},
		{goal{kind: ir.QuantCount, need: 1}, func(found, total int) bool { return found >= 1 }},
		{goal{kind: ir.QuantCount, need: 3}, func(found, total int) bool { return found >= 3 }},
		{goal{kind: ir.QuantCount, need: 99}, func(found, total int) bool { return false }},
	}
	const total = 5
	for _, k := range kinds {
		for outcomes := range 1 << total {
			g, found := k.goal, 0
			g.total = total
			settled := false
			for i := range total {
				holds := outcomes>>i&1 != 0
				if holds {
					found++
				}
				settled = settled || g.tell(holds)
			}
			early := k.goal
			early.total = total
			for i := range total {
				if early.tell(outcomes>>i&1 != 0) {
					break
				}
			}
			if want := k.want(found, total); early.reached() != want {
				t.Errorf("%+v with outcomes %05b: %t", k.goal, outcomes, !want)
			}
		}
	}
}

func TestBudget(t *testing.T) {
	const text = `
rule over { condition: for all i in (0..1000) : (i >= 0) }
rule not_over { condition: not over }
rule or_over { condition: over or filesize >= 0 }
rule of_over { condition: none of (over) }
rule early { condition: for any i in (0..1000000000000) : (i == 5) }
rule settled { condition: not for all i in (0..1000000000000) : (i != 5) }
rule nested { condition: for all i in (0..20) : (for all j in (0..20) : (i + j >= 0)) }
rule fits { condition: for all i in (1..100) : (i >= 0) }
rule whole { condition: for any i in (n - 9223372036854775807..9223372036854775807) : (i > 0) }
rule many { condition: for 1000000 i in (0..1000000000000) : (i >= 0) }
rule empty { condition: not for any i in (9223372036854775807..filesize) : (true) }
`
	type result struct{ ok, overrun bool }
	want := map[string]result{
		"over": {false, true}, "not_over": {false, true}, "or_over": {false, true}, "of_over": {false, true}, "early": {true, false},
		"settled": {true, false}, "nested": {false, true}, "fits": {true, false}, "whole": {false, true}, "many": {false, true}, "empty": {true, false},
	}
	names := []string{"over", "not_over", "or_over", "of_over", "early", "settled", "nested", "fits", "whole", "many", "empty"}
	set := build(t, false, text)
	// The order in which rules are asked must not change any answer.
	for _, backwards := range []bool{false, true} {
		e := evaluator(t, set, Config{MaxLoop: 100}, data)
		for i := range names {
			if backwards {
				i = len(names) - 1 - i
			}
			ok, overrun := e.Rule(int32(i))
			if got := (result{ok, overrun}); got != want[names[i]] {
				// over is reported once, by whoever asks first.
				if !(backwards && names[i] == "over" && !ok && !overrun) {
					t.Errorf("rule %s: %+v, want %+v", names[i], got, want[names[i]])
				}
			}
			if _, again := e.Rule(int32(i)); again {
				t.Errorf("rule %s overruns twice", names[i])
			}
		}
	}
}

// TestLooks counts how often the clock is looked at for work of every kind.
func TestLooks(t *testing.T) {
	big := strings.Repeat("x", 1<<16)
	tests := []struct {
		name, cond string
		least      int // looks
	}{
		{"loop", `for all i in (0..1000000) : (i >= 0)`, 50},
		{"nested", `for all i in (0..1000) : (for all j in (0..1000) : (i + j >= 0))`, 50},
		{"strings of loops", `for all i in (0..200000) : (not $a at i)`, 10},
		{"texts", `for all i in (0..500) : (text contains "y" or i >= 0)`, 50},
		{"expressions", `for all i in (0..100) : (text matches /y/ or i >= 0)`, 100},
		{"calls", `for all i in (0..10000) : (math.max(i, 1) > 0)`, 15},
		{"work of modules", `for all i in (1..100) : (math.entropy(i, 100) >= 0.0)`, 100},
		{"expressions of modules", `for all i in (1..10000) : (not pe.imports(/a/, /b/) or i > 0)`, 15},
	}
	for _, tt := range tests {
		set := build(t, false, `import "math" import "pe" rule r { strings: $a = "ab" condition: `+tt.cond+` or $a }`)
		looks := 0
		e := evaluator(t, set, Config{Stop: func() error { looks++; return nil }}, big)
		e.config.Externals = slices.Clone(e.config.Externals)
		for i, x := range set.Externals {
			if x.Name == "text" {
				e.config.Externals[i] = module.String(big)
			}
		}
		if ok, _ := e.Rule(0); !ok {
			t.Errorf("%s: the rule fails", tt.name)
		}
		if looks < tt.least {
			t.Errorf("%s: %d looks at the clock, want %d", tt.name, looks, tt.least)
		}
	}
}

// TestALongConditionLooksToo has no loop in it.
func TestALongConditionLooksToo(t *testing.T) {
	cond := strings.Repeat("uint8(0) == 0 or ", 1000) + "false"
	set := build(t, false, "rule r { condition: "+cond+" }")
	looks := 0
	e := evaluator(t, set, Config{Stop: func() error { looks++; return nil }}, data)
	for range 100 {
		e.rules[0] = unknown
		e.Rule(0)
	}
	if looks < 10 {
		t.Errorf("%d looks at the clock", looks)
	}
}

func TestStop(t *testing.T) {
	stop := errors.New("enough")
	set := build(t, false, `import "math" rule a { condition: math.entropy(0, filesize) >= 0.0 } rule b { condition: filesize >= 0 } rule c { condition: not a }`)
	left := 0
	e := evaluator(t, set, Config{Stop: func() error {
		if left--; left < 0 {
			return stop
		}
		return nil
	}}, data)
	for r := range int32(3) {
		if ok, overrun := e.Rule(r); ok || overrun {
			t.Errorf("rule %d of a stopped scan: %t %t", r, ok, overrun)
		}
	}
	if e.Err() != stop {
		t.Errorf("the evaluation ends with %v", e.Err())
	}
	left = 100
	e.Reset(module.Context{Data: []byte(data)})
	if a, _ := e.Rule(0); !a || e.Err() != nil {
		t.Errorf("after Reset: %t %v", a, e.Err())
	}
}

// TestResetForgets asks for rules and modules over one piece of data and another.
func TestResetForgets(t *testing.T) {
	set := build(t, false, `import "math" import "pe" rule a { condition: filesize > 5 and math.count(0x2e) >= 3 } rule b { condition: a } rule c { condition: pe.is_pe == 1 }`)
	e := evaluator(t, set, Config{}, data)
	for _, tt := range []struct {
		data string
		want bool
	}{{data, true}, {"", false}, {"...xxx", true}, {"..", false}} {
		e.Reset(module.Context{Data: []byte(tt.data)})
		for r, want := range []bool{tt.want, tt.want, false} {
			if ok, _ := e.Rule(int32(r)); ok != want {
				t.Errorf("%q: rule %d is %t", tt.data, r, ok)
			}
		}
	}
}

func TestEvaluatingAllocatesNothing(t *testing.T) {
	set := build(t, false, `import "math" rule r { `+declared+` condition:
		for all i in (1..50) : (math.max(i, 1) > 0 and text icontains "OBA" and (#a in (0..i) >= 0) and for any of them : (# >= 0)) and any of them in (0..9) and text matches /foo/i }`)
	e := evaluator(t, set, Config{}, data)
	if ok, _ := e.Rule(0); !ok {
		t.Fatal("the rule fails")
	}
	if n := testing.AllocsPerRun(20, func() { e.rules[0] = unknown; e.dirty = e.dirty[:0]; e.Rule(0) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
