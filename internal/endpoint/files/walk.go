package files

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Kind says what was met.
type Kind uint8

// The kinds. Everything but File and Unread was left out on purpose.
const (
	File       Kind = iota // to be looked at
	Unread                 // could not be looked at; Entry.Err says why
	Symlink                // found inside a tree
	Special                // a FIFO, a socket or a device found inside a tree
	Excluded               // by Walker.Exclude, with everything below
	OtherMount             // a directory of another file system, with Walker.OneFileSystem
	Kernel                 // a directory of the kernel's own file systems (proc, sysfs, …)
	Loop                   // a directory that holds itself
)

// String is the kind as a word, as it stands in reports.
func (k Kind) String() string {
	return [...]string{"file", "unread", "symlink", "special", "excluded", "other_file_system", "kernel", "loop"}[k]
}

// Skipped lists the kinds that are left out on purpose, in the order of reports.
func Skipped() []Kind {
	return []Kind{Symlink, Special, Excluded, OtherMount, Kernel, Loop}
}

// Entry is one thing met on a walk.
type Entry struct {
	Path  string // as a user would write it: what was named, and names below it
	Kind  Kind
	Named bool     // the caller named it: a symbolic link is followed
	Err   *Problem // Unread only
}

// Walker walks trees. The zero Walker leaves out nothing but what it must.
type Walker struct {
	Exclude       []Pattern
	OneFileSystem bool
}

// Walk visits everything at and below path, directories in the order of their
// names, and stops early when visit returns false or ctx ends. Directories
// themselves are not visited unless they are left out.
func (w *Walker) Walk(ctx context.Context, path string, visit func(Entry) bool) {
	if w.excluded(path, isDir(path)) {
		visit(Entry{Path: path, Kind: Excluded, Named: true})
		return
	}
	var stat unix.Stat_t
	if err := statLong(path, &stat); err != nil {
		visit(unread(path, true, "stat", err))
		return
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		visit(Entry{Path: path, Named: true})
	case unix.S_IFDIR:
		walk := &walk{walker: w, ctx: ctx, visit: visit, root: stat.Dev}
		walk.tree(path)
	default:
		visit(Entry{Path: path, Kind: Unread, Named: true, Err: special()})
	}
}

// walk is one tree being walked. Open directories are a stack of names, not of
// descriptors, so that no depth runs out of them.
type walk struct {
	walker *Walker
	ctx    context.Context
	visit  func(Entry) bool
	root   uint64 // the device of the named directory
	stack  []directory
}

// directory is a directory with the entries that are still to be visited.
type directory struct {
	path string
	id   identity
	rest []fs.DirEntry
}

// identity is what makes two directories the same, whatever their names.
type identity struct{ dev, ino uint64 }

func (w *walk) tree(path string) {
	if !w.enter(path, true) {
		return
	}
	for len(w.stack) > 0 && w.ctx.Err() == nil {
		top := &w.stack[len(w.stack)-1]
		if len(top.rest) == 0 {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		entry := top.rest[0]
		top.rest = top.rest[1:]
		if !w.meet(join(top.path, entry.Name()), entry) {
			return
		}
	}
}

// meet deals with one entry and reports whether to go on.
func (w *walk) meet(path string, entry fs.DirEntry) bool {
	kind := entry.Type()
	if w.walker.excluded(path, kind.IsDir()) {
		return w.visit(Entry{Path: path, Kind: Excluded})
	}
	switch {
	case kind.IsDir():
		return w.enter(path, false)
	case kind.IsRegular():
		return w.visit(Entry{Path: path})
	case kind&fs.ModeSymlink != 0:
		return w.visit(Entry{Path: path, Kind: Symlink})
	case kind&fs.ModeIrregular != 0: // the file system did not tell
		return w.visit(Entry{Path: path})
	default:
		return w.visit(Entry{Path: path, Kind: Special})
	}
}

// enter puts a directory on the stack, unless it is left out or unreadable,
// and reports whether to go on.
func (w *walk) enter(path string, named bool) bool {
	dir, err := openDirectory(path, named)
	if err != nil {
		return w.visit(unread(path, named, "open", err))
	}
	defer dir.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &stat); err != nil {
		return w.visit(unread(path, named, "stat", err))
	}
	if kind := w.judge(&stat, int(dir.Fd()), named); kind != File {
		return w.visit(Entry{Path: path, Kind: kind})
	}
	entries, err := dir.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	w.stack = append(w.stack, directory{path, identity{stat.Dev, stat.Ino}, entries})
	if err != nil {
		return w.visit(unread(path, named, "list", err))
	}
	return true
}

// judge says why a directory is left out; File means that it is not.
func (w *walk) judge(stat *unix.Stat_t, fd int, named bool) Kind {
	if named {
		return File
	}
	id := identity{stat.Dev, stat.Ino}
	for _, above := range w.stack {
		if above.id == id {
			return Loop
		}
	}
	if above := w.stack[len(w.stack)-1]; above.id.dev != stat.Dev && kernelFS(fd) {
		return Kernel
	}
	if w.walker.OneFileSystem && stat.Dev != w.root {
		return OtherMount
	}
	return File
}

func (w *Walker) excluded(path string, dir bool) bool {
	for _, p := range w.Exclude {
		if p.Match(path, dir) {
			return true
		}
	}
	return false
}

func isDir(path string) bool {
	var stat unix.Stat_t
	return statLong(path, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFDIR
}

func join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

func unread(path string, named bool, op string, err error) Entry {
	return Entry{Path: path, Kind: Unread, Named: named, Err: problem(op, err, named)}
}

// Size is the size of a file now, or 0 when that cannot be told.
func (e Entry) Size() int64 {
	var stat unix.Stat_t
	if statLong(e.Path, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0
	}
	return stat.Size
}
