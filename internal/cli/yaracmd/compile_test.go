package yaracmd

import (
	"strings"
	"testing"

	"vitrine/internal/cli/term"
	"vitrine/yara"
)

func TestRuleFile(t *testing.T) {
	tree(t, map[string]string{"r.yar": "one", "odd:name.yar": "two", "d/": ""})
	tests := []struct {
		arg                   string
		namespace, name, text string
		fails                 bool
	}{
		{arg: "r.yar", name: "r.yar", text: "one"},
		{arg: "ns:r.yar", namespace: "ns", name: "r.yar", text: "one"},
		{arg: "odd:name.yar", name: "odd:name.yar", text: "two"},
		{arg: "ns:odd:name.yar", namespace: "ns", name: "odd:name.yar", text: "two"},
		{arg: "-", name: "-", text: "typed"},
		{arg: "ns:-", namespace: "ns", name: "-", text: "typed"},
		{arg: "none.yar", name: "none.yar", fails: true},
		{arg: "d", name: "d", fails: true},
	}
	for _, tt := range tests {
		c := &call{env: term.Env{Stdin: strings.NewReader("typed")}}
		src := ruleFile(tt.arg)
		_, err := c.read(&src)
		if (err != nil) != tt.fails {
			t.Errorf("%s: error %v", tt.arg, err)
		}
		if src.Namespace != tt.namespace || src.Name != tt.name || string(src.Text) != tt.text {
			t.Errorf("%s: %q in %q: %q", tt.arg, src.Name, src.Namespace, src.Text)
		}
	}
}

func TestInclude(t *testing.T) {
	tree(t, map[string]string{"d/a.yar": "A", "d/sub/b.yar": "B", "c.yar": "C", "d/pipe": "fifo"})
	tests := []struct{ from, name, want, text string }{
		{"main.yar", "c.yar", "c.yar", "C"},
		{"d/main.yar", "a.yar", "d/a.yar", "A"},
		{"d/main.yar", "sub/b.yar", "d/sub/b.yar", "B"},
		{"d/sub/b.yar", "../a.yar", "d/sub/../a.yar", "A"},
		{"./main.yar", "c.yar", "./c.yar", "C"},
		{"-", "c.yar", "c.yar", "C"},
	}
	for _, tt := range tests {
		src, err := include(tt.from, tt.name)
		if err != nil || src.Name != tt.want || string(src.Text) != tt.text {
			t.Errorf("%s includes %s: %q %q, %v; want %q", tt.from, tt.name, src.Name, src.Text, err, tt.want)
		}
	}
	for _, bad := range []string{"none.yar", "d", "d/pipe", "/proc"} {
		if src, err := include("main.yar", bad); err == nil {
			t.Errorf("including %s gave %q", bad, src.Text)
		}
	}
}

func TestDiagnosticShape(t *testing.T) {
	d := yara.Diagnostic{File: "dir/r.yar", Line: 12, Col: 3, Message: "what is wrong"}
	if got, want := diagnostic("error", d), "dir/r.yar(12): error: what is wrong"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.Rule = "x"
	if got, want := diagnostic("warning", d), `warning: rule "x" in dir/r.yar(12): what is wrong`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
