package service

import (
	"crypto/rand"
	"fmt"
	"strconv"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func newKeysRotate(env term.Env) *cobra.Command {
	var dir string
	var locked bool
	c := &cobra.Command{
		Use:   "rotate [flags] ROLE NUMBER",
		Short: "Make a new key in the place of another",
		Example: `vitrined keys rotate --dir /srv/vitrine timestamp 1
vitrined keys rotate --dir /srv/vitrine --passphrase root 2`,
		Long: `Makes a key for ROLE, in the place of its key of that number in operator.json, from
1. For everybody else nothing changes before vitrined publish root. For a key that is
made elsewhere, put its public key and where it is into operator.json yourself.

The old key file stays. One of the role root is still needed: the root that takes it
out of use is signed with it.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return term.Usage(c, "name a role, and the number of the key to replace")
			}
			return runKeysRotate(env, dir, locked, args[0], args[1])
		},
		Annotations: map[string]string{page.Exit: page.Exits("made", ""), page.See: "vitrined-publish-root(1), vitrined-keys-init(1)"},
	}
	dirFlag(c, &dir)
	c.Flags().BoolVar(&locked, "passphrase", false, "lock the new key with a passphrase")
	return c
}

func runKeysRotate(env term.Env, dir string, locked bool, role, text string) error {
	number, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q is no number of a key", text)
	}
	f, err := open(env, dir)
	if err != nil {
		return err
	}
	lock := ""
	if locked {
		if lock, err = askPassphrase(env, "the new key"); err != nil {
			return err
		}
	}
	spec, public, err := f.Replace(role, number, rand.Reader, lock)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "key      %s\nid       %s\nnow run vitrined publish root\n", spec, public.ID)
	return err
}
