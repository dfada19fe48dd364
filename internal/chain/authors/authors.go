// Package authors says whose signature an entry of the log needs, by what the
// entry is. The keys are those of TUF roles, so there is one place where trust
// in a person is given and taken back.
package authors

import (
	"fmt"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/tuf"
	"vitrine/proof/statement"
)

// Roles that the top-level targets delegate to.
const (
	Releases     = "releases"     // speaks of release/*/*
	Rebuilders   = "rebuilders"   // each key by itself; the threshold is how many must agree
	Certificates = "certificates" // what was moved, erased, shared, or kept as evidence
)

// Rules is the role of a channel of rules.
func Rules(channel string) string { return "rules-" + channel }

// Trust is what a TUF client knows of roles; *tuf.Client is one.
type Trust interface {
	Role(name string) (tuf.Role, error)
	TopRole() (tuf.Role, error)
	RootRole() (tuf.Role, error)
}

// Of gives who must sign a statement.
func Of(t Trust, s statement.Statement) (check.Authors, error) {
	switch p := s.Predicate.(type) {
	case statement.RuleBundle:
		return delegated(t, Rules(p.Channel), 0)
	case statement.RuleRevoke:
		return delegated(t, Rules(p.Channel), 1) // one is enough to warn
	case statement.Release:
		return delegated(t, Releases, 0)
	case statement.Rebuild:
		return rebuilder(t, p)
	case statement.Trust:
		return trust(t, p)
	case statement.Relocation, statement.Deletion, statement.Sharing, statement.Custody:
		return delegated(t, Certificates, 0)
	}
	return check.Authors{}, fmt.Errorf("nobody may say %T", s.Predicate)
}

// delegated gives a role's keys, with a threshold of its own if that is not 0.
func delegated(t Trust, name string, threshold int) (check.Authors, error) {
	role, err := t.Role(name)
	if err != nil {
		return check.Authors{}, err
	}
	if threshold != 0 {
		role.Threshold = threshold
	}
	return check.AuthorsOf(role)
}

// rebuilder gives the one key that the statement says it is signed by.
func rebuilder(t Trust, p statement.Rebuild) (check.Authors, error) {
	all, err := delegated(t, Rebuilders, 1)
	if err != nil {
		return all, err
	}
	for _, k := range all.Keys {
		if k.ID == p.Rebuilder {
			return check.Authors{Keys: []statement.Key{k}, Threshold: 1}, nil
		}
	}
	return check.Authors{}, fmt.Errorf("%s is no key of a rebuilder", p.Rebuilder)
}

func trust(t Trust, p statement.Trust) (check.Authors, error) {
	ask := t.TopRole
	if p.File == statement.TrustRoot {
		ask = t.RootRole
	}
	role, err := ask()
	if err != nil {
		return check.Authors{}, err
	}
	return check.AuthorsOf(role)
}
