// Package local speaks over unix sockets of this machine, and over nothing
// else: it holds connections that know who is at the other end, as the kernel
// tells it, and can carry open files. It does not use package net, so that a
// room that speaks to its neighbours is not a room that could speak to the world.
//
// It knows nothing of what is said.
package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"vitrine/internal/durable"

	"golang.org/x/sys/unix"
)

// ErrTaken is wrapped by Listen's error when somebody answers at the path.
var ErrTaken = errors.New("another process answers there")

// backlog is how many connections wait to be accepted; the kernel lowers it to
// its own limit.
const backlog = 4096

// Listener waits for connections at a path.
type Listener struct {
	path string
	file *os.File
	raw  syscall.RawConn
	made unix.Stat_t // the socket, so that only it is removed
	lock *durable.Held

	closed atomic.Bool
}

// Listen makes a socket with the given permission bits, and the folder it lies
// in where there is none. It takes the place of a socket that nobody answers
// at, and of nothing else. While it listens it holds a lock on path+".lock", so
// that of two that start at once one is refused with ErrTaken.
func Listen(path string, mode fs.FileMode) (*Listener, error) {
	l, err := listen(path, mode)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return l, nil
}

func listen(path string, mode fs.FileMode) (*Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	lock, err := durable.Lock(path + ".lock")
	if errors.Is(err, durable.ErrLocked) {
		err = ErrTaken
	}
	if err != nil {
		return nil, err
	}
	l := &Listener{path: path, lock: lock}
	if err = clearStale(path); err == nil {
		err = l.bind(mode)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return l, nil
}

// clearStale removes the socket of a process that is gone.
func clearStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is something that is no socket")
	}
	fd, err := connect(path, unix.SOCK_STREAM, time.Second)
	switch {
	case err == nil:
		return errors.Join(ErrTaken, unix.Close(fd))
	case errors.Is(err, unix.ECONNREFUSED):
		return os.Remove(path)
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EPROTOTYPE):
		return ErrTaken // it listens, and is slow or speaks otherwise
	}
	return err
}

// bind makes the socket with no more rights than mode at any moment.
func (l *Listener) bind(mode fs.FileMode) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	l.file = os.NewFile(uintptr(fd), l.path)
	// Linux gives the bound name the rights of the socket, less the umask.
	if err = unix.Fchmod(fd, uint32(mode.Perm())); err == nil {
		err = at(l.path, func(addr *unix.SockaddrUnix) error { return unix.Bind(fd, addr) })
	}
	if err == nil {
		err = unix.Lstat(l.path, &l.made)
	}
	if err == nil {
		err = os.Chmod(l.path, mode.Perm())
	}
	if err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err == nil {
		l.raw, err = l.file.SyscallConn()
	}
	if err != nil {
		return errors.Join(err, l.unlink(), l.file.Close())
	}
	return nil
}

// Path is where it listens.
func (l *Listener) Path() string { return l.path }

// Chgrp gives the socket to a group, whose members then have the group's part
// of its permission bits.
func (l *Listener) Chgrp(gid int) error { return os.Lchown(l.path, -1, gid) }

// Accept waits for a connection. After Close its error wraps os.ErrClosed; other
// errors, such as that no descriptor is free, may pass.
func (l *Listener) Accept() (*Conn, error) {
	var fd int
	var failed error
	err := l.raw.Read(func(listening uintptr) bool {
		for {
			fd, _, failed = unix.Accept4(int(listening), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			if failed != unix.EINTR && failed != unix.ECONNABORTED {
				return failed != unix.EAGAIN
			}
		}
	})
	switch {
	case err != nil && l.closed.Load():
		err = os.ErrClosed
	case err == nil:
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("accept at %s: %w", l.path, err)
	}
	return newConn(fd, l.path)
}

// Close ends Accept and removes the socket, if it is still this one.
func (l *Listener) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	return errors.Join(l.unlink(), l.file.Close(), l.lock.Unlock())
}

func (l *Listener) unlink() error {
	var now unix.Stat_t
	if l.made.Ino == 0 || unix.Lstat(l.path, &now) != nil || now.Dev != l.made.Dev || now.Ino != l.made.Ino {
		return nil
	}
	return os.Remove(l.path)
}
