package service

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"vitrine/internal/chain/operator"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func newKeys(env term.Env) *cobra.Command {
	return group("keys", "Make and look at keys", newKeysInit(env), newKeysRotate(env))
}

// keysOptions is the command line of keys init.
type keysOptions struct {
	log       string
	witnesses []string
	locked    bool
}

func newKeysInit(env term.Env) *cobra.Command {
	var o keysOptions
	c := &cobra.Command{
		Use:   "init [flags] FOLDER",
		Short: "Make a whole hierarchy of keys, and an empty site",
		Example: `vitrined keys init --log log.example.org/av1 --witness w1.example.org=https://w1.example.org=KEY /srv/vitrine
vitrined keys init --log log.test/av1 --witness w1.test=http://127.0.0.1:8053 --witness w2.test=http://127.0.0.1:8054 \
    --witness w3.test=http://127.0.0.1:8055 demo`,
		Long: `All keys are made on this machine: five for the root of trust, three for each role
that speaks of rules, releases and rebuilds, one for each that signs daily. For a
service that people depend on, move them apart afterwards, each to its holder;
operator.json says where each key is, and a program can stand in for a file.
VERIFY.md holds the ceremony.

A witness is NAME=URL=KEY. Without KEY, one is made, with a folder that
vitrine-witness can serve: good for trying things, and worth nothing as a
supervisor, since the log's operator has the key. More than half of the witnesses
must cosign.

FOLDER/trust is what a machine needs for its first update.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "name one folder to make")
			}
			return runKeysInit(env, o, args[0])
		},
		Annotations: map[string]string{page.Exit: page.Exits("made", ""), page.See: "vitrined(1), vitrined-log(1), vitrine-update(1)"},
	}
	c.Flags().StringVar(&o.log, "log", "", "the log's `NAME`, such as log.example.org/av1; it is for ever")
	c.Flags().StringArrayVar(&o.witnesses, "witness", nil, "a witness, `NAME=URL[=KEY]`; may be repeated")
	c.Flags().BoolVar(&o.locked, "passphrase", false, "lock the keys of people with a passphrase")
	return c
}

func runKeysInit(env term.Env, o keysOptions, dir string) error {
	if o.log == "" {
		return errors.New("keys init needs --log NAME, such as log.example.org/av1")
	}
	c := operator.InitConfig{Dir: dir, Origin: o.log, Random: rand.Reader, Now: env.Now()}
	for _, text := range o.witnesses {
		parts := strings.SplitN(text, "=", 3)
		if len(parts) < 2 {
			return fmt.Errorf("--witness %s: expected NAME=URL or NAME=URL=KEY", text)
		}
		w := operator.Witness{Name: parts[0], URL: parts[1]}
		if len(parts) == 3 {
			w.VKey = parts[2]
		}
		c.Witnesses = append(c.Witnesses, w)
	}
	if o.locked {
		var err error
		if c.Passphrase, err = askPassphrase(env, "the new keys"); err != nil {
			return err
		}
	}
	f, err := operator.Init(c)
	if err != nil {
		return err
	}
	p, err := f.Policy()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "log      %s\nquorum   %d of %d witnesses\nkeys     %s\ntrust    %s\nsite     %s\n",
		p.Log.VKey, p.Groups[0].Threshold, len(p.Witnesses), filepath.Join(dir, "keys"), f.Trust(), f.Site())
	return err
}
