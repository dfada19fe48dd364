package guardcmd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func newAllow(env term.Env) *cobra.Command {
	l := listCommand{name: "allow", what: "SHA256", key: digestOf}
	c := &cobra.Command{
		Use:   "allow",
		Short: "Allow files whatever is found in them",
		Example: `vitrine allow add ./installer --reason "our own, ticket 4711" --for 30d
vitrine allow list`,
		Long: `An allowed file is known by its SHA-256: wherever it lies, and until one byte of it
changes. The guard keeps the list, with who added each entry and why.`,
		Args:        term.UnknownCommand,
		RunE:        func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine-exclude(1), vitrine-guard(1)"},
	}
	c.AddCommand(
		l.newList(env, "List the files that are allowed", "Entries that have ended are not shown."),
		l.newAdd(env, "SHA256|FILE...", "Allow files", `vitrine allow add ./installer --reason "our own, ticket 4711"
vitrine allow add 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f --reason "test file" --for 12h`,
			"Of a FILE the content is allowed that it has now. What was taken away because of it\nstays in the quarantine: vitrine quarantine restore brings it back."),
		l.newRemove(env, "SHA256|FILE...", "Allow files no longer", "What is running goes on; the file is looked at again when it is next used."),
	)
	return c
}

var digestShape = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// digestOf is the SHA-256 that an argument is, or that the file it names has.
func digestOf(name string) (string, error) {
	if digestShape.MatchString(name) {
		return strings.ToLower(name), nil
	}
	file, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", term.Hint(err, "name a file, or a SHA-256 as 64 hexadecimal digits")
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", term.Escape(name))
	}
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
