package machine

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"

	"vitrine/internal/cli/machine/scanreport"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/yara"
	"vitrine/yara/syntax"
)

// explanation is the answer of explain; its JSON is docs/spec/cli/vitrine.explain.v1.json.
type explanation struct {
	Schema string          `json:"schema"`
	Rules  []explainedRule `json:"rules"` // more than one when namespaces share a name
}

type explainedRule struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	File        string            `json:"file"`
	Line        int               `json:"line"`
	Private     bool              `json:"private"`
	Global      bool              `json:"global"`
	Tags        []string          `json:"tags"`
	Severity    string            `json:"severity"`
	Description string            `json:"description"`
	Family      string            `json:"family"`
	Reference   string            `json:"reference"`
	Meta        []explainedMeta   `json:"meta"`
	Strings     []explainedString `json:"strings"`
	Condition   string            `json:"condition"`
	Source      string            `json:"source"` // the whole rule, as written
}

type explainedMeta struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

type explainedString struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`  // "text", "hex" or "regexp"
	Value     string   `json:"value"` // printable: escaped text, the hex string, the regular expression
	Reads     string   `json:"reads"` // hex strings: as ASCII, with a dot for what is none
	Modifiers []string `json:"modifiers"`
}

// explained gives the rules of that name, and the names of all.
func explained(set *ruleset.Set, name string) ([]explainedRule, []string) {
	var rules []explainedRule
	var names []string
	for rule := range set.Rules.All() {
		names = append(names, rule.Name)
		if rule.Name == name {
			rules = append(rules, explainRule(rule, []byte(rule.Text)))
		}
	}
	return rules, names
}

func explainRule(rule *yara.Rule, text []byte) explainedRule {
	out := explainedRule{
		Name: rule.Name, Namespace: rule.Namespace, File: rule.File, Line: rule.Line,
		Private: rule.Private, Global: rule.Global, Tags: append([]string{}, rule.Tags...),
		Severity: rule.MetaText("severity"), Description: rule.MetaText("description"),
		Family: rule.MetaText("family"), Reference: rule.MetaText("reference"),
		Meta: []explainedMeta{}, Strings: []explainedString{},
	}
	for _, m := range rule.Meta {
		out.Meta = append(out.Meta, explainedMeta(m))
	}
	file, _ := syntax.Parse(rule.File, text, syntax.Options{})
	for parsed := range file.Rules() {
		if parsed.Name == rule.Name {
			out.read(parsed, text)
		}
	}
	return out
}

// read adds what only the source tells.
func (r *explainedRule) read(parsed *syntax.Rule, text []byte) {
	source := text[parsed.Source.Start:parsed.Source.End]
	r.Source = string(source)
	r.Condition = conditionSource(parsed, text)
	for _, s := range parsed.Strings {
		r.Strings = append(r.Strings, explainString(s))
	}
}

// conditionSource cuts the condition out of the source of a rule: from the
// keyword in front of its first expression to the closing brace.
func conditionSource(rule *syntax.Rule, text []byte) string {
	first := rule.Condition.Pos()
	syntax.Walk(rule.Condition, func(e syntax.Expr) bool {
		if p := e.Pos(); p.Line > 0 && cmp.Or(cmp.Compare(p.Line, first.Line), cmp.Compare(p.Col, first.Col)) < 0 {
			first = p
		}
		return true
	})
	end := min(offset(text, first), rule.Source.End)
	if end < rule.Source.Start {
		return ""
	}
	start := bytes.LastIndex(text[rule.Source.Start:end], []byte("condition"))
	if start < 0 {
		return ""
	}
	rest := string(text[rule.Source.Start+start : rule.Source.End-1])
	_, rest, _ = strings.Cut(rest, ":")
	return dedent(rest)
}

// offset finds a place in the text.
func offset(text []byte, p syntax.Pos) int {
	at := 0
	for line := 1; line < p.Line; line++ {
		next := bytes.IndexByte(text[at:], '\n')
		if next < 0 {
			return len(text)
		}
		at += next + 1
	}
	return min(at+p.Col-1, len(text))
}

// dedent takes away the indent that all lines share, and empty lines around.
// Text behind the colon, before the first line break, has no indent to share.
func dedent(s string) string {
	s = strings.TrimRight(strings.ReplaceAll(s, "\t", "    "), " \r\n")
	first, below, _ := strings.Cut(s, "\n")
	lines := strings.Split(below, "\n")
	shared := len(s)
	for _, line := range lines {
		if text := strings.TrimLeft(line, " \r"); text != "" {
			shared = min(shared, len(line)-len(text))
		}
	}
	var out []string
	if first = strings.TrimSpace(first); first != "" {
		out = append(out, first)
	}
	for _, line := range lines {
		line = strings.TrimRight(line[min(shared, len(line)):], " \r")
		if line != "" || len(out) > 0 {
			out = append(out, line)
		}
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

// text writes the explanation for people.
func (r *explainedRule) text(w io.Writer) error {
	var b strings.Builder
	b.WriteString(r.Name + "\n")
	if r.Description != "" {
		b.WriteString("\n" + term.Clean(r.Description) + "\n")
	}
	b.WriteString("\n")
	r.facts().Print(&b, "  ") // a Builder does not fail
	if len(r.Strings) > 0 {
		b.WriteString("\nSTRINGS\n")
		r.strings().Print(&b, "  ")
	}
	if r.Condition != "" {
		b.WriteString("\nCONDITION\n")
		for line := range strings.SplitSeq(r.Condition, "\n") {
			b.WriteString("  " + term.Clean(line) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *explainedRule) facts() *term.Table {
	var t term.Table
	if r.Severity != "" {
		t.Row("severity", term.Escape(r.Severity))
	}
	t.Row("file", fmt.Sprintf("%s:%d", term.Escape(r.File), r.Line))
	if len(r.Tags) > 0 {
		t.Row("tags", strings.Join(r.Tags, ", "))
	}
	for _, m := range r.Meta {
		if m.Key != "description" && m.Key != "severity" {
			t.Row(m.Key, term.Clean(fmt.Sprint(m.Value)))
		}
	}
	return &t
}

func (r *explainedRule) strings() *term.Table {
	var t term.Table
	for _, s := range r.Strings {
		line := s.Value
		if len(s.Modifiers) > 0 {
			line += " " + strings.Join(s.Modifiers, " ")
		}
		t.Row(s.Name, line)
		if s.Reads != "" {
			t.Row("", "reads "+s.Reads)
		}
	}
	return &t
}

var hexComment = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)

func explainString(s *syntax.String) explainedString {
	out := explainedString{Name: "$" + s.Name, Modifiers: modifiers(s)}
	switch s.Kind {
	case syntax.Text:
		out.Kind, out.Value = "text", scanreport.Excerpt(s.Value, len(s.Value))
	case syntax.Hex:
		bare := hexComment.ReplaceAllString(string(s.Value), " ")
		out.Kind, out.Reads = "hex", hexReads(bare)
		out.Value = "{ " + strings.Join(strings.Fields(bare), " ") + " }"
	case syntax.Regexp:
		out.Kind, out.Value = "regexp", "/"+term.Clean(string(s.Value))+"/"
	}
	return out
}
