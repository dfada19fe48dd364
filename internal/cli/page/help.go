package page

import (
	"strings"

	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// width is the columns that help takes, and indent where the explanation of a
// flag or command begins at the latest.
const (
	width  = 80
	indent = 30
)

// Install makes --help of a command and all below it print its page.
func Install(root *cobra.Command) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		// Nobody can be told when stdout is gone; the exit code of help is 0 then too.
		_, _ = c.OutOrStdout().Write([]byte(Of(c).Help()))
	})
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, RunE: func(_ *cobra.Command, args []string) error {
		c, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return term.UnknownCommand(root, args)
		}
		return c.Help()
	}})
}

// Help is the page as text: examples first.
func (p Page) Help() string {
	var b strings.Builder
	b.WriteString(p.Short + ".\n")
	section(&b, "EXAMPLES", p.Examples...)
	section(&b, "USAGE", p.Usage)
	if p.Long != "" {
		b.WriteString("\n" + p.Long + "\n")
	}
	for _, group := range p.Commands {
		rows(&b, group.Title, group.List)
	}
	for _, group := range p.Flags {
		var list [][2]string
		for _, f := range group.List {
			list = append(list, [2]string{f.Spelled(), f.Described()})
		}
		rows(&b, group.Title, list)
	}
	rows(&b, "Exit status", p.Exit)
	if len(p.See) > 0 {
		section(&b, "SEE ALSO", strings.Join(p.See, ", "))
	}
	return b.String()
}

func section(b *strings.Builder, title string, lines ...string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + title + "\n")
	for _, line := range lines {
		b.WriteString("  " + line + "\n")
	}
}

// rows writes two columns; what is too wide for the first pushes the second
// to a line of its own.
func rows(b *strings.Builder, title string, list [][2]string) {
	if len(list) == 0 {
		return
	}
	b.WriteString("\n" + strings.ToUpper(title) + "\n")
	column := 0
	for _, row := range list {
		if n := term.Columns(row[0]) + 4; n <= indent {
			column = max(column, n)
		}
	}
	column = max(column, 8)
	for _, row := range list {
		left := "  " + row[0]
		for i, line := range wrap(row[1], width-column) {
			if i > 0 || term.Columns(left)+2 > column {
				if i == 0 {
					b.WriteString(left + "\n")
				}
				left = ""
			}
			b.WriteString(left + strings.Repeat(" ", column-term.Columns(left)) + line + "\n")
		}
	}
}

// wrap breaks text at spaces into lines of at most columns.
func wrap(text string, columns int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && term.Columns(line)+1+term.Columns(word) > columns {
			out, line = append(out, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}
