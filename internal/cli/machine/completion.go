package machine

import (
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func newCompletion(env term.Env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Example: `vitrine completion bash > /etc/bash_completion.d/vitrine
source <(vitrine completion zsh)
vitrine completion fish > ~/.config/fish/completions/vitrine.fish`,
		Long: `SHELL is bash, zsh, fish or powershell. Names of rules are completed too. The
script for bash needs the package bash-completion.`,
		ValidArgs:   shells,
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine(1)"},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "name one shell: %s", term.Alternatives("", shells))
			}
			root := c.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(env.Stdout)
			case "fish":
				return root.GenFishCompletion(env.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(env.Stdout)
			}
			return term.Usage(c, "%q is not %s", args[0], term.Alternatives("", shells))
		},
	}
}
