package watchdog

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNobody means that no watchdog reads the beats any more: start another.
var ErrNobody = errors.New("the watchdog has ended")

// Pulse is the guard's half. Beat is to be called by the loop that reads the
// kernel's events, and by nothing else: a beat from elsewhere would hide that
// the loop hangs.
type Pulse struct {
	pipe *os.File
	fd   int
}

// NewPulse makes a pulse and the end of it that the watchdog's process gets.
// The caller closes that end once the process has it.
func NewPulse() (*Pulse, *os.File, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, nil, fmt.Errorf("make a pulse: %w", err)
	}
	pipe := os.NewFile(uintptr(ends[1]), "pulse")
	return &Pulse{pipe: pipe, fd: ends[1]}, os.NewFile(uintptr(ends[0]), "beats"), nil
}

// Beat says that the reader is alive. It never waits: a full pipe is as good
// as a beat. ErrNobody: the watchdog has gone.
func (p *Pulse) Beat() error {
	conn, err := p.pipe.SyscallConn()
	if err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	var failed error
	err = conn.Control(func(fd uintptr) { _, failed = unix.Write(int(fd), []byte{1}) })
	switch {
	case err != nil:
		return fmt.Errorf("beat: %w", err)
	case failed == unix.EPIPE:
		return ErrNobody
	case failed == unix.EAGAIN, failed == unix.EINTR:
		return nil
	}
	return failed
}

// Close ends the pulse: a watchdog takes it for the guard's wish to end, and
// watches no more.
func (p *Pulse) Close() error { return p.pipe.Close() }
