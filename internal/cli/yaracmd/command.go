package yaracmd

import (
	"fmt"

	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

const long = `Every RULES_FILE holds rules in source form, or rules compiled by vitrine
rules compile: the content says which, and with -C all must be compiled. "-" is
standard input. A name before a colon puts the rules of a source into a
namespace of that name. The last argument is what is scanned: a file, the files of a directory, or with --scan-list the
paths a file holds. Flags may stand anywhere. Archives are not opened: vitrine
scan --rules does that.

The lines on standard output are those of yara 4.5. Different from yara are:

  - the exit status: an unread file or a timeout never looks like success
  - the words of messages, not their shape (error: rule "x" in f(3): ...)
  - a link that leads back to a directory above it is not followed
  - -n does not print the strings of rules that do not match
  - --timeout 0 means no timeout
  - rules compiled by yarac and the memory of processes are refused`

const example = `vitrine yara rules.yar ~/Downloads
vitrine yara -rs -t packer rules.yar more:other.yar /usr/bin
vitrine yara -d level=3 -d name=ana rules.yar file.bin
vitrine yara -w -c - file.bin < rules.yar`

// New makes the command "yara" of a program of this version. Its errors are
// those of Run, and usage errors. Its exit status is for the caller to explain.
func New(env term.Env, version string) *cobra.Command {
	var o Options
	var showVersion bool
	c := &cobra.Command{
		Use:     "yara [flags] [NAMESPACE:]RULES_FILE... FILE|DIR",
		Short:   "Scan with your own rules, with the command line of yara(1)",
		Long:    long,
		Example: example,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if showVersion {
			_, err := fmt.Fprintln(env.Stdout, version)
			return err
		}
		if len(args) < 2 && !o.ModuleNames {
			return term.Usage(c, "want rule files and a target, got %d arguments", len(args))
		}
		return Run(c.Context(), env, o, args)
	}
	o.bind(c)
	c.Flags().BoolVarP(&showVersion, "version", "v", false, "print the version")
	return c
}
