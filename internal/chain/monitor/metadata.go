package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/proof/statement"
)

// trust is what a mirror's metadata say, proved.
type trust struct {
	client  *tuf.Client
	targets []tuf.Target // of all roles
}

// keepRoot keeps the root of the first start: a mirror may be named later.
func (r *run) keepRoot() error {
	name := filepath.Join(r.Dir.Path, "root.json")
	data, err := os.ReadFile(name)
	switch {
	case err == nil:
		r.Root = data
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case r.Root == nil:
		return errors.New("nobody is trusted yet: a first run needs a policy and a root")
	}
	return r.Dir.Disk.WriteFile(name, r.Root, 0o644)
}

// fetcher reads a mirror's metadata, and notes whether any could not be had.
type fetcher struct {
	site.Fetcher
	failed atomic.Bool
}

// Fetch implements tuf.Fetcher.
func (f *fetcher) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, err := f.Fetcher.Fetch(ctx, site.TUF(name), limit)
	if err != nil && !missing(err) {
		f.failed.Store(true)
	}
	return data, err
}

// metadata asks a mirror who may speak of what. Each mirror has a store of its
// own: one that falls back behind itself is noticed, whatever others show.
func (r *run) metadata(ctx context.Context, v *view) {
	sum := sha256.Sum256([]byte(v.Name))
	store := tuf.Store{Dir: filepath.Join(r.Dir.Path, "mirrors", hex.EncodeToString(sum[:8])), Disk: r.Dir.Disk}
	from := &fetcher{Fetcher: v.Site}
	t, err := openTrust(ctx, tuf.Config{Store: store, Fetcher: from, Root: r.Root, Now: r.Now})
	switch {
	case err == nil:
		v.trust = t
		r.expiry(v, store)
		if role, err := t.client.Role(authors.Rebuilders); err == nil {
			r.needed = role.Threshold
		}
	case from.failed.Load():
		r.unknown("metadata", v.Name, "%v", err)
	default:
		r.alarm("metadata", v.Name, "%v", err)
	}
}

func openTrust(ctx context.Context, c tuf.Config) (*trust, error) {
	client, err := tuf.New(c)
	if err != nil {
		return nil, err
	}
	if err := client.Refresh(ctx); err != nil {
		return nil, err
	}
	t := &trust{client: client}
	for _, role := range []string{"targets", authors.Rules("core"), authors.Rules(statement.UrgentChannel), authors.Releases} {
		if _, err := client.Role(role); err != nil && role != "targets" {
			continue // nothing is delegated to it here
		}
		list, err := client.TargetsOf(ctx, role)
		if err != nil {
			return nil, err
		}
		t.targets = append(t.targets, list...)
	}
	return t, nil
}

// soon is how long before the end somebody must be told: keys of the root are
// in many hands, and all others sign by a timer.
func soon(role string) time.Duration {
	if role == "root" {
		return 30 * 24 * time.Hour
	}
	return time.Hour
}

// expiry looks when the metadata that were just verified expire.
func (r *run) expiry(v *view, store tuf.Store) {
	entries, err := os.ReadDir(store.Dir)
	if err != nil {
		r.unknown("metadata", v.Name, "%v", err)
		return
	}
	for _, e := range entries {
		role, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		var m struct {
			Signed struct {
				Expires time.Time `json:"expires"`
			} `json:"signed"`
		}
		data, err := os.ReadFile(filepath.Join(store.Dir, e.Name()))
		if err != nil || json.Unmarshal(data, &m) != nil {
			continue
		}
		if left := m.Signed.Expires.Sub(r.Now); left < soon(role) {
			r.alarm("expiry", v.Name, "the metadata of %s expire at %s", role, stamp(m.Signed.Expires))
		}
		if v == r.views[0] {
			r.report.Expiry = append(r.report.Expiry, Expiry{role, m.Signed.Expires.UTC()})
		}
	}
}

// anyTrust gives the metadata of the mirror with the most entries that has good
// ones.
func (r *run) anyTrust() *trust {
	for _, v := range r.bySize() {
		if v.trust != nil {
			return v.trust
		}
	}
	return nil
}

// bySize gives the mirrors whose checkpoint is good, largest tree first.
func (r *run) bySize() []*view {
	list := slices.DeleteFunc(slices.Clone(r.views), func(v *view) bool { return v.verified == nil })
	slices.SortStableFunc(list, func(a, b *view) int { return int(b.seen.tree.Size - a.seen.tree.Size) })
	return list
}
