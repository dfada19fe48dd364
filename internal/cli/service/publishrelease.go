package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"vitrine/internal/chain/keys"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/web"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
	"vitrine/proof/policy"

	"github.com/spf13/cobra"
)

func newPublishRelease(env term.Env) *cobra.Command {
	var o publishOptions
	c := &cobra.Command{
		Use:     "release [flags] FOLDER",
		Short:   "Sign, log and publish a release that was assembled",
		Example: `vitrined publish release --dir /srv/vitrine out/`,
		Long: `FOLDER is what vitrined assemble made. Each file must still be the one that was
assembled. As many keys as the role releases needs must be here.

No machine takes the release before enough rebuilders have logged that they got the
same bytes. A publication that broke off is finished first, with the same bytes.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "name one folder of a release")
			}
			return runPublishRelease(c.Context(), env, o, args[0])
		},
		Annotations: map[string]string{page.Exit: page.Exits("published", ""), page.See: "vitrined-assemble(1), vitrined-publish-rebuild(1), vitrine-verify-release(1)"},
	}
	o.flags(c)
	return c
}

func runPublishRelease(ctx context.Context, env term.Env, o publishOptions, folder string) error {
	p, ctx, done, err := o.publisher(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	said, err := p.Release(ctx, folder)
	if err != nil {
		return err
	}
	return report(env, said)
}

// publishRebuildOptions is the command line of publish rebuild.
type publishRebuildOptions struct {
	key     string
	log     string
	trust   string
	site    string
	timeout time.Duration
}

func newPublishRebuild(env term.Env) *cobra.Command {
	var o publishRebuildOptions
	c := &cobra.Command{
		Use:   "rebuild [flags] FILE",
		Short: "Sign and log what a rebuilder found",
		Example: `vitrine rebuild v0.3.0 --from https://updates.example.org --out found.json
vitrined publish rebuild --key rebuilder.key --log https://updates.example.org --trust ./trust found.json`,
		Long: `FILE is what vitrine rebuild --out wrote: the same, or other bytes. Both are worth
logging; other bytes keep every machine from the release. It is signed with the
rebuilder's own key, one of those that the operator's metadata name. For this, no
operator's folder is needed.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return term.Usage(c, "name the file that vitrine rebuild --out wrote")
			}
			return runPublishRebuild(c.Context(), env, o, args[0])
		},
		Annotations: map[string]string{page.Exit: page.Exits("logged", ""), page.See: "vitrine-rebuild(1), vitrine-verify-release(1)"},
	}
	c.Flags().StringVar(&o.key, "key", "", "the rebuilder's key: a `FILE`, or cmd:PROGRAM ARG…")
	c.Flags().StringVar(&o.log, "log", "http://127.0.0.1:8080", "the `URL` of the running log")
	c.Flags().StringVar(&o.trust, "trust", "/etc/vitrine/trust", "the `FOLDER` with the policy.txt to hold the answer against")
	c.Flags().StringVar(&o.site, "site", "", "also write the entry and its proof to the site in `FOLDER`")
	c.Flags().DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait for witnesses")
	return c
}

func runPublishRebuild(ctx context.Context, env term.Env, o publishRebuildOptions, file string) error {
	found, err := readFile(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(o.trust, "policy.txt"))
	if err != nil {
		return err
	}
	trusted, err := policy.Parse(text)
	if err != nil {
		return err
	}
	key, err := keys.Load(o.key, passphrase(env))
	if err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	at, err := web.New(o.log, o.timeout)
	if err != nil {
		return fmt.Errorf("--log: %w", err)
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	said, err := publish.Rebuild(ctx, at, trusted, key, found, env.Now())
	if err != nil {
		return err
	}
	if err := o.keep(said); err != nil {
		return err
	}
	return report(env, said)
}

// keep writes the entry and its proof to a site, for those who read no log.
func (o publishRebuildOptions) keep(said *publish.Published) error {
	if o.site == "" {
		return nil
	}
	var disk durable.Disk
	for name, data := range map[string][]byte{site.Leaf(said.Target): said.Claim.Leaf, site.Proof(said.Target): said.Claim.Proof} {
		file := filepath.Join(o.site, filepath.FromSlash(name))
		if err := disk.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := disk.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
