// Package released is what a site says of a release, proved: the entry that
// announces it, and what rebuilders say of it.
//
// What rebuilders say is read from the log itself and not from files beside the
// release, because a site could leave a file away. Whoever wants to hide that a
// rebuilder got other bytes has to hide it from everybody, or show this machine
// another log than the witnesses have seen.
//
// It installs nothing and builds nothing.
package released

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/site"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// Reader reads a site.
type Reader struct {
	Site   site.Fetcher
	Trust  authors.Trust
	Policy *policy.Policy
	Now    time.Time
}

// Release is a release that was proved to be announced to everybody.
type Release struct {
	*check.Result
	Said  statement.Release
	Claim check.Claim
}

// Find proves the entry that announces a version.
func (r Reader) Find(ctx context.Context, version string) (*Release, error) {
	out := &Release{}
	var err error
	if out.Claim.Leaf, err = r.Site.Fetch(ctx, site.Leaf(site.Release(version)), statement.MaxLeaf); err != nil {
		return nil, err
	}
	if out.Claim.Proof, err = r.Site.Fetch(ctx, site.Proof(site.Release(version)), check.MaxProof); err != nil {
		return nil, err
	}
	return out, r.prove(out, version)
}

// ErrUnproved is wrapped by errors that say that what a site shows is not
// proved. Other errors say that it could not be found out.
var ErrUnproved = errors.New("not proved")

func (r Reader) prove(out *Release, version string) error {
	leaf, err := statement.ParseLeaf(out.Claim.Leaf)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnproved, err)
	}
	var ok bool
	if out.Said, ok = leaf.Statement.Predicate.(statement.Release); !ok || out.Said.Version != version {
		return fmt.Errorf("%w: the entry of the log does not announce the release %s", ErrUnproved, version)
	}
	who, err := authors.Of(r.Trust, leaf.Statement)
	if err != nil {
		return err
	}
	if out.Result, err = check.Logged(r.Policy, who, out.Claim, r.Now); err != nil {
		return fmt.Errorf("%w: %w", ErrUnproved, err)
	}
	return nil
}

// Newest is the log's newest checkpoint, as witnesses have seen it.
func (r Reader) Newest(ctx context.Context) (*policy.Verified, error) {
	note, err := r.Site.Fetch(ctx, site.Checkpoint, proof.MaxNote)
	if err != nil {
		return nil, err
	}
	v, err := r.Policy.Verify(note, r.Now)
	if err != nil {
		return nil, fmt.Errorf("%w: the log's checkpoint: %w", ErrUnproved, err)
	}
	return v, nil
}

// Rebuild is one rebuilder's word.
type Rebuild struct {
	Key    statement.Key
	Index  int64 // of the entry
	Leaf   tlog.Hash
	Result string   // match or mismatch
	Differ []string // names of binaries that the rebuilder got otherwise
}

// Opinion is what all rebuilders say of a release, up to a size of the log.
type Opinion struct {
	Rebuilds []Rebuild // in the order of the log
	Needed   int       // how many rebuilders must agree
	Size     int64     // of the log that was read
}

// Matches is how many rebuilders got the same bytes; each counts once.
func (o *Opinion) Matches() int { return len(o.keys(statement.Match)) }

// Mismatches is the rebuilders who got other bytes, at any time.
func (o *Opinion) Mismatches() []string { return o.keys(statement.Mismatch) }

func (o *Opinion) keys(result string) []string {
	var ids []string
	for _, r := range o.Rebuilds {
		if r.Result == result && !slices.Contains(ids, r.Key.ID) {
			ids = append(ids, r.Key.ID)
		}
	}
	return ids
}

// Reached reports whether enough rebuilders agree and none does not. One who
// got other bytes and later the same still stands against it: somebody must find
// out why, and who is no longer believed is no longer a rebuilder.
func (o *Opinion) Reached() bool { return o.Matches() >= o.Needed && len(o.Mismatches()) == 0 }

// maxEntries is how many entries behind a release are read.
const maxEntries = 200_000

// Known is a release that a machine knows already.
type Known struct {
	Leaf  tlog.Hash
	Index int64
}

// Opinion reads the log behind a release to the end of a verified tree. From a
// release that is known, if there is one, it also follows each to the next, so
// that none was left out or put in another's place.
func (r Reader) Opinion(ctx context.Context, release *Release, tree proof.Checkpoint, known *Known) (*Opinion, error) {
	from := release.Index + 1
	if known != nil {
		from = known.Index + 1
	}
	switch {
	case release.Index >= tree.Size:
		return nil, fmt.Errorf("%w: the log has %d entries, and the release is entry %d", ErrUnproved, tree.Size, release.Index)
	case from > release.Index+1:
		return nil, fmt.Errorf("%w: the release is entry %d of the log, and this machine has one that came after it", ErrUnproved, release.Index)
	case tree.Size-from > maxEntries:
		return nil, fmt.Errorf("the log has %d entries to read, and %d are the most", tree.Size-from, maxEntries)
	}
	reader := tile.NewReader(ctx, func(ctx context.Context, path string, limit int64) ([]byte, error) {
		return r.Site.Fetch(ctx, site.Tile(path), limit)
	}, tree)
	hash, err := reader.LeafHash(release.Index)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	if hash != release.Leaf {
		return nil, fmt.Errorf("%w: entry %d of the log is not the one that announces the release", ErrUnproved, release.Index)
	}
	return r.read(reader, release, from, tree.Size, known)
}

func (r Reader) read(reader *tile.Reader, release *Release, from, size int64, known *Known) (*Opinion, error) {
	role, err := r.Trust.Role(authors.Rebuilders)
	if err != nil {
		return nil, err
	}
	who, err := check.AuthorsOf(role)
	if err != nil {
		return nil, err
	}
	out := &Opinion{Needed: who.Threshold, Size: size}
	for entry, err := range reader.Entries(from, size) {
		if err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		leaf, err := statement.ParseLeaf(entry.Data)
		if err != nil {
			continue // of a kind that is not known here
		}
		switch p := leaf.Statement.Predicate.(type) {
		case statement.Rebuild:
			if rebuild, ok := word(leaf, p, release, who.Keys); ok {
				rebuild.Index, rebuild.Leaf = entry.Index, entry.Hash
				out.Rebuilds = append(out.Rebuilds, rebuild)
			}
		case statement.Release:
			if known != nil && entry.Index <= release.Index {
				if p.Prev != known.Leaf {
					return nil, fmt.Errorf("%w: the release %s, entry %d, does not follow the one that this machine knows", ErrUnproved, p.Version, entry.Index)
				}
				known = &Known{entry.Hash, entry.Index}
			}
		}
	}
	if known != nil && known.Leaf != release.Leaf {
		return nil, fmt.Errorf("%w: the release does not follow the one that this machine knows", ErrUnproved)
	}
	return out, nil
}

// word judges an entry: is it of a rebuilder, and of this release. One that says
// match and names other bytes counts as what it shows.
func word(leaf statement.Envelope, p statement.Rebuild, release *Release, keys []statement.Key) (Rebuild, bool) {
	i := slices.IndexFunc(keys, func(k statement.Key) bool { return k.ID == p.Rebuilder })
	if i < 0 || p.Release != release.Leaf || p.Version != release.Said.Version {
		return Rebuild{}, false
	}
	if _, err := leaf.Verify(keys[i:i+1], 1); err != nil {
		return Rebuild{}, false
	}
	out := Rebuild{Key: keys[i], Result: p.Result, Differ: differ(release.Statement.Subject, leaf.Statement.Subject)}
	if len(out.Differ) > 0 {
		out.Result = statement.Mismatch
	}
	return out, true
}

// differ names the files that are not the same in both, or in one alone.
func differ(published, rebuilt []statement.Subject) []string {
	sums := map[string]statement.Digest{}
	for _, s := range rebuilt {
		sums[s.Name] = s.SHA256
	}
	var names []string
	for _, s := range published {
		if sum, ok := sums[s.Name]; !ok || sum != s.SHA256 {
			names = append(names, s.Name)
		}
		delete(sums, s.Name)
	}
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Subject gives the digest of one binary of a release.
func (r *Release) Subject(name string) (statement.Digest, error) {
	target := site.ReleaseFile(r.Said.Version, name)
	for _, s := range r.Statement.Subject {
		if s.Name == target {
			return s.SHA256, nil
		}
	}
	return statement.Digest{}, fmt.Errorf("the release %s has no %s", r.Said.Version, name)
}

// LeafHex is the hash of the entry, in hex.
func (r *Release) LeafHex() string { return hex.EncodeToString(r.Leaf[:]) }
