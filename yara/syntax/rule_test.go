package syntax

import (
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	alphabet := `!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu`
	for _, c := range []struct{ in, want string }{
		{``, ``},
		{"\xef\xbb\xbf// only a comment", ``},
		{`import "pe"  import "\x70e"`, `(import "pe")` + "\n" + `(import "pe")`},
		{`include "a\b.yar"` + "\n" + `include	"../c.yar"`, `(include "a\\b.yar")` + "\n" + `(include "../c.yar")`},
		{`rule a { condition: true }`, `(rule a true)`},
		{`private rule a{condition:true}`, `(rule a private true)`},
		{`global private global rule a{condition:true}`, `(rule a private global true)`},
		{`rule a : t1 t2 { condition: true }`, `(rule a :t1 :t2 true)`},
		{`rule include:with{condition:true}rule with{condition:include}`, "(rule include :with true)\n(rule with include)"},
		{`rule a { meta: x = "y" x = 1 n = -2 t = true f = false d = 1.5 e = -0.5 s = "" condition: true }`,
			`(rule a x="y" x=1 n=-2 t=true f=false d=1.5f e=-0.5f s="" true)`},
		{`rule a { meta: x = 2KB m = """two` + "\n" + `"lines" """ condition: true }`, `(rule a x=2048 m="two\n\"lines\" " true)`},
		{`rule a { strings: $a = "x" $b = { 01 } $c = /y/ condition: $a }`,
			`(rule a (text $a "x") (hex $b " 01 ") (re $c "y") $a)`},
		{`rule a { strings: $ = "x" $ = "x" $ = /y/is nocase condition: any of them }`,
			`(rule a (text $ "x") (text $ "x") (re $ "y" /i /s nocase) (of any them))`},
		{`rule a { strings: $a = "x" ascii wide nocase fullword private condition: $a }`,
			`(rule a (text $a "x" ascii wide nocase fullword private) $a)`},
		{`rule a { strings: $a = "x" xor $b = "x" xor(5) $c = "x" xor ( 0x01-0xff ) wide condition: true }`,
			`(rule a (text $a "x" xor(0-255)) (text $b "x" xor(5-5)) (text $c "x" wide xor(1-255)) true)`},
		{`rule a { strings: $a = "x" base64 base64wide condition: $a }`, `(rule a (text $a "x" base64() base64wide()) $a)`},
		{`rule a { strings: $a = "x" base64wide("` + alphabet + `") condition: $a }`,
			`(rule a (text $a "x" base64wide(` + strings.ReplaceAll(alphabet, `\x09`, "\t") + `)) $a)`},
		{`rule a { strings: $a = "x" base64 base64wide("` + base64Alphabet + `") condition: $a }`,
			`(rule a (text $a "x" base64() base64wide(` + base64Alphabet + `)) $a)`},
		{`rule a { strings: $a = { 01 } private $b = /x\/{1,2}["}]/ private fullword ascii wide condition: $a }`,
			`(rule a (hex $a " 01 " private) (re $b "x\\/{1,2}[\"}]" ascii wide fullword private) $a)`},
		{`rule a /* { */ { // }
		    strings : $a = "/* no comment" /* } */ condition /**/ : /***/ $a // }
		  }`, `(rule a (text $a "/* no comment") $a)`},
	} {
		f, errs := Parse("t.yar", []byte(c.in), Options{})
		if len(errs) > 0 {
			t.Errorf("%s: %v", c.in, errs)
		} else if got := dumpFile(f); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestHexStrings(t *testing.T) {
	for _, hex := range []string{
		"01", " 0? ?F ?? ~00 ~?1 ", "01 [2] 02 [1-3] 03 [4-] 04 [-] 05", "(01 | 02 03 | (04|05)) 06",
		"01 // } comment\n 02", " 01 /* } \n */ 02 ", "00\r\n\t11", "01 [0-0x1fc] 02", "// { first\n01",
	} {
		f, errs := Parse("", []byte("rule t { strings: $a = {"+hex+"} condition: $a }"), Options{})
		if len(errs) > 0 {
			t.Errorf("{%s}: %v", hex, errs)
			continue
		}
		s := f.Items[0].(*Rule).Strings[0]
		if s.Kind != Hex || string(s.Value) != hex || s.ValuePos != (Pos{1, 25}) {
			t.Errorf("{%s}: kind %d, value %q at %v", hex, s.Kind, s.Value, s.ValuePos)
		}
	}
}

func TestPositionsAndSpans(t *testing.T) {
	src := "import \"pe\"\n" +
		"  include \"x\"\n" +
		"/* one\ntwo */ private rule first : tag {\n" +
		"\tmeta:\n\t\tkey = \"v\"\n" +
		"\tstrings:\n\t\t$a = \"x\" wide\n\t\t\tnocase $b = /r/ $c = { 00\n }\n" +
		"\tcondition: any of ($a, $b*)\n}"
	f, errs := Parse("name.yar", []byte(src), Options{})
	if len(errs) > 0 || len(f.Items) != 3 || f.Name != "name.yar" {
		t.Fatalf("%v %v %q", errs, f.Items, f.Name)
	}
	r := f.Items[2].(*Rule)
	of := r.Condition.(*Of)
	for _, c := range []struct {
		what      string
		got, want Pos
	}{
		{"import", f.Items[0].(*Import).Pos, Pos{1, 8}},
		{"include", f.Items[1].(*Include).Pos, Pos{2, 11}},
		{"rule", r.Pos, Pos{4, 21}},
		{"tag", r.Tags[0].Pos, Pos{4, 29}},
		{"meta", r.Meta[0].Pos, Pos{6, 3}},
		{"$a", r.Strings[0].Pos, Pos{8, 3}},
		{"$a value", r.Strings[0].ValuePos, Pos{8, 9}},
		{"$b value", r.Strings[1].ValuePos, Pos{9, 17}},
		{"$c value", r.Strings[2].ValuePos, Pos{9, 26}},
		{"quantifier", of.Quantifier.Pos, Pos{11, 13}},
		{"set", of.Set.Pos, Pos{11, 20}},
		{"item", of.Set.Items[1].Pos, Pos{11, 25}},
	} {
		if c.got != c.want {
			t.Errorf("%s at %v, want %v", c.what, c.got, c.want)
		}
	}
	if got := dumpPositions(r.Strings[0].Mods); got != "nocase@9:4 wide@8:12" {
		t.Errorf("modifiers at %s", got)
	}
	if got := src[r.Source.Start:r.Source.End]; !strings.HasPrefix(got, "private rule first") || !strings.HasSuffix(got, "*)\n}") {
		t.Errorf("source of the rule is %q", got)
	}
}

// The tree must stay as it is when the caller uses the bytes for something else.
func TestTreeSharesNoMemory(t *testing.T) {
	src := []byte(`rule t { strings: $a = "text" $b = {0102} $c = /re/ condition: "lit" matches /x/ }`)
	f, errs := Parse("", src, Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	before := dumpFile(f)
	for i := range src {
		src[i] = '#'
	}
	if after := dumpFile(f); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
}

func TestWalk(t *testing.T) {
	f, errs := Parse("", []byte(`rule t { strings: $a = "x" condition:
		for 1 i in (2..3) : (4 of (5, a[6], f(7, 8)) and $a at 9) or
		for any j in (10, 11) : (#a in (12..13) == @a[14] + !a[15]) or
		for 16 of them : ($ in (17..18)) or with w = 19 : (w == -20) or
		for all k in x.y : (any of them in (21..22)) or $a at 23 or any of them at 24 }`), Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	next, ranges := int64(1), 0
	Walk(f.Items[0].(*Rule).Condition, func(e Expr) bool {
		switch x := e.(type) {
		case *IntLit:
			if x.Value != next {
				t.Errorf("visited %d, want %d", x.Value, next)
			}
			next++
		case *Range:
			ranges++
		}
		return true
	})
	if next != 25 || ranges != 4 {
		t.Errorf("visited %d numbers and %d ranges, want 24 and 4", next-1, ranges)
	}
}

func TestWalkSkips(t *testing.T) {
	f, _ := Parse("", []byte(`rule t { condition: a + 1 == 2 and not b }`), Options{})
	var seen []string
	Walk(f.Items[0].(*Rule).Condition, func(e Expr) bool {
		seen = append(seen, dump(e))
		_, unary := e.(*Unary)
		return !unary && dump(e) != "(+ a 1)"
	})
	want := "(and (== (+ a 1) 2) (not b))|(== (+ a 1) 2)|(+ a 1)|2|(not b)"
	if got := strings.Join(seen, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	Walk(nil, func(Expr) bool { t.Error("nil visited"); return true })
}

func TestRulesOfFile(t *testing.T) {
	f, _ := Parse("x", []byte("import \"pe\" rule a { condition: true } include \"y\" rule b { condition: true } rule c { condition: true }"), Options{})
	var got string
	for rule := range f.Rules() {
		if got += rule.Name; rule.Name == "b" {
			break
		}
	}
	if got != "ab" {
		t.Errorf("got %q", got)
	}
}
