package operator

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof/statement"
)

func (p plan) names() []string { return slices.Sorted(maps.Keys(p.Roles)) }

func encode(k statement.Key) string { return base64.StdEncoding.EncodeToString(k.Public) }

func (r role) tuf(name string) (tufrepo.Role, error) {
	out := tufrepo.Role{Name: name, Threshold: r.Threshold, Paths: r.Paths}
	for _, k := range r.Keys {
		raw, err := base64.StdEncoding.DecodeString(k.Public)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return out, fmt.Errorf("role %s: %q is no public key", name, k.Public)
		}
		out.Keys = append(out.Keys, statement.NewKey(raw))
	}
	return out, nil
}

// wanted is one role of a new hierarchy.
type wanted struct {
	name      string
	threshold int
	keys      int
	paths     []string
}

// hierarchy is the roles of a new operator: the offline ones with spare keys,
// so that one may be lost; those that sign each day with one key each.
func hierarchy() []wanted {
	return []wanted{
		{"root", 3, 5, nil},
		{"targets", 2, 3, nil},
		{"snapshot", 1, 1, nil},
		{"timestamp", 1, 1, nil},
		{authors.Rules("core"), 2, 3, []string{"rules/core/*"}},
		{authors.Rules(statement.UrgentChannel), 2, 3, []string{"rules/urgent/*"}},
		{authors.Releases, 2, 3, []string{"release/*/*"}},
		{authors.Rebuilders, 2, 3, []string{"rebuild/*/*"}},
		{authors.Certificates, 1, 2, []string{"certificate/*/*"}},
	}
}
