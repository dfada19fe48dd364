package yaracmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// walker finds the files to scan.
type walker struct {
	options *Options
	visit   func(path string) // in the order found
	trouble func(path string, err error)
	skipped func(path string, size int64)
}

// dirID tells directories apart whatever path leads to them.
type dirID struct{ dev, ino uint64 }

func idOf(st fs.FileInfo) dirID {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		return dirID{sys.Dev, sys.Ino}
	}
	return dirID{}
}

// dir visits the regular files of a directory and, with -r, of those below it.
// Paths are joined with one slash and never cleaned, as yara does. above are
// the directories on the way here: a link back to one of them is not followed,
// since it would never end.
func (w *walker) dir(ctx context.Context, dir string, above []dirID) {
	st, err := os.Stat(dir)
	if err != nil {
		w.trouble(dir, reason(err))
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.trouble(dir, reason(err))
	}
	above = append(above[:len(above):len(above)], idOf(st))
	for _, e := range entries {
		if ctx.Err() != nil {
			return
		}
		w.entry(ctx, dir+"/"+e.Name(), e.Type()&fs.ModeSymlink != 0, above)
	}
}

func (w *walker) entry(ctx context.Context, path string, link bool, above []dirID) {
	if link && w.options.NoFollowSymlinks {
		return
	}
	st, err := os.Stat(path)
	switch {
	case gone(err):
	case err != nil:
		w.trouble(path, reason(err))
	case st.Mode().IsRegular():
		w.file(path, st.Size())
	case st.IsDir() && w.options.Recursive && !contains(above, idOf(st)):
		w.dir(ctx, path, above)
	}
}

// gone says that there is no file: it vanished, or a link leads nowhere.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP)
}

func contains(ids []dirID, id dirID) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

func (w *walker) file(path string, size int64) {
	if limit := w.options.SkipLarger; limit > 0 && size >= limit {
		w.skipped(path, size)
		return
	}
	w.visit(path)
}

// list visits what the file names, one path a line; directories as dir does.
func (w *walker) list(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Split(splitLines); lines.Scan() && ctx.Err() == nil; {
		w.listed(ctx, lines.Text())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

func (w *walker) listed(ctx context.Context, path string) {
	if isDir(path) {
		w.dir(ctx, path, nil)
		return
	}
	w.visit(path)
}

// splitLines is bufio.ScanLines, except that a carriage return stays: it may
// be part of a name.
func splitLines(data []byte, atEOF bool) (int, []byte, error) {
	for i, c := range data {
		if c == '\n' {
			return i + 1, data[:i], nil
		}
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
