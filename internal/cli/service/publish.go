package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/web"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/engine"
	"vitrine/proof/statement"

	"github.com/spf13/cobra"
)

func newPublish(env term.Env) *cobra.Command {
	return group("publish", "Publish what everybody can see", newPublishRules(env), newPublishRelease(env), newPublishRebuild(env), newPublishPolicy(env), newPublishRoot(env), newPublishProofs(env), newPublishRefresh(env))
}

// publishOptions is what every publication needs.
type publishOptions struct {
	dir     string
	log     string
	timeout time.Duration
}

func (o *publishOptions) flags(c *cobra.Command) {
	dirFlag(c, &o.dir)
	c.Flags().StringVar(&o.log, "log", "http://127.0.0.1:8080", "the `URL` of the running log")
	c.Flags().DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait for witnesses")
}

// publisher makes a publisher, and a context that ends at the timeout or at a
// signal.
func (o *publishOptions) publisher(ctx context.Context, env term.Env) (*publish.Publisher, context.Context, func(), error) {
	f, err := open(env, o.dir)
	if err != nil {
		return nil, nil, nil, err
	}
	at, err := web.New(o.log, o.timeout)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("--log: %w", err)
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	return &publish.Publisher{Operator: f, Log: at, Now: env.Now()}, ctx, func() { cancel(); stop() }, nil
}

// rulesOptions is the command line of publish rules.
type rulesOptions struct {
	publishOptions
	channel   string
	selftest  string
	starter   bool
	repo      string
	commit    string
	review    []string
	delay     time.Duration
	rollout   time.Duration
	life      time.Duration
	engineMin string
}

func newPublishRules(env term.Env) *cobra.Command {
	var o rulesOptions
	c := &cobra.Command{
		Use:   "rules [flags] [PATH...]",
		Short: "Compile, test, sign, log and publish the next bundle of a channel",
		Example: `vitrined publish rules --dir /srv/vitrine --repo https://example.org/rules --commit 3f2a… rules/
vitrined publish rules --dir /srv/vitrine --starter --delay 0s
vitrined publish rules --dir /srv/vitrine --channel urgent --selftest selftest/ wiper.yar`,
		Long: `Each PATH is a file of rules or a directory with *.yar and *.yara files. Rules that
would fire on documents, that ask for a host, a user or a time, or that fail the
self-test are not published; there is no flag for that.

SELFTEST holds detect/, a file for each sample; detect.json, which says by name of
the sample which rules must match it; and clean/, in which nothing may match.

Machines use a bundle when --delay has passed, so that everybody can look at it
first, and then one after another over --rollout, so that a bad one is noticed by few.
Each finds its turn by itself; nobody can choose who is first. The channel urgent has no delay, and its use is an entry of its own type that
nobody can overlook.

A publication that broke off is finished first, with the same bytes.`,
		RunE:        func(c *cobra.Command, paths []string) error { return runPublishRules(c.Context(), env, o, paths) },
		Annotations: map[string]string{page.Exit: page.Exits("published", ""), page.See: "vitrine-rules-lint(1), vitrined-log(1), vitrine-update(1)"},
	}
	o.flags(c)
	c.Flags().StringVar(&o.channel, "channel", "core", "the `CHANNEL`: core or urgent")
	c.Flags().StringVar(&o.selftest, "selftest", "", "a `FOLDER` of samples")
	c.Flags().BoolVar(&o.starter, "starter", false, "publish the rules that come with the program, too")
	c.Flags().StringVar(&o.repo, "repo", "", "the `URL` of the repository the rules are from")
	c.Flags().StringVar(&o.commit, "commit", "", "the `COMMIT` of that repository, in full")
	c.Flags().StringArrayVar(&o.review, "review", nil, "who reviewed: a `ROLE` or organisation, never a person; may be repeated")
	c.Flags().DurationVar(&o.delay, "delay", 24*time.Hour, "from now until machines may use it")
	c.Flags().DurationVar(&o.rollout, "rollout", -1, "the time over which machines then take it, one after another (default: a quarter of the delay)")
	c.Flags().DurationVar(&o.life, "life", 30*24*time.Hour, "how long they may use it")
	c.Flags().StringVar(&o.engineMin, "engine-min", engine.Version, "the lowest `VERSION` of the engine that can use it")
	return c
}

func runPublishRules(ctx context.Context, env term.Env, o rulesOptions, paths []string) error {
	r, err := o.gather(paths)
	if err != nil {
		return err
	}
	p, ctx, done, err := o.publisher(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	said, err := p.Rules(ctx, r)
	if errors.Is(err, context.DeadlineExceeded) {
		return term.Hint(err, "nothing is published: too few witnesses answered. Publish again, and it is finished")
	}
	if err != nil {
		return tell(env, err)
	}
	return report(env, said)
}

// gather reads everything that goes into a bundle.
func (o *rulesOptions) gather(paths []string) (publish.Rules, error) {
	r := publish.Rules{
		Channel: o.channel, Source: statement.Source{Repo: o.repo, Commit: o.commit}, Review: o.review,
		Delay: o.delay, Life: o.life, EngineMin: o.engineMin,
	}
	if r.Rollout = o.rollout; r.Rollout < 0 {
		r.Rollout = (o.delay / 4).Truncate(time.Second)
	}
	if o.channel == statement.UrgentChannel {
		r.Delay, r.Rollout = 0, 0
	}
	var err error
	if r.Sources, err = sources(paths, o.starter); err != nil {
		return r, err
	}
	if len(r.Sources) == 0 {
		return r, errors.New("nothing to publish: name rules, or --starter")
	}
	if o.selftest == "" {
		return r, nil
	}
	return r, readSelfTest(o.selftest, &r)
}

func report(env term.Env, said *publish.Published) error {
	if _, err := fmt.Fprintf(env.Stdout, "%s: entry %d of %s\n", said.Target, said.Index, said.Result.Verified.Checkpoint.Origin); err != nil {
		return err
	}
	for _, c := range said.Result.Verified.Cosigned {
		if _, err := fmt.Fprintf(env.Stdout, "cosigned by %s at %s\n", c.Witness, c.Time.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}

// tell prints an error that has several lines, one by one.
func tell(env term.Env, err error) error {
	return term.Lines(env, "vitrined", err)
}

func newPublishRefresh(env term.Env) *cobra.Command {
	var o publishOptions
	c := &cobra.Command{
		Use:     "refresh [flags]",
		Short:   "Sign anew what expires soon",
		Example: `vitrined publish refresh --dir /srv/vitrine`,
		Long: `Signs the timestamp and the snapshot, and the metadata of roles that expire within a
day. Run it at least daily, by a timer; it needs no passphrase as long as nothing but
timestamp and snapshot is due.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := open(env, o.dir)
			if err != nil {
				return err
			}
			if err := (&publish.Publisher{Operator: f, Now: env.Now()}).Refresh(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.Stdout, "signed %s\n", filepath.Join(f.Site(), "tuf", "timestamp.json"))
			return err
		},
		Annotations: map[string]string{page.Exit: page.Exits("signed", ""), page.See: "vitrined-publish-rules(1)"},
	}
	dirFlag(c, &o.dir)
	return c
}
