package service

import (
	"context"
	"fmt"
	"os"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"github.com/spf13/cobra"
)

// policyOptions is the command line of publish policy.
type policyOptions struct {
	publishOptions
	delay time.Duration
	adopt bool
}

func newPublishPolicy(env term.Env) *cobra.Command {
	var o policyOptions
	c := &cobra.Command{
		Use:   "policy [flags] FILE",
		Short: "Announce another set of witnesses, or adopt it",
		Example: `vitrined publish policy --dir /srv/vitrine new-policy.txt
vitrined publish policy --dir /srv/vitrine --adopt`,
		Long: `FILE is a witness policy, as docs/spec/policy.md has it. The change is logged under
the policy in force, and machines take it when --delay has passed, so that everybody
can look at it first.

Afterwards start the log again: from then on every checkpoint satisfies both. Then
run vitrined publish proofs, so that what was published before is good under both.
When the delay is over, --adopt makes it the policy that new machines begin with, and
the log can be started again without the witnesses that are no longer in it.`,
		RunE: func(c *cobra.Command, args []string) error {
			if o.adopt != (len(args) == 0) || len(args) > 1 {
				return term.Usage(c, "name one policy to announce, or --adopt")
			}
			if o.adopt {
				return runAdopt(c.Context(), env, o)
			}
			return runPublishPolicy(c.Context(), env, o, args[0])
		},
		Annotations: map[string]string{page.Exit: page.Exits("published, or adopted", ""), page.See: "vitrined-publish-proofs(1), vitrined-log(1), vitrine-update(1)"},
	}
	o.flags(c)
	c.Flags().DurationVar(&o.delay, "delay", 7*24*time.Hour, "from now until machines take it")
	c.Flags().BoolVar(&o.adopt, "adopt", false, "adopt the policy that was announced, now that machines have it")
	return c
}

func runPublishPolicy(ctx context.Context, env term.Env, o policyOptions, file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Size() > policy.MaxPolicy {
		return fmt.Errorf("%s: %d bytes, and %d are the most", file, info.Size(), policy.MaxPolicy)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, ctx, done, err := o.publisher(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	said, err := p.Policy(ctx, text, o.delay)
	if err != nil {
		return tell(env, err)
	}
	if err := report(env, said); err != nil {
		return err
	}
	if t, ok := said.Result.Statement.Predicate.(statement.Trust); ok {
		_, err = fmt.Fprintf(env.Stdout, "in force from %s\nnow start the log again, and run vitrined publish proofs\n", t.EffectiveNotBefore.Format(time.RFC3339))
	}
	return err
}

func runAdopt(ctx context.Context, env term.Env, o policyOptions) error {
	p, _, done, err := o.publisher(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	if err := p.Adopt(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "adopted: %s/policy.txt\n", p.Operator.Trust())
	return err
}

func newPublishRoot(env term.Env) *cobra.Command {
	var o publishOptions
	c := &cobra.Command{
		Use:     "root [flags]",
		Short:   "Publish the next root of trust, with the keys that operator.json names now",
		Example: `vitrined publish root --dir /srv/vitrine`,
		Long: `To replace a key, put the new one in its place in operator.json: its public key and
where it is. A key of the role root that goes out of use moves to the list "retired":
the root that says so must be signed by as many keys of the root before it as that asks
for, and by as many as the new one does. Both are needed here at the same time.

It is logged first, and takes effect at once. What the old keys have signed is worth
nothing from then on: publish a bundle of rules after a change of their authors' keys.`,
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runPublishRoot(c.Context(), env, o) },
		Annotations: map[string]string{page.Exit: page.Exits("published", ""), page.See: "vitrined-keys-init(1), vitrined-publish-rules(1)"},
	}
	o.flags(c)
	return c
}

func runPublishRoot(ctx context.Context, env term.Env, o publishOptions) error {
	p, ctx, done, err := o.publisher(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	said, err := p.Root(ctx)
	if err != nil {
		return tell(env, err)
	}
	return report(env, said)
}

func newPublishProofs(env term.Env) *cobra.Command {
	var o publishOptions
	c := &cobra.Command{
		Use:     "proofs [flags]",
		Short:   "Renew the proofs of all that is published",
		Example: `vitrined publish proofs --dir /srv/vitrine`,
		Long: `Asks the log for a new proof of each entry that the site has one of, and puts it in
the place of the old. It is needed once after a new witness policy was announced and
the log was started again: proofs under the old policy alone are worth nothing to
machines with the new one.`,
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runPublishProofs(c.Context(), env, o) },
		Annotations: map[string]string{page.Exit: page.Exits("all renewed", ""), page.See: "vitrined-publish-policy(1)"},
	}
	o.flags(c)
	return c
}

func runPublishProofs(ctx context.Context, env term.Env, o publishOptions) error {
	p, ctx, done, err := o.publisher(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	n, err := p.Proofs(ctx)
	if err != nil {
		return tell(env, err)
	}
	_, err = fmt.Fprintf(env.Stdout, "%d proofs renewed\n", n)
	return err
}
