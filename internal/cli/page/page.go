// Package page is what there is to say about a command: one model, made from
// the cobra tree, from which --help, the manual page and the page in docs/cli
// are written, so that they cannot disagree.
//
// It adds no words of its own but headings, and runs nothing.
package page

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Annotations of a command that carry its last two sections.
const (
	Exit = "exit" // lines "code<tab>meaning"
	See  = "see"  // names of other pages, separated by commas
)

// Exits is the EXIT STATUS of a command, from what 0 and 1 mean for it; an empty
// no is for commands that never answer no.
func Exits(yes, no string) string {
	text := "0\t" + yes + "\n"
	if no != "" {
		text += "1\t" + no + "\n"
	}
	return text + "2\tcould not answer: wrong usage, unreadable input, output that cannot be written\n130\tinterrupted"
}

// groupKey is the annotation of a flag that names its group.
const groupKey = "group"

// Group puts flags under a heading. Groups appear in the order of their calls;
// a flag that is not there is a mistake in the program, and panics.
func Group(c *cobra.Command, title string, names ...string) {
	for _, name := range names {
		if err := c.Flags().SetAnnotation(name, groupKey, []string{title}); err != nil {
			panic(err)
		}
	}
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[groupKey] += title + "\n"
}

// Page is everything there is to say about one command.
type Page struct {
	Name     string // "vitrine scan"
	Short    string // one line, no full stop
	Usage    string
	Examples []string // command lines, or comments that begin with #
	Long     string   // paragraphs, without indent
	Commands []Commands
	Flags    []Flags
	Exit     [][2]string // code, meaning
	See      []string
}

// Commands is a group of subcommands.
type Commands struct {
	Title string
	List  [][2]string // name, what it does
}

// Flags is a group of flags.
type Flags struct {
	Title string
	List  []Flag
}

// Flag is one flag.
type Flag struct {
	Short   string // one letter, or ""
	Name    string
	Value   string // what its value is; "" for a switch
	Text    string
	Default string // "" when there is nothing to say
}

// Of reads the page of a command.
func Of(c *cobra.Command) Page {
	p := Page{
		Name:     c.CommandPath(),
		Short:    c.Short,
		Usage:    usage(c),
		Examples: lines(c.Example),
		Long:     strings.TrimSpace(c.Long),
		Commands: commands(c),
		Flags:    flags(c),
	}
	for _, line := range lines(c.Annotations[Exit]) {
		code, meaning, _ := strings.Cut(line, "\t")
		p.Exit = append(p.Exit, [2]string{code, meaning})
	}
	for name := range strings.SplitSeq(c.Annotations[See], ",") {
		if name = strings.TrimSpace(name); name != "" {
			p.See = append(p.See, name)
		}
	}
	return p
}

func usage(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND [flags]"
	}
	parent := ""
	if c.HasParent() {
		parent = c.Parent().CommandPath() + " "
	}
	return parent + c.Use
}

func lines(s string) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func commands(c *cobra.Command) []Commands {
	var out []Commands
	for _, group := range c.Groups() {
		out = append(out, Commands{Title: group.Title})
	}
	out = append(out, Commands{Title: "Commands"}) // those of no group
	for _, sub := range c.Commands() {
		if sub.Hidden || !sub.IsAvailableCommand() {
			continue
		}
		at := slices.IndexFunc(c.Groups(), func(g *cobra.Group) bool { return g.ID == sub.GroupID })
		if at < 0 {
			at = len(out) - 1
		}
		out[at].List = append(out[at].List, [2]string{sub.Name(), sub.Short})
	}
	return slices.DeleteFunc(out, func(g Commands) bool { return len(g.List) == 0 })
}

func flags(c *cobra.Command) []Flags {
	c.InitDefaultHelpFlag()
	c.Flags().SortFlags = false
	titles := append(lines(c.Annotations[groupKey]), "")
	groups := make([]Flags, len(titles))
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		at := len(titles) - 1
		if group := f.Annotations[groupKey]; len(group) > 0 {
			at = slices.Index(titles, group[0])
		}
		groups[at].List = append(groups[at].List, flag(f))
	})
	for i, title := range titles {
		groups[i].Title = title
	}
	groups[len(groups)-1].Title = "Flags"
	if len(titles) > 1 {
		groups[len(groups)-1].Title = "Other flags"
	}
	return slices.DeleteFunc(groups, func(g Flags) bool { return len(g.List) == 0 })
}

func flag(f *pflag.Flag) Flag {
	value, text := pflag.UnquoteUsage(f)
	out := Flag{Short: f.Shorthand, Name: f.Name, Value: value, Text: text}
	if strings.HasPrefix(value, "int") || strings.HasPrefix(value, "uint") {
		out.Value = "N"
	}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		out.Default = strings.TrimSuffix(f.DefValue, "m0s")
		if out.Default != f.DefValue {
			out.Default += "m"
		}
	}
	if f.Name == "help" {
		out.Text = "show this page"
	}
	return out
}

// Spelled is the flag as it is typed: "-q, --quiet", "    --jobs N".
func (f Flag) Spelled() string {
	s := "    --" + f.Name
	if f.Short != "" {
		s = "-" + f.Short + ", --" + f.Name
	}
	if f.Value != "" {
		s += " " + f.Value
	}
	return s
}

// Described is what the flag does, with its default.
func (f Flag) Described() string {
	if f.Default == "" {
		return f.Text
	}
	return f.Text + " (default " + f.Default + ")"
}
