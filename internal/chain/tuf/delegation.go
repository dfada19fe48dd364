package tuf

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// delegated are the roles that may speak of a target, in order.
func (d *delegations) delegated(target string) ([]delegatedRole, error) {
	if d == nil {
		return nil, nil
	}
	if d.Succinct != nil {
		role, err := d.Succinct.role(target)
		return []delegatedRole{role}, err
	}
	var roles []delegatedRole
	for _, r := range d.Roles {
		if r.speaksOf(target) {
			roles = append(roles, r)
		}
	}
	return roles, nil
}

// SPEC: TUF 1.0.34, 4.5: a role is delegated paths or prefixes of the digest of
// paths, never both.
func (r delegatedRole) speaksOf(target string) bool {
	for _, pattern := range r.Paths {
		if matchPath(pattern, target) {
			return true
		}
	}
	sum := sha256.Sum256([]byte(target))
	digits := hex.EncodeToString(sum[:])
	for _, prefix := range r.HashPrefixes {
		if strings.HasPrefix(digits, prefix) {
			return true
		}
	}
	return false
}

// matchPath matches shell patterns part by part: * stays within one part.
func matchPath(pattern, target string) bool {
	patterns, parts := strings.Split(pattern, "/"), strings.Split(target, "/")
	if len(patterns) != len(parts) {
		return false
	}
	for i := range parts {
		if ok, err := path.Match(strings.ReplaceAll(patterns[i], `\`, `\\`), parts[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// role is the bin that a target falls into, by the first bits of its digest.
func (s *succinctRoles) role(target string) (delegatedRole, error) {
	if s.BitLength < 1 || s.BitLength > 32 {
		return delegatedRole{}, fmt.Errorf("succinct roles of %d bits", s.BitLength)
	}
	sum := sha256.Sum256([]byte(target))
	bin := binary.BigEndian.Uint32(sum[:]) >> (32 - s.BitLength)
	digits := (s.BitLength + 3) / 4
	name := fmt.Sprintf("%s-%0*x", s.NamePrefix, digits, bin)
	return delegatedRole{Name: name, Terminating: true, roleID: s.roleID}, nil
}
