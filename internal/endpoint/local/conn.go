package local

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is one connection. Its methods may be called at the same time from
// different goroutines; those that wait end at their deadline, and at Close.
type Conn struct {
	file   *os.File
	raw    syscall.RawConn
	peer   Peer
	closed atomic.Bool
}

// patience is how long Dial waits for a listener that accepts nothing.
const patience = 5 * time.Second

// Dial connects to the socket at path.
func Dial(path string) (*Conn, error) {
	fd, err := connect(path, unix.SOCK_STREAM, patience)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", path, err)
	}
	return newConn(fd, path)
}

func newConn(fd int, path string) (*Conn, error) {
	c := &Conn{file: os.NewFile(uintptr(fd), path)}
	var err error
	if c.peer, err = peerOf(fd); err == nil {
		c.raw, err = c.file.SyscallConn()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connection at %s: %w", path, err), c.file.Close())
	}
	return c, nil
}

// Peer is who was at the other end when the connection was made.
func (c *Conn) Peer() Peer { return c.peer }

// Read reads; files that were sent with the bytes are closed unseen.
func (c *Conn) Read(p []byte) (int, error) { return c.file.Read(p) }

// Write writes all of p, or fails.
func (c *Conn) Write(p []byte) (int, error) { return c.file.Write(p) }

// Close ends the connection and whatever waits on it.
func (c *Conn) Close() error {
	c.closed.Store(true)
	return c.file.Close()
}

// SetDeadline is when reads and writes end with os.ErrDeadlineExceeded; the
// zero time means never.
func (c *Conn) SetDeadline(t time.Time) error { return c.file.SetDeadline(t) }

// SetReadDeadline is SetDeadline for reads alone.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.file.SetReadDeadline(t) }

// SetWriteDeadline is SetDeadline for writes alone.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.file.SetWriteDeadline(t) }

// CloseWrite tells the other end that nothing more will be written.
func (c *Conn) CloseWrite() error {
	var failed error
	if err := c.raw.Control(func(fd uintptr) { failed = unix.Shutdown(int(fd), unix.SHUT_WR) }); err != nil {
		return err
	}
	return failed
}

// Gone says whether the other end has been closed, and not only for writing.
func (c *Conn) Gone() bool {
	gone := true
	err := c.raw.Control(func(fd uintptr) {
		ask := []unix.PollFd{{Fd: int32(fd)}}
		_, err := unix.Poll(ask, 0)
		gone = err == nil && ask[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone || err != nil
}
