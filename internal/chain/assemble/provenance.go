package assemble

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vitrine/internal/chain/build"
	"vitrine/proof/statement"
)

// The part of SLSA provenance v1 that is of use here. There is no time in it: it
// is compared.
type (
	provenanceStatement struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     predicate  `json:"predicate"`
	}
	predicate struct {
		Definition definition `json:"buildDefinition"`
		Run        run        `json:"runDetails"`
	}
	definition struct {
		BuildType    string     `json:"buildType"`
		External     external   `json:"externalParameters"`
		Internal     internal   `json:"internalParameters"`
		Dependencies []resource `json:"resolvedDependencies"`
	}
	external struct {
		Version string   `json:"version"`
		Source  resource `json:"source"`
		Command []string `json:"command"`
	}
	internal struct {
		Environment []string `json:"environment"`
	}
	resource struct {
		Name   string            `json:"name,omitempty"`
		URI    string            `json:"uri,omitempty"`
		Digest map[string]string `json:"digest"`
	}
	run struct {
		Builder builder `json:"builder"`
	}
	builder struct {
		ID string `json:"id"`
	}
)

// provenance says where and of what a release was made.
func provenance(m *build.Manifest, b statement.Build, platform string, modules map[string]module) ([]byte, error) {
	p := provenanceStatement{Type: statement.StatementType, PredicateType: "https://slsa.dev/provenance/v1"}
	for _, f := range m.Binaries {
		p.Subject = append(p.Subject, resource{Name: f.Name, Digest: map[string]string{"sha256": hex.EncodeToString(f.SHA256[:])}})
	}
	d := &p.Predicate.Definition
	d.BuildType = "urn:vitrine:build:v1"
	d.External = external{m.Version, resource{URI: "git+" + m.Repo, Digest: map[string]string{"gitCommit": m.Commit}}, b.Command}
	d.Internal = internal{b.Env}
	toolchain, err := dirHash(m.GoH1)
	if err != nil {
		return nil, fmt.Errorf("the toolchain: %w", err)
	}
	d.Dependencies = []resource{
		{Name: m.Archive.Name, Digest: map[string]string{"sha256": hex.EncodeToString(m.Archive.SHA256[:])}},
		{Name: "toolchain", URI: "pkg:golang/golang.org/toolchain@v0.0.1-" + m.Go + "." + platform, Digest: toolchain},
	}
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		sum, err := dirHash(modules[path].sum)
		if err != nil {
			return nil, fmt.Errorf("the module %s: %w", path, err)
		}
		d.Dependencies = append(d.Dependencies, resource{URI: modules[path].purl(), Digest: sum})
	}
	p.Predicate.Run.Builder.ID = "urn:vitrine:assembly:" + m.Location
	return indented(p)
}

// dirHash is an h1 as in-toto spells it: in hex, by the name dirHash.
func dirHash(h1 string) (map[string]string, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h1, "h1:"))
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("%q is no h1", h1)
	}
	return map[string]string{"dirHash": hex.EncodeToString(raw)}, nil
}
