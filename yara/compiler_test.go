package yara

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// errorsOf compiles a text and gives its errors, one a line, as line:col message.
func errorsOf(t *testing.T, c Config, text string) string {
	t.Helper()
	err := NewCompiler(c).Add(Source{Name: "t.yar", Text: []byte(text)})
	if err == nil {
		return ""
	}
	var list Errors
	if !errors.As(err, &list) {
		t.Fatalf("the error is a %T", err)
	}
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%d:%d %s", d.Line, d.Col, d.Message))
	}
	return strings.Join(out, "\n")
}

func TestCompileErrors(t *testing.T) {
	tests := []struct{ condition, want string }{
		{`unknown`, `unknown identifier "unknown"`},
		{`$x`, `unknown string $x`},
		{`#x > 0 or $a`, `unknown string $x`},
		{`$a at "x"`, `the offset behind at must be an integer, not a text`},
		{`"a" + 1 == 2 and $a`, `a text and an integer cannot be calculated with`},
		{`"a" == 1 and $a`, `a text and an integer cannot be compared`},
		{`1 contains "a" and $a`, `both sides must be texts, not an integer and a text`},
		{`filesize matches /a/ and $a`, `the left side of matches must be a text, not an integer`},
		{`"a" matches /a(/ and $a`, `invalid regular expression`},
		{`1 \ 0 == 1 and $a`, `division by zero`},
		{`0x7fffffffffffffff + 1 == 0 and $a`, `integer overflow`},
		{`1 << -1 == 0 and $a`, `shift by a negative number`},
		{`1.5 % 2 == 0 and $a`, `both sides must be integers, not a float and an integer`},
		{`$a in (5..1)`, `the lower bound 5 of the range is above its upper bound 1`},
		{`-1 of them`, `a quantifier cannot be negative, like -1`},
		{`120% of them`, `a percentage must be between 1 and 100, not 120`},
		{`any of ($x*) and $a`, `no string is named $x*`},
		{`any of (nothing) and $a`, `no rule is named nothing`},
		{`for any i in (1..2) : (for any i in (1..2) : ($a))`, `variable "i" hides one of an outer loop`},
		{`for any i, j in (1, 2) : ($a)`, `the loop has 2 variables, but there are 1 values at a time`},
		{`for any i in (1, "x") : ($a)`, `the values of a loop must be of one kind, not an integer and a text`},
		{`for any i in filesize : ($a)`, ``},
		{`pe.number_of_sections == 1 and $a`, "module pe is used without `import \"pe\"`"},
		{`math.nothing == 1 and $a`, `math has no field "nothing"`},
		{`math.entropy("x", "y") > 1.0 and $a`, `math.entropy does not take (a text, a text)`},
		{`math.entropy > 1.0 and $a`, `a function (math.entropy) and a float cannot be compared`},
		{`filesize.x == 1 and $a`, ``},
		{`uint8() == 1 and $a`, `uint8 takes one argument`},
		{`math and $a`, `a structure (math) cannot be used as a boolean`},
		{`true`, `string $a is never used in the condition; name it $_a to keep it`},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			got := errorsOf(t, Config{}, `import "math" rule r { strings: $a = "x" condition: `+tt.condition+` }`)
			if got == "" || !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want one error with %q", got, tt.want)
			}
		})
	}
}

func TestEveryErrorIsReportedInOrder(t *testing.T) {
	got := errorsOf(t, Config{}, `rule a {
  strings: $a = "x" nosuch
  condition: $a
}
rule b { condition: nothing and filesize == "x" }
rule c {
  strings: $h = { 61 [4-2] 62 }
  condition: $h }
rule d { condition: b or c }
rule b { condition: true }
import "nomodule"
`)
	lines := strings.Split(got, "\n")
	want := []string{"2:", "5:21 unknown identifier", "5:42 an integer and a text", "7:", `10:6 duplicate rule "b"`, `11:`}
	if len(lines) != len(want) {
		t.Fatalf("%d errors, want %d:\n%s", len(lines), len(want), got)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("error %d is %q, want %q…", i, lines[i], want[i])
		}
	}
}

func TestAFailedSourceAddsNothing(t *testing.T) {
	c := NewCompiler(Config{})
	if err := c.Add(Source{Text: []byte(`rule good { strings: $a = "abc" condition: $a } global rule g { condition: false } rule bad { condition: x }`)}); err == nil {
		t.Fatal("no error")
	}
	if err := c.Add(Source{Text: []byte(`rule good { strings: $a = "abc" condition: $a } rule bad { condition: good }`)}); err != nil {
		t.Fatal(err)
	}
	rules, err := c.Rules()
	if err != nil || rules.Len() != 2 {
		t.Fatal(rules.Len(), err)
	}
	if got := mustScan(t, rules, ScanConfig{}, "abc").names(); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestNamespacesAreApart(t *testing.T) {
	c := NewCompiler(Config{})
	add := func(ns, text string) error { return c.Add(Source{Namespace: ns, Text: []byte(text)}) }
	for _, err := range []error{
		add("one", `global rule g { condition: false } rule a { condition: true }`),
		add("two", `rule a { condition: true }`),
		add("two", `rule b { condition: a }`),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := add("three", `rule b { condition: a }`); err == nil {
		t.Error("a rule of another namespace is seen")
	}
	rules, _ := c.Rules()
	if got := mustScan(t, rules, ScanConfig{}, ""); len(got.Matches) != 2 || got.Matches[0].Rule.Namespace != "two" {
		t.Errorf("got %v", got.names())
	}
}

func TestIncludes(t *testing.T) {
	files := map[string]string{
		"a.yar":    `include "b.yar" rule a { condition: b }`,
		"b.yar":    `rule b { condition: true }`,
		"loop.yar": `include "loop.yar"`,
		"bad.yar":  `include "err.yar"`,
		"err.yar":  `rule x { condition: nothing }`,
		"gone.yar": `include "missing.yar"`,
	}
	config := Config{Include: func(from, path string) (Source, error) {
		text, ok := files[path]
		if !ok {
			return Source{}, errors.New("no such file")
		}
		return Source{Name: path, Text: []byte(text)}, nil
	}}
	tests := map[string]string{
		"a.yar": "", "loop.yar": "includes itself", "bad.yar": `err.yar:1:21: rule "x": unknown identifier`,
		"gone.yar": `gone.yar:1:9: include "missing.yar": no such file`,
	}
	for name, want := range tests {
		err := NewCompiler(config).Add(Source{Name: name, Text: []byte(files[name])})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if err := NewCompiler(Config{}).Add(Source{Text: []byte(files["a.yar"])}); err == nil {
		t.Error("includes work without Config.Include")
	}
}

func TestDialects(t *testing.T) {
	tests := []struct {
		text         string
		yara4, yarax bool
	}{
		{`rule r { strings: $a = /(foo|)/ condition: $a }`, true, false},
		{`rule r { strings: $a = "ab" base64 condition: $a }`, true, false},
		{`rule r { strings: $a = "abc" condition: @a[0] == 1 }`, true, false},
		{`rule r { condition: entrypoint == 0 }`, true, false},
		{`rule r { condition: with a = 1 : (a == 1) }`, true, true},
		{`rule r { condition: any of (true, false) }`, true, true},
		{`rule a { condition: true } rule r { condition: any of (a*) }`, true, false},
	}
	for _, tt := range tests {
		for dialect, want := range map[Dialect]bool{YARA4: tt.yara4, YARAX: tt.yarax} {
			if got := errorsOf(t, Config{Dialect: dialect}, tt.text); (got == "") != want {
				t.Errorf("dialect %d, %s: %q", dialect, tt.text, got)
			}
		}
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct{ condition, want string }{
		{`"x" and $a`, `the text "x" is used as a boolean`},
		{`3 of them`, `never true: 3 of 1 are asked for`},
		{`0 of them`, "`none` says more clearly"},
		{`entrypoint == 0 or $a`, `entrypoint is deprecated`},
		{`$a`, ``},
	}
	for _, tt := range tests {
		c := NewCompiler(Config{})
		if err := c.Add(Source{Name: "w.yar", Text: []byte(`rule r { strings: $a = "abc" condition: ` + tt.condition + ` }`)}); err != nil {
			t.Fatal(err)
		}
		w := c.Warnings()
		if tt.want == "" && len(w) > 0 || tt.want != "" && (len(w) != 1 || !strings.Contains(w[0].String(), tt.want) || w[0].File != "w.yar") {
			t.Errorf("%s: warnings %v, want %q", tt.condition, w, tt.want)
		}
	}
}

// What only YARA-X knows is taken in both dialects, and told in that of YARA 4.
func TestDialectWarnings(t *testing.T) {
	for condition, want := range map[string]string{
		`macho.symhash() == "x"`:            `YARA 4 does not know macho.symhash(), only YARA-X does`,
		`math.in_range(1, 2, 3)`:            `YARA 4 does not know math.in_range() with these arguments`,
		`math.in_range(1.0, 2.0, 3.0)`:      ``,
		`macho.cputype == 1`:                ``,
		`macho.symtab.nsyms == 1`:           `YARA 4 does not know macho.symtab`,
		`macho.number_of_segments == 1`:     ``,
		`macho.has_rpath("x") or defined 1`: `YARA 4 does not know macho.has_rpath`,
	} {
		for _, dialect := range []Dialect{YARA4, YARAX} {
			c := NewCompiler(Config{Dialect: dialect})
			if err := c.Add(Source{Text: []byte(`import "math" import "macho" rule r { condition: ` + condition + ` }`)}); err != nil {
				t.Fatal(err)
			}
			w := c.Warnings()
			if dialect == YARAX || want == "" {
				if len(w) > 0 {
					t.Errorf("dialect %d, %s: warnings %v", dialect, condition, w)
				}
			} else if len(w) != 1 || !strings.Contains(w[0].String(), want) {
				t.Errorf("%s: warnings %v, want %q", condition, w, want)
			}
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "rule r%d { meta: author = \"nobody\" strings: $a = \"text number %d\" wide ascii $b = { 4D 5A %02X ?? [2-8] 90 } $c = /https?:\\/\\/[a-z]{4,12}\\.example\\/%d/ condition: uint16(0) == 0x5A4D and filesize < 2MB and 2 of them }\n", i, i, i%256, i)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := Compile(text.String()); err != nil {
			b.Fatal(err)
		}
	}
}
