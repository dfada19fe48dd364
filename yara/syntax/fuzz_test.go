package syntax

import "testing"

// FuzzParse reads anything as rules: it must not panic, every error must have a
// message and a place in the source, and what comes back must be whole.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "rule", "/*", `"""`, "rule a : b { condition: true }",
		`import "pe" include "x" private global rule a { meta: x = -1 y = "z" strings: $a = "b" xor(1-2) $ = { 0? [1-2] (00|~11) } private condition: all of them }`,
		`rule a { strings: $b = /c\/d/is condition: for any i in (1..#b) : (@b[i] < 5KB) or $b at 0x10 or 50% of ($b*) in (0..9) }`,
		`rule a { condition: with x = pe.y[0].z("t", /r/) : (x iequals "q" and not defined x) or any of (r*, s) or -~1 \ 2.5 << 3 > 4 }`,
		"rule a { condition: / } \n rule b { strings: $a = \"\xff\\x", "rule a { strings: $a = { 00 // }\n 11 }",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, src []byte, x bool) {
		file, errs := Parse("f.yar", src, Options{YARAX: x, MaxErrors: 3, MaxDepth: 50})
		if len(errs) > 3 {
			t.Errorf("%d errors", len(errs))
		}
		for _, e := range errs {
			if e.Message == "" || misplaced(src, e.Pos) != "" {
				t.Errorf("%q at %v: %s", e.Message, e.Pos, misplaced(src, e.Pos))
			}
		}
		for _, it := range file.Items {
			if r, ok := it.(*Rule); ok {
				checkWhole(t, src, r)
			}
		}
	})
}

// checkWhole checks what every rule that is returned has.
func checkWhole(t *testing.T, src []byte, r *Rule) {
	if r.Name == "" || r.Condition == nil {
		t.Errorf("rule %q with condition %v", r.Name, r.Condition)
	}
	if s := r.Source; s.Start >= s.End || s.End > len(src) || src[s.End-1] != '}' {
		t.Errorf("rule %q spans %v of %d bytes", r.Name, s, len(src))
	}
	Walk(r.Condition, func(e Expr) bool {
		if why := misplaced(src, e.Pos()); why != "" {
			t.Errorf("%s at %v: %s", dump(e), e.Pos(), why)
		}
		return true
	})
	if again, errs := Parse("", src[r.Source.Start:r.Source.End], Options{YARAX: true}); len(errs) == 0 {
		if len(again.Items) != 1 {
			t.Errorf("rule %q by itself gives %d items", r.Name, len(again.Items))
		}
	}
}
