package machine

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/cli/ruleset"
	"vitrine/yara"
	"vitrine/yara/syntax"
)

const manyForms = `
rule before { condition: true }

private global rule many_forms : first second
{
    meta:
        description = "Finds \"everything\""
        severity = "high"
        number = 7
        yes = true
    strings:
        $text = "a\\b\"c\x00\n" nocase wide ascii fullword private
        $xored = "abc" xor
        $ranged = "abc" xor(0x01-0xfe)
        $coded = "abcdef" base64wide("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!?")
        $plain = "abcdef" base64
        $hex = { 68 65 6C6C6F ?? 0A /* comment
                 */ 77 // and more
                 6F }
        $jump = { 68 65 6C 6C [1-2] 6F ( 70 | 71 ) }
        $binary = { 00 01 02 03 }
        $re = /con\/dition: x/is
        $ = "anonymous"
    condition:
        // the word condition: in a comment
        (any of them) and
            filesize > 1
        and not before
}

rule one_line{condition:not before}
`

func explainedFrom(t *testing.T, source, name string) []explainedRule {
	t.Helper()
	set, err := ruleset.Load(ruleset.Config{Builtin: []yara.Source{{Name: "r.yar", Namespace: "n", Text: []byte(source)}}})
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := explained(set, name)
	return rules
}

func TestExplainRule(t *testing.T) {
	rules := explainedFrom(t, manyForms, "many_forms")
	if len(rules) != 1 {
		t.Fatalf("%d rules", len(rules))
	}
	r := rules[0]
	if r.Line != 4 || !r.Private || !r.Global || r.Severity != "high" || r.Description != `Finds "everything"` || len(r.Meta) != 4 {
		t.Errorf("%+v", r)
	}
	if want := "// the word condition: in a comment\n(any of them) and\n    filesize > 1\nand not before"; !strings.HasSuffix(want, r.Condition) || len(r.Condition) < 40 {
		t.Errorf("condition\n%s\nwant\n%s", r.Condition, want)
	}
	if !strings.HasPrefix(r.Source, "private global rule many_forms") || !strings.HasSuffix(r.Source, "\n}") {
		t.Errorf("source %q", r.Source)
	}
	want := []explainedString{
		{"$text", "text", `"a\\b\"c\x00\n"`, "", []string{"nocase", "ascii", "wide", "fullword", "private"}},
		{"$xored", "text", `"abc"`, "", []string{"xor"}},
		{"$ranged", "text", `"abc"`, "", []string{"xor(0x01-0xfe)"}},
		{"$coded", "text", `"abcdef"`, "", []string{`base64wide("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!?")`}},
		{"$plain", "text", `"abcdef"`, "", []string{"base64"}},
		{"$hex", "hex", `{ 68 65 6C6C6F ?? 0A 77 6F }`, `"hello..wo"`, nil},
		{"$jump", "hex", `{ 68 65 6C 6C [1-2] 6F ( 70 | 71 ) }`, "", nil},
		{"$binary", "hex", `{ 00 01 02 03 }`, "", nil},
		{"$re", "regexp", `/con\/dition: x/`, "", []string{"ignoring case", "dot matches newline"}},
		{"$", "text", `"anonymous"`, "", nil},
	}
	for i, s := range r.Strings {
		w := want[i]
		if s.Name != w.Name || s.Kind != w.Kind || s.Value != w.Value || s.Reads != w.Reads || !slices.Equal(s.Modifiers, w.Modifiers) {
			t.Errorf("string %d: %+v\nwant %+v", i, s, w)
		}
	}
}

func TestExplainCondition(t *testing.T) {
	if got := explainedFrom(t, manyForms, "one_line")[0].Condition; got != "not before" {
		t.Errorf("condition %q", got)
	}
}

func TestHexReads(t *testing.T) {
	for in, want := range map[string]string{
		" 68 65 6C 6C 6F ":                 `"hello"`,
		"68656c6c6f ?? 77":                 `"hello.w"`,
		"68 65 6C 6C 00":                   `"hell."`,
		"68 65 6C":                         "", // too short to be a word
		"68 65 6C 6C [2] 6F":               "",
		"68 65 6C 6C (6F | 70)":            "",
		"68 65 6C 6C ~00":                  "",
		"68 65 6C 6C 6?":                   "",
		"68 65 6C 6C 00 00 00 00 00 00 00": "",
	} {
		if got := hexReads(in); got != want {
			t.Errorf("%q reads %s, want %s", in, got, want)
		}
	}
}

func TestExplainText(t *testing.T) {
	var b bytes.Buffer
	if err := explainedFrom(t, manyForms, "many_forms")[0].text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"many_forms\n\nFinds \"everything\"\n\n  severity  high\n  file      r.yar:4\n  tags      first, second\n  number    7\n",
		"\nSTRINGS\n  $text    \"a\\\\b\\\"c\\x00\\n\" nocase ascii wide fullword private\n",
		"\nCONDITION\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// Two namespaces may hold rules of one name: both are explained.
func TestExplainBoth(t *testing.T) {
	sources := []yara.Source{
		{Name: "a.yar", Namespace: "a", Text: []byte("rule same { condition: true }")},
		{Name: "b.yar", Namespace: "b", Text: []byte("rule other { condition: false } rule same { condition: false }")},
	}
	set, err := ruleset.Load(ruleset.Config{Builtin: sources})
	if err != nil {
		t.Fatal(err)
	}
	rules, names := explained(set, "same")
	if len(rules) != 2 || rules[0].Condition != "true" || rules[1].Condition != "false" || len(names) != 3 {
		t.Errorf("%+v, %q", rules, names)
	}
	if text, err := json.Marshal(rules); err != nil || bytes.Contains(text, []byte("null")) {
		t.Errorf("%s, %v", text, err)
	}
}

// Any rule that parses can be explained, and its condition is the end of it.
func FuzzExplain(f *testing.F) {
	f.Add([]byte(manyForms))
	f.Add([]byte("rule a{condition:(1)}rule b{strings:$a={(41|4?)}condition:\r\n\t$a}"))
	f.Add([]byte("rule c { condition: for any i in (1..2) : (i == 1) and not (defined 1) }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, _ := syntax.Parse("f", text, syntax.Options{})
		for _, item := range file.Items {
			rule, ok := item.(*syntax.Rule)
			if !ok {
				continue
			}
			var r explainedRule
			r.read(rule, text)
			if err := r.text(io.Discard); err != nil {
				t.Error(err)
			}
			if r.Condition == "" || strings.HasSuffix(r.Condition, "}") && !strings.HasSuffix(strings.TrimSpace(string(text[:rule.Source.End-1])), "}") {
				t.Errorf("condition %q of %q", r.Condition, r.Source)
			}
		}
	})
}

func TestDedent(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		" a and b ":                     "a and b",
		"\n    a\n      b\n    c\n  ":   "a\n  b\nc",
		" a or\r\n        b or\r\n   c": "a or\n     b or\nc",
		"\n\n\ta\n\n\tb\n":              "a\n\nb",
	} {
		if got := dedent(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
