package main

import (
	"fmt"
	"strings"

	"vitrine/internal/cli/page"
)

// markdown writes a page of the command reference.
func markdown(p page.Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- written by go run ./internal/cli/gen -->\n\n# %s\n\n%s.\n", p.Name, p.Short)
	if len(p.Examples) > 0 {
		fmt.Fprintf(&b, "\n```\n%s\n```\n", strings.Join(p.Examples, "\n"))
	}
	fmt.Fprintf(&b, "\n## Usage\n\n```\n%s\n```\n", p.Usage)
	for _, part := range blocks(p.Long) {
		if part.literal {
			fmt.Fprintf(&b, "\n```\n%s\n```\n", strings.Join(part.lines, "\n"))
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", mdText(strings.Join(part.lines, "\n")))
	}
	for _, group := range p.Commands {
		mdHead(&b, group.Title, "command", "what it does")
		for _, row := range group.List {
			name := strings.ReplaceAll(p.Name+" "+row[0], " ", "-")
			fmt.Fprintf(&b, "| [`%s`](%s.md) | %s |\n", row[0], name, mdCell(row[1]))
		}
	}
	for _, group := range p.Flags {
		mdHead(&b, group.Title, "flag", "what it does")
		for _, f := range group.List {
			fmt.Fprintf(&b, "| `%s` | %s |\n", mdCode(strings.TrimSpace(f.Spelled())), mdCell(f.Described()))
		}
	}
	if len(p.Exit) > 0 {
		mdHead(&b, "Exit status", "code", "meaning")
		for _, row := range p.Exit {
			fmt.Fprintf(&b, "| %s | %s |\n", row[0], mdCell(row[1]))
		}
	}
	if len(p.See) > 0 {
		fmt.Fprintf(&b, "\n## See also\n\n%s\n", strings.Join(mdLinks(p.See), ", "))
	}
	return b.String()
}

func mdHead(b *strings.Builder, title, left, right string) {
	fmt.Fprintf(b, "\n## %s\n\n| %s | %s |\n| --- | --- |\n", title, left, right)
}

// mdLinks turns names such as "vitrine-scan(1)" of our own pages into links.
func mdLinks(names []string) []string {
	var out []string
	for _, name := range names {
		if own, ok := strings.CutSuffix(name, "(1)"); ok && strings.HasPrefix(own, "vitrine") {
			name = fmt.Sprintf("[%s](%s.md)", strings.ReplaceAll(own, "-", " "), own)
		}
		out = append(out, name)
	}
	return out
}

func mdText(s string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, `\`, `\\`, "<", "&lt;").Replace(s)
}

func mdCell(s string) string { return strings.ReplaceAll(mdText(s), "|", `\|`) }

// mdCode keeps a vertical bar from ending the cell of a table.
func mdCode(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
