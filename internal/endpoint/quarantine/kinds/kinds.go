// Package kinds tells documents from programs, for an export from the
// quarantine: documents are people's own content. It holds the rules that say
// what is one, for a scanner in its sandbox to run; it looks at no content
// itself. What a scanner could not look into, or does not know, is no program.
package kinds

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/internal/endpoint/verdict"
)

//go:embed documents.yar
var rules string

// Rules is the text of the rules, in the language of YARA. The name of a rule is
// that of a kind, with low lines for spaces.
func Rules() string { return rules }

// Scanner is a scanner that has loaded the rules, and no others.
type Scanner interface {
	Scan(ctx context.Context, file *os.File, name string) (verdict.Verdict, error)
	Close()
}

// Sorter tells the kinds of documents in files. It starts a scanner for each,
// which ends with it: exports are rare, and a scanner takes memory.
type Sorter struct {
	// Start starts a scanner that runs the rules of a file. They must be all it
	// knows, and it must refuse to start without them.
	Start func(ctx context.Context, rules string) (Scanner, error)
}

// Documents gives the kinds of documents that a file is or holds; none when all
// of it was looked at and there is none. It implements quarantine.Sorter.
func (s Sorter) Documents(ctx context.Context, file *os.File) (kinds []string, err error) {
	// Scanners run as a user who can read little.
	dir, err := os.MkdirTemp("", "vitrine-kinds-*")
	if err != nil {
		return nil, fmt.Errorf("sort documents: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, "documents.yar")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(name, []byte(rules), 0o644), os.Chmod(name, 0o644)); err != nil {
		return nil, fmt.Errorf("sort documents: %w", err)
	}
	scanner, err := s.Start(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("sort documents: start a scanner: %w", err)
	}
	defer scanner.Close()
	v, err := scanner.Scan(ctx, file, "an entry of the quarantine")
	if err != nil {
		return nil, fmt.Errorf("sort documents: %w", err)
	}
	return Of(v)
}

// Of gives the kinds that a verdict by the rules names. It is an error when the
// scanner could not look at everything and found nothing.
func Of(v verdict.Verdict) ([]string, error) {
	switch {
	case v.State == verdict.Malicious && len(v.Findings) > 0:
	case v.State == verdict.Clean:
		return nil, nil
	default:
		return nil, fmt.Errorf("not all of it could be looked at: %s: %s", v.State, v.Why)
	}
	var kinds []string
	for _, f := range v.Findings {
		kinds = append(kinds, strings.ReplaceAll(f.Name, "_", " "))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}
