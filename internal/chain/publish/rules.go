package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/rulecheck"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// Rules is a bundle of rules to publish.
type Rules struct {
	Channel   string
	Sources   []bundle.File
	Detect    []bundle.File
	Expect    map[string][]string
	Clean     []bundle.File
	AlsoClean []bundle.File // files of this machine that must be clean; not published

	Source    statement.Source
	Review    []string
	Delay     time.Duration // from now until machines may use it
	Rollout   time.Duration // over which machines then take it, one after another
	Life      time.Duration // how long they may
	EngineMin string
}

// ErrLint is wrapped by the error for rules that must not be published.
var ErrLint = errors.New("rules that must not be published")

// Rules compiles, tests, signs, logs and publishes the next bundle of a channel.
func (p *Publisher) Rules(ctx context.Context, r Rules) (*Published, error) {
	before, err := p.repo().Targets(authors.Rules(r.Channel))
	if err != nil {
		return nil, err
	}
	serial, prev, err := next(before)
	if err != nil {
		return nil, err
	}
	target := site.RuleBundle(r.Channel, serial)
	data, err := p.bundleFile(ctx, r, target, serial)
	if err != nil {
		return nil, err
	}
	b, err := bundle.Open(data)
	if err != nil {
		return nil, err
	}
	f := File{Target: target, SHA256: sha256.Sum256(data), Data: data}
	if err := p.put(f); err != nil {
		return nil, err
	}
	role := authors.Rules(r.Channel)
	said, err := p.say(ctx, role, target, p.statement(r, f, b, serial, prev))
	if err != nil {
		return nil, err
	}
	if err := said.Result.Speaks(target, f.SHA256); err != nil {
		return nil, fmt.Errorf("finish what broke off: %w", err)
	}
	named, err := stillNamed(before, p.Now)
	if err != nil {
		return nil, err
	}
	if r.Delay+r.Rollout <= 0 {
		named = nil // the new one is in force
	}
	if err := p.repo().Publish(role, append(named, p.target(f, said)), p.Operator.Signers); err != nil {
		return nil, err
	}
	return said, errors.Join(p.settle(target), p.Disk.Remove(p.pendingBundle(target)))
}

// next gives the serial of a channel's next bundle, and the leaf before it.
func next(before []tufrepo.Target) (serial int64, prev tlog.Hash, err error) {
	if len(before) == 0 {
		return 1, prev, nil
	}
	t := before[len(before)-1]
	if _, err := fmt.Sscanf(filepath.Base(t.Path), "%d.bundle", &serial); err != nil {
		return 0, prev, fmt.Errorf("the channel's newest target %s has no serial: %w", t.Path, err)
	}
	_, prev, err = ParseCustom(t.Raw)
	return serial + 1, prev, err
}

// stillNamed gives, of the bundles named so far, the newest in force and those
// after it. A machine must find one it may use now, however often others with a
// delay are published.
func stillNamed(before []tufrepo.Target, now time.Time) ([]tufrepo.Target, error) {
	for i := len(before) - 1; i >= 0; i-- {
		c, _, err := ParseCustom(before[i].Raw)
		if err != nil {
			return nil, err
		}
		if !now.Before(c.NotBefore) {
			return before[i:], nil
		}
	}
	return before, nil
}

// bundleFile gives the bundle: that of a publication that broke off, or a new
// one. Sources may have changed since; what was signed may not.
func (p *Publisher) bundleFile(ctx context.Context, r Rules, target string, serial int64) ([]byte, error) {
	file := p.pendingBundle(target)
	if data, err := os.ReadFile(file); err == nil {
		return data, nil
	}
	b, err := bundle.Make(bundle.Config{Channel: r.Channel, Serial: serial, Sources: r.Sources, Detect: r.Detect, Expect: r.Expect, Clean: r.Clean})
	if err != nil {
		return nil, err
	}
	if err := refuse(b.Lint()); err != nil {
		return nil, err
	}
	if _, err := b.SelfTest(ctx, r.AlsoClean); err != nil {
		return nil, err
	}
	data, err := b.Marshal()
	if err != nil {
		return nil, err
	}
	if err := p.Disk.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return data, p.Disk.WriteFile(file, data, 0o644)
}

func (p *Publisher) pendingBundle(target string) string {
	return filepath.Join(p.Operator.Dir, "pending", filepath.FromSlash(target))
}

// refuse makes an error of the findings that are high.
func refuse(findings []rulecheck.Finding) error {
	var errs []error
	for _, f := range findings {
		if f.Severity == rulecheck.High {
			errs = append(errs, fmt.Errorf("%s:%d: rule %s: %s", f.File, f.Line, f.Rule, f.Reason))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrLint, errors.Join(errs...))
}

func (p *Publisher) statement(r Rules, f File, b *bundle.Bundle, serial int64, prev tlog.Hash) statement.Statement {
	from := p.Now.Add(r.Delay).UTC().Truncate(time.Second)
	return statement.Statement{
		Subject: []statement.Subject{{Name: f.Target, SHA256: f.SHA256}},
		Predicate: statement.RuleBundle{
			Urgent: r.Channel == statement.UrgentChannel, Channel: r.Channel, Serial: serial, Prev: prev, Size: int64(len(f.Data)),
			Blob: b.BlobDigest(), Source: r.Source, Review: r.Review, NotBefore: from, Expires: from.Add(r.Life), EngineMin: r.EngineMin, Rollout: r.Rollout,
		},
	}
}
