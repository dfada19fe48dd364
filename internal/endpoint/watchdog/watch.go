package watchdog

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Outcome is why a watch ended.
type Outcome int

const (
	Ended    Outcome = iota // the guard ended by itself
	Released                // the guard closed its pulse and wants to be watched no more
	Killed                  // the guard hung and was killed
)

func (o Outcome) String() string {
	return [...]string{"the guard has ended", "the guard has closed its pulse", "the guard hung and was killed"}[o]
}

// slices is in how many parts a limit is waited for. A machine that stood still
// itself, asleep or starved, loses one part and not all of them.
const slices = 8

// Watch reads beats until the guard, of which it holds a pidfd, ends. When none
// comes for as long as limit, it kills the guard with SIGKILL. It says nothing
// itself: the caller prints the outcome.
func Watch(beats, guard *os.File, limit time.Duration) (Outcome, error) {
	if limit < slices*time.Millisecond {
		return Ended, fmt.Errorf("watch the guard: a limit of %v is too short", limit)
	}
	w := watch{beats: int(beats.Fd()), guard: int(guard.Fd()), slice: limit / slices}
	if err := unix.SetNonblock(w.beats, true); err != nil {
		return Ended, fmt.Errorf("watch the guard: %w", err)
	}
	if err := unix.PidfdSendSignal(w.guard, 0, nil, 0); err != nil && err != unix.ESRCH { // it could not be killed when it must be
		return Ended, fmt.Errorf("watch the guard: %w", err)
	}
	return w.run()
}

type watch struct {
	beats, guard int
	slice        time.Duration
}

func (w watch) run() (Outcome, error) {
	for missed := 0; missed < slices; {
		fds := []unix.PollFd{{Fd: int32(w.beats), Events: unix.POLLIN}, {Fd: int32(w.guard), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(w.slice.Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return Ended, fmt.Errorf("watch the guard: %w", err)
		case fds[1].Revents != 0:
			return Ended, nil
		case n == 0:
			missed++
		default:
			missed = 0
			if open, err := w.drain(); err != nil || !open {
				return Released, err
			}
		}
	}
	if err := unix.PidfdSendSignal(w.guard, unix.SIGKILL, nil, 0); err != nil && err != unix.ESRCH {
		return Ended, fmt.Errorf("kill the guard: %w", err)
	}
	return Killed, nil
}

// drain takes what beats there are; false: the guard has closed its end.
func (w watch) drain() (bool, error) {
	var buf [4096]byte
	for {
		n, err := unix.Read(w.beats, buf[:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return true, nil
		case err != nil:
			return false, fmt.Errorf("read the guard's beats: %w", err)
		case n == 0:
			return false, nil
		}
	}
}
