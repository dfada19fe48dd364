package publish

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/site"
	"vitrine/proof/policy"
)

// Proofs renews the proofs of all that the site holds, under the newest
// checkpoint. It is needed once a new witness policy was announced and the log
// satisfies both: what was proved under the old one alone, machines with the
// new one would not believe. It gives how many it renewed.
func (p *Publisher) Proofs(ctx context.Context) (renewed int, err error) {
	policies, err := p.policies()
	if err != nil {
		return 0, err
	}
	files := filepath.Join(p.Operator.Site(), "files")
	err = filepath.WalkDir(files, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".leaf") {
			return err
		}
		name, err := filepath.Rel(files, strings.TrimSuffix(file, ".leaf"))
		if err != nil {
			return err
		}
		renewed++
		return p.renew(ctx, filepath.ToSlash(name), file, policies)
	})
	return renewed, err
}

// policies are those that a proof must satisfy now.
func (p *Publisher) policies() ([]*policy.Policy, error) {
	now, err := p.Operator.Policy()
	if err != nil {
		return nil, err
	}
	next, err := p.Operator.Next()
	if err != nil {
		return nil, err
	}
	if next == nil {
		return []*policy.Policy{now}, nil
	}
	return []*policy.Policy{now, next}, nil
}

func (p *Publisher) renew(ctx context.Context, name, file string, policies []*policy.Policy) error {
	leaf, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := p.Log.Add(ctx, leaf)
	if err != nil {
		return fmt.Errorf("log %s: %w", name, err)
	}
	for _, one := range policies {
		if _, err := check.InLog(one, check.Claim{Leaf: leaf, Proof: text}, p.Now); err != nil {
			return fmt.Errorf("%s: the log's proof does not satisfy every policy (was the log started again?): %w", name, err)
		}
	}
	return p.write(site.Proof(name), text)
}
