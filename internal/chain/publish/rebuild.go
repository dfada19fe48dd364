package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vitrine/internal/chain/build"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/site"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// Rebuilt is what a rebuilder found, as vitrine rebuild wrote it down.
type Rebuilt struct {
	Schema      string     `json:"schema"` // vitrine.rebuild/v1
	Version     string     `json:"version"`
	Release     build.Hash `json:"release"` // hash of the release's entry
	Result      string     `json:"result"`  // match or mismatch
	Environment build.Hash `json:"environment_sha256"`
	Binaries    []struct {
		Name   string     `json:"name"`
		SHA256 build.Hash `json:"sha256"`
	} `json:"binaries"`
}

// Rebuild signs a rebuilder's word in the rebuilder's own name and has it
// logged. It needs no operator's folder: rebuilders are others. What it gives
// was verified against the policy.
func Rebuild(ctx context.Context, l Log, p *policy.Policy, key statement.Signer, found []byte, now time.Time) (*Published, error) {
	var r Rebuilt
	if err := json.Unmarshal(found, &r); err != nil {
		return nil, fmt.Errorf("what was found: %w", err)
	}
	if r.Schema != "vitrine.rebuild/v1" {
		return nil, fmt.Errorf("what was found: schema %q, expected vitrine.rebuild/v1", r.Schema)
	}
	s := statement.Statement{Predicate: statement.Rebuild{
		Release: tlog.Hash(r.Release), Version: r.Version, Rebuilder: key.Key().ID, Result: r.Result, Environment: statement.Digest(r.Environment),
	}}
	for _, b := range r.Binaries {
		s.Subject = append(s.Subject, statement.Subject{Name: site.ReleaseFile(r.Version, b.Name), SHA256: statement.Digest(b.SHA256)})
	}
	leaf, err := statement.Sign(s, key)
	if err != nil {
		return nil, err
	}
	out := &Published{Target: site.Rebuild(r.Version, key.Key().ID), Claim: check.Claim{Leaf: leaf}}
	if out.Claim.Proof, err = l.Add(ctx, leaf); err != nil {
		return nil, fmt.Errorf("log %s: %w", out.Target, err)
	}
	if out.Result, err = inLog(p, out.Claim, now); err != nil {
		return nil, fmt.Errorf("the log answered, and %w", err)
	}
	out.Leaf, out.Index = out.Result.Leaf, out.Result.Index
	return out, nil
}
