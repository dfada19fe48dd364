package machine

import (
	"encoding/json"
	"fmt"
	"io"
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

func (r *lintReport) counts() (high, medium, low int) {
	for _, f := range r.Findings {
		switch f.Severity {
		case rulecheck.High:
			high++
		case rulecheck.Medium:
			medium++
		default:
			low++
		}
	}
	return high, medium, low
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
		Schema   string    `json:"schema"`
		Files    int       `json:"files"`
		Rules    int       `json:"rules"`
		High     int       `json:"high"`
		Medium   int       `json:"medium"`
		Low      int       `json:"low"`
		Findings []finding `json:"findings"`
	}
	out.Schema, out.Files, out.Rules, out.Findings = "vitrine.rules.lint/v1", r.Files, r.Rules, []finding{}
	out.High, out.Medium, out.Low = r.counts()
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
