package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// roleTargets is the role that speaks of what no other role does.
const roleTargets = "targets"

// Policy announces a new witness policy: it is logged under the one in force,
// and machines take it when the delay is over. Until it is adopted, the log
// must satisfy both, and the proofs there are must be renewed under both.
func (p *Publisher) Policy(ctx context.Context, text []byte, delay time.Duration) (*Published, error) {
	if err := p.mayAnnounce(text); err != nil {
		return nil, err
	}
	version, prev, err := p.lastTrust(site.Policy)
	if err != nil {
		return nil, err
	}
	f := File{Target: site.Policy, SHA256: sha256.Sum256(text), Data: text}
	if err := p.put(f); err != nil {
		return nil, err
	}
	said, err := p.say(ctx, roleTargets, site.Policy, statement.Statement{
		Subject: []statement.Subject{{Name: site.Policy, SHA256: f.SHA256}},
		Predicate: statement.Trust{
			File: statement.TrustPolicy, Version: version + 1, Prev: prev, EffectiveNotBefore: p.Now.Add(delay).UTC().Truncate(time.Second),
		},
	})
	if err != nil {
		return nil, err
	}
	if err := said.Result.Speaks(site.Policy, f.SHA256); err != nil {
		return nil, fmt.Errorf("finish what broke off: %w", err)
	}
	if err := p.Operator.SetNext(text); err != nil {
		return nil, err
	}
	targets, err := p.otherTargets(site.Policy)
	if err != nil {
		return nil, err
	}
	if err := p.repo().Publish(roleTargets, append(targets, p.target(f, said)), p.Operator.Signers); err != nil {
		return nil, err
	}
	return said, p.settle(site.Policy)
}

// mayAnnounce refuses a policy that machines would not take, and one on top of
// another that is not adopted: a machine could not tell which the log satisfies.
func (p *Publisher) mayAnnounce(text []byte) error {
	next, err := policy.Parse(text)
	if err != nil {
		return fmt.Errorf("the new witness policy: %w", err)
	}
	now, err := p.Operator.Policy()
	if err != nil {
		return err
	}
	if next.Origin() != now.Origin() {
		return fmt.Errorf("the new witness policy is of the log %s, and this is %s", next.Origin(), now.Origin())
	}
	for _, w := range next.Witnesses {
		if w.URL == "" {
			return fmt.Errorf("the new witness policy does not say at which URL the witness %s is", w.Name)
		}
	}
	waiting, err := p.Operator.Next()
	if err != nil {
		return err
	}
	if waiting == nil {
		return nil
	}
	if _, err := os.Stat(p.pendingFile(site.Policy)); err == nil {
		return nil // this one broke off, and is finished now
	}
	return errors.New("another witness policy was announced: adopt it first")
}

// Adopt makes the announced policy the one in force here, when machines have it.
func (p *Publisher) Adopt() error {
	leaf, err := p.said(site.Policy)
	if err != nil {
		return err
	}
	if leaf == nil {
		return errors.New("no witness policy was announced")
	}
	envelope, err := statement.ParseLeaf(leaf)
	if err != nil {
		return err
	}
	t, ok := envelope.Statement.Predicate.(statement.Trust)
	if !ok {
		return fmt.Errorf("what was said of %s is of type %s", site.Policy, envelope.Statement.Predicate.Type())
	}
	if p.Now.Before(t.EffectiveNotBefore) {
		return fmt.Errorf("machines take the new witness policy on %s, and not before", t.EffectiveNotBefore.Format(time.RFC3339))
	}
	return p.Operator.Adopt()
}

// lastTrust gives the version of a trusted file that was logged last, and its
// leaf; 0 when there is none.
func (p *Publisher) lastTrust(name string) (version int64, hash tlog.Hash, err error) {
	leaf, err := p.said(name)
	if err != nil || leaf == nil {
		return 0, hash, err
	}
	envelope, err := statement.ParseLeaf(leaf)
	if err != nil {
		return 0, hash, fmt.Errorf("what was said of %s: %w", name, err)
	}
	t, ok := envelope.Statement.Predicate.(statement.Trust)
	if !ok {
		return 0, hash, fmt.Errorf("what was said of %s is of type %s", name, envelope.Statement.Predicate.Type())
	}
	return t.Version, proof.LeafHash(leaf), nil
}

// said gives the leaf beside a file of the site, or nil.
func (p *Publisher) said(name string) ([]byte, error) {
	leaf, err := os.ReadFile(filepath.Join(p.Operator.Site(), filepath.FromSlash(site.Leaf(name))))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return leaf, err
}

// otherTargets gives what the role targets speaks of beside one file.
func (p *Publisher) otherTargets(name string) ([]tufrepo.Target, error) {
	all, err := p.repo().Targets(roleTargets)
	if err != nil {
		return nil, err
	}
	var list []tufrepo.Target
	for _, t := range all {
		if t.Path != name {
			list = append(list, t)
		}
	}
	return list, nil
}
