package machine

import (
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/cli/yaracmd"

	"github.com/spf13/cobra"
)

func newYara(env term.Env) *cobra.Command {
	c := yaracmd.New(env, Version())
	for _, g := range yaracmd.FlagGroups() {
		page.Group(c, g.Title, g.Names...)
	}
	c.Annotations[page.Exit] = page.Exits("everything was scanned, whether or not a rule matched", "")
	c.Annotations[page.See] = "vitrine-scan(1), vitrine-explain(1), yara(1)"
	return c
}
