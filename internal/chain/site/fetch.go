package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Fetcher gets files of a site.
type Fetcher interface {
	// Fetch gives a file whole. A file that is not there gives an error that
	// wraps fs.ErrNotExist, one of more than limit bytes ErrTooLarge; of that
	// no more than limit bytes are read.
	Fetch(ctx context.Context, path string, limit int64) ([]byte, error)
}

// ErrTooLarge is wrapped by the error for a file over the limit.
var ErrTooLarge = errors.New("larger than it may be")

// Dir is a site in a folder: one's own, or an offline copy. Nothing outside of
// the folder is read, even through symbolic links.
func Dir(root string) Fetcher { return dir(root) }

type dir string

func (d dir) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !Valid(name) {
		return nil, fmt.Errorf("fetch %q: no path of a site", name)
	}
	data, err := d.read(name, limit)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	return data, nil
}

func (d dir) read(name string, limit int64) ([]byte, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, notThere(err)
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	return ReadAll(file, limit)
}

// notThere keeps a missing site from looking like a missing file of a site,
// which some readers take for an answer.
func notThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no such folder: %v", err)
	}
	return err
}

// ReadAll reads r to its end, and refuses more than limit bytes.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: over %d bytes", ErrTooLarge, limit)
	}
	return data, nil
}

// Metadata gets the TUF metadata of a site by their names, such as 3.root.json,
// as a TUF client asks for them.
type Metadata struct{ Site Fetcher }

// Fetch implements Fetcher, for names of metadata.
func (m Metadata) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	return m.Site.Fetch(ctx, TUF(name), limit)
}

// Memory is a site in memory, path by path.
type Memory map[string][]byte

// Fetch implements Fetcher.
func (m Memory) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, ok := m[name]
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !ok:
		return nil, fmt.Errorf("fetch %s: %w", name, fs.ErrNotExist)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("fetch %s: %w: over %d bytes", name, ErrTooLarge, limit)
	}
	return data, nil
}
