package clamd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"vitrine/internal/endpoint/mounts"

	"golang.org/x/sys/unix"
)

// Whoever answers for a file system can hold those who ask. A client may hand
// over a file of one that it answers for itself, or another machine does; the
// guard must never wait for either. So only files that this kernel answers for
// are passed on, and of others a copy, which the process makes that speaks with
// clients: it alone may be held.

// localMounts knows which mounts this kernel answers for.
type localMounts struct {
	mu      sync.Mutex
	mounts  map[uint64]bool
	devices map[mounts.Device]bool
}

// follow keeps the knowledge up to date until ctx ends. Without it every file
// but one in memory is foreign.
func (l *localMounts) follow(ctx context.Context) error {
	return mounts.Machine{Every: -1}.Run(ctx, l.set)
}

func (l *localMounts) set(all []mounts.Mount) {
	ids, devices := map[uint64]bool{}, map[mounts.Device]bool{}
	for _, m := range all {
		if m.Kind() == mounts.Local {
			ids[uint64(m.ID)], devices[m.Device] = true, true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mounts, l.devices = ids, devices
}

// here reports whether an open file is a regular one that this kernel answers
// for. It asks nobody else to find out.
func (l *localMounts) here(f *os.File) (ok bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) { ok = l.hereFD(int(fd)) })
	return ok && err == nil
}

func (l *localMounts) hereFD(fd int) bool {
	var st unix.Statx_t
	flags := unix.AT_EMPTY_PATH | unix.AT_STATX_DONT_SYNC | unix.AT_NO_AUTOMOUNT
	if unix.Statx(fd, "", flags, unix.STATX_TYPE|unix.STATX_MNT_ID, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return false
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0); err == nil {
		return true // it lies in memory
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if st.Mask&unix.STATX_MNT_ID != 0 {
		return l.mounts[st.Mnt_id]
	}
	return l.devices[mounts.Device{Major: st.Dev_major, Minor: st.Dev_minor}]
}

// maxCopy is the size in bytes of the largest foreign file that is copied, and
// maxCopies how many there are at once: whoever holds up the copying of a file
// holds up that of others, and of no other files.
const (
	maxCopy   = 128 << 20
	maxCopies = 2
)

var errTooLarge = errors.New("a file of another machine or process that is too large to be copied")

// copied gives a copy of a file in memory.
func copied(f *os.File) (*os.File, error) {
	fd, err := unix.MemfdCreate("copy", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	c := os.NewFile(uintptr(fd), "copy")
	n, err := io.Copy(c, io.NewSectionReader(f, 0, maxCopy+1))
	if err == nil && n > maxCopy {
		err = errTooLarge
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy: %w", err), c.Close())
	}
	return c, nil
}
