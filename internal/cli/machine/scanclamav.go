package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/internal/cli/term"
	"vitrine/internal/engine/clamav"
)

// loadSignatures loads ClamAV's databases and tells what became of them. A
// malformed line is told, and an error only with --strict.
func (o *scanOptions) loadSignatures(env term.Env) (*clamav.Database, error) {
	if len(o.clamav) == 0 {
		return nil, nil
	}
	l := clamav.NewLoader(clamav.Config{Unwanted: o.clamavPUA, NoCertificates: o.clamavNoCerts, Now: env.Now})
	names, err := databases(o.clamav)
	if err != nil {
		return nil, tell(env, err)
	}
	for _, name := range names {
		if err := loadDatabase(l, name); err != nil {
			return nil, tell(env, err)
		}
	}
	d, err := l.Finish()
	if err != nil {
		return nil, tell(env, err)
	}
	return d, o.tellSignatures(env, l.Report())
}

// databases gives the files of ClamAV's databases that the paths name, lists
// of what to ignore first.
func databases(paths []string) ([]string, error) {
	var names []string
	var broken []error
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			broken = append(broken, fmt.Errorf("read ClamAV databases: %w", err))
			continue
		case !info.IsDir():
			if clamav.Order(path) < 0 {
				broken = append(broken, fmt.Errorf("read ClamAV databases: %s: the name does not end like that of a database", path))
			}
			names = append(names, path)
			continue
		}
		inside, err := databasesIn(path)
		if err == nil && len(inside) == 0 {
			err = fmt.Errorf("read ClamAV databases %s: no database in it", path)
		}
		broken = append(broken, err)
		names = append(names, inside...)
	}
	slices.SortStableFunc(names, func(a, b string) int { return clamav.Order(a) - clamav.Order(b) })
	return names, errors.Join(broken...)
}

func databasesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read ClamAV databases: %w", err)
	}
	var names []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if clamav.Order(name) < 0 {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("read ClamAV databases: %w", err)
		}
		if info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

func loadDatabase(l *clamav.Loader, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read ClamAV databases: %w", err)
	}
	defer file.Close()
	return l.Add(name, file)
}

// tellSignatures prints what became of the databases.
func (o *scanOptions) tellSignatures(env term.Env, r *clamav.Report) error {
	for _, p := range r.Problems {
		fmt.Fprintf(env.Stderr, "vitrine: %s\n", term.Clean(p.Error()))
	}
	if r.More > 0 {
		fmt.Fprintf(env.Stderr, "vitrine: and %d more malformed lines\n", r.More)
	}
	if !o.quiet && !o.noSummary {
		for _, line := range r.Lines() {
			fmt.Fprintf(env.Stderr, "clamav: %s\n", term.Clean(strings.ReplaceAll(line, "\n", " ")))
		}
	}
	if o.strict && len(r.Problems) > 0 {
		return term.ErrReported
	}
	return nil
}
