// Package bundle is what a channel publishes: rules compiled, the sources they
// were compiled from, and samples they must and must not match, in one file. So
// anybody can compile the sources again, get the same bytes, and read what was
// compiled.
//
// The file is a tar archive compressed with zstd:
//
//	bundle.json            what it is
//	rules.vyr              the compiled rules
//	sources/NAME           the rules' text
//	selftest/detect/NAME   samples; selftest/detect.json says which rules must match each
//	selftest/clean/NAME    samples that no rule may match
//
// The package opens no file and runs nothing but rules.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Format is the version of the format.
const Format = "vitrine-bundle/1"

// Manifest says what a bundle is.
type Manifest struct {
	Format  string `json:"format"`
	Channel string `json:"channel"`
	Serial  int64  `json:"serial"`
	Rules   int    `json:"rules"` // number of
	Blob    string `json:"blob"`  // SHA-256 of the compiled rules, in hex
}

// Bundle is an opened bundle.
type Bundle struct {
	Manifest Manifest
	Blob     []byte // compiled rules, as yara.Load takes them
	Sources  []File // sorted by name
	Detect   []File
	Expect   map[string][]string // by name in Detect: rules that must match
	Clean    []File
}

// File is a file of a bundle.
type File struct {
	Name string // with slashes, below its folder
	Data []byte
}

// BlobDigest is the digest of the compiled rules.
func (b *Bundle) BlobDigest() [32]byte { return sha256.Sum256(b.Blob) }

// check looks at what can be known without compiling.
func (b *Bundle) check() error {
	sum := b.BlobDigest()
	switch {
	case b.Manifest.Format != Format:
		return fmt.Errorf("of the format %q, and %s is understood", b.Manifest.Format, Format)
	case b.Manifest.Serial < 1:
		return fmt.Errorf("of the serial %d", b.Manifest.Serial)
	case b.Manifest.Blob != hex.EncodeToString(sum[:]):
		return errors.New("its compiled rules are not those that bundle.json names")
	case len(b.Sources) == 0:
		return errors.New("without sources")
	}
	for name := range b.Expect {
		if !slices.ContainsFunc(b.Detect, func(f File) bool { return f.Name == name }) {
			return fmt.Errorf("detect.json names the sample %q, which is not there", name)
		}
	}
	for _, f := range b.Detect {
		if len(b.Expect[f.Name]) == 0 {
			return fmt.Errorf("detect.json does not say what must match the sample %q", f.Name)
		}
	}
	return nil
}

// The places in the archive.
const (
	manifestName = "bundle.json"
	blobName     = "rules.vyr"
	expectName   = "selftest/detect.json"
	sourceDir    = "sources/"
	detectDir    = "selftest/detect/"
	cleanDir     = "selftest/clean/"
)

// place puts a file of the archive where it belongs.
func (b *Bundle) place(name string, data []byte) error {
	if !goodName(name) {
		return fmt.Errorf("a file called %q", name)
	}
	switch {
	case name == manifestName:
		return json.Unmarshal(data, &b.Manifest)
	case name == blobName:
		b.Blob = data
		return nil
	case name == expectName:
		return json.Unmarshal(data, &b.Expect)
	}
	for dir, list := range map[string]*[]File{sourceDir: &b.Sources, detectDir: &b.Detect, cleanDir: &b.Clean} {
		if rest, ok := strings.CutPrefix(name, dir); ok {
			*list = append(*list, File{rest, data})
			return nil
		}
	}
	return fmt.Errorf("a file %q, which has no meaning here", name)
}

// files gives the archive's files, in order.
func (b *Bundle) files() ([]File, error) {
	manifest, err := json.Marshal(b.Manifest)
	if err != nil {
		return nil, err
	}
	all := []File{{manifestName, manifest}, {blobName, b.Blob}}
	if len(b.Detect) > 0 {
		expect, err := json.Marshal(b.Expect) // sorts by key
		if err != nil {
			return nil, err
		}
		all = append(all, File{expectName, expect})
	}
	for _, in := range []struct {
		dir  string
		list []File
	}{{sourceDir, b.Sources}, {detectDir, b.Detect}, {cleanDir, b.Clean}} {
		for _, f := range in.list {
			all = append(all, File{in.dir + f.Name, f.Data})
		}
	}
	slices.SortFunc(all[2:], func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	for i, f := range all {
		if !goodName(f.Name) || i > 0 && f.Name == all[i-1].Name {
			return nil, fmt.Errorf("a file called %q cannot be in a bundle, or is there twice", f.Name)
		}
	}
	return all, nil
}

// goodName is true for names that mean the same everywhere and stay below
// their folder.
func goodName(name string) bool {
	plain := func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }
	return name != "" && len(name) <= 200 && path.Clean(name) == name && name[0] != '/' && !strings.HasPrefix(name, "../") && name != ".." && !strings.ContainsFunc(name, plain)
}
