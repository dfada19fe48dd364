package main

import (
	"fmt"
	"strings"

	"vitrine/internal/cli/page"
)

// man writes a page as a manual page, in the macros of man(7).
func man(p page.Page) string {
	var b strings.Builder
	name := strings.ReplaceAll(p.Name, " ", "-")
	fmt.Fprintf(&b, ".TH %s 1 \"\" Vitrine \"Vitrine manual\"\n", strings.ToUpper(roff(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(strings.ToLower(p.Short[:1])+p.Short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(p.Usage))
	if p.Long != "" {
		b.WriteString(".SH DESCRIPTION\n")
		manLong(&b, p.Long)
	}
	for _, group := range p.Commands {
		manRows(&b, group.Title, group.List)
	}
	for _, group := range p.Flags {
		var list [][2]string
		for _, f := range group.List {
			list = append(list, [2]string{strings.TrimSpace(f.Spelled()), f.Described()})
		}
		manRows(&b, group.Title, list)
	}
	manRows(&b, "Exit status", p.Exit)
	if len(p.Examples) > 0 {
		b.WriteString(".SH EXAMPLES\n.nf\n" + roffLines(p.Examples) + ".fi\n")
	}
	if len(p.See) > 0 {
		b.WriteString(".SH SEE ALSO\n" + roff(strings.Join(p.See, ", ")) + "\n")
	}
	return b.String()
}

func manLong(b *strings.Builder, long string) {
	for i, part := range blocks(long) {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if part.literal {
			b.WriteString(".nf\n" + roffLines(part.lines) + ".fi\n")
			continue
		}
		b.WriteString(roffLines(part.lines))
	}
}

func manRows(b *strings.Builder, title string, list [][2]string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", strings.ToUpper(title))
	for _, row := range list {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(row[0]), roff(row[1]))
	}
}

func roffLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(roff(line) + "\n")
	}
	return b.String()
}

// roff escapes text: a hyphen is a minus sign that can be copied, and a dot or
// quote at the start of a line is no macro.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "~", `\(ti`, "^", `\(ha`, "'", `\(aq`, "`", `\(ga`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}
