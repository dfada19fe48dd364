package durable

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrLocked is wrapped by Lock's error when somebody holds the lock.
var ErrLocked = errors.New("another process holds the lock")

// Held is a lock that is held until Unlock or the end of the process.
type Held struct{ file *os.File }

// Lock takes the lock that the file name stands for, and does not wait. The
// file is made if there is none, and stays. The lock is of the open file
// (flock), so it also holds against a second taker in the same process.
func Lock(name string) (*Held, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), file.Close())
	}
	return &Held{file}, nil
}

// Unlock gives the lock back. Closing the file alone would leave it with a program
// that is being started at this moment, which has the file until it runs.
func (h *Held) Unlock() error {
	return errors.Join(syscall.Flock(int(h.file.Fd()), syscall.LOCK_UN), h.file.Close())
}
