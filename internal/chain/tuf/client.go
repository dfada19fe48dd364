// Package tuf is a client of The Update Framework, specification 1.0.34: it
// finds out which keys may speak of which files now, and which versions of
// which files are current, so that neither an old nor a mixed state can be
// passed off as the newest.
//
// It never starts from an older root than the newest it has ever trusted, even
// if it is handed one: a key that was revoked stays revoked. It keeps what it
// trusts in a Store before it goes on. It downloads metadata only; what to do
// with a target's length and digest is the caller's business.
package tuf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"
)

// Fetcher gets a metadata file by its name, such as 3.root.json. A file that is
// not there gives an error that wraps fs.ErrNotExist, and nothing else does.
type Fetcher interface {
	Fetch(ctx context.Context, name string, limit int64) ([]byte, error)
}

// ErrExpired is wrapped by errors that say that metadata are too old to be
// taken for the newest. What was fetched before stays as good as it was.
var ErrExpired = errors.New("expired")

// ErrRollback is wrapped by errors that say that metadata are older than what
// was trusted before.
var ErrRollback = errors.New("older than what was trusted before")

// ErrBad is matched by errors that say what is wrong with metadata that were
// fetched: signed by too few, other than announced, or malformed. Errors of the
// fetcher and of the store are not.
var ErrBad = errors.New("bad metadata")

// bad marks an error as one about metadata, and leaves its text alone.
type bad struct{ error }

// Is implements the interface of errors.Is.
func (bad) Is(target error) bool { return target == ErrBad }

// Unwrap implements the interface of errors.Unwrap.
func (b bad) Unwrap() error { return b.error }

// Limits on the size of metadata in bytes, and on their number.
const (
	maxRoot      = 512 << 10
	maxTimestamp = 16 << 10
	maxSnapshot  = 2 << 20
	maxTargets   = 5 << 20

	maxRotations   = 256 // roots in one refresh
	maxDelegations = 32  // roles looked at for one target
)

// Config is what a client works with.
type Config struct {
	Store   Store
	Fetcher Fetcher
	Root    []byte // trust anchor for the first start; not needed once the store has a root
	Now     time.Time
}

// Client is one look at a repository. Make a new one for the next look.
type Client struct {
	cfg       Config
	root      root
	rootInfo  signed
	rootFile  []byte
	timestamp timestamp
	snapshot  *snapshot
	targets   map[string]*targets // by role, as far as they were needed
	opened    map[string]signed   // the same, for those who ask again on other grounds
}

// New makes a client that trusts the newest of the store's root and cfg.Root.
// A root in the store that cannot be read is an error, even if cfg.Root could
// be: that might be a step back.
func New(cfg Config) (*Client, error) {
	c := &Client{cfg: cfg, targets: map[string]*targets{}, opened: map[string]signed{}}
	kept, err := cfg.Store.Root()
	if err == nil && kept != nil {
		err = c.trust(kept)
	}
	if err != nil {
		return nil, fmt.Errorf("the root trusted so far: %w", err)
	}
	if cfg.Root != nil {
		if err := c.trust(cfg.Root); err != nil {
			return nil, fmt.Errorf("the root given: %w", err)
		}
	}
	if c.rootInfo.Version == 0 {
		return nil, errors.New("no root to trust: a first start needs one")
	}
	return c, nil
}

// trust takes a root if it is newer than the one there. It must be complete,
// and signed by its own keys.
func (c *Client) trust(data []byte) error {
	s, err := open(data, "root")
	if err != nil {
		return err
	}
	var r root
	if err := s.into(&r); err != nil {
		return err
	}
	if err := r.complete(); err != nil {
		return err
	}
	if err := s.verify("root", r.Roles["root"], r.Keys); err != nil {
		return err
	}
	if s.Version > c.rootInfo.Version {
		c.root, c.rootInfo, c.rootFile = r, s, data
	}
	return nil
}

func (r root) complete() error {
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		if _, ok := r.Roles[role]; !ok {
			return fmt.Errorf("root metadata: no role %s", role)
		}
	}
	return nil
}

// Refresh brings root, timestamp, snapshot and targets up to date. After an
// error nothing of this client must be used but RootVersion.
func (c *Client) Refresh(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.refreshRoot, c.refreshTimestamp, c.refreshSnapshot} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	_, err := c.load(ctx, "targets", c.root.Roles["targets"], c.root.Keys)
	return err
}

// RootVersion is the version of the root that is trusted.
func (c *Client) RootVersion() int64 { return c.rootInfo.Version }

// RootExpires is when the trusted root expires.
func (c *Client) RootExpires() time.Time { return c.rootInfo.Expires }

// SPEC: TUF 1.0.34, 5.3.
func (c *Client) refreshRoot(ctx context.Context) error {
	before := c.root
	if err := c.cfg.Store.write("root", c.rootFile); err != nil {
		return err
	}
	for range maxRotations {
		name := strconv.FormatInt(c.rootInfo.Version+1, 10) + ".root.json"
		data, err := c.cfg.Fetcher.Fetch(ctx, name, maxRoot)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		if err := c.nextRoot(data); err != nil {
			return bad{fmt.Errorf("%s: %w", name, err)}
		}
		if err := c.cfg.Store.write("root", data); err != nil {
			return err
		}
	}
	if err := c.forgetRotated(before); err != nil {
		return err
	}
	return c.fresh(c.rootInfo)
}

func (c *Client) nextRoot(data []byte) error {
	s, err := open(data, "root")
	if err != nil {
		return err
	}
	if err := s.verify("root", c.root.Roles["root"], c.root.Keys); err != nil {
		return fmt.Errorf("by the root before it: %w", err)
	}
	if s.Version != c.rootInfo.Version+1 {
		return fmt.Errorf("version %d, and %d was asked for", s.Version, c.rootInfo.Version+1)
	}
	return c.trust(data)
}

// forgetRotated drops what was signed with keys of the timestamp or snapshot
// role that were taken back: who held them may have signed versions far ahead.
// SPEC: TUF 1.0.34, 5.3.11.
func (c *Client) forgetRotated(before root) error {
	rotated := false
	for _, role := range []string{"timestamp", "snapshot"} {
		for _, id := range before.Roles[role].KeyIDs {
			rotated = rotated || !contains(c.root.Roles[role].KeyIDs, id)
		}
	}
	if !rotated {
		return nil
	}
	return errors.Join(c.cfg.Store.remove("timestamp"), c.cfg.Store.remove("snapshot"))
}

func contains(ids []string, id string) bool {
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}

func (c *Client) fresh(s signed) error {
	if !c.cfg.Now.Before(s.Expires) {
		return fmt.Errorf("%s metadata: %w on %s", s.Type, ErrExpired, s.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// SPEC: TUF 1.0.34, 5.4.
func (c *Client) refreshTimestamp(ctx context.Context) error {
	var kept signed
	if data, err := c.cfg.Store.read("timestamp"); err != nil {
		return err
	} else if data != nil {
		kept, _ = c.openTimestamp(data, signed{}) // unreadable or not signed by today's keys: it binds nobody
	}
	data, err := c.cfg.Fetcher.Fetch(ctx, "timestamp.json", maxTimestamp)
	if err != nil {
		return err
	}
	s, err := c.openTimestamp(data, kept)
	if err != nil {
		return bad{err}
	}
	if err := c.fresh(s); err != nil {
		return err
	}
	if s.Version == kept.Version {
		return nil
	}
	return c.cfg.Store.write("timestamp", data)
}

// openTimestamp takes a timestamp if it is not older than the kept one, whose
// content is in c.timestamp.
func (c *Client) openTimestamp(data []byte, kept signed) (signed, error) {
	s, err := open(data, "timestamp")
	if err != nil {
		return signed{}, err
	}
	if err := s.verify("timestamp", c.root.Roles["timestamp"], c.root.Keys); err != nil {
		return signed{}, err
	}
	var t timestamp
	if err := s.into(&t); err != nil {
		return signed{}, err
	}
	meta, err := metaOf(t.Meta, "snapshot.json")
	if err != nil {
		return signed{}, fmt.Errorf("timestamp metadata: %w", err)
	}
	if s.Version == kept.Version {
		return kept, nil // what was trusted stays: the same version must not say two things
	}
	if s.Version < kept.Version || meta.Version < c.timestamp.Meta["snapshot.json"].Version {
		return signed{}, fmt.Errorf("timestamp metadata: version %d of snapshot %d: %w", s.Version, meta.Version, ErrRollback)
	}
	c.timestamp = t
	return s, nil
}

// SPEC: TUF 1.0.34, 5.5.
func (c *Client) refreshSnapshot(ctx context.Context) error {
	meta := c.timestamp.Meta["snapshot.json"]
	kept, err := c.cfg.Store.read("snapshot")
	if err != nil {
		return err
	}
	if kept != nil {
		if s, err := c.openSnapshot(kept); err == nil && s.Version == meta.Version {
			return c.fresh(s)
		}
	}
	data, err := c.cfg.Fetcher.Fetch(ctx, c.versioned("snapshot", meta.Version), limit(meta, maxSnapshot))
	if err != nil {
		return err
	}
	if err := meta.check(data); err != nil {
		return bad{fmt.Errorf("snapshot metadata: %w", err)}
	}
	s, err := c.openSnapshot(data)
	if err != nil {
		return bad{err}
	}
	if s.Version != meta.Version {
		return bad{fmt.Errorf("snapshot metadata: version %d, and the timestamp says %d", s.Version, meta.Version)}
	}
	if err := c.fresh(s); err != nil {
		return err
	}
	return c.cfg.Store.write("snapshot", data)
}

// openSnapshot takes a snapshot if it goes behind the one before it in nothing.
func (c *Client) openSnapshot(data []byte) (signed, error) {
	s, err := open(data, "snapshot")
	if err != nil {
		return s, err
	}
	if err := s.verify("snapshot", c.root.Roles["snapshot"], c.root.Keys); err != nil {
		return s, err
	}
	var next snapshot
	if err := s.into(&next); err != nil {
		return s, err
	}
	if c.snapshot != nil {
		for name, old := range c.snapshot.Meta {
			if meta, ok := next.Meta[name]; !ok || meta.Version < old.Version {
				return s, fmt.Errorf("snapshot metadata: %s in version %d: %w", name, meta.Version, ErrRollback)
			}
		}
	}
	c.snapshot = &next
	return s, nil
}

// versioned is the name of a metadata file on the site.
func (c *Client) versioned(role string, version int64) string {
	if c.root.Consistent != nil && !*c.root.Consistent {
		return fileName(role)
	}
	return strconv.FormatInt(version, 10) + "." + fileName(role)
}

func limit(meta fileMeta, most int64) int64 {
	if meta.Length != nil && *meta.Length < most {
		return *meta.Length
	}
	return most
}

// load gives the targets metadata of a role, verified by who delegated to it:
// from the store if that is current, else from the site. Two may delegate to the
// same role, each with other keys: what one vouches for, the other need not.
// SPEC: TUF 1.0.34, 5.6.
func (c *Client) load(ctx context.Context, role string, by roleID, keys map[string]rawKey) (*targets, error) {
	if t, ok := c.targets[role]; ok {
		return t, c.opened[role].verify(role, by, keys)
	}
	meta, err := metaOf(c.snapshot.Meta, role+".json")
	if err != nil {
		return nil, bad{fmt.Errorf("snapshot metadata: %w", err)}
	}
	kept, err := c.cfg.Store.read(role)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		if t, err := c.openTargets(kept, role, by, keys, meta); err == nil {
			return t, nil
		}
	}
	data, err := c.cfg.Fetcher.Fetch(ctx, c.versioned(role, meta.Version), limit(meta, maxTargets))
	if err != nil {
		return nil, err
	}
	t, err := c.openTargets(data, role, by, keys, meta)
	if err != nil {
		return nil, bad{fmt.Errorf("role %s: %w", role, err)}
	}
	return t, c.cfg.Store.write(role, data)
}

func (c *Client) openTargets(data []byte, role string, by roleID, keys map[string]rawKey, meta fileMeta) (*targets, error) {
	if err := meta.check(data); err != nil {
		return nil, err
	}
	s, err := open(data, "targets")
	if err != nil {
		return nil, err
	}
	if err := s.verify(role, by, keys); err != nil {
		return nil, err
	}
	if s.Version != meta.Version {
		return nil, fmt.Errorf("version %d, and the snapshot says %d", s.Version, meta.Version)
	}
	if err := c.fresh(s); err != nil {
		return nil, err
	}
	var t targets
	if err := s.into(&t); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	c.targets[role], c.opened[role] = &t, s
	return &t, nil
}

func (t *targets) check() error {
	if t.Delegations == nil {
		return nil
	}
	seen := map[string]bool{"root": true, "timestamp": true, "snapshot": true, "targets": true}
	for _, r := range t.Delegations.Roles {
		if r.Name == "" || seen[r.Name] {
			return fmt.Errorf("a delegation to the role %q, which is none or one already", r.Name)
		}
		seen[r.Name] = true
	}
	return nil
}
