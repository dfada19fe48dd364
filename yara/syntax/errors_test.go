package syntax

import (
	"strings"
	"testing"
)

type errorCase struct{ in, want string }

// check compares the errors of sources, one on a line, with those wanted.
func checkErrors(t *testing.T, o Options, cases []errorCase) {
	t.Helper()
	for _, c := range cases {
		_, errs := Parse("t.yar", []byte(c.in), o)
		var got []string
		for _, e := range errs {
			got = append(got, e.Error())
		}
		if s := strings.Join(got, "\n"); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, s, c.want)
		}
	}
}

func TestErrorsAtTheTop(t *testing.T) {
	checkErrors(t, Options{}, []errorCase{
		{`}`, `1:1: unexpected "}", expected "rule", "import" or "include"`},
		{`foo rule a { condition: true }`, `1:1: unexpected identifier "foo", expected "rule", "import" or "include"`},
		{`import pe`, `1:8: unexpected identifier "pe", expected a module name between quotes`},
		{`include`, `1:8: unexpected end of file, expected a path between quotes`},
		{"private\n", `2:1: unexpected end of file, expected "rule"`},
		{`rule`, `1:5: unexpected end of file, expected a rule name`},
		{`rule 1a { condition: true }`, `1:6: unexpected number "1", expected a rule name`},
		{`rule all { condition: true }`, `1:6: unexpected "all", expected a rule name`},
		{"rul\xff", `1:1: unexpected identifier "rul", expected "rule", "import" or "include"`},
		{"\x01", `1:1: unexpected "\x01", expected "rule", "import" or "include"`},
		{"\xff\xfer", `1:1: unexpected "\xff", expected "rule", "import" or "include"`},
		{"  /* no end", `1:3: unterminated comment, expected a closing */`},
		{"/*/", `1:1: unterminated comment, expected a closing */`},
		{`rule ` + strings.Repeat("x", 129) + ` { condition: true }`,
			`1:6: identifier too long, expected at most 128 bytes`},
	})
}

func TestErrorsOfSections(t *testing.T) {
	checkErrors(t, Options{}, []errorCase{
		{`rule a = {`, `1:8: rule "a": unexpected "=", expected ":" or "{"`},
		{`rule a : { condition: true }`, `1:10: rule "a": unexpected "{", expected a tag`},
		{`rule a : b c = { condition: true }`, `1:14: rule "a": unexpected "=", expected another tag or "{"`},
		{`rule a : b b { condition: true }`, `1:12: rule "a": tag "b" given twice`},
		{`rule a {}`, `1:9: rule "a": unexpected "}", expected "meta", "strings" or "condition"`},
		{`rule a { meta condition: true }`, `1:15: rule "a": unexpected "condition", expected ":"`},
		{`rule a { meta: condition: true }`, `1:16: rule "a": unexpected "condition", expected a metadata name`},
		{`rule a { meta: x "y" condition: true }`, `1:18: rule "a": unexpected text "y", expected "="`},
		{`rule a { meta: x = y condition: true }`,
			`1:20: rule "a": unexpected identifier "y", expected a text, a number, true or false`},
		{`rule a { meta: x = -"y" condition: true }`, `1:21: rule "a": unexpected text "y", expected a number`},
		{`rule a { meta: x = 1 2 condition: true }`,
			`1:22: rule "a": unexpected number "2", expected another metadata name, "strings" or "condition"`},
		{`rule a { strings: condition: true }`, `1:19: rule "a": unexpected "condition", expected a string such as $a`},
		{`rule a { strings: $a "x" condition: true }`, `1:22: rule "a": unexpected text "x", expected "="`},
		{`rule a { strings: $a* = "x" condition: true }`, `1:19: rule "a": unexpected "$a*", expected a string such as $a`},
		{`rule a { strings: $a = x condition: true }`,
			`1:24: rule "a": unexpected identifier "x", expected a text, a hex string or a regular expression`},
		{"rule a { strings: $a = \u201cx\u201d condition: true }",
			"1:24: rule \"a\": unexpected \"\u201c\", expected a text, a hex string or a regular expression"},
		{`rule a { strings: $a = "x" foo condition: true }`,
			`1:28: rule "a": unexpected identifier "foo", expected a modifier, another string or "condition"`},
		{"rule a { strings: $a = \"x\" $b = \"y\"\n$a = /z/ condition: true }",
			`2:1: rule "a": string $a defined twice, first in line 1`},
		{`rule a { condition: true strings: $a = "x" }`, `1:26: rule "a": unexpected "strings", expected an operator or "}"`},
		{`rule a { strings: $a = "x" meta: x = 1 condition: true }`,
			`1:28: rule "a": unexpected "meta", expected a modifier, another string or "condition"`},
		{`rule a { condition true }`, `1:20: rule "a": unexpected "true", expected ":"`},
		{`rule a { condition: true`, `1:25: rule "a": unexpected end of file, expected an operator or "}"`},
	})
	checkErrors(t, Options{YARAX: true}, []errorCase{
		{`global global rule a { condition: true }`, `1:8: modifier "global" given twice`},
	})
}

func TestErrorsOfStrings(t *testing.T) {
	in := func(s string) string { return "rule a { strings: $a = " + s + " condition: $a }" }
	at := func(s string) string { return `1:` + strings.Replace(s, ": ", `: rule "a": `, 1) }
	var cases []errorCase
	for _, c := range []errorCase{
		{`"x`, `24: unterminated text, expected a closing " before the end of the line`},
		{`"""x`, `24: unterminated text, expected a closing """`},
		{`/x\/`, `24: unterminated regular expression, expected a closing / before the end of the line (division is written \)`},
		{`""`, `19: string $a is empty, expected at least one byte`},
		{`"ok\gx"`, `27: unexpected escape "\g", expected \", \\, \t, \n, \r or \x and two hex digits`},
		{`"\x4"`, `25: unexpected escape "\x", expected \", \\, \t, \n, \r or \x and two hex digits`},
		{`{ }`, `19: hex string $a is empty, expected at least one byte`},
		{`{ /**/ }`, `19: hex string $a is empty, expected at least one byte`},
		{`{ 00 0g }`, `30: unexpected identifier "g" in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`},
		{`{ 00 /x }`, `29: unexpected "/" in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`},
		{`{ 00 `, `30: unexpected "condition" in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`},
		{`{ 00 x1 }`, `29: unexpected identifier "x1" in a hex string, expected hex digits, "?", "~", a jump, an alternative or "}"`},
		{`"x" wide wide`, `33: modifier "wide" given twice`},
		{`"x" xor nocase`, `32: modifiers "xor" and "nocase" exclude each other`},
		{`"x" nocase base64`, `35: modifiers "base64" and "nocase" exclude each other`},
		{`"x" nocase base64wide`, `35: modifiers "base64wide" and "nocase" exclude each other`},
		{`"x" base64 fullword`, `35: modifiers "base64" and "fullword" exclude each other`},
		{`"x" base64wide fullword`, `39: modifiers "base64wide" and "fullword" exclude each other`},
		{`"x" base64 xor`, `35: modifiers "base64" and "xor" exclude each other`},
		{`"x" xor base64wide`, `32: modifiers "base64wide" and "xor" exclude each other`},
		{`"x" xor(256)`, `32: xor key 256 out of range, expected 0 to 255`},
		{`"x" xor(9-3)`, `32: xor range runs backwards from 9 to 3`},
		{`"x" xor(x)`, `32: unexpected identifier "x", expected a key from 0 to 255`},
		{`"x" xor(1,2)`, `33: unexpected ",", expected ")"`},
		{`"x" base64("ab")`, `35: base64 alphabet of 2 bytes, expected 64`},
		{`"x" base64("` + strings.Repeat("a", 64) + `")`, `35: base64 alphabet has "a" twice, expected 64 different bytes`},
		{`"x" base64(1)`, `35: unexpected number "1", expected an alphabet between quotes`},
		{`"x" base64 base64wide("/` + base64Alphabet[:63] + `")`,
			`35: modifiers "base64" and "base64wide" have different alphabets, expected the same`},
		{`{ 00 } wide`, `31: unexpected modifier "wide", expected "private" or none behind a hex string`},
		{`/x/ xor`,
			`28: unexpected modifier "xor", expected "ascii", "wide", "nocase", "fullword" or "private" behind a regular expression`},
		{`/x/ia`, `28: unexpected identifier "a", expected a modifier, another string or "condition"`},
	} {
		cases = append(cases, errorCase{in(c.in), at(c.want)})
	}
	checkErrors(t, Options{}, cases)
	checkErrors(t, Options{}, []errorCase{
		{`rule a { strings: $a = { 00 `, `1:24: rule "a": unterminated hex string, expected a closing "}"`},
		{`rule a { strings: $a = { 00 /* `, `1:24: rule "a": unterminated hex string, expected a closing "}"`},
		{"rule a { meta: m = \"\"\"x\n y\\g\"\"\" condition: true }",
			`2:3: rule "a": unexpected escape "\g", expected \", \\, \t, \n, \r or \x and two hex digits`},
	})
}

func TestErrorsOfConditions(t *testing.T) {
	var cases []errorCase
	for _, c := range []errorCase{
		{``, `22: unexpected "}", expected an expression`},
		{`4 + `, `26: unexpected "}", expected an expression`},
		{`a and or b`, `27: unexpected "or", expected an expression`},
		{`1 ++ 2`, `24: unexpected "+", expected an expression`},
		{`a ~ 1`, `23: unexpected "~", expected an operator or "}"`},
		{`(a`, `24: unexpected "}", expected an operator or ")"`},
		{`a b`, `23: unexpected identifier "b", expected an operator or "}"`},
		{`a / b`, `23: unterminated regular expression, expected a closing / before the end of the line (division is written \)`},
		{`99999999999999999999`, `21: number "99999999999999999999" does not fit 64 bits, expected at most 9223372036854775807`},
		{`9007199254740992KB`, `21: number "9007199254740992KB" does not fit 64 bits, expected at most 9223372036854775807`},
		{`1` + strings.Repeat("0", 400) + `.0`, `21: number "1` + strings.Repeat("0", 39) + `…" is too large`},
		{`$a == 1`, `24: unexpected "==" behind a condition, expected "and", "or" or the end of the expression`},
		{`1 == 1 == 1`, `28: unexpected "==" behind a condition, expected "and", "or" or the end of the expression`},
		{`1 + true`, `25: unexpected condition at "true", expected a value`},
		{`1 == (a and b)`, `26: unexpected condition at "(", expected a value`},
		{`-$a`, `22: unexpected condition at "$a", expected a value`},
		{`1 == not a`, `26: unexpected "not", expected an expression`},
		{`a matches "b"`, `31: unexpected text "b", expected a regular expression behind "matches"`},
		{`a.`, `24: unexpected "}", expected a field name`},
		{`a.all`, `23: unexpected "all", expected a field name`},
		{`a[1`, `25: unexpected "}", expected an operator or "]"`},
		{`a[$b]`, `23: unexpected condition at "$b", expected a value`},
		{`f(1`, `25: unexpected "}", expected an operator, "," or ")"`},
		{`f(,)`, `23: unexpected ",", expected an expression`},
		{`$`, `21: "$" without a name outside of for … of, expected the name of a string`},
		{`# == 1`, `21: "#" without a name outside of for … of, expected the name of a string`},
		{`$a* and b`, `21: unexpected "$a*", expected an expression`},
		{`$a in 5`, `27: unexpected number "5", expected a range such as (0..100)`},
		{`$a in (1)`, `29: unexpected ")", expected an operator or ".."`},
		{`$a in (1..2`, `33: unexpected "}", expected an operator or ")"`},
		{`$a at 0 in (1..2)`, `29: unexpected "in", expected an operator or "}"`},
		{`@a[`, `25: unexpected "}", expected an expression`},
		{`any`, `25: unexpected "}", expected "of"`},
		{`any of`, `28: unexpected "}", expected "them" or "("`},
		{`any of ()`, `29: unexpected ")", expected an expression`},
		{`any of ($a`, `32: unexpected "}", expected "," or ")"`},
		{`any of (r*, r2) at 0`, `37: unexpected "at" behind a set of rules or conditions, expected it behind strings only`},
		{`any of ($a*, true)`, `29: unexpected "$a*" with a wildcard, expected a condition like the others`},
		{`any of (r*, $a)`, `29: unexpected identifier "r" with a wildcard, expected a condition like the others`},
		{`1 == 1 of them`, `28: unexpected "of", expected an operator or "}"`},
		{`for any of (r) : (true)`, `33: unexpected identifier "r", expected a string such as $a or $a*`},
		{`for any of ($a : (true)`, `36: unexpected ":", expected "," or ")"`},
		{`for any of them (true)`, `37: unexpected "(", expected ":"`},
		{`for any of them : true`, `39: unexpected "true", expected "("`},
		{`for any 5 in (1..2) : (true)`, `29: unexpected number "5", expected "of" or the name of a variable`},
		{`for any a, in (1..2) : (true)`, `32: unexpected "in", expected the name of a variable`},
		{`for any a b`, `31: unexpected identifier "b", expected "," or "in"`},
		{`for any a in (1 : (true)`, `37: unexpected ":", expected an operator, "..", "," or ")"`},
		{`for $a i in (1) : (i)`, `25: unexpected condition at "$a", expected a value`},
		{`with a = 1 (a)`, `32: unexpected "(", expected an operator, "," or ":"`},
		{`with a = 1, b : (a)`, `35: unexpected ":", expected "="`},
	} {
		cases = append(cases, errorCase{"rule a { condition: " + c.in + " }",
			`1:` + strings.Replace(c.want, ": ", `: rule "a": `, 1)})
	}
	checkErrors(t, Options{}, cases)
	checkErrors(t, Options{YARAX: true}, []errorCase{
		{`rule a { condition: with : (true) }`, `1:26: rule "a": unexpected ":", expected the name of a variable`},
	})
}

func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                       "plain",
		"caf\u00e9":                   "caf\u00e9",
		"caf\xe9":                     `caf\xe9`,
		"a\nb\x1b[0m":                 `a\nb\x1b[0m`,
		strings.Repeat("x", 41):       strings.Repeat("x", 40) + "…",
		strings.Repeat("é", 20):       strings.Repeat("é", 20),
		"x" + strings.Repeat("é", 20): "x" + strings.Repeat("é", 19) + "…",
	} {
		if got := shown([]byte(in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
