package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/cli/page"

	"github.com/spf13/cobra"
)

const docs = "../../../docs/"

// everything is every file of every program, by its name below docs.
func everything() map[string]string {
	files := map[string]string{}
	for _, root := range programs() {
		maps.Copy(files, generate(root))
	}
	return files
}

// What is committed is what the commands say of themselves today.
func TestDocsAreCurrent(t *testing.T) {
	files := everything()
	for name, want := range files {
		got, err := os.ReadFile(docs + name)
		if err != nil || string(got) != want {
			t.Errorf("docs/%s is not current (%v): go run ./internal/cli/gen", name, err)
		}
	}
	for _, dir := range []string{"man", "cli"} {
		found, err := filepath.Glob(docs + dir + "/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if name := strings.TrimPrefix(path, docs); files[name] == "" {
				t.Errorf("docs/%s describes a command that is gone", name)
			}
		}
	}
}

// Every page in SEE ALSO exists.
func TestSeeAlso(t *testing.T) {
	files := everything()
	var all []*cobra.Command
	for _, root := range programs() {
		all = append(append(all, root.Commands()...), root)
	}
	for _, c := range all {
		for _, name := range page.Of(c).See {
			own, ours := strings.CutSuffix(name, "(1)")
			if ours && strings.HasPrefix(own, "vitrine") && files["man/"+own+".1"] == "" {
				t.Errorf("%s refers to %s, which nobody wrote", c.CommandPath(), name)
			}
		}
	}
}

func sample() page.Page {
	return page.Page{
		Name: "v scan", Short: "Look for *things*", Usage: "v scan [flags] PATH...",
		Examples: []string{"v scan ~", ".hidden"},
		Long:     "First <line>\nwith a back\\slash.\n\n  literal 'x'\n  .dot\n\n.starts with a dot",
		Flags: []page.Flags{{Title: "Limits", List: []page.Flag{
			{Short: "j", Name: "jobs", Value: "N|M", Text: "how many", Default: "2"},
			{Name: "one-two", Text: "a | b"},
		}}},
		Commands: []page.Commands{{Title: "See", List: [][2]string{{"sub", "does it"}}}},
		Exit:     [][2]string{{"0", "clean"}},
		See:      []string{"vitrine-explain(1)", "yara(1)"},
	}
}

func TestMan(t *testing.T) {
	want := `.TH V\-SCAN 1 "" Vitrine "Vitrine manual"
.SH NAME
v\-scan \- look for *things*
.SH SYNOPSIS
.B v scan [flags] PATH...
.SH DESCRIPTION
First <line>
with a back\eslash.
.PP
.nf
  literal \(aqx\(aq
  .dot
.fi
.PP
\&.starts with a dot
.SH SEE
.TP
.B sub
does it
.SH LIMITS
.TP
.B \-j, \-\-jobs N|M
how many (default 2)
.TP
.B \-\-one\-two
a | b
.SH EXIT STATUS
.TP
.B 0
clean
.SH EXAMPLES
.nf
v scan \(ti
\&.hidden
.fi
.SH SEE ALSO
vitrine\-explain(1), yara(1)
`
	if got := man(sample()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	got := markdown(sample())
	for _, want := range []string{
		"# v scan\n\nLook for *things*.\n",
		"First &lt;line>\nwith a back\\\\slash.\n",
		"```\n  literal 'x'\n  .dot\n```",
		"| `-j, --jobs N\\|M` | how many (default 2) |",
		"| `--one-two` | a \\| b |",
		"| [`sub`](v-scan-sub.md) | does it |",
		"| 0 | clean |",
		"[vitrine explain](vitrine-explain.md), yara(1)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
