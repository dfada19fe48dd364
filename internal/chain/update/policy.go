package update

import (
	"context"
	"errors"
	"fmt"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
)

// newPolicy takes a new witness policy, if the role targets names one, the
// change was logged under the old policy, and everybody had the time to notice.
func (u *updater) newPolicy(ctx context.Context) error {
	target, err := u.tuf.Target(ctx, site.Policy)
	if errors.Is(err, tuf.ErrNoTarget) {
		return nil
	}
	if err != nil {
		return judged(err)
	}
	sum, err := target.SHA256()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if sum == u.policySum {
		return nil
	}
	text, err := u.Site.Fetch(ctx, site.File(site.Policy, sum), policy.MaxPolicy)
	if err != nil {
		return judged(err)
	}
	if err := target.Check(text); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	next, err := policy.Parse(text)
	if err != nil {
		return fmt.Errorf("%w: the new witness policy: %w", ErrRefused, err)
	}
	change, err := u.change(ctx, sum)
	if err != nil {
		return fmt.Errorf("the new witness policy: %w", err)
	}
	return u.adopt(text, next, change)
}

// change proves that a policy was logged, and by whom.
func (u *updater) change(ctx context.Context, sum [32]byte) (statement.Trust, error) {
	var none statement.Trust
	role, err := u.tuf.TopRole()
	if err != nil {
		return none, err
	}
	who, err := check.AuthorsOf(role)
	if err != nil {
		return none, err
	}
	var c check.Claim
	if err := u.fetchClaim(ctx, site.Policy, &c); err != nil {
		return none, err
	}
	r, err := check.Logged(u.policy, who, c, u.now)
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := r.Speaks(site.Policy, sum); err != nil {
		return none, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	t, ok := r.Statement.Predicate.(statement.Trust)
	if !ok || t.File != statement.TrustPolicy {
		return none, fmt.Errorf("%w: the entry of the log is of another kind", ErrRefused)
	}
	return t, u.follow(ctx, r.Verified)
}

func (u *updater) adopt(text []byte, next *policy.Policy, change statement.Trust) error {
	switch {
	case change.Version == u.state.PolicyVersion:
		return nil // the same, in another spelling
	case change.Version < u.state.PolicyVersion:
		return fmt.Errorf("%w: version %d of the witness policy, and this machine has %d", ErrRefused, change.Version, u.state.PolicyVersion)
	case next.Origin() != u.policy.Origin():
		return fmt.Errorf("%w: the new witness policy is of the log %s", ErrRefused, next.Origin())
	case u.now.Before(change.EffectiveNotBefore):
		return nil
	}
	if err := u.Dir.SetPolicy(text); err != nil {
		return err
	}
	u.policy, u.state.PolicyVersion = next, change.Version
	return u.Dir.SetState(u.state)
}
