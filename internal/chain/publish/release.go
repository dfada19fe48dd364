package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/build"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// Release signs, logs and publishes the release in a folder that was assembled.
// The metadata name the files of this release alone; those of earlier ones, and
// what was said of them, stay on the site.
func (p *Publisher) Release(ctx context.Context, dir string) (*Published, error) {
	m, err := build.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	if err := p.mayBegin(m.Version); err != nil {
		return nil, err
	}
	serial, prev, err := p.nextRelease()
	if err != nil {
		return nil, err
	}
	s, err := m.Statement(serial, prev)
	if err != nil {
		return nil, err
	}
	files, err := p.putRelease(dir, m)
	if err != nil {
		return nil, err
	}
	said, err := p.say(ctx, authors.Releases, site.Release(m.Version), s)
	if err != nil {
		return nil, err
	}
	for _, b := range s.Subject {
		if err := said.Result.Speaks(b.Name, b.SHA256); err != nil {
			return nil, fmt.Errorf("finish what broke off: %w", err)
		}
	}
	var targets []tufrepo.Target
	for _, f := range files {
		t := p.target(File{Target: f.Target, SHA256: f.SHA256}, said)
		t.Length = f.size
		targets = append(targets, t)
	}
	if err := p.repo().Publish(authors.Releases, targets, p.Operator.Signers); err != nil {
		return nil, err
	}
	return said, p.settle(site.Release(m.Version))
}

// sized is a published file, without its data: those of a release are large.
type sized struct {
	File
	size int64
}

// putRelease copies the files of a release to the site, if each is still what
// was assembled.
func (p *Publisher) putRelease(dir string, m *build.Manifest) ([]sized, error) {
	var list []sized
	for _, item := range m.Files() {
		data, err := os.ReadFile(filepath.Join(dir, item.Name))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		if sum != item.SHA256 {
			return nil, fmt.Errorf("%s is not what was assembled: its SHA-256 is %x, and %s says %x", item.Name, sum, build.ManifestName, item.SHA256)
		}
		f := File{Target: site.ReleaseFile(m.Version, item.Name), SHA256: sum, Data: data}
		if err := p.put(f); err != nil {
			return nil, err
		}
		f.Data = nil
		list = append(list, sized{f, int64(len(data))})
	}
	return list, nil
}

// mayBegin refuses a release that is published, and one that would overtake
// another that broke off: its place in the chain may be taken already.
func (p *Publisher) mayBegin(version string) error {
	if _, err := os.Stat(p.pendingFile(site.Release(version))); err == nil {
		return nil // this one broke off, and is finished now
	}
	if _, err := os.Stat(filepath.Join(p.Operator.Site(), filepath.FromSlash(site.Leaf(site.Release(version))))); err == nil {
		return fmt.Errorf("the release %s is published; what changes is a new version", version)
	}
	folders, err := os.ReadDir(filepath.Join(p.Operator.Dir, "pending", "release"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range folders {
		if _, err := os.Stat(p.pendingFile(site.Release(f.Name()))); err == nil {
			return fmt.Errorf("the publication of the release %s broke off: finish it first, with its folder", f.Name())
		}
	}
	return nil
}

// nextRelease gives the serial of the next release, and the leaf before it.
func (p *Publisher) nextRelease() (serial int64, prev tlog.Hash, err error) {
	before, err := p.repo().Targets(authors.Releases)
	if err != nil || len(before) == 0 {
		return 1, prev, err
	}
	if _, prev, err = ParseCustom(before[0].Raw); err != nil {
		return 0, prev, err
	}
	version := filepath.Base(filepath.Dir(before[0].Path))
	leaf, err := os.ReadFile(filepath.Join(p.Operator.Site(), filepath.FromSlash(site.Leaf(site.Release(version)))))
	if err != nil {
		return 0, prev, fmt.Errorf("what was said of the release %s: %w", version, err)
	}
	envelope, err := statement.ParseLeaf(leaf)
	if err != nil {
		return 0, prev, fmt.Errorf("what was said of the release %s: %w", version, err)
	}
	last, ok := envelope.Statement.Predicate.(statement.Release)
	if !ok || proof.LeafHash(leaf) != prev {
		return 0, prev, fmt.Errorf("what was said of the release %s is not what the metadata name", version)
	}
	return last.Serial + 1, prev, nil
}
