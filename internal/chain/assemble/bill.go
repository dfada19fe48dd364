package assemble

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"slices"

	"vitrine/internal/chain/build"

	"github.com/CycloneDX/cyclonedx-go"
)

// binary is what a binary says of itself.
type binary struct {
	file    build.File
	version string // of the release
	path    string // of the main module
	golang  string // version of Go
	modules []module
}

// module is one that is linked in.
type module struct{ path, version, sum string }

func readBinary(f build.File, version string) (*binary, error) {
	info, err := buildinfo.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("what is in %s: %w", f.Name, err)
	}
	b := &binary{file: f, version: version, path: info.Main.Path, golang: info.GoVersion}
	for _, d := range info.Deps {
		if d.Replace != nil {
			return nil, fmt.Errorf("what is in %s: the module %s is replaced: a release is built of what others can get", f.Name, d.Path)
		}
		b.modules = append(b.modules, module{d.Path, d.Version, d.Sum})
	}
	slices.SortFunc(b.modules, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return b, nil
}

// bill is the bill of materials: CycloneDX, without a serial number or a time,
// so that the same binary gives the same bytes.
//
// The h1 of a module is a hash over its files' hashes and no file's SHA-256, so
// it stands as a property and not among the hashes.
func (b *binary) bill() ([]byte, error) {
	bom := cyclonedx.NewBOM()
	main := cyclonedx.Component{
		BOMRef: "binary", Type: cyclonedx.ComponentTypeApplication, Name: b.file.Name, Version: b.version,
		Hashes:     &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(b.file.SHA256[:])}},
		Properties: &[]cyclonedx.Property{{Name: "vitrine:module", Value: b.path}},
	}
	bom.Metadata = &cyclonedx.Metadata{Component: &main}
	std := cyclonedx.Component{BOMRef: "std", Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: b.golang, PackageURL: "pkg:golang/std@" + b.golang}
	components, uses := []cyclonedx.Component{std}, []string{"std"}
	for _, m := range b.modules {
		purl := m.purl()
		c := cyclonedx.Component{BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: m.path, Version: m.version, PackageURL: purl}
		if m.sum != "" {
			c.Properties = &[]cyclonedx.Property{{Name: "go:h1", Value: m.sum}}
		}
		components, uses = append(components, c), append(uses, purl)
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: "binary", Dependencies: &uses}}
	var out bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.Encode(bom); err != nil {
		return nil, fmt.Errorf("the bill of materials of %s: %w", b.file.Name, err)
	}
	return out.Bytes(), nil
}

func (m module) purl() string { return "pkg:golang/" + m.path + "@" + m.version }
