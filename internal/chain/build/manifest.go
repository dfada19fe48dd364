package build

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/internal/chain/site"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// ManifestName is the file that says what is in a folder of a release.
const ManifestName = "release.json"

// Manifest is an assembled release: all that the log will hold of it, but its
// place there.
type Manifest struct {
	Schema     string `json:"schema"` // vitrine.release/v1
	Version    string `json:"version"`
	Repo       string `json:"repo"`
	Commit     string `json:"commit"`
	Location   string `json:"location"` // where it was assembled
	Go         string `json:"go"`       // version of the toolchain
	GoH1       string `json:"go_h1"`    // hash of the toolchain
	GoSum      Hash   `json:"go_sum"`
	Archive    Item   `json:"archive"`
	Binaries   []Item `json:"binaries"`
	SBOM       []Item `json:"sbom"`
	Provenance Item   `json:"provenance"`
}

// Item is a file of a release.
type Item struct {
	Name   string `json:"name"`
	SHA256 Hash   `json:"sha256"`
	Size   int64  `json:"size"`
}

// Hash is a SHA-256, hex in JSON.
type Hash [32]byte

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(h) {
		return fmt.Errorf("%.80q is no SHA-256", text)
	}
	*h = Hash(raw)
	return nil
}

// ReadManifest reads the folder of a release, without its files.
func ReadManifest(dir string) (*Manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return nil, fmt.Errorf("the folder of a release: %w", err)
	}
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, ManifestName), err)
	}
	if m.Schema != "vitrine.release/v1" {
		return nil, fmt.Errorf("%s: schema %q, expected vitrine.release/v1", filepath.Join(dir, ManifestName), m.Schema)
	}
	return m, nil
}

// Files lists all files of a release, ascending by name.
func (m *Manifest) Files() []Item {
	list := slices.Concat(m.Binaries, m.SBOM, []Item{m.Archive, m.Provenance})
	slices.SortFunc(list, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Statement is what the log will hold of the release, at its place.
func (m *Manifest) Statement(serial int64, prev tlog.Hash) (statement.Statement, error) {
	s := statement.Statement{Subject: m.subjects(m.Binaries)}
	var names []string
	for _, b := range m.Binaries {
		names = append(names, b.Name)
	}
	recipe, err := recipeOf(names)
	if err != nil {
		return s, err
	}
	s.Predicate = statement.Release{
		Version: m.Version, Serial: serial, Prev: prev, Source: statement.Source{Repo: m.Repo, Commit: m.Commit},
		Archive: statement.Digest(m.Archive.SHA256), Toolchain: statement.Toolchain{Version: m.Go, H1: m.GoH1}, GoSum: statement.Digest(m.GoSum),
		Build: recipe.Build(), SBOM: m.subjects(m.SBOM), Provenance: statement.Digest(m.Provenance.SHA256),
	}
	return s, nil
}

func (m *Manifest) subjects(items []Item) []statement.Subject {
	var list []statement.Subject
	for _, i := range items {
		list = append(list, statement.Subject{Name: site.ReleaseFile(m.Version, i.Name), SHA256: statement.Digest(i.SHA256)})
	}
	slices.SortFunc(list, func(a, b statement.Subject) int { return strings.Compare(a.Name, b.Name) })
	return list
}
