package lint

import (
	"slices"
	"strings"
	"testing"

	"vitrine/internal/rulecheck"
	"vitrine/yara"
	"vitrine/yara/syntax"
)

// checks gives "rule/check" of findings.
func checks(findings []rulecheck.Finding) (out []string) {
	for _, f := range findings {
		out = append(out, f.Rule+f.String+"/"+f.Check)
	}
	return out
}

func parsed(t *testing.T, name, text string) *syntax.File {
	t.Helper()
	f, errs := syntax.Parse(name, []byte(text), syntax.Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return f
}

func TestCorrect(t *testing.T) {
	l := New(Config{Meta: []string{"author", "description"}, Externals: map[string]bool{"filename": true}})
	const meta = `meta: author = "me" Description = "what" `
	for _, c := range []struct {
		text string
		want []string
	}{
		{`rule fine { ` + meta + `condition: true }`, nil},
		{`rule bare { condition: false }`, []string{"bare/missing-meta"}},
		{`private rule alone { condition: filesize > 1 }`, []string{"alone/unused-private"}},
		{`private rule used { condition: filesize > 2 } rule uses { ` + meta + `condition: used }`, nil},
		{`private rule set_a { condition: filesize > 3 } rule asks { ` + meta + `condition: any of (set_*) }`, nil},
		{`rule fine { ` + meta + `condition: filesize > 4 }`, []string{"fine/duplicate-name"}},
		{`rule copied { ` + meta + `condition:   filesize>4 }`, []string{"copied/duplicate-rule"}},
		{`rule twins { ` + meta + `strings: $a = "xx" wide $b = "xx" wide $c = "xx" condition: any of them }`, []string{"twins/duplicate-string"}},
		{`rule named { ` + meta + `condition: filename == "a" or filename == "b" }`, []string{"named/external"}},
	} {
		if got := checks(l.Correct(parsed(t, "x.yar", c.text), []byte(c.text))); !slices.Equal(got, c.want) {
			t.Errorf("%s\ngot %q, want %q", c.text, got, c.want)
		}
	}
}

func TestDuplicatesSayWhere(t *testing.T) {
	l := New(Config{})
	for i, name := range []string{"a.yar", "b.yar"} {
		text := "\n\nrule same { condition: true }"
		got := l.Correct(parsed(t, name, text), []byte(text))
		if i == 1 && (len(got) != 1 || !strings.Contains(got[0].Reason, "a.yar:3") || got[0].File != "b.yar" || got[0].Line != 3) {
			t.Errorf("got %+v", got)
		}
	}
}

func TestSpeed(t *testing.T) {
	for _, c := range []struct {
		rule string
		want []string
	}{
		{`strings: $a = "long enough" condition: $a`, nil},
		{`strings: $a = "ab" condition: $a`, []string{"r$a/short-atom"}},
		{`strings: $a = "abc" condition: $a`, []string{"r$a/short-atom"}},
		{`strings: $a = { 00 00 00 00 00 00 } condition: $a`, []string{"r$a/common-atom"}},
		{`strings: $a = "        " condition: $a`, []string{"r$a/common-atom"}},
		{`strings: $a = /[a-z]+[a-z0-9]{3}/ condition: $a`, []string{"r$a/no-literal"}},
		{`strings: $a = /.*evil thing/ condition: $a`, []string{"r$a/leading-any"}},
		{`strings: $a = "ab" condition: $a at 100`, []string{"r/always"}},
		{`condition: filesize > 10`, []string{"r/always"}},
		{`condition: uint16(0) == 0x5A4D`, nil},
		{`condition: filesize < 10 and filesize > 20`, []string{"r/never"}},
		{`strings: $a = "long enough" condition: $a and for any i in (0..filesize - 4) : ( uint32(i) == 7 )`, []string{"r/file-loop"}},
		{`strings: $a = "long enough" condition: $a and for any i in (0..filesize) : ( for any j in (1..9) : ( uint8(i + j) == 7 ) )`, []string{"r/nested-loop"}},
		{`strings: $a = "long enough" condition: $a and for any i in (0..999999) : ( uint32(i) == 7 )`, []string{"r/file-loop"}},
		{`strings: $a = "long enough" condition: for any i in (1..#a) : ( @a[i] > 7 )`, nil},
		{`strings: $a = "long enough" condition: #a in (0..filesize) > 2`, []string{"r/wide-count"}},
		{`strings: $a = "long enough" condition: #a in (filesize - 100..filesize) > 2`, nil},
	} {
		text := "rule r { " + c.rule + " }"
		compiled, err := yara.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := checks(Speed(parsed(t, "", text), compiled)); !slices.Equal(got, c.want) {
			t.Errorf("%s\ngot %q, want %q", c.rule, got, c.want)
		}
	}
}

func TestDiagnostics(t *testing.T) {
	_, err := yara.Compile("rule r {\n condition: nope }")
	var errs yara.Errors
	if e, ok := err.(yara.Errors); ok {
		errs = e
	}
	got := Diagnostics(errs, rulecheck.High)
	if len(got) != 1 || got[0].Rule != "r" || got[0].Line != 2 || got[0].Check != "error" || got[0].Severity != rulecheck.High {
		t.Errorf("got %+v", got)
	}
}

// Files that are compiled together use each other's private rules.
func TestCorrectWithOthers(t *testing.T) {
	const gate, user = "private rule gate { condition: true } private rule spare { condition: false }", "rule uses { condition: any of (ga*) }"
	l := New(Config{})
	if got := checks(l.Correct(parsed(t, "gate.yar", gate), []byte(gate), parsed(t, "user.yar", user))); !slices.Equal(got, []string{"spare/unused-private"}) {
		t.Errorf("%q", got)
	}
}
