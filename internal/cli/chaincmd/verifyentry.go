package chaincmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/chain/site"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/proof"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"github.com/spf13/cobra"
)

func newVerifyEntry(env term.Env) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "entry INDEX|NAME [flags]",
		Short: "Check one entry of the log and say what it says",
		Example: `vitrine verify entry 0 --from https://updates.example.org
vitrine verify entry rules/core/000001.bundle --from ./site --trust ./trust --json`,
		Long: `The entry is named by its place in the log, or by the published file that it speaks
of. Checks that it is in the log, that enough witnesses have seen that, and that those
have signed it who may say such a thing today.`,
		Args:        oneArgument("INDEX or NAME"),
		RunE:        func(c *cobra.Command, args []string) error { return runVerifyEntry(c.Context(), env, o, args[0]) },
		Annotations: map[string]string{page.Exit: page.Exits("the entry is good", "something does not hold"), page.See: "vitrine-verify-file(1), vitrine-verify-log(1)"},
	}
	o.flags(c, "vitrine.verify.entry/v1")
	return c
}

// oneArgument wants one argument, in our own words.
func oneArgument(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return term.Usage(c, "%s takes one argument, %s, and got %d", c.CommandPath(), what, len(args))
		}
		return nil
	}
}

// entryReport is the answer; its JSON is docs/spec/cli/vitrine.verify.entry.v1.json.
type entryReport struct {
	Schema string `json:"schema"`
	*entryJSON
}

func runVerifyEntry(ctx context.Context, env term.Env, o verifyOptions, which string) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	t, done, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	entry, err := t.entry(ctx, which)
	if errors.Is(err, errNot) {
		term.Lines(env, "vitrine", err)
		return term.ErrNo
	}
	if err != nil {
		return err
	}
	if o.json {
		err = printJSON(env, entryReport{"vitrine.verify.entry/v1", entry})
	} else {
		var b strings.Builder
		entry.text(&b)
		entry.details(&b)
		_, err = env.Stdout.Write([]byte(b.String()))
	}
	if err == nil && entry.Problem != "" {
		term.Lines(env, "vitrine", errors.New(entry.Problem))
		return term.ErrNo
	}
	return err
}

// entry finds an entry by its place or by what it speaks of.
func (t *trusted) entry(ctx context.Context, which string) (*entryJSON, error) {
	if index, err := strconv.ParseInt(which, 10, 64); err == nil {
		return t.entryAt(ctx, index)
	}
	if !site.Valid(which) {
		return nil, fmt.Errorf("%q is neither a place in the log nor the name of a published file", which)
	}
	entry, err := t.entryOf(ctx, which)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the site has no entry for %s", errNot, which)
	}
	return entry, err
}

// entryOf judges what lies beside a published file.
func (t *trusted) entryOf(ctx context.Context, name string) (*entryJSON, error) {
	c, r, err := t.published(ctx, monitor.Beside(name))
	if err != nil {
		return nil, err
	}
	e, err := statement.ParseLeaf(c.Leaf)
	if err == nil && !speaksOf(e.Statement, name) {
		return nil, fmt.Errorf("%w: the entry beside %s does not speak of it", errNot, name)
	}
	return describeResult(t.tuf, c, r), nil
}

// published gets the leaf and the proof beside a published file, and judges
// whether they are in the log.
func (t *trusted) published(ctx context.Context, name string) (c check.Claim, r *check.Result, err error) {
	if c.Leaf, err = t.site.Fetch(ctx, site.Leaf(name), statement.MaxLeaf); err != nil {
		return c, nil, err
	}
	if c.Proof, err = t.site.Fetch(ctx, site.Proof(name), check.MaxProof); err != nil {
		return c, nil, err
	}
	if r, err = check.InLog(t.policy, c, t.now); err != nil {
		err = fmt.Errorf("%w: %w", errNot, err)
	}
	return c, r, err
}

// speaksOf reports whether a statement is of a file of that name. What is said
// of a release as a whole, or by a rebuilder, goes by a name that is no subject.
func speaksOf(s statement.Statement, name string) bool {
	all := s.Subject
	switch p := s.Predicate.(type) {
	case statement.Rebuild:
		return name == site.Rebuild(p.Version, p.Rebuilder)
	case statement.Release:
		all = slices.Concat(all, p.SBOM, []statement.Subject{{Name: site.Release(p.Version)}})
	}
	return slices.ContainsFunc(all, func(s statement.Subject) bool { return s.Name == name })
}

// entryAt reads an entry out of the log itself.
func (t *trusted) entryAt(ctx context.Context, index int64) (*entryJSON, error) {
	v, err := newest(ctx, t.site, t.policy, t.now)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= v.Checkpoint.Size {
		return nil, fmt.Errorf("%w: entry %d, and the log has %d", errNot, index, v.Checkpoint.Size)
	}
	reader := tile.NewReader(ctx, tiles(t.site), v.Checkpoint)
	leaf, err := reader.Entry(index)
	if err != nil {
		return nil, logError(ctx, err)
	}
	hash := proof.LeafHash(leaf)
	hashes, err := reader.Inclusion(index)
	if err == nil {
		err = proof.CheckInclusion(hash, index, hashes, v.Checkpoint)
	}
	if err != nil {
		return nil, logError(ctx, err)
	}
	return describe(t.tuf, index, leaf, hash, v), nil
}

// logError tells a tree that does not fit from a context that has ended.
func logError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", errNot, err)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
