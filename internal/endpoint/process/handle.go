package process

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrEnded means that the process is no more; its number may be another's now.
var ErrEnded = errors.New("the process has ended")

// Handle is one process and no other, however long it is held. A process that
// has ended and was not yet waited for by its parent still counts as there.
type Handle struct {
	PID   int
	pidfd *os.File
}

// Open takes hold of the process that has the number pid now.
func Open(pid int) (*Handle, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("take hold of process %d: %w", pid, ended(err))
	}
	return Adopt(pid, fd), nil
}

// Adopt makes a handle of a pidfd that came from elsewhere, and owns it. pid
// must be its number in our pid namespace.
func Adopt(pid, pidfd int) *Handle {
	return &Handle{PID: pid, pidfd: os.NewFile(uintptr(pidfd), "pidfd")}
}

// Hold is Adopt for a pidfd that somebody else goes on using.
func Hold(pid, pidfd int) (*Handle, error) {
	fd, err := unix.FcntlInt(uintptr(pidfd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("take hold of process %d: %w", pid, err)
	}
	return Adopt(pid, fd), nil
}

// Again is another handle of the same process.
func (h *Handle) Again() (*Handle, error) {
	var other *Handle
	var failed error
	if err := h.control(func(fd int) { other, failed = Hold(h.PID, fd) }); err != nil {
		return nil, fmt.Errorf("take hold of process %d: %w", h.PID, err)
	}
	return other, failed
}

// Signal sends a signal to this process; ErrEnded when it is no more. Signal 0
// only asks.
func (h *Handle) Signal(sig unix.Signal) error {
	var failed error
	err := h.control(func(fd int) { failed = unix.PidfdSendSignal(fd, sig, nil, 0) })
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("signal process %d: %w", h.PID, ended(err))
	}
	return nil
}

// Alive reports whether the number still belongs to this process.
func (h *Handle) Alive() bool { return h.Signal(0) == nil }

func (h *Handle) control(do func(fd int)) error {
	conn, err := h.pidfd.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(func(fd uintptr) { do(int(fd)) })
}

// Close lets go of the process.
func (h *Handle) Close() error { return h.pidfd.Close() }

// ended puts ErrEnded before what the kernel says of processes that are gone.
func ended(err error) error {
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return err
}
