package tufrepo

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitrine/proof/statement"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Root gives the newest root: its version, and who it says must sign roots.
func (r Repo) Root() (version int64, by Role, err error) {
	if version, err = r.rootVersion(); err != nil {
		return 0, by, err
	}
	root, err := metadata.Root().FromFile(r.file(numbered(version, metadata.ROOT)))
	if err != nil {
		return 0, by, fmt.Errorf("the site's metadata: %w", err)
	}
	role := root.Signed.Roles[metadata.ROOT]
	by = Role{Name: metadata.ROOT, Threshold: role.Threshold}
	for _, id := range role.KeyIDs {
		raw, err := hex.DecodeString(root.Signed.Keys[id].Value.PublicKey)
		if err != nil {
			return 0, by, fmt.Errorf("the site's metadata: key %s: %w", id, err)
		}
		by.Keys = append(by.Keys, statement.NewKey(raw))
	}
	return version, by, nil
}

// NextRoot makes the root after the newest, and writes nothing. It must be
// signed by the keys of the root before it as well; sign is asked for the role
// root once, and gives the signers of both.
func (r Repo) NextRoot(l Layout, sign Signers) ([]byte, error) {
	version, err := r.rootVersion()
	if err != nil {
		return nil, err
	}
	return r.makeRoot(l, version+1, sign)
}

// Rotate makes a root that NextRoot made the site's, with everything below it
// as the layout has it. All is signed before the first reader sees any of it.
// If it broke off, the same root finishes it.
func (r Repo) Rotate(l Layout, root []byte, sign Signers) error {
	next, err := metadata.Root().FromBytes(root)
	if err != nil {
		return fmt.Errorf("the new root: %w", err)
	}
	name := r.file(numbered(next.Signed.Version, metadata.ROOT))
	if there, err := os.ReadFile(name); err == nil && !bytes.Equal(there, root) {
		return fmt.Errorf("%s is another root: %w", name, ErrExists)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s, err := r.load()
	if err != nil {
		return err
	}
	changed, err := s.redelegate(l.Delegated)
	if err != nil {
		return err
	}
	timestamp, err := r.stage(s, changed, sign)
	if err != nil {
		return err
	}
	if err := r.Disk.WriteFile(name, root, 0o644); err != nil {
		return err
	}
	return r.Disk.WriteFile(r.file("timestamp.json"), timestamp, 0o644)
}

// redelegate makes the role targets delegate as a layout says, and gives the
// roles to sign anew: targets, and those whose keys are others now.
func (s *state) redelegate(roles []Role) (changed []string, err error) {
	top := &s.targets[metadata.TARGETS].Signed
	before := top.Delegations
	if err := delegate(top, roles); err != nil {
		return nil, err
	}
	for name := range s.targets {
		if name != metadata.TARGETS && !slices.ContainsFunc(roles, func(r Role) bool { return r.Name == name }) {
			return nil, fmt.Errorf("role %s: it cannot be taken away, only given other keys or no paths", name)
		}
	}
	for i, r := range roles {
		if s.targets[r.Name] == nil {
			s.targets[r.Name] = metadata.Targets()
			s.targets[r.Name].Signed.Version = 0
			changed = append(changed, r.Name)
		} else if !sameSigners(before, top.Delegations.Roles[i]) {
			changed = append(changed, r.Name)
		}
	}
	return append(changed, metadata.TARGETS), nil
}

// sameSigners reports whether a role was delegated to the same keys before.
func sameSigners(before *metadata.Delegations, now metadata.DelegatedRole) bool {
	for _, r := range before.Roles {
		if r.Name == now.Name {
			return r.Threshold == now.Threshold && slices.Equal(r.KeyIDs, now.KeyIDs)
		}
	}
	return false
}

func (r Repo) makeRoot(l Layout, version int64, sign Signers) ([]byte, error) {
	root := metadata.Root(r.Now.Add(rootLife).UTC().Truncate(time.Second))
	root.Signed.Version, root.Signed.ConsistentSnapshot = version, true
	for _, role := range []Role{l.Root, l.Targets, l.Snapshot, l.Timestamp} {
		for _, k := range role.Keys {
			if err := root.Signed.AddKey(tufKey(k), role.Name); err != nil {
				return nil, fmt.Errorf("root: %w", err)
			}
		}
		root.Signed.Roles[role.Name].Threshold = role.Threshold
	}
	return signed(root, metadata.ROOT, sign)
}

func (r Repo) rootVersion() (newest int64, err error) {
	names, err := filepath.Glob(r.file("*.root.json"))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		number, _, _ := strings.Cut(filepath.Base(name), ".")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	if newest == 0 {
		return 0, fmt.Errorf("%s: no root", r.dir())
	}
	return newest, nil
}
