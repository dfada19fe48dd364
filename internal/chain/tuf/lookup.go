package tuf

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
)

// ErrNoTarget is wrapped by the error for a target that no role speaks of.
var ErrNoTarget = errors.New("no such target")

// Target is what metadata say of a file.
type Target struct {
	Path   string
	Role   string            // who says so
	Length int64             // in bytes
	Hashes map[string]string // hex, by kind
	Custom json.RawMessage   // what the role adds, or nil
}

// SHA256 is the target's digest.
func (t Target) SHA256() ([32]byte, error) {
	var sum [32]byte
	raw, err := hex.DecodeString(t.Hashes["sha256"])
	if err != nil || len(raw) != len(sum) {
		return sum, fmt.Errorf("target %s: no SHA-256 named for it", t.Path)
	}
	return [32]byte(raw), nil
}

// Check compares a file with what was said of it.
func (t Target) Check(data []byte) error {
	if err := (fileMeta{Length: &t.Length, Hashes: t.Hashes}).check(data); err != nil {
		return fmt.Errorf("target %s: %w", t.Path, err)
	}
	return nil
}

// Role is who may speak of some targets.
type Role struct {
	Name      string
	Paths     []string // patterns of targets
	Keys      []Key
	Threshold int // how many of the keys must sign
}

// Role gives a role that the top-level targets delegate to.
func (c *Client) Role(name string) (Role, error) {
	d := c.targets["targets"].Delegations
	if d == nil {
		return Role{}, fmt.Errorf("role %s: nothing is delegated", name)
	}
	for _, r := range d.Roles {
		if r.Name == name {
			return makeRole(name, r.Paths, r.roleID, d.Keys)
		}
	}
	return Role{}, fmt.Errorf("role %s: nothing is delegated to it", name)
}

// TopRole gives the role targets itself.
func (c *Client) TopRole() (Role, error) {
	return makeRole("targets", nil, c.root.Roles["targets"], c.root.Keys)
}

// RootRole gives the role root itself.
func (c *Client) RootRole() (Role, error) {
	return makeRole("root", nil, c.root.Roles["root"], c.root.Keys)
}

func makeRole(name string, paths []string, id roleID, keys map[string]rawKey) (Role, error) {
	role := Role{Name: name, Paths: paths, Threshold: id.Threshold}
	for _, keyID := range id.KeyIDs {
		raw, ok := keys[keyID]
		if !ok {
			continue
		}
		key, err := raw.parse(keyID)
		if err != nil {
			return role, fmt.Errorf("role %s: %w", name, err)
		}
		role.Keys = append(role.Keys, key)
	}
	return role, nil
}

// TargetsOf gives the targets that a role speaks of, sorted, and that it may
// speak of. The role is targets or one that these delegate to.
func (c *Client) TargetsOf(ctx context.Context, role string) ([]Target, error) {
	t, patterns := c.targets["targets"], []string(nil)
	if role != "targets" {
		d := t.Delegations
		r, err := c.Role(role)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(d.Roles, func(r delegatedRole) bool { return r.Name == role })
		if t, err = c.load(ctx, role, d.Roles[i].roleID, d.Keys); err != nil {
			return nil, err
		}
		patterns = r.Paths
	}
	var list []Target
	for _, path := range slices.Sorted(maps.Keys(t.Targets)) {
		if role == "targets" || (delegatedRole{Paths: patterns}).speaksOf(path) {
			list = append(list, makeTarget(path, role, t.Targets[path]))
		}
	}
	return list, nil
}

func makeTarget(path, role string, meta fileMeta) Target {
	t := Target{Path: path, Role: role, Hashes: meta.Hashes, Custom: meta.Custom}
	if meta.Length != nil {
		t.Length = *meta.Length
	}
	return t
}

// visit is a role to look at, and who delegated to it.
type visit struct {
	role string
	by   roleID
	keys map[string]rawKey
}

// Target finds what is said of a path, by the first role that speaks of it.
// SPEC: TUF 1.0.34, 5.6.7: in the order of delegations, depth first, each role
// once, and no further behind a terminating one.
func (c *Client) Target(ctx context.Context, path string) (Target, error) {
	todo := []visit{{"targets", c.root.Roles["targets"], c.root.Keys}}
	seen := map[string]bool{}
	for len(todo) > 0 && len(seen) < maxDelegations {
		v := todo[0]
		todo = todo[1:]
		if seen[v.role] {
			continue
		}
		seen[v.role] = true
		t, err := c.load(ctx, v.role, v.by, v.keys)
		if err != nil {
			return Target{}, err
		}
		if meta, ok := t.Targets[path]; ok {
			return makeTarget(path, v.role, meta), nil
		}
		next, last, err := follow(t.Delegations, path)
		if err != nil {
			return Target{}, fmt.Errorf("role %s: %w", v.role, err)
		}
		if last {
			todo = nil
		}
		todo = append(next, todo...)
	}
	return Target{}, fmt.Errorf("target %s: %w", path, ErrNoTarget)
}

// follow gives the roles to look at next, and whether nothing else is to be.
func follow(d *delegations, path string) (next []visit, last bool, err error) {
	roles, err := d.delegated(path)
	if err != nil {
		return nil, false, err
	}
	for _, r := range roles {
		next = append(next, visit{r.Name, r.roleID, d.Keys})
		if r.Terminating {
			return next, true, nil
		}
	}
	return next, false, nil
}

// Published is the path of a target's file below the place where a repository
// has its targets. With consistent snapshots the digest is part of the name.
// SPEC: TUF 1.0.34, 6.2.1.
func (c *Client) Published(t Target) (string, error) {
	if c.root.Consistent != nil && !*c.root.Consistent {
		return t.Path, nil
	}
	for _, kind := range []string{"sha256", "sha512"} {
		if sum := t.Hashes[kind]; sum != "" {
			dir, base := path.Split(t.Path)
			return dir + sum + "." + base, nil
		}
	}
	return "", fmt.Errorf("target %s: no digest of a known kind named for it", t.Path)
}
