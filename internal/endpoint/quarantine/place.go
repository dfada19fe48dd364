package quarantine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// place is a name in an open folder. The folder stays the same one, whatever
// becomes of the path that led there.
type place struct {
	dir    *os.File
	name   string
	folder string // path of dir, for messages and for tests of power cuts
}

func (p place) path() string { return filepath.Join(p.folder, p.name) }

func (p place) close() error { return p.dir.Close() }

// locate opens the folder that path, which is absolute, lies in as seen from
// root; nil is this process's own. No symbolic link is followed, and nothing
// leads out of root.
func locate(root *os.File, path string) (place, error) {
	if !validPath(path) {
		return place{}, errors.New("its path is not one")
	}
	from, seen := unix.AT_FDCWD, ""
	if root == nil {
		fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return place{}, fmt.Errorf("open /: %w", err)
		}
		defer unix.Close(fd)
		from = fd
	} else {
		from, seen = int(root.Fd()), root.Name()
	}
	parent, name := filepath.Split(path)
	dir, err := beneath(from, parent, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return place{}, err
	}
	return place{dir: dir, name: name, folder: filepath.Join(seen, parent)}, nil
}

// beneath opens an absolute path as seen from the folder root.
func beneath(root int, path string, flags uint64) (*os.File, error) {
	relative := strings.Trim(path, "/")
	if relative == "" {
		relative = "."
	}
	how := &unix.OpenHow{
		Flags:   flags | unix.O_CLOEXEC | unix.O_NONBLOCK,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_BENEATH,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(root, relative, how) })
	switch {
	case errors.Is(err, unix.ELOOP):
		return nil, fmt.Errorf("a symbolic link stands in the way to %s: %w", Name(path).Shown(), err)
	case err != nil:
		return nil, fmt.Errorf("open the folder %s: %w", Name(path).Shown(), err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// retry repeats what a signal, or a rename elsewhere, broke off.
func retry[T any](do func() (T, error)) (T, error) {
	for {
		v, err := do()
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return v, err
		}
	}
}

// inode names a file on this machine while it is open.
type inode struct{ dev, ino uint64 }

func inodeOf(st *unix.Stat_t) inode { return inode{uint64(st.Dev), st.Ino} }

func (i inode) key() string { return fmt.Sprintf("inode %d %d", i.dev, i.ino) }

// stat says what stands under the name, and not what a link there leads to.
func (p place) stat() (unix.Stat_t, error) {
	var st unix.Stat_t
	err := unix.Fstatat(int(p.dir.Fd()), p.name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return st, err
}

func fstat(file *os.File) (unix.Stat_t, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(file.Fd()), &st)
	return st, err
}

// open opens the file under the name, if it is one.
func (p place) open() (*os.File, error) {
	how := &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_BENEATH,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(int(p.dir.Fd()), p.name, how) })
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), p.path())
	st, err := fstat(file)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = ErrNotFile
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// sync makes the names in the folder safe.
func (p place) sync() error { return unix.Fsync(int(p.dir.Fd())) }
