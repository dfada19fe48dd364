package local

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// File gives the listening socket itself, to be handed to a process that
// accepts in this one's place. The caller closes it; the Listener stays open.
func (l *Listener) File() (*os.File, error) {
	var fd int
	var failed error
	err := l.raw.Control(func(listening uintptr) {
		fd, failed = unix.FcntlInt(listening, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("share the socket at %s: %w", l.path, err)
	}
	return os.NewFile(uintptr(fd), l.path), nil
}

// Inherited is a listening socket that another process has made, and removes.
type Inherited struct {
	file   *os.File
	raw    syscall.RawConn
	closed atomic.Bool
}

// Inherit takes over a listening unix socket. What is none is refused: whoever
// accepts there must not speak to another machine.
func Inherit(f *os.File) (*Inherited, error) {
	i, err := inherit(f)
	if err != nil {
		return nil, fmt.Errorf("inherit a socket: %w", err)
	}
	return i, nil
}

func inherit(f *os.File) (*Inherited, error) {
	given, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var failed error
	err = given.Control(func(number uintptr) { fd, failed = listening(int(number)) })
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	i := &Inherited{file: os.NewFile(uintptr(fd), "inherited socket")}
	if i.raw, err = i.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, i.file.Close())
	}
	return i, nil
}

// listening gives a descriptor of our own, which does not block, for a unix
// socket that listens.
func listening(given int) (int, error) {
	for _, want := range []struct{ option, value int }{
		{unix.SO_DOMAIN, unix.AF_UNIX}, {unix.SO_TYPE, unix.SOCK_STREAM}, {unix.SO_ACCEPTCONN, 1},
	} {
		got, err := unix.GetsockoptInt(given, unix.SOL_SOCKET, want.option)
		if err != nil {
			return -1, err
		}
		if got != want.value {
			return -1, errors.New("it is no unix socket that listens")
		}
	}
	fd, err := unix.FcntlInt(uintptr(given), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// Accept is that of Listener.
func (i *Inherited) Accept() (*Conn, error) { return accept(i.raw, &i.closed, i.file.Name()) }

// Close ends Accept. The socket stays: it is whoever's made it.
func (i *Inherited) Close() error {
	if i.closed.Swap(true) {
		return nil
	}
	return i.file.Close()
}

func accept(raw syscall.RawConn, closed *atomic.Bool, name string) (*Conn, error) {
	var fd int
	var failed error
	err := raw.Read(func(listening uintptr) bool {
		for {
			fd, _, failed = unix.Accept4(int(listening), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			if failed != unix.EINTR && failed != unix.ECONNABORTED {
				return failed != unix.EAGAIN
			}
		}
	})
	switch {
	case err != nil && closed.Load():
		err = os.ErrClosed
	case err == nil:
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("accept at %s: %w", name, err)
	}
	return newConn(fd, name)
}
