package fanotify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Rival is another process that listens to file accesses. Two that make openers
// wait can wait for each other for ever: each opens what the other asks about.
type Rival struct {
	PID        int
	Comm       string // its name; it may choose it
	Permission bool   // it can make openers wait
}

func (r Rival) String() string { return fmt.Sprintf("%s (process %d)", r.Comm, r.PID) }

// Rivals lists every other process that holds a fanotify group. proc is where
// /proc is; empty: /proc. Processes that end meanwhile are left out. It makes a
// few system calls for each open file of the machine.
func Rivals(proc string) ([]Rival, error) {
	if proc == "" {
		proc = "/proc"
	}
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("list other fanotify listeners: %w", err)
	}
	var found []Rival
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		flags, ok, err := groupFlags(filepath.Join(proc, e.Name()))
		if err != nil {
			return found, fmt.Errorf("list other fanotify listeners: %w", err)
		}
		if ok {
			comm, _ := readSome(filepath.Join(proc, e.Name(), "comm")) // it may end now
			found = append(found, Rival{pid, string(bytes.TrimSpace(comm)), flags&unix.FAN_ALL_CLASS_BITS != 0})
		}
	}
	return found, nil
}

// groupFlags gives the flags of all groups that a process holds, taken together.
func groupFlags(dir string) (flags uint64, found bool, err error) {
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return 0, false, vanished(err)
	}
	for _, f := range files {
		link, err := os.Readlink(filepath.Join(dir, "fd", f.Name()))
		if err != nil || link != "anon_inode:[fanotify]" {
			continue
		}
		text, err := readSome(filepath.Join(dir, "fdinfo", f.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		if own, ok := parseFlags(text); ok {
			flags, found = flags|own, true
		}
	}
	return flags, found, nil
}

// parseFlags finds "fanotify flags:37 event-flags:8000" in fdinfo.
func parseFlags(fdinfo []byte) (uint64, bool) {
	for line := range bytes.Lines(fdinfo) {
		rest, ok := bytes.CutPrefix(line, []byte("fanotify flags:"))
		if !ok {
			continue
		}
		digits, _, _ := bytes.Cut(rest, []byte(" "))
		flags, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 64)
		return flags, err == nil
	}
	return 0, false
}

// readSome reads the start of a small file of the kernel's.
func readSome(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, 4096))
}

// vanished takes the end of a process for no error.
func vanished(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}
