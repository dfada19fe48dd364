// Package rebuild builds a published release again from its source, and says
// whether the bytes are the same.
//
// It writes down what it got before it looks at what was published, and makes
// that safe on the disk. This keeps an honest rebuilder honest, who could
// otherwise be tempted to take a difference for one's own mistake and try until
// it is gone. It does not prove to others that anything was built: the digests
// are public from the day of the release. What counts is that several who do not
// depend on each other say the same, and that one who found a difference is
// heard.
//
// It runs the compiler on source that the log names, and nothing of what it has
// built. It publishes nothing.
package rebuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/internal/chain/build"
	"vitrine/internal/chain/released"
	"vitrine/internal/chain/site"
	"vitrine/internal/durable"
	"vitrine/proof/statement"
)

// Config is what to build again, and with what.
type Config struct {
	Reader  released.Reader
	Version string

	// Folder and Archive are the source, instead of the archive on the site. The
	// archive must be the one that was logged; a folder may hold anything.
	Folder  string
	Archive []byte

	Go         *build.Go
	Machine    string    // more of what this machine is, a line each; only its digest is published
	Work       string    // folder for what is in between; the caller removes it
	Cache      string    // a build cache to share; empty for none
	Commitment string    // file to write before looking; must not be there
	Random     io.Reader // of the commitment
	Disk       durable.Disk
	Committed  func(commitment string) // is told of it; may be nil
}

// Result is what came out; its JSON is docs/spec/cli/vitrine.rebuild.v1.json.
type Result struct {
	Schema            string     `json:"schema"`
	Version           string     `json:"version"`
	Release           build.Hash `json:"release"`
	Index             int64      `json:"index"`
	Source            string     `json:"source"` // archive or folder
	Result            string     `json:"result"` // match or mismatch
	Commitment        string     `json:"commitment"`
	Environment       string     `json:"environment"`
	EnvironmentSHA256 build.Hash `json:"environment_sha256"`
	Binaries          []Binary   `json:"binaries"`
}

// Binary is one that was built again, and what was published by its name.
type Binary struct {
	Name      string     `json:"name"`
	SHA256    build.Hash `json:"sha256"`
	Published build.Hash `json:"published_sha256"`
}

// Differ names the binaries that are not the same.
func (r *Result) Differ() []string {
	var names []string
	for _, b := range r.Binaries {
		if b.SHA256 != b.Published {
			names = append(names, b.Name)
		}
	}
	return names
}

// ErrToolchain is wrapped by the error for another toolchain than the release
// was built with.
var ErrToolchain = errors.New("another toolchain")

// Run builds a release again. An error says that it could not be done; a
// difference is no error.
func Run(ctx context.Context, c Config) (*Result, error) {
	release, err := c.Reader.Find(ctx, c.Version)
	if err != nil {
		return nil, err
	}
	recipe, err := build.Of(names(release), release.Said.Build)
	if err != nil {
		return nil, fmt.Errorf("the release %s: %w", c.Version, err)
	}
	if err := c.sameToolchain(release.Said.Toolchain); err != nil {
		return nil, err
	}
	unpack, err := c.source(ctx, release)
	if err != nil {
		return nil, err
	}
	files, err := build.Twice(ctx, c.Go, recipe, c.Work, c.Cache, unpack)
	if err != nil {
		return nil, err
	}
	if err := c.sameSum(release); err != nil {
		return nil, err
	}
	out := c.result(release, files)
	if out.Commitment, err = c.commit(out); err != nil {
		return nil, fmt.Errorf("write down what was built, before looking at what was published: %w", err)
	}
	return out, out.compare(release)
}

// names gives the binaries' names, and nothing else of them.
func names(release *released.Release) []string {
	var list []string
	for _, s := range release.Statement.Subject {
		list = append(list, s.Name)
	}
	return list
}

func (c Config) sameToolchain(want statement.Toolchain) error {
	have := c.Go.Toolchain
	if have == want {
		return nil
	}
	return fmt.Errorf("%w: the release %s was built with %s (%s), and %s is %s (%s)", ErrToolchain, c.Version, want.Version, want.H1, c.Go.Path, have.Version, have.H1)
}

// source gives what unpacks the source.
func (c Config) source(ctx context.Context, release *released.Release) (func(string) error, error) {
	if c.Folder != "" {
		return build.Copy(c.Folder), nil
	}
	data := c.Archive
	if data == nil {
		var err error
		target := site.ReleaseFile(c.Version, build.SourceFile)
		if data, err = c.Reader.Site.Fetch(ctx, site.File(target, release.Said.Archive), build.MaxArchive); err != nil {
			return nil, fmt.Errorf("the source: %w", err)
		}
	}
	if sum := sha256.Sum256(data); sum != release.Said.Archive {
		return nil, fmt.Errorf("the source: its SHA-256 is %x, and the log has %s", sum, release.Said.Archive)
	}
	return build.Unpack(data), nil
}

// sameSum compares go.sum: other modules are another source. A folder may hold
// what it wants; its binaries will differ.
func (c Config) sameSum(release *released.Release) error {
	if c.Folder != "" {
		return nil
	}
	sum, err := build.GoSum(build.Place{Dir: filepath.Join(c.Work, "first")}.Source())
	if err == nil && sum != release.Said.GoSum {
		err = fmt.Errorf("go.sum of the source has the SHA-256 %x, and the log has %s", sum, release.Said.GoSum)
	}
	return err
}

func (c Config) result(release *released.Release, files []build.File) *Result {
	out := &Result{Schema: "vitrine.rebuild/v1", Version: c.Version, Release: build.Hash(release.Leaf), Index: release.Index, Source: "archive"}
	if c.Folder != "" {
		out.Source = "folder"
	}
	out.Environment = fmt.Sprintf("%s %s\n%s\n%s", c.Go.Toolchain.Version, c.Go.Toolchain.H1, c.Go.Platform, c.Machine)
	out.EnvironmentSHA256 = sha256.Sum256([]byte(out.Environment))
	for _, f := range files {
		out.Binaries = append(out.Binaries, Binary{Name: f.Name, SHA256: f.SHA256})
	}
	return out
}

// commitment is the file that is written before looking.
type commitment struct {
	Schema     string `json:"schema"` // vitrine.commitment/v1
	Commitment string `json:"commitment"`
	Salt       string `json:"salt"`
	Record     string `json:"record"`
}

// commit writes down what was built. The commitment can be told to others at
// once; with the salt and the record they can check it afterwards.
func (c Config) commit(r *Result) (string, error) {
	if _, err := os.Lstat(c.Commitment); err == nil {
		return "", fmt.Errorf("%s is there already", c.Commitment)
	}
	var salt [32]byte
	if _, err := io.ReadFull(c.Random, salt[:]); err != nil {
		return "", err
	}
	record := fmt.Sprintf("%s %x\n", r.Version, r.Release)
	for _, b := range r.Binaries {
		record += fmt.Sprintf("%x  %s\n", b.SHA256, b.Name)
	}
	sum := statement.Commit(salt, []byte(record))
	text, err := json.MarshalIndent(commitment{"vitrine.commitment/v1", hex.EncodeToString(sum[:]), hex.EncodeToString(salt[:]), record}, "", "  ")
	if err != nil {
		return "", err
	}
	if err := c.Disk.MkdirAll(filepath.Dir(c.Commitment), 0o755); err != nil {
		return "", err
	}
	if err := c.Disk.WriteFile(c.Commitment, append(text, '\n'), 0o644); err != nil {
		return "", err
	}
	if c.Committed != nil {
		c.Committed(hex.EncodeToString(sum[:]))
	}
	return hex.EncodeToString(sum[:]), nil
}

// compare looks at what was published, for the first time.
func (r *Result) compare(release *released.Release) error {
	for i := range r.Binaries {
		sum, err := release.Subject(r.Binaries[i].Name)
		if err != nil {
			return err
		}
		r.Binaries[i].Published = build.Hash(sum)
	}
	slices.SortFunc(r.Binaries, func(a, b Binary) int { return strings.Compare(a.Name, b.Name) })
	r.Result = statement.Match
	if len(r.Differ()) > 0 {
		r.Result = statement.Mismatch
	}
	return nil
}
