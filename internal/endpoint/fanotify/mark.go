package fanotify

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Scope is what a mark covers.
type Scope int

const (
	// Filesystem covers all of a file system, in whatever mount namespace and
	// under whatever path a file is reached.
	Filesystem Scope = iota
	// Mount covers what is reached through one mount; a bind mount of the same
	// directory is another one.
	Mount
)

func (s Scope) flag() uint {
	if s == Mount {
		return unix.FAN_MARK_MOUNT
	}
	return unix.FAN_MARK_FILESYSTEM
}

// Mark adds mask to what is told of the file system, or the mount, that the
// path lies on. ErrUnsupported: this kind of file system cannot be marked.
func (g *Group) Mark(s Scope, path string, mask Mask) error {
	return g.mark(unix.FAN_MARK_ADD|s.flag(), mask, unix.AT_FDCWD, path)
}

// Unmark takes mask away again; what was not marked is no error.
func (g *Group) Unmark(s Scope, path string, mask Mask) error {
	err := g.mark(unix.FAN_MARK_REMOVE|s.flag(), mask, unix.AT_FDCWD, path)
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// Ignore silences opens of one file until it is written, its inode leaves
// memory, or FlushIgnored. fd is that of an event. The kernel does not see
// writes through a shared mapping: look at the file again after Ignore, and
// call Unignore at every CloseWrite.
func (g *Group) Ignore(fd int) error {
	flags := uint(unix.FAN_MARK_ADD | unix.FAN_MARK_IGNORED_MASK)
	if g.evictable.Load() {
		flags |= unix.FAN_MARK_EVICTABLE
	}
	return g.mark(flags, opens, fd, "")
}

// Unignore lets the opens of one file be told again.
func (g *Group) Unignore(fd int) error {
	err := g.mark(unix.FAN_MARK_REMOVE|unix.FAN_MARK_IGNORED_MASK, opens, fd, "")
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// FlushIgnored drops every ignore mark and no other: what is watched stays
// watched meanwhile.
func (g *Group) FlushIgnored() error {
	return g.mark(unix.FAN_MARK_FLUSH, 0, unix.AT_FDCWD, "/")
}

// Clear drops every mark: nothing new is told or asked. What was asked before
// still waits for its answer.
func (g *Group) Clear() error {
	var errs []error
	for _, flag := range []uint{unix.FAN_MARK_FILESYSTEM, unix.FAN_MARK_MOUNT, 0} {
		errs = append(errs, g.mark(unix.FAN_MARK_FLUSH|flag, 0, unix.AT_FDCWD, "/"))
	}
	return errors.Join(errs...)
}

// mark runs while the group is open; path is empty for the file of dirFD.
func (g *Group) mark(flags uint, mask Mask, dirFD int, path string) error {
	conn, err := g.file.SyscallConn()
	if err != nil {
		return fmt.Errorf("fanotify mark: %w", err)
	}
	var failed error
	err = conn.Control(func(group uintptr) {
		failed = unix.FanotifyMark(int(group), flags, uint64(mask), dirFD, path)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("fanotify mark %s (%v): %w", path, mask, explain(err))
	}
	return nil
}
