package mounts

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Follower reads the mounts of one mount namespace whenever they change.
type Follower struct {
	Path string // of a mountinfo; empty: this process's own
}

// Run calls changed with all mounts at once, and again after every change, one
// call at a time. It ends with ctx, or with the error of a mountinfo that cannot
// be read.
func (f Follower) Run(ctx context.Context, changed func([]Mount)) error {
	path := f.Path
	if path == "" {
		path = "/proc/self/mountinfo"
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("follow mounts: %w", err)
	}
	defer file.Close()
	for {
		all, err := read(file)
		if err != nil {
			return fmt.Errorf("follow mounts: %w", err)
		}
		changed(all)
		if err := wait(ctx, file); err != nil {
			return err
		}
	}
}

// Read gives the mounts of a mountinfo file now.
func Read(path string) ([]Mount, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	defer file.Close()
	return read(file)
}

func read(file *os.File) ([]Mount, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// patience is how often a wait looks whether it should end.
const patience = 200 * time.Millisecond

// wait returns nil once the mounts have changed since file was last polled.
// The kernel tells it as an exceptional condition, which Go's own poller does
// not wait for.
func wait(ctx context.Context, file *os.File) error {
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(file.Fd()), Events: unix.POLLPRI}}
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		switch {
		case err != nil && err != unix.EINTR:
			return fmt.Errorf("wait for mounts to change: %w", err)
		case n > 0:
			return nil
		}
	}
	return ctx.Err()
}
