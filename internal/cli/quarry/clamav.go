package quarry

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"vitrine/internal/engine/clamav"
)

// Databases loads ClamAV's databases: files, and all in directories. What is
// malformed in them is in the report. What is read is written to sum as well, if it
// is not nil.
func Databases(paths []string, c clamav.Config, sum io.Writer) (*clamav.Database, *clamav.Report, error) {
	l := clamav.NewLoader(c)
	names, err := databases(paths)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if err := loadDatabase(l, name, sum); err != nil {
			return nil, nil, err
		}
	}
	d, err := l.Finish()
	if err != nil {
		return nil, nil, err
	}
	return d, l.Report(), nil
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
		inside, err := DatabasesIn(path)
		if err == nil && len(inside) == 0 {
			err = fmt.Errorf("read ClamAV databases %s: no database in it", path)
		}
		broken = append(broken, err)
		names = append(names, inside...)
	}
	slices.SortStableFunc(names, func(a, b string) int { return clamav.Order(a) - clamav.Order(b) })
	return names, errors.Join(broken...)
}

// DatabasesIn gives the databases of a directory.
func DatabasesIn(dir string) ([]string, error) {
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

func loadDatabase(l *clamav.Loader, name string, sum io.Writer) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read ClamAV databases: %w", err)
	}
	defer file.Close()
	return l.Add(name, tee(file, sum))
}
