package tuf

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"vitrine/internal/durable"
)

// Store is the folder where a client keeps the metadata it trusts, so that it
// never goes back behind them. Each file is written whole before it is used.
type Store struct {
	Dir  string
	Disk durable.Disk
}

// fileName is what a role's metadata are called, in the store and on a site.
// Names are escaped: metadata choose them.
func fileName(role string) string { return url.PathEscape(role) + ".json" }

// Root gives the newest root that was trusted, or nil.
func (s Store) Root() ([]byte, error) { return s.read("root") }

func (s Store) read(role string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(s.Dir, fileName(role)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (s Store) write(role string, data []byte) error {
	if err := s.Disk.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	return s.Disk.WriteFile(filepath.Join(s.Dir, fileName(role)), data, 0o644)
}

func (s Store) remove(role string) error {
	return s.Disk.Remove(filepath.Join(s.Dir, fileName(role)))
}
