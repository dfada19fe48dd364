// Package check judges what a publisher says of a file, offline: that it was
// said by enough of those who may say it, and that it was said to everybody.
// Who installs, who verifies by hand and who monitors all judge by it.
//
// It fetches nothing, keeps nothing, and answers with what it found out or with
// the first thing that is wrong.
package check

import (
	"errors"
	"fmt"
	"time"

	"vitrine/internal/chain/tuf"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// Authors is who may speak of a file, and how many of them must.
type Authors struct {
	Keys      []statement.Key
	Threshold int
}

// AuthorsOf takes the keys of a TUF role for authors' keys. Entries of the log
// are signed with Ed25519, and name a key as TUF does.
func AuthorsOf(role tuf.Role) (Authors, error) {
	a := Authors{Threshold: role.Threshold}
	for _, k := range role.Keys {
		public, ok := k.Ed25519()
		if !ok {
			return a, fmt.Errorf("role %s: the key %s is not an Ed25519 key", role.Name, k.ID)
		}
		key := statement.NewKey(public)
		if key.ID != k.ID {
			return a, fmt.Errorf("role %s: the key named %s is in truth %s", role.Name, k.ID, key.ID)
		}
		a.Keys = append(a.Keys, key)
	}
	return a, nil
}

// Claim is a leaf and the proof that it is in the log.
type Claim struct {
	Leaf  []byte
	Proof []byte // c2sp.org/tlog-proof
}

// Result is what was found out of a claim.
type Result struct {
	Statement statement.Statement
	SignedBy  []statement.Key // authors
	Leaf      tlog.Hash       // the leaf's hash
	Index     int64           // its place in the log
	Verified  *policy.Verified
}

// MaxProof is the largest proof in bytes.
const MaxProof = proof.MaxInclusionProof

// Logged judges a claim: the log's signature, the witnesses' cosignatures, the
// leaf's place, its one spelling, and its authors' signatures.
func Logged(p *policy.Policy, a Authors, c Claim, now time.Time) (*Result, error) {
	r, err := InLog(p, c, now)
	if err != nil {
		return nil, err
	}
	envelope, err := statement.ParseLeaf(c.Leaf)
	if err != nil {
		return nil, fmt.Errorf("the entry of the log: %w", err)
	}
	if r.SignedBy, err = envelope.Verify(a.Keys, a.Threshold); err != nil {
		return nil, fmt.Errorf("the entry of the log: %w", err)
	}
	r.Statement = envelope.Statement
	return r, nil
}

// InLog judges only that the leaf is in the log and was shown to the witnesses.
func InLog(p *policy.Policy, c Claim, now time.Time) (*Result, error) {
	if len(c.Leaf) > statement.MaxLeaf {
		return nil, fmt.Errorf("an entry of %d bytes, and %d is the most", len(c.Leaf), statement.MaxLeaf)
	}
	inclusion, err := proof.ParseInclusionProof(c.Proof)
	if err != nil {
		return nil, fmt.Errorf("the proof: %w", err)
	}
	verified, err := p.Verify(inclusion.Checkpoint, now)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint: %w", err)
	}
	r := &Result{Leaf: proof.LeafHash(c.Leaf), Index: inclusion.Index, Verified: verified}
	if err := proof.CheckInclusion(r.Leaf, r.Index, inclusion.Hashes, verified.Checkpoint); err != nil {
		return nil, fmt.Errorf("the proof: %w", err)
	}
	return r, nil
}

// Speaks reports whether the statement is of one file of that name and digest.
func (r *Result) Speaks(name string, digest [32]byte) error {
	for _, s := range r.Statement.Subject {
		if s.Name != name {
			continue
		}
		if s.SHA256 != digest {
			return fmt.Errorf("the log has %s with the SHA-256 %s, and this is %x", name, s.SHA256, digest)
		}
		return nil
	}
	return fmt.Errorf("the entry of the log does not speak of %s", name)
}

// RuleBundle gives what the statement says of a bundle of a channel.
func (r *Result) RuleBundle(channel string) (statement.RuleBundle, error) {
	b, ok := r.Statement.Predicate.(statement.RuleBundle)
	if !ok {
		return b, fmt.Errorf("the entry of the log is of type %s, which is no bundle of rules", r.Statement.Predicate.Type())
	}
	if b.Channel != channel {
		return b, fmt.Errorf("the entry of the log is of the channel %s, not %s", b.Channel, channel)
	}
	return b, nil
}

// ErrNotYet and ErrTooOld are wrapped by errors of InForce.
var (
	ErrNotYet = errors.New("not yet in force")
	ErrTooOld = errors.New("expired")
)

// InForce says whether a bundle may be used at a time.
func InForce(b statement.RuleBundle, now time.Time) error {
	if now.Before(b.NotBefore) {
		return fmt.Errorf("%w before %s", ErrNotYet, b.NotBefore.Format(time.RFC3339))
	}
	if !now.Before(b.Expires) {
		return fmt.Errorf("%w on %s", ErrTooOld, b.Expires.Format(time.RFC3339))
	}
	return nil
}
