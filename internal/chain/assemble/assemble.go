// Package assemble makes a release out of a commit: all binaries for all
// platforms, built twice in places that have nothing in common and compared; for
// each a bill of materials; where it was made, and of what; and the source, so
// that a stranger can do the same.
//
// What it writes depends on the commit, the toolchain and the named location
// alone: not on the day, the folder or the user. It signs nothing and publishes
// nothing.
package assemble

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"vitrine/internal/chain/build"
	"vitrine/internal/chain/site"
	"vitrine/internal/durable"

	"golang.org/x/mod/sumdb/tlog"
)

// Config is what to assemble.
type Config struct {
	Repo     string // folder of the git repository
	Ref      string // commit, tag or branch
	URL      string // of the repository, for those who look it up
	Version  string // such as v0.3.0
	Location string // the name of this assembly location
	Out      string // folder to make
	Recipe   build.Recipe
	Go       *build.Go
	Work     string // folder for what is in between; the caller removes it
	Cache    string // a build cache to share; empty for none, as a release must be built
	Disk     durable.Disk
}

// Assemble makes the folder of a release.
func Assemble(ctx context.Context, c Config) (*build.Manifest, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	commit, source, err := build.Archive(ctx, c.Repo, c.Ref)
	if err != nil {
		return nil, fmt.Errorf("the source: %w", err)
	}
	if len(source) > build.MaxArchive {
		return nil, fmt.Errorf("the source: %d bytes, and %d are the most", len(source), build.MaxArchive)
	}
	files, err := build.Twice(ctx, c.Go, c.Recipe, c.Work, c.Cache, build.Unpack(source))
	if err != nil {
		return nil, err
	}
	m := &build.Manifest{
		Schema: "vitrine.release/v1", Version: c.Version, Repo: c.URL, Commit: commit, Location: c.Location,
		Go: c.Go.Toolchain.Version, GoH1: c.Go.Toolchain.H1,
	}
	sum, err := build.GoSum(build.Place{Dir: filepath.Join(c.Work, "first")}.Source())
	if err != nil {
		return nil, err
	}
	m.GoSum = sum
	if err := c.Disk.MkdirAll(c.Out, 0o755); err != nil {
		return nil, err
	}
	if err := c.write(m, source, files); err != nil {
		return nil, err
	}
	// Whatever could not be said of it in the log must come out here.
	s, err := m.Statement(1, tlog.Hash{})
	if err == nil {
		_, err = s.Marshal()
	}
	if err != nil {
		return nil, err
	}
	return m, c.manifest(m)
}

func (c Config) check() error {
	if !strings.HasPrefix(c.Version, "v") {
		return fmt.Errorf("version %q: expected one such as v0.3.0", c.Version)
	}
	if !site.Valid(c.Location) {
		return fmt.Errorf("the assembly location %q: expected a name of letters, digits, dots and hyphens", c.Location)
	}
	if entries, err := os.ReadDir(c.Out); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; nothing was changed", c.Out)
	}
	return nil
}

// write writes all files but the manifest, and notes them there.
func (c Config) write(m *build.Manifest, source []byte, files []build.File) error {
	var err error
	if m.Archive, err = c.put(build.SourceFile, source); err != nil {
		return err
	}
	modules := map[string]module{}
	for _, f := range files {
		if err := c.copy(f); err != nil {
			return err
		}
		m.Binaries = append(m.Binaries, build.Item{Name: f.Name, SHA256: f.SHA256, Size: f.Size})
		info, err := readBinary(f, c.Version)
		if err != nil {
			return err
		}
		for _, d := range info.modules {
			modules[d.path] = d
		}
		text, err := info.bill()
		if err != nil {
			return err
		}
		item, err := c.put(f.Name+build.SBOMSuffix, text)
		if err != nil {
			return err
		}
		m.SBOM = append(m.SBOM, item)
	}
	text, err := provenance(m, c.Recipe.Build(), c.Go.Platform, modules)
	if err != nil {
		return err
	}
	m.Provenance, err = c.put(build.ProvenanceFile, text)
	return err
}

func (c Config) put(name string, data []byte) (build.Item, error) {
	item := build.Item{Name: name, SHA256: sha256.Sum256(data), Size: int64(len(data))}
	return item, c.Disk.WriteFile(filepath.Join(c.Out, name), data, 0o644)
}

func (c Config) copy(f build.File) error {
	from, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer from.Close()
	return c.Disk.Replace(filepath.Join(c.Out, f.Name), 0o755, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}

// manifest comes last: without it there is no release.
func (c Config) manifest(m *build.Manifest) error {
	text, err := indented(m)
	if err != nil {
		return err
	}
	return c.Disk.WriteFile(filepath.Join(c.Out, build.ManifestName), text, 0o644)
}

func indented(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(v)
	return out.Bytes(), err
}
