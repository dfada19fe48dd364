package local

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// MaxRights is how many files one ReadRights takes.
const MaxRights = 4

// ReadRights reads bytes and the open files that were sent with the last of
// them. The caller closes the files. The kernel never gives bytes from before a
// message with files together with bytes from behind it. Somebody who sends more
// than MaxRights files at once gets an error, and no file.
func (c *Conn) ReadRights(p []byte) (n int, files []*os.File, err error) {
	if len(p) == 0 {
		return 0, nil, nil
	}
	room := make([]byte, unix.CmsgSpace(4*MaxRights))
	var used, flags int
	var failed error
	err = c.raw.Read(func(fd uintptr) bool {
		for {
			n, used, flags, _, failed = unix.Recvmsg(int(fd), p, room, unix.MSG_CMSG_CLOEXEC)
			if failed != unix.EINTR {
				return failed != unix.EAGAIN
			}
		}
	})
	if err = c.outcome(err, failed); err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	files, err = rightsIn(room[:used])
	if err == nil && flags&unix.MSG_CTRUNC != 0 {
		err = fmt.Errorf("receive: more than %d files at once", MaxRights)
	}
	if err != nil {
		return n, nil, errors.Join(err, closeAll(files))
	}
	if n == 0 && len(files) == 0 {
		return 0, nil, io.EOF
	}
	return n, files, nil
}

func rightsIn(control []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	var files []*os.File
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_RIGHTS {
			continue
		}
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return files, fmt.Errorf("receive: %w", err)
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) error {
	var err error
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// WriteRights writes all of p, and sends the files with its first byte. The
// files stay the caller's.
func (c *Conn) WriteRights(p []byte, files ...*os.File) error {
	if len(p) == 0 || len(files) > MaxRights {
		return fmt.Errorf("send: %d files with %d bytes: at least one byte and at most %d files", len(files), len(p), MaxRights)
	}
	return withFDs(files, nil, func(fds []int) error {
		n, err := c.send(p, unix.UnixRights(fds...))
		if err != nil {
			return err
		}
		_, err = c.file.Write(p[n:])
		return err
	})
}

// withFDs holds the descriptors of files while do runs. Fd would make the file
// block.
func withFDs(files []*os.File, fds []int, do func([]int) error) error {
	if len(files) == 0 {
		return do(fds)
	}
	raw, err := files[0].SyscallConn()
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = withFDs(files[1:], append(fds, int(fd)), do) })
	return errors.Join(err, failed)
}

func (c *Conn) send(p, control []byte) (n int, err error) {
	var failed error
	err = c.raw.Write(func(fd uintptr) bool {
		for {
			n, failed = unix.SendmsgN(int(fd), p, control, nil, unix.MSG_NOSIGNAL)
			if failed != unix.EINTR {
				return failed != unix.EAGAIN
			}
		}
	})
	if err = c.outcome(err, failed); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	return n, nil
}

// outcome is how a system call ended, and before that how the waiting for it did.
func (c *Conn) outcome(waiting, call error) error {
	switch {
	case waiting != nil && c.closed.Load():
		return os.ErrClosed
	case waiting != nil:
		return waiting
	}
	return call
}
