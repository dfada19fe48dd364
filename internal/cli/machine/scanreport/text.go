package scanreport

import (
	"fmt"
	"io"
	"strings"

	"vitrine/internal/cli/term"
)

// text writes one line for each finding in clamscan's shape,
// `path!member: rule FOUND`, and with matches a line behind a tab for each.
// What is no finding goes to stderr, by Note and Text of Summary.
type text struct {
	w     io.Writer
	paint term.Paint
}

func (t *text) Event(e Event) error {
	f, ok := e.(Finding)
	if !ok {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s\n", f.Object, term.Escape(f.Rule), t.paint.Word(term.Bad, "FOUND"))
	for _, m := range f.Matches {
		fmt.Fprintf(&b, "\t%#x %s %s\n", m.Offset, m.String, Excerpt(m.Data, m.Length))
	}
	if credit := f.credit(); credit != "" && len(f.Matches) > 0 {
		b.WriteString("\t" + credit + "\n")
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

// credit names who wrote the rule and under which licence it may be used.
func (f Finding) credit() string {
	var parts []string
	if f.Author != "" {
		parts = append(parts, "author "+term.Clean(f.Author))
	}
	if f.License != "" {
		parts = append(parts, "licence "+term.Clean(f.License))
	}
	return strings.Join(parts, ", ")
}

func (t *text) End(Summary) error { return nil }

// Excerpt shows matched bytes in quotes, escaped, with an ellipsis when data
// is only the start of length bytes.
func Excerpt(data []byte, length int) string {
	quoted := `"` + strings.ReplaceAll(term.Escape(string(data)), `"`, `\"`) + `"`
	if length > len(data) {
		quoted += fmt.Sprintf("… (%d bytes)", length)
	}
	return quoted
}

// Note is the line on stderr for an event that is no finding; "" for findings.
func Note(e Event) string {
	switch e := e.(type) {
	case Incomplete:
		line := fmt.Sprintf("%s: incomplete: %s", e.Object, e.Reason)
		if e.Detail != "" {
			line += ": " + term.Clean(e.Detail)
		}
		return line
	case Unread:
		return e.Detail
	}
	return ""
}
