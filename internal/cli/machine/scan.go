package machine

import (
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func newScan(env term.Env) *cobra.Command {
	o := newScanOptions()
	c := &cobra.Command{
		Use:   "scan [flags] PATH...",
		Short: "Look for malware in files, directories and archives",
		Example: `vitrine scan ~/Downloads
vitrine scan --rules rules/ --exclude '*.iso' --jobs 4 /srv
find /home -newer stamp -print0 | vitrine scan --null --file-list -
curl -s https://example.org/setup.sh | vitrine scan -
vitrine scan --clamav /var/lib/clamav /srv
vitrine scan --format sarif . > scan.sarif`,
		Long: scanLong,
		RunE: func(c *cobra.Command, paths []string) error {
			if err := o.check(c, paths); err != nil {
				return err
			}
			return runScan(c.Context(), env, *o, paths)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("nothing found", "something was found") + "\n",
			page.See:  "vitrine-explain(1), vitrine-yara(1)",
		},
	}
	o.bind(c)
	return c
}

const scanLong = `Each PATH is a file, a directory, or "-" for standard input. What is packed
inside a file is unpacked in memory and scanned too; its content decides what it
is, never its name.

Standard output gets the findings, one line each:

  PATH!MEMBER!MEMBER: RULE FOUND

Control characters, backslashes and bytes that are not UTF-8 are written as \n,
\\, \xff: one finding is one line, whatever the name. Standard error gets what
could not be read, what is incomplete, and the summary.

A file is incomplete when a limit, a password or damage kept part of it from
being looked at. That is never called clean; --strict makes it exit 2. A file
that could not be read at all makes the scan exit 2, unless something was found.

Symbolic links are followed when they are named, and not when they are found
inside a directory. FIFOs, sockets, devices and the file systems of the kernel
(/proc, /sys) are left out and counted; to name one is an error.

A PATTERN of --exclude is matched against each name, or, if it holds a slash,
against the end of each path, or, if it begins with one, against the absolute
path. "*" and "?" stop at slashes, "**" does not; a slash behind means
directories only. A directory that matches is left out with all below it.

With --clamav, DIR is what freshclam keeps, such as /var/lib/clamav, or any
directory of ClamAV's databases. Standard error tells how many signatures of
each type are loaded, and what is not supported and why; --no-summary leaves
that out. Findings have the names that clamscan prints for official databases,
without ".UNOFFICIAL" behind those of others. Files that the databases list as
false positives have no findings of theirs, and neither has what is inside.

A SIZE is a number of bytes, or one with K, M, G or T behind it (1024 each).`
