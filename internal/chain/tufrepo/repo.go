// Package tufrepo writes the TUF metadata of a site: who may speak of what, and
// what is newest. It is the operator's tool, on go-tuf; machines read what it
// writes with a client of their own.
//
// It never holds a private key: signatures come from the signers it is handed.
// Metadata are written so that at every moment a reader finds a whole state:
// the timestamp, which points at the rest, comes last.
package tufrepo

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vitrine/internal/chain/site"
	"vitrine/internal/durable"
	"vitrine/proof/statement"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// How long metadata of a role are good for.
const (
	rootLife      = 365 * 24 * time.Hour
	targetsLife   = 90 * 24 * time.Hour
	releasesLife  = 30 * 24 * time.Hour
	rulesLife     = 7 * 24 * time.Hour
	snapshotLife  = 7 * 24 * time.Hour
	timestampLife = 24 * time.Hour
)

// Repo is the metadata of a site.
type Repo struct {
	Site string // the site's folder
	Disk durable.Disk
	Now  time.Time
}

// Role is keys, and how many of them must sign.
type Role struct {
	Name      string
	Keys      []statement.Key
	Threshold int
	Paths     []string // of a delegated role: patterns of the targets it speaks of
}

// Layout is all roles. Delegated ones speak for their paths alone.
type Layout struct {
	Root, Targets, Snapshot, Timestamp Role
	Delegated                          []Role
}

// Signers gives who signs for a role; as many as can, at least its threshold.
type Signers func(role string) ([]statement.Signer, error)

// Target is a file that a role speaks of.
type Target struct {
	Path   string
	SHA256 [32]byte
	Length int64
	Custom any // becomes JSON; nil for nothing

	Raw json.RawMessage // instead of Custom: as Targets has read it
}

// ErrExists says that a site has metadata already.
var ErrExists = errors.New("there are metadata already")

// Init writes the first version of everything.
func (r Repo) Init(l Layout, sign Signers) error {
	if err := r.Disk.MkdirAll(r.dir(), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(r.file("1.root.json")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", r.dir(), ErrExists)
	}
	root, err := r.makeRoot(l, 1, sign)
	if err != nil {
		return err
	}
	if err := r.Disk.WriteFile(r.file("1.root.json"), root, 0o644); err != nil {
		return err
	}
	s := &state{targets: map[string]*metadata.Metadata[metadata.TargetsType]{}, snapshot: metadata.Snapshot(), timestamp: metadata.Timestamp()}
	s.snapshot.Signed.Version, s.timestamp.Signed.Version = 0, 0
	top := metadata.Targets()
	top.Signed.Version = 0
	if err := delegate(&top.Signed, l.Delegated); err != nil {
		return err
	}
	s.targets[metadata.TARGETS] = top
	changed := []string{metadata.TARGETS}
	for _, d := range l.Delegated {
		t := metadata.Targets()
		t.Signed.Version = 0
		s.targets[d.Name] = t
		changed = append(changed, d.Name)
	}
	return r.write(s, changed, sign)
}

func (r Repo) dir() string { return filepath.Join(r.Site, "tuf") }
func (r Repo) file(name string) string {
	return filepath.Join(r.Site, filepath.FromSlash(site.TUF(name)))
}

// Publish sets the targets that a role speaks of. Those it spoke of before and
// that are not named again are no longer current.
func (r Repo) Publish(role string, targets []Target, sign Signers) error {
	s, err := r.load()
	if err != nil {
		return err
	}
	t, ok := s.targets[role]
	if !ok {
		return fmt.Errorf("role %s: there is no such role", role)
	}
	t.Signed.Targets = map[string]*metadata.TargetFiles{}
	for _, target := range targets {
		if t.Signed.Targets[target.Path], err = target.file(); err != nil {
			return err
		}
	}
	return r.write(s, []string{role}, sign)
}

// Targets gives what a role speaks of now, sorted.
func (r Repo) Targets(role string) ([]Target, error) {
	s, err := r.load()
	if err != nil {
		return nil, err
	}
	t, ok := s.targets[role]
	if !ok {
		return nil, fmt.Errorf("role %s: there is no such role", role)
	}
	var list []Target
	for path, f := range t.Signed.Targets {
		target := Target{Path: path, Length: f.Length}
		copy(target.SHA256[:], f.Hashes["sha256"])
		if f.Custom != nil {
			target.Raw = *f.Custom
		}
		list = append(list, target)
	}
	slices.SortFunc(list, func(a, b Target) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

func (t Target) file() (*metadata.TargetFiles, error) {
	f := metadata.TargetFile()
	f.Length, f.Hashes = t.Length, metadata.Hashes{"sha256": t.SHA256[:]}
	raw := t.Raw
	if t.Custom != nil {
		var err error
		if raw, err = json.Marshal(t.Custom); err != nil {
			return nil, err
		}
	}
	if raw != nil {
		f.Custom = &raw
	}
	return f, nil
}

// Refresh signs the timestamp and the snapshot anew, and the metadata of roles
// that expire within a day, so that nothing expires while nothing changes.
func (r Repo) Refresh(sign Signers) error {
	s, err := r.load()
	if err != nil {
		return err
	}
	var old []string
	for name, t := range s.targets {
		if t.Signed.Expires.Before(r.Now.Add(24 * time.Hour)) {
			old = append(old, name)
		}
	}
	slices.Sort(old)
	return r.write(s, old, sign)
}

func delegate(top *metadata.TargetsType, roles []Role) error {
	top.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}}
	for _, d := range roles {
		top.Delegations.Roles = append(top.Delegations.Roles, metadata.DelegatedRole{
			Name: d.Name, KeyIDs: []string{}, Threshold: d.Threshold, Terminating: true, Paths: d.Paths,
		})
		for _, k := range d.Keys {
			if err := top.AddKey(tufKey(k), d.Name); err != nil {
				return fmt.Errorf("role %s: %w", d.Name, err)
			}
		}
	}
	return nil
}

// life is how long metadata of a role are good for.
func life(role string) time.Duration {
	switch {
	case role == metadata.TARGETS:
		return targetsLife
	case strings.HasPrefix(role, "rules-"):
		return rulesLife
	}
	return releasesLife
}

func metaOf(data []byte, version int64) *metadata.MetaFiles {
	m := metadata.MetaFile(version)
	sum := sha256.Sum256(data)
	m.Length, m.Hashes = int64(len(data)), metadata.Hashes{"sha256": sum[:]}
	return m
}
