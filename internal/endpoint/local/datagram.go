package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Datagram sends messages to a socket that takes each as a whole. It never
// waits: a receiver that is not ready gets nothing.
type Datagram struct {
	file *os.File
	raw  syscall.RawConn
}

// DialDatagram connects to the datagram socket at path.
func DialDatagram(path string) (*Datagram, error) {
	fd, err := connect(path, unix.SOCK_DGRAM, time.Second)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", path, err)
	}
	d := &Datagram{file: os.NewFile(uintptr(fd), path)}
	if d.raw, err = d.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, d.file.Close())
	}
	return d, nil
}

// Send sends one message. One that is too large for a message goes as a sealed
// file in memory, which is how the journal takes it. An error wraps EAGAIN when
// the receiver is not ready, and ECONNREFUSED or ENOTCONN when it has gone.
func (d *Datagram) Send(p []byte) error {
	err := d.send(p, nil)
	if errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.ENOBUFS) {
		err = d.sendFile(p)
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", d.file.Name(), err)
	}
	return nil
}

func (d *Datagram) send(p, control []byte) error {
	var failed error
	err := d.raw.Control(func(fd uintptr) {
		failed = unix.Sendmsg(int(fd), p, control, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	})
	return errors.Join(err, failed)
}

// sendFile passes the message as a file that nobody can change any more.
func (d *Datagram) sendFile(p []byte) error {
	fd, err := unix.MemfdCreate("message", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return err
	}
	memory := os.NewFile(uintptr(fd), "message")
	defer memory.Close()
	if _, err = memory.Write(p); err != nil {
		return err
	}
	if _, err = memory.Seek(0, io.SeekStart); err != nil {
		return err
	}
	seals := unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return err
	}
	return d.send(nil, unix.UnixRights(fd))
}

// Close ends the connection.
func (d *Datagram) Close() error { return d.file.Close() }
