package chaincmd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"github.com/spf13/cobra"
)

func newVerify(env term.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "verify", Short: "Check what was published, and by whom it is vouched for", Args: term.UnknownCommand,
		RunE:        func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine-update(1), vitrine-status(1)"},
	}
	c.AddCommand(newVerifyRules(env), newVerifyLog(env), newVerifyEntry(env), newVerifyFile(env), newVerifyRelease(env))
	return c
}

// verifyOptions is what every verification needs.
type verifyOptions struct {
	from  string
	trust string
	state string
	json  bool
}

func (o *verifyOptions) flags(c *cobra.Command, schema string) {
	c.Flags().StringVar(&o.from, "from", "", "the `SITE`: a URL or a folder")
	c.Flags().StringVar(&o.trust, "trust", "", "trust the root and policy in `FOLDER` rather than this machine's own")
	state.Flag(c, &o.state)
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema "+schema+")")
}

// trusted is who may speak of what, and who must have seen it.
type trusted struct {
	site   site.Fetcher
	tuf    *tuf.Client
	policy *policy.Policy
	now    time.Time
}

// open finds out who is trusted now, without changing what this machine trusts.
func (o *verifyOptions) open(ctx context.Context, env term.Env) (*trusted, func(), error) {
	from, err := o.site(env)
	if err != nil {
		return nil, nil, err
	}
	from = answering{from}
	root, text, err := o.anchors(env)
	if err != nil {
		return nil, nil, err
	}
	t := &trusted{site: from, now: env.Now()}
	if t.policy, err = policy.Parse(text); err != nil {
		return nil, nil, err
	}
	store, err := os.MkdirTemp("", "vitrine-verify-*")
	if err != nil {
		return nil, nil, err
	}
	done := func() { os.RemoveAll(store) }
	t.tuf, err = tuf.New(tuf.Config{Store: tuf.Store{Dir: store}, Fetcher: site.Metadata{Site: from}, Root: root, Now: t.now})
	if err == nil {
		err = t.tuf.Refresh(ctx)
	}
	if err != nil {
		done()
		return nil, nil, judged(env, err)
	}
	return t, done, nil
}

// answering marks errors of a site that does not answer: they prove nothing.
type answering struct{ site.Fetcher }

// errAway is matched by errors of a site that does not answer.
var errAway = errors.New("the site does not answer")

type away struct{ error }

// Is implements the interface of errors.Is.
func (away) Is(target error) bool { return target == errAway }

// Unwrap implements the interface of errors.Unwrap.
func (a away) Unwrap() error { return a.error }

// Fetch implements site.Fetcher.
func (a answering) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := a.Fetcher.Fetch(ctx, path, limit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, site.ErrTooLarge) {
		err = away{err}
	}
	return data, err
}

// judged makes metadata that are not as they must be an answer: no.
func judged(env term.Env, err error) error {
	if errors.Is(err, tuf.ErrBad) && !errors.Is(err, tuf.ErrExpired) || errors.Is(err, site.ErrTooLarge) {
		term.Lines(env, "vitrine", err)
		return term.ErrNo
	}
	return err
}

// anchors gives the root and the policy to begin with.
func (o *verifyOptions) anchors(env term.Env) (root, text []byte, err error) {
	if o.trust != "" {
		return trust(o.trust)
	}
	dir, err := state.Dir(env, o.state)
	if err != nil {
		return nil, nil, err
	}
	if root, err = dir.Store().Root(); err == nil && root != nil {
		text, err = dir.Policy()
		return root, text, err
	}
	return trust("/etc/vitrine/trust")
}

func newVerifyRules(env term.Env) *cobra.Command {
	var o verifyOptions
	var channel string
	c := &cobra.Command{
		Use:   "rules [flags]",
		Short: "Check a channel's newest bundle from its signatures down to its bytes",
		Example: `vitrine verify rules --from https://updates.example.org
vitrine verify rules --from ./site --trust ./trust --channel urgent`,
		Long: `Checks that the bundle is named by the role that may name it, that its authors
signed it, that it is in the log and enough witnesses have seen that, that its sources
give the very bytes that machines run, and that its self-test passes.`,
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runVerifyRules(c.Context(), env, o, channel) },
		Annotations: map[string]string{page.Exit: page.Exits("all of it holds", "something does not hold"), page.See: "vitrine-update(1), vitrine-rules(1)"},
	}
	o.flags(c, "vitrine.verify.rules/v1")
	c.Flags().StringVar(&channel, "channel", "core", "the `CHANNEL`")
	return c
}

func runVerifyRules(ctx context.Context, env term.Env, o verifyOptions, channel string) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	t, done, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	targets, err := t.tuf.TargetsOf(ctx, authors.Rules(channel))
	if err != nil {
		return judged(env, err)
	}
	if len(targets) == 0 {
		return fmt.Errorf("channel %s: nothing is published", channel)
	}
	v, err := t.rules(ctx, targets[len(targets)-1], channel)
	if errors.Is(err, errAway) {
		return err
	}
	if err != nil {
		fmt.Fprintf(env.Stderr, "vitrine: %v\n", err)
		return term.ErrNo
	}
	if o.json {
		return printJSON(env, v)
	}
	return v.print(env)
}

// verified is what was checked of a bundle; its JSON is
// docs/spec/cli/vitrine.verify.rules.v1.json.
type verified struct {
	Schema     string         `json:"schema"`
	Target     string         `json:"target"`
	SHA256     string         `json:"sha256"`
	Channel    string         `json:"channel"`
	Serial     int64          `json:"serial"`
	Rules      int            `json:"rules"`
	SignedBy   []string       `json:"signed_by"`
	Log        string         `json:"log"`
	Index      int64          `json:"index"`
	Leaf       string         `json:"leaf"`
	Cosigned   []cosignedJSON `json:"cosigned"`
	Reproduced bool           `json:"reproduced"`
	SelfTest   bool           `json:"self_test"`
	NotBefore  time.Time      `json:"not_before"`
	Expires    time.Time      `json:"expires"`
}

type cosignedJSON struct {
	Witness string    `json:"witness"`
	Time    time.Time `json:"time"`
}

func (t *trusted) rules(ctx context.Context, target tuf.Target, channel string) (*verified, error) {
	r, err := t.claim(ctx, target.Path)
	if err != nil {
		return nil, err
	}
	b, err := r.RuleBundle(channel)
	if err != nil {
		return nil, err
	}
	sum, err := target.SHA256()
	if err != nil {
		return nil, err
	}
	if err := r.Speaks(target.Path, sum); err != nil {
		return nil, err
	}
	opened, err := t.bundle(ctx, target, sum)
	if err != nil {
		return nil, err
	}
	if opened.BlobDigest() != [32]byte(b.Blob) {
		return nil, errors.New("the compiled rules are not those that were logged")
	}
	if err := opened.Reproduce(); err != nil {
		return nil, err
	}
	if _, err := opened.SelfTest(ctx, nil); err != nil {
		return nil, err
	}
	v := &verified{
		Schema: "vitrine.verify.rules/v1", Target: target.Path, SHA256: hex.EncodeToString(sum[:]), Channel: channel, Serial: b.Serial, Rules: opened.Manifest.Rules,
		Log: r.Verified.Checkpoint.Origin, Index: r.Index, Leaf: hex.EncodeToString(r.Leaf[:]), Reproduced: true, SelfTest: true, NotBefore: b.NotBefore, Expires: b.Expires,
	}
	for _, k := range r.SignedBy {
		v.SignedBy = append(v.SignedBy, k.ID)
	}
	for _, c := range r.Verified.Cosigned {
		v.Cosigned = append(v.Cosigned, cosignedJSON{c.Witness, c.Time})
	}
	return v, nil
}

// claim proves what was said of a target.
func (t *trusted) claim(ctx context.Context, target string) (*check.Result, error) {
	var c check.Claim
	var err error
	if c.Leaf, err = t.site.Fetch(ctx, site.Leaf(target), statement.MaxLeaf); err != nil {
		return nil, err
	}
	if c.Proof, err = t.site.Fetch(ctx, site.Proof(target), check.MaxProof); err != nil {
		return nil, err
	}
	leaf, err := statement.ParseLeaf(c.Leaf)
	if err != nil {
		return nil, err
	}
	who, err := authors.Of(t.tuf, leaf.Statement)
	if err != nil {
		return nil, err
	}
	return check.Logged(t.policy, who, c, t.now)
}

func (t *trusted) bundle(ctx context.Context, target tuf.Target, sum [32]byte) (*bundle.Bundle, error) {
	data, err := t.site.Fetch(ctx, site.File(target.Path, sum), bundle.MaxSize)
	if err != nil {
		return nil, err
	}
	if err := target.Check(data); err != nil {
		return nil, err
	}
	return bundle.Open(data)
}

func (v *verified) print(env term.Env) error {
	_, err := fmt.Fprintf(env.Stdout, "%s (%d rules, sha256 %s)\n", v.Target, v.Rules, v.SHA256)
	for _, k := range v.SignedBy {
		if err == nil {
			_, err = fmt.Fprintf(env.Stdout, "signed      by the author's key %.16s…\n", k)
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(env.Stdout, "logged      as entry %d of %s\n", v.Index, v.Log)
	}
	for _, c := range v.Cosigned {
		if err == nil {
			_, err = fmt.Fprintf(env.Stdout, "witnessed   by %s at %s\n", c.Witness, c.Time.Format(time.RFC3339))
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(env.Stdout, "reproduced  its sources give the bytes that machines run\nself-test   passed\nin force    %s to %s\n",
			v.NotBefore.Format(time.RFC3339), v.Expires.Format(time.RFC3339))
	}
	return err
}
