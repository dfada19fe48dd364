package syntax

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// checkRecovery compares the rules that survive and the errors told.
func checkRecovery(t *testing.T, src, rules string, want ...string) {
	t.Helper()
	f, errs := Parse("t.yar", []byte(src), Options{})
	var names, got []string
	for _, it := range f.Items {
		if r, ok := it.(*Rule); ok {
			names = append(names, r.Name)
		}
	}
	for _, e := range errs {
		got = append(got, e.Error())
	}
	if strings.Join(names, " ") != rules || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nrules  %q, want %q\nerrors %q\nwant   %q", src, names, rules, got, want)
	}
}

func TestEveryErrorIsReported(t *testing.T) {
	src := `
rule good1 { condition: true }
rule bad1 { condition: 1 + }
private rule good2 { strings: $a = "rule fake {" condition: $a }
rule bad2 {
  strings:
    $a = "no end
    $b = "rule fake { condition: true }"
    $c = /rule fake { condition/
    $d = { 00 /* rule fake { */ }
  condition:
    any of them // rule fake { condition: true }
    /* rule fake { condition: true } */
}
import "pe"
rule good3 { condition: true }
rule bad3 { meta: x = condition: true }
rule good4 { condition: true }
`
	checkRecovery(t, src, "good1 good2 good3 good4",
		`3:28: rule "bad1": unexpected "}", expected an expression`,
		`7:10: rule "bad2": unterminated text, expected a closing " before the end of the line`,
		`17:23: rule "bad3": unexpected "condition", expected a text, a number, true or false`)
}

func TestRecovery(t *testing.T) {
	const no = " rule b { condition: true }"
	checkRecovery(t, "rule a { condition: true"+no, "b", `1:26: rule "a": unexpected "rule", expected an operator or "}"`)
	checkRecovery(t, "rule a { condition: 1 / 2 }"+no, "b",
		`1:23: rule "a": unterminated regular expression, expected a closing / before the end of the line (division is written \)`)
	checkRecovery(t, "rule a { strings: $a = { 00"+no, "b",
		`1:29: rule "a": unexpected "rule" in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`)
	checkRecovery(t, "rule a { strings: $a = { 00 condition: $a }"+no, "b",
		`1:29: rule "a": unexpected "condition" in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`)
	checkRecovery(t, "rule a { meta: m = \"\"\"open\n condition: true }"+no,
		"b", `1:20: rule "a": unterminated text, expected a closing """`)
	checkRecovery(t, "rule rule {}"+no, "b", `1:6: unexpected "rule", expected a rule name`)
	checkRecovery(t, "rule\n 1 { condition: true }\nrule 2 {}\nglobal private rule c { condition: true }", "c",
		`2:2: unexpected number "1", expected a rule name`, `3:6: unexpected number "2", expected a rule name`)
	checkRecovery(t, "} import \"pe\" foo include \"x\" private"+no, "b",
		`1:1: unexpected "}", expected "rule", "import" or "include"`,
		`1:15: unexpected identifier "foo", expected "rule", "import" or "include"`)
	checkRecovery(t, `rule a { strings: $a = "x" 5 $b = "y" private $c = { 01 } private condition: $a import }`+no, "b",
		`1:28: rule "a": unexpected number "5", expected a modifier, another string or "condition"`)
}

// Errors that leave the structure intact do not stop the rule, but the rule is
// not returned.
func TestErrorsInOneRule(t *testing.T) {
	checkRecovery(t, `rule a : t t { strings: $a = "\q" xor xor $a = "y" condition: 99999999999999999999 > 0 } rule b { condition: true }`,
		"b",
		`1:12: rule "a": tag "t" given twice`,
		`1:31: rule "a": unexpected escape "\q", expected \", \\, \t, \n, \r or \x and two hex digits`,
		`1:39: rule "a": modifier "xor" given twice`,
		`1:43: rule "a": string $a defined twice, first in line 1`,
		`1:63: rule "a": number "99999999999999999999" does not fit 64 bits, expected at most 9223372036854775807`)
}

func TestMaxErrors(t *testing.T) {
	src := []byte(strings.Repeat("rule a { condition: }\n", 500))
	for _, c := range []struct{ max, want int }{{0, 100}, {7, 7}, {1000, 500}} {
		if _, errs := Parse("", src, Options{MaxErrors: c.max}); len(errs) != c.want {
			t.Errorf("MaxErrors %d: %d errors, want %d", c.max, len(errs), c.want)
		}
	}
	one := []byte("rule a { condition: " + strings.Repeat("99999999999999999999 > 0 and ", 200) + "true }")
	if _, errs := Parse("", one, Options{MaxErrors: 3}); len(errs) != 3 {
		t.Errorf("one rule: %d errors, want 3", len(errs))
	}
}

func TestDepth(t *testing.T) {
	for _, c := range []struct{ open, close, message string }{
		{"(", ")", "nested deeper than 1000 levels"},
		{"not ", "", "nested deeper than 1000 levels"},
		{"- ", "", "nested deeper than 1000 levels"},
		{"a[", "]", "nested deeper than 1000 levels"},
		{"f(", ")", "nested deeper than 1000 levels"},
		{"@a[", "]", "nested deeper than 1000 levels"},
		{"#a in (", "..1)", "nested deeper than 1000 levels"},
		{"all of (", ", true)", "nested deeper than 1000 levels"},
		{"for all i in (1..2) : (", ")", "nested deeper than 1000 levels"},
		{"for ", "", "nested deeper than 1000 levels"},
		{"with a = ", " : (1)", "nested deeper than 1000 levels"},
		{"1 + ", "", "more than 10000 operators in a row"},
		{"a.", "", "more than 10000 operators in a row"},
	} {
		src := "rule t { condition: " + strings.Repeat(c.open, 50_000) + "1" + strings.Repeat(c.close, 50_000) + " }"
		_, errs := Parse("", []byte(src), Options{})
		if len(errs) != 1 || !strings.Contains(errs[0].Message, c.message) {
			t.Errorf("%s: %v", c.open, errs)
		}
	}
	if got := parseCondition(t, strings.Repeat("(", 900)+"a"+strings.Repeat(")", 900), Options{}); got != "a" {
		t.Errorf("900 parentheses: %s", got)
	}
	sum := strings.Repeat("1 + ", 9000) + "1"
	if got := parseCondition(t, sum, Options{}); strings.Count(got, "+") != 9000 {
		t.Errorf("a long sum: %.40s", got)
	}
	if _, errs := Parse("", []byte("rule t { condition: ((a)) }"), Options{MaxDepth: 2}); len(errs) != 1 {
		t.Errorf("MaxDepth 2: %v", errs)
	}
}

// Garbage of the kinds that invite reading again and again from every place.
// Quadratic time would show as a test that never ends.
func TestGarbage(t *testing.T) {
	for _, piece := range []string{
		"(", "x ", `"`, `/`, `/\`, `"""\`, `"""`, "/*", "{", "$a=", "rule ", "rule a {", "private ", "import \"", "\x80",
		"0", "rule a{condition:/", "rule a{strings:$a={00 ", "with ", "any of (", "a*", "\" \n", "/ \n", "% ",
	} {
		src := bytes.Repeat([]byte(piece), 1<<18/len(piece))
		f, errs := Parse("", src, Options{})
		if f == nil || len(errs) > 100 {
			t.Errorf("%q: %d errors", piece, len(errs))
		}
		for _, e := range errs {
			if message := misplaced(src, e.Pos); message != "" {
				t.Errorf("%q: %v: %s", piece, e, message)
			}
		}
	}
}

// misplaced tells what is wrong with a place, "" if it is in src or just behind.
func misplaced(src []byte, at Pos) string {
	lines := bytes.Count(src, []byte("\n")) + 1
	if at.Line < 1 || at.Line > lines || at.Col < 1 {
		return fmt.Sprintf("line %d of %d, column %d", at.Line, lines, at.Col)
	}
	for range at.Line - 1 {
		src = src[bytes.IndexByte(src, '\n')+1:]
	}
	line, _, _ := bytes.Cut(src, []byte("\n"))
	if at.Col > len(line)+1 {
		return fmt.Sprintf("column %d in a line of %d bytes", at.Col, len(line))
	}
	return ""
}

// ruleNames gives the names of the rules of a file.
func ruleNames(f *File) map[string]bool {
	names := map[string]bool{}
	for _, it := range f.Items {
		if r, ok := it.(*Rule); ok {
			names[r.Name] = true
		}
	}
	return names
}

// checkDamage parses a damaged file of rules. Whatever the damage, no rule but
// the one it hits may be lost, and nobody is told about it more than twice.
func checkDamage(t *testing.T, damaged []byte, rules, at int) {
	t.Helper()
	f, errs := Parse("", damaged, Options{})
	if len(errs) == 1 && strings.HasPrefix(errs[0].Message, "unterminated comment") {
		return // it rightly takes the rest of the file
	}
	lost := rules - len(ruleNames(f))
	if len(errs) > 2 || lost > 1 || lost == 1 && len(errs) == 0 {
		t.Fatalf("damage at %d: %d rules lost, errors %v\n%s", at, lost, errs, damaged[max(0, at-60):min(len(damaged), at+60)])
	}
}

// damageable are rules in which no comment can swallow a rule.
func damageable(t *testing.T) (src []byte, rules int) {
	t.Helper()
	src = bytes.ReplaceAll(generatedRules(5), []byte("/* number"), []byte("// number"))
	src = bytes.ReplaceAll(src, []byte(" */\n"), []byte("\n"))
	f, errs := Parse("", src, Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return src, len(ruleNames(f))
}

func TestOneWrongByte(t *testing.T) {
	src, rules := damageable(t)
	for i, junk := range strings.Split("\" / { } ( $ = ; \n \\ 7 rule */ \xff", " ") {
		for at := i; at <= len(src); at += 7 {
			checkDamage(t, bytes.Join([][]byte{src[:at], src[at:]}, []byte(junk)), rules, at)
		}
	}
}

func TestOneMissingByte(t *testing.T) {
	src, rules := damageable(t)
	for at := range src {
		checkDamage(t, append(bytes.Clone(src[:at]), src[at+1:]...), rules, at)
	}
}
