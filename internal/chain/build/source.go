package build

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// What a source archive may hold at most.
const (
	MaxArchive = 512 << 20 // bytes
	maxFiles   = 200_000
)

// Archive gives the source of a commit as a tar file, and the commit. The same
// commit gives the same bytes: times are the commit's, and nothing of the
// machine or its settings is in it.
func Archive(ctx context.Context, repo, ref string) (commit string, data []byte, err error) {
	if strings.HasPrefix(ref, "-") {
		return "", nil, fmt.Errorf("%q is no commit", ref)
	}
	out, err := git(repo, "rev-parse", "--verify", "--end-of-options", ref+"^{commit}").run(ctx)
	if err != nil {
		return "", nil, err
	}
	commit = strings.TrimSpace(string(out))
	data, err = git(repo, "archive", "--format=tar", commit).run(ctx)
	return commit, data, err
}

// git asks git without the settings of the user or the machine.
func git(repo string, args ...string) command {
	settings := []string{"-C", repo, "-c", "tar.umask=0022", "-c", "core.attributesFile=/dev/null"}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "LC_ALL=C", "TZ=UTC"}
	return command{name: "git", args: append(settings, args...), env: env}
}

// Unpack gives what unpacks a source archive into a folder. Nothing is written
// outside of it, whatever the archive says.
func Unpack(data []byte) func(dir string) error {
	return func(dir string) error {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		defer root.Close()
		if err := unpack(root, tar.NewReader(bytes.NewReader(data))); err != nil {
			return fmt.Errorf("unpack the source: %w", err)
		}
		return nil
	}
}

func unpack(root *os.Root, r *tar.Reader) error {
	var total int64
	for n := 0; ; n++ {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n == maxFiles:
			return fmt.Errorf("over %d files", maxFiles)
		}
		// A sparse file can be much larger than the archive it is in.
		if total += h.Size; h.Size > MaxArchive || total > MaxArchive {
			return fmt.Errorf("%s: over %d bytes in all", h.Name, MaxArchive)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = write(root, name, h.FileInfo().Mode().Perm()|0o600, r)
		case tar.TypeSymlink:
			err = link(root, name, h.Linkname)
		default:
			err = fmt.Errorf("an entry of kind %q", h.Typeflag)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func write(root *os.Root, name string, perm fs.FileMode, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

func link(root *os.Root, name, to string) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return root.Symlink(to, name)
}

// Copy gives what copies a folder's files into another, without those of git.
func Copy(from string) func(dir string) error {
	return func(dir string) error {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		defer root.Close()
		return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(from, name)
			if err != nil {
				return err
			}
			switch {
			case entry.Name() == ".git" && entry.IsDir():
				return fs.SkipDir
			case entry.Name() == ".git" || !entry.Type().IsRegular():
				return nil
			}
			return copyFile(root, name, filepath.ToSlash(rel))
		})
	}
}

func copyFile(root *os.Root, from, name string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return write(root, name, 0o644, f)
}

// GoSum is the digest of a source's go.sum; of nothing, if it has none.
func GoSum(dir string) ([32]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return sha256.Sum256(data), err
}
