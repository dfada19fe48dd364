package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Execs tells which processes have become another program, wherever that came
// from: also from memory, where no file could be watched. It is the kernel's
// process connector, and tells of a process after it has happened. It needs
// CAP_NET_ADMIN in the first network namespace.
type Execs struct {
	file   *os.File
	buf    [4096]byte
	closed atomic.Bool
}

// Numbers of linux/connector.h and linux/cn_proc.h.
const (
	connectorProc  = 1
	connectorBytes = 20 // of struct cn_msg
	listen         = 1
	eventExec      = 2
	execBytes      = 24 // of the part of struct proc_event up to the exec's numbers
)

// ListenExecs begins to listen. An error means that this kernel does not tell.
func ListenExecs() (*Execs, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_CONNECTOR)
	if err != nil {
		return nil, fmt.Errorf("listen for executions: %w", err)
	}
	file := os.NewFile(uintptr(fd), "executions")
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 1<<20) // what does not fit is told as lost
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: connectorProc}); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for executions: %w", err), file.Close())
	}
	// Kernels since 6.6 take which events are wanted, too; others leave that out.
	for _, words := range [][]uint32{{listen}, {listen, eventExec}} {
		if err := unix.Sendto(fd, request(words), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for executions: %w", err), file.Close())
		}
	}
	return &Execs{file: file}, nil
}

// request is a message to the connector.
func request(words []uint32) []byte {
	size := unix.NLMSG_HDRLEN + connectorBytes + 4*len(words)
	b := binary.NativeEndian.AppendUint32(nil, uint32(size))
	b = binary.NativeEndian.AppendUint16(b, unix.NLMSG_DONE)
	b = append(b, make([]byte, unix.NLMSG_HDRLEN-len(b))...)
	b = binary.NativeEndian.AppendUint32(b, connectorProc)
	b = binary.NativeEndian.AppendUint32(b, connectorProc)
	b = append(b, make([]byte, 8)...)
	b = binary.NativeEndian.AppendUint16(b, uint16(4*len(words)))
	b = append(b, 0, 0)
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

// Next waits for executions and gives the numbers of the processes. lost: there
// were more than could be kept. It ends with os.ErrDeadlineExceeded after the
// deadline, and with os.ErrClosed after Close.
func (e *Execs) Next() (pids []int, lost bool, err error) {
	conn, err := e.file.SyscallConn()
	if err != nil {
		return nil, false, fmt.Errorf("wait for executions: %w", err)
	}
	var n int
	var from unix.Sockaddr
	var failed error
	err = conn.Read(func(fd uintptr) bool {
		n, from, failed = unix.Recvfrom(int(fd), e.buf[:], 0)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	switch {
	case e.closed.Load():
		return nil, false, fmt.Errorf("wait for executions: %w", os.ErrClosed)
	case err != nil:
		return nil, false, fmt.Errorf("wait for executions: %w", err)
	case failed == unix.ENOBUFS:
		return nil, true, nil
	case failed != nil:
		return nil, false, fmt.Errorf("wait for executions: %w", failed)
	}
	if a, ok := from.(*unix.SockaddrNetlink); !ok || a.Pid != 0 { // not from the kernel
		return nil, false, nil
	}
	return parseExecs(e.buf[:n]), false, nil
}

// SetDeadline ends a Next at t.
func (e *Execs) SetDeadline(t time.Time) error { return e.file.SetReadDeadline(t) }

func (e *Execs) Close() error {
	e.closed.Store(true)
	return e.file.Close()
}

// parseExecs gives the processes in a datagram. What is no execution, or not
// whole, is left out.
func parseExecs(buf []byte) (pids []int) {
	for len(buf) >= unix.NLMSG_HDRLEN {
		size := int(binary.NativeEndian.Uint32(buf))
		if size < unix.NLMSG_HDRLEN || size > len(buf) {
			return pids
		}
		if body := buf[unix.NLMSG_HDRLEN:size]; len(body) >= connectorBytes+execBytes {
			event := body[connectorBytes:]
			if binary.NativeEndian.Uint32(body) == connectorProc && binary.NativeEndian.Uint32(event) == eventExec {
				pids = append(pids, int(int32(binary.NativeEndian.Uint32(event[20:]))))
			}
		}
		buf = buf[min(len(buf), (size+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
	}
	return pids
}
