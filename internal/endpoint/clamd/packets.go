package clamd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxPacket is the longest message between the two processes.
const maxPacket = 64 << 10

// packets is a socket that keeps messages apart and carries one open file with
// each.
type packets struct {
	file *os.File
	raw  syscall.RawConn
}

// Pair gives the two ends of the socket between the process that answers
// clients and the one that has scanners.
func Pair() (first, second *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("clamd: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "broker"), os.NewFile(uintptr(fds[1]), "broker"), nil
}

// newPackets takes a socket over, with a descriptor of its own: the one that
// was inherited may be one that blocks.
func newPackets(f *os.File) (*packets, error) {
	given, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var failed error
	err = given.Control(func(number uintptr) {
		if fd, failed = unix.FcntlInt(number, unix.F_DUPFD_CLOEXEC, 0); failed == nil {
			failed = unix.SetNonblock(fd, true)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "broker")
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &packets{file, raw}, nil
}

// send sends one message; with f, which stays the caller's, if there is one.
func (p *packets) send(message []byte, f *os.File) error {
	if f == nil {
		return p.sendWith(message, nil)
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = p.sendWith(message, unix.UnixRights(int(fd))) })
	return errors.Join(err, failed)
}

func (p *packets) sendWith(message, rights []byte) error {
	var failed error
	err := p.raw.Write(func(fd uintptr) bool {
		for {
			failed = unix.Sendmsg(int(fd), message, rights, nil, unix.MSG_NOSIGNAL)
			if failed != unix.EINTR {
				return failed != unix.EAGAIN
			}
		}
	})
	return errors.Join(err, failed)
}

// receive gives the next message and the file that came with it, if one did. The
// message lies in room. An odd one is an error.
func (p *packets) receive(room []byte) (message []byte, f *os.File, err error) {
	control := make([]byte, unix.CmsgSpace(4))
	var n, used, flags int
	var failed error
	err = p.raw.Read(func(fd uintptr) bool {
		for {
			n, used, flags, _, failed = unix.Recvmsg(int(fd), room, control, unix.MSG_CMSG_CLOEXEC)
			if failed != unix.EINTR {
				return failed != unix.EAGAIN
			}
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, err
	}
	if f, err = oneFile(control[:used]); err != nil {
		return nil, nil, err
	}
	switch {
	case flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0:
		err = errors.New("a message that is too long, or has too many files")
	case n == 0:
		err = io.EOF
	}
	if err != nil && f != nil {
		err = errors.Join(err, f.Close())
		f = nil
	}
	return room[:n], f, err
}

// oneFile gives the file of a message's control data; there is room for no more.
func oneFile(control []byte) (*os.File, error) {
	if len(control) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, err
	}
	var f *os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return f, err
		}
		for _, fd := range fds {
			if f != nil {
				_ = unix.Close(fd)
				continue
			}
			f = os.NewFile(uintptr(fd), "received")
		}
	}
	return f, nil
}
