package monitor

import (
	"strings"

	"vitrine/internal/chain/site"
	"vitrine/proof/statement"
)

// Beside is the name that leaf and proof of a published file go by: the file's
// own, but for files of a release, which are spoken of together.
func Beside(target string) string {
	if rest, ok := strings.CutPrefix(target, "release/"); ok {
		version, _, _ := strings.Cut(rest, "/")
		return site.Release(version)
	}
	return target
}

// Speaks reports whether a statement vouches for a file of that digest, and by
// that name where it gives one.
func Speaks(s statement.Statement, name string, sum [32]byte) bool {
	for _, f := range files(s) {
		if f.SHA256 == sum && (f.Name == "" || f.Name == name) {
			return true
		}
	}
	return false
}

// NameOf is what a statement calls the file of a digest, or nothing.
func NameOf(s statement.Statement, sum [32]byte) string {
	for _, f := range files(s) {
		if f.SHA256 != sum {
			continue
		}
		if p, ok := s.Predicate.(statement.Release); ok && f.Name == "" {
			return site.ReleaseFile(p.Version, map[bool]string{true: "source archive", false: "provenance"}[f.SHA256 == p.Archive])
		}
		return f.Name
	}
	return ""
}

// files gives the files that a statement vouches for. Those of a release that it
// names by digest alone have no name.
func files(s statement.Statement) []statement.Subject {
	list := append([]statement.Subject{}, s.Subject...)
	if p, ok := s.Predicate.(statement.Release); ok {
		list = append(append(list, p.SBOM...), statement.Subject{SHA256: p.Archive}, statement.Subject{SHA256: p.Provenance})
	}
	return list
}

// published gives the files that must be on the site because of a statement, by
// name.
func published(s statement.Statement) []statement.Subject {
	switch p := s.Predicate.(type) {
	case statement.RuleBundle:
		return s.Subject
	case statement.Release:
		return append(append([]statement.Subject{}, s.Subject...), p.SBOM...)
	case statement.Trust:
		if p.File == statement.TrustPolicy {
			return s.Subject
		}
	}
	return nil
}
