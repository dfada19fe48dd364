package yara

import (
	"reflect"
	"slices"
	"testing"

	"vitrine/yara/syntax"
)

// TestDescriptions: everything that is written of a rule can be asked for.
func TestDescriptions(t *testing.T) {
	text := `private rule r : one two {
  meta: a = "text" b = -7 c = true d = false e = 1.5
  strings: $a = "x\x00y" private $ = { 61 ?? 62 } $c = /ab+c/i
  condition: all of them }`
	source := Source{Name: "dir/f.yar", Namespace: "ns", Text: []byte("\n" + text)}
	c := NewCompiler(Config{Dialect: YARAX})
	if err := c.Add(source); err != nil {
		t.Fatal(err)
	}
	rules, err := c.Rules()
	if err != nil {
		t.Fatal(err)
	}
	want := []*Rule{{Name: "r", Namespace: "ns", Tags: []string{"one", "two"}, Private: true, File: "dir/f.yar", Line: 2, Text: text,
		Meta: []Meta{{"a", "text"}, {"b", int64(-7)}, {"c", true}, {"d", false}, {"e", 1.5}},
		Strings: []StringInfo{{"$a", true, syntax.Text, []byte("x\x00y")}, {"$", false, syntax.Hex, []byte(" 61 ?? 62 ")},
			{"$c", false, syntax.Regexp, []byte("ab+c")}}}}
	if got := slices.Collect(rules.All()); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", *got[0])
	}
	if once, again := rules.rule(0), rules.rule(0); once != again || rules.MostStrings() != 3 || Join(rules, rules).MostStrings() != 3 {
		t.Error("a rule is made twice, or its strings are not counted")
	}
}

// TestBrief: a scan names what it finds without the texts of the rules.
func TestBrief(t *testing.T) {
	rules := mustCompile(t, Config{Brief: true}, `rule r : tag { meta: a = 1 strings: $a = "some text" condition: $a }`)
	want := []*Rule{{Name: "r", Namespace: DefaultNamespace, Strings: []StringInfo{{Name: "$a", Value: []byte{}}}}}
	if got := slices.Collect(rules.All()); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", *got[0])
	}
	if got := mustScan(t, rules, ScanConfig{Matches: true}, "some text").show(); !slices.Equal(got, []string{"r", "$a:0+9^0"}) {
		t.Errorf("%q", got)
	}
}

// TestDamagedDescriptions: whatever stands there, a rule has its strings.
func TestDamagedDescriptions(t *testing.T) {
	file, errs := syntax.Parse("", []byte(`rule r : tag { meta: a = 1 b = "x" strings: $a = "some text" $b = "b" condition: all of them }`), syntax.Options{})
	if errs != nil {
		t.Fatal(errs)
	}
	whole := describe(file.Items[0].(*syntax.Rule), Source{Text: make([]byte, 200)}, false)
	for i := range whole {
		for _, by := range []byte{1, 0x80, 0xFF} {
			damaged := slices.Clone(whole)
			damaged[i] ^= by
			for _, d := range []description{damaged, damaged[:i]} {
				var r Rule
				if d.read(&r, 2); len(r.Strings) != 2 {
					t.Fatalf("%d strings", len(r.Strings))
				}
			}
		}
	}
}
