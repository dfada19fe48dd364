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
	"vitrine/proof/statement"
)

// Root publishes the next root of trust, with the roles as operator.json has
// them now. It is logged first, in the name of the root before it; it takes
// effect at once, because a stolen key must be taken back at once.
func (p *Publisher) Root(ctx context.Context) (*Published, error) {
	layout, err := p.Operator.Layout()
	if err != nil {
		return nil, err
	}
	version, before, err := p.repo().Root()
	if err != nil {
		return nil, err
	}
	version, root, err := p.nextRoot(layout, version, before)
	if err != nil {
		return nil, err
	}
	name := site.Root(version)
	f := File{Target: name, SHA256: sha256.Sum256(root), Data: root}
	said, err := p.sayRoot(ctx, f, version, before)
	if err != nil {
		return nil, err
	}
	if err := said.Result.Speaks(name, f.SHA256); err != nil {
		return nil, fmt.Errorf("finish what broke off: %w", err)
	}
	if err := p.repo().Rotate(layout, root, p.Operator.Signers); err != nil {
		return nil, err
	}
	if err := p.Disk.Remove(p.pendingRoot(version)); err != nil {
		return nil, err
	}
	return said, p.settle(name) // last: a root that is pending must find what was said of it
}

// nextRoot gives the root to publish and its version: one that broke off, even
// if it is the site's already, or a new one. What was logged may not change.
func (p *Publisher) nextRoot(l tufrepo.Layout, version int64, before tufrepo.Role) (int64, []byte, error) {
	for _, v := range []int64{version, version + 1} {
		if root, err := os.ReadFile(p.pendingRoot(v)); err == nil {
			return v, root, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return 0, nil, err
		}
	}
	now, then, err := p.Operator.RootSigners(before)
	if err != nil {
		return 0, nil, err
	}
	root, err := p.repo().NextRoot(l, func(string) ([]statement.Signer, error) { return union(now, then), nil })
	if err != nil {
		return 0, nil, err
	}
	file := p.pendingRoot(version + 1)
	if err := p.Disk.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return 0, nil, err
	}
	return version + 1, root, p.Disk.WriteFile(file, root, 0o644)
}

func (p *Publisher) pendingRoot(version int64) string {
	return filepath.Join(p.Operator.Dir, "pending", filepath.FromSlash(site.Root(version)))
}

// sayRoot logs a root, in the name of the one before it.
func (p *Publisher) sayRoot(ctx context.Context, f File, version int64, before tufrepo.Role) (*Published, error) {
	_, prev, err := p.lastTrust(site.Root(version - 1))
	if err != nil {
		return nil, err
	}
	_, then, err := p.Operator.RootSigners(before)
	if err != nil {
		return nil, err
	}
	return p.sayAs(ctx, then, f.Target, statement.Statement{
		Subject: []statement.Subject{{Name: f.Target, SHA256: f.SHA256}},
		Predicate: statement.Trust{
			File: statement.TrustRoot, Version: version, Prev: prev, EffectiveNotBefore: p.Now.UTC().Truncate(time.Second),
		},
	})
}

// union gives each signer once.
func union(lists ...[]statement.Signer) []statement.Signer {
	var all []statement.Signer
	seen := map[string]bool{}
	for _, list := range lists {
		for _, s := range list {
			if id := s.Key().ID; !seen[id] {
				seen[id] = true
				all = append(all, s)
			}
		}
	}
	return all
}
