// Command gen writes the manual pages (docs/man) and the command reference
// (docs/cli) from the command tree itself. Developers run it; it is in no
// product binary.
//
//	go run ./internal/cli/gen [DIR]
//
// DIR is docs unless given. A test fails when what is committed is not what it would write.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vitrine/internal/cli/chaincmd"
	"vitrine/internal/cli/guardcmd"
	"vitrine/internal/cli/machine"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/service"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"

	"github.com/spf13/cobra"
)

//go:generate go run . ../../../docs

func main() {
	docs := "docs"
	if len(os.Args) > 1 {
		docs = os.Args[1]
	}
	for _, root := range programs() {
		for name, text := range generate(root) {
			if err := write(filepath.Join(docs, name), text); err != nil {
				fmt.Fprintln(os.Stderr, "gen:", err)
				os.Exit(1)
			}
		}
	}
}

// programs gives the command trees of the binaries.
func programs() []*cobra.Command {
	env := term.Env{}
	return []*cobra.Command{machine.New(env, append(chaincmd.Commands(env, durable.Disk{}), guardcmd.Commands(env)...)...), service.New(env)}
}

func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// generate gives every file by its name below docs.
func generate(root *cobra.Command) map[string]string {
	out := map[string]string{}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		p := page.Of(c)
		name := strings.ReplaceAll(p.Name, " ", "-")
		out["man/"+name+".1"] = man(p)
		out["cli/"+name+".md"] = markdown(p)
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	return out
}

// block is a paragraph of a long text, or lines to be shown as they are.
type block struct {
	literal bool
	lines   []string
}

// blocks splits a long text at empty lines; what is indented is literal.
func blocks(long string) []block {
	var out []block
	for part := range strings.SplitSeq(long, "\n\n") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		lines := strings.Split(strings.Trim(part, "\n"), "\n")
		literal := strings.HasPrefix(lines[len(lines)-1], "  ")
		out = append(out, block{literal, lines})
	}
	return out
}
