package wire

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// MaxMessage is the largest message there is, in bytes. It fits into the buffer
// that the kernel gives a socket by default.
const MaxMessage = 128 << 10

// maxFiles is how many descriptors are looked at that came with one message: one is
// allowed, and the kernel closes what does not fit.
const maxFiles = 4

// pair makes two connected sockets that keep messages apart. The first does not
// block, the second does.
func pair() (first, second int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("make a socket pair: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return -1, -1, fmt.Errorf("make a socket pair: %w", err)
	}
	for _, fd := range fds {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 2*MaxMessage) // what the system's limit allows of it
	}
	// Where the kernel can refuse descriptors on this end (6.16), it shall: nothing
	// that a scanner sends may have to be closed by root.
	_ = unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_PASSRIGHTS, 0)
	return fds[0], fds[1], nil
}

// quiet is a socket that does not block and takes messages without descriptors.
type quiet struct {
	file *os.File
	raw  syscall.RawConn
	buf  []byte
}

func newQuiet(fd int) (*quiet, error) {
	q := &quiet{file: os.NewFile(uintptr(fd), "scanner"), buf: make([]byte, MaxMessage)}
	var err error
	q.raw, err = q.file.SyscallConn()
	return q, err
}

// send sends a message with at most one descriptor. It waits until deadline for
// the other side to make room.
func (q *quiet) send(message []byte, fd int, deadline time.Time) error {
	if len(message) > MaxMessage {
		return fmt.Errorf("send to scanner: %d bytes are more than a message may have", len(message))
	}
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	_ = q.file.SetWriteDeadline(deadline)
	var sent error
	err := q.raw.Write(func(s uintptr) bool {
		sent = again(func() error { return unix.Sendmsg(int(s), message, rights, nil, unix.MSG_NOSIGNAL) })
		return sent != unix.EAGAIN
	})
	if err = errors.Join(err, sent); err != nil {
		return fmt.Errorf("send to scanner: %w", err)
	}
	return nil
}

// receive takes a message, which is valid until the next call. There is no room for
// descriptors: the kernel closes what comes along, and that is an error.
func (q *quiet) receive() ([]byte, error) {
	var n, flags int
	var got error
	err := q.raw.Read(func(s uintptr) bool {
		got = again(func() (err error) {
			n, _, flags, _, err = unix.Recvmsg(int(s), q.buf, nil, unix.MSG_CMSG_CLOEXEC)
			return err
		})
		return got != unix.EAGAIN
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("hear from scanner: %w", err)
	case got != nil:
		return nil, fmt.Errorf("hear from scanner: %w", got)
	case flags&unix.MSG_CTRUNC != 0:
		return nil, errors.New("hear from scanner: it sent what is no message")
	case flags&unix.MSG_TRUNC != 0:
		return nil, fmt.Errorf("hear from scanner: a message of more than %d bytes", MaxMessage)
	case n == 0:
		return nil, io.EOF
	}
	return q.buf[:n], nil
}

func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// blocking is a socket that blocks and takes messages with descriptors. It uses
// no more system calls than a scanner is left with.
type blocking struct {
	fd  int
	buf []byte
}

// receive takes a message, valid until the next call, and what came with it. The
// caller closes the files.
func (b *blocking) receive() (message []byte, files []*os.File, err error) {
	room := make([]byte, unix.CmsgSpace(4*maxFiles))
	var n, used, flags int
	err = again(func() (err error) {
		n, used, flags, _, err = unix.Recvmsg(b.fd, b.buf, room, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("hear from the guard: %w", err)
	}
	files, err = taken(room[:used])
	switch {
	case err != nil:
	case flags&(unix.MSG_CTRUNC|unix.MSG_TRUNC) != 0:
		err = errors.New("hear from the guard: a message that does not fit")
	case n == 0 && len(files) == 0:
		err = io.EOF
	}
	if err != nil {
		closeAll(files)
		return nil, nil, err
	}
	return b.buf[:n], files, nil
}

// taken gives the files of control messages.
func taken(control []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, fmt.Errorf("hear from the guard: %w", err)
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue // no descriptors
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "file"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// send sends a message.
func (b *blocking) send(message []byte) error {
	if len(message) > MaxMessage {
		return fmt.Errorf("answer the guard: %d bytes are more than a message may have", len(message))
	}
	err := again(func() error {
		_, err := unix.Write(b.fd, message)
		return err
	})
	if err != nil {
		return fmt.Errorf("answer the guard: %w", err)
	}
	return nil
}
