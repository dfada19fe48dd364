package machine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"vitrine/internal/cli/term"
	"vitrine/internal/rulecheck"
)

// lintReport is the answer of rules lint; its JSON is
// docs/spec/cli/vitrine.rules.lint.v1.json.
type lintReport struct {
	Files, Rules int
	Findings     []rulecheck.Finding
}

// lintCount counts findings, of all checks or of one.
type lintCount struct {
	Kind   string `json:"kind"`
	Check  string `json:"check"`
	High   int    `json:"high"`
	Medium int    `json:"medium"`
	Low    int    `json:"low"`
}

func (c *lintCount) add(s rulecheck.Severity) {
	switch s {
	case rulecheck.High:
		c.High++
	case rulecheck.Medium:
		c.Medium++
	default:
		c.Low++
	}
}

// counts gives the numbers of all findings and of each check, the worst first.
func (r *lintReport) counts() (all lintCount, checks []lintCount) {
	checks = []lintCount{}
	for _, f := range r.Findings {
		all.add(f.Severity)
		i := slices.IndexFunc(checks, func(c lintCount) bool { return c.Kind == string(f.Kind) && c.Check == f.Check })
		if i < 0 {
			i = len(checks)
			checks = append(checks, lintCount{Kind: string(f.Kind), Check: f.Check})
		}
		checks[i].add(f.Severity)
	}
	slices.SortFunc(checks, func(a, b lintCount) int {
		return cmp.Or(cmp.Compare(b.High, a.High), cmp.Compare(b.Medium, a.Medium), cmp.Compare(b.Low, a.Low),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Check, b.Check))
	})
	return all, checks
}

func (r *lintReport) print(env term.Env, o lintOptions) error {
	if o.json {
		return r.json(env.Stdout)
	}
	var b strings.Builder
	if !o.sum {
		for _, f := range r.Findings {
			b.WriteString(findingLine(f) + "\n")
		}
	}
	all, checks := r.counts()
	if len(checks) > 0 {
		if !o.sum {
			b.WriteByte('\n')
		}
		var table term.Table
		table.Row("CHECK", "HIGH", "MEDIUM", "LOW")
		for _, c := range checks {
			table.Row(c.Kind+"/"+c.Check, strconv.Itoa(c.High), strconv.Itoa(c.Medium), strconv.Itoa(c.Low))
		}
		if err := table.Print(&b, ""); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "%s in %s: %d high, %d medium, %d low\n", term.Plural(int64(r.Rules), "rule", "rules"),
		term.Plural(int64(r.Files), "file", "files"), all.High, all.Medium, all.Low)
	_, err := io.WriteString(env.Stdout, b.String())
	return err
}

// findingLine writes a finding as compilers write theirs.
func findingLine(f rulecheck.Finding) string {
	line := fmt.Sprintf("%s:%d:%d: %s: ", term.Escape(f.File), f.Line, f.Col, f.Severity)
	var subject []string
	if f.Rule != "" {
		subject = append(subject, "rule "+f.Rule)
	}
	if f.String != "" {
		subject = append(subject, f.String)
	}
	if len(subject) > 0 {
		line += strings.Join(subject, ", ") + ": "
	}
	return line + term.Clean(f.Reason) + " [" + string(f.Kind) + "/" + f.Check + "]"
}

func (r *lintReport) json(w io.Writer) error {
	type finding struct {
		Severity string `json:"severity"`
		Kind     string `json:"kind"`
		Check    string `json:"check"`
		Rule     string `json:"rule"`
		String   string `json:"string"`
		Reason   string `json:"reason"`
		File     string `json:"file"`
		Line     int    `json:"line"`
		Col      int    `json:"column"`
	}
	var out struct {
		Schema   string      `json:"schema"`
		Files    int         `json:"files"`
		Rules    int         `json:"rules"`
		High     int         `json:"high"`
		Medium   int         `json:"medium"`
		Low      int         `json:"low"`
		Checks   []lintCount `json:"checks"`
		Findings []finding   `json:"findings"`
	}
	out.Schema, out.Files, out.Rules, out.Findings = "vitrine.rules.lint/v1", r.Files, r.Rules, []finding{}
	all, checks := r.counts()
	out.High, out.Medium, out.Low, out.Checks = all.High, all.Medium, all.Low, checks
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, finding{f.Severity.String(), string(f.Kind), f.Check, f.Rule, f.String, f.Reason, f.File, f.Line, f.Col})
	}
	return indented(w, out)
}

// indented writes one JSON document.
func indented(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
