package mounts

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Place is a directory or file that was found to be where a mount is mounted.
type Place struct{ file *os.File }

// Enter takes hold of the place where m is mounted, and makes sure that it is
// m's: not what another mount, or somebody with a link, has put over it. It
// opens nothing there. Looking up the path may take as long as the file systems
// on the way like: call it where that does no harm.
func Enter(m Mount) (Place, error) {
	fd, err := unix.Open(m.Point, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return Place{}, fmt.Errorf("enter mount %s: %w", m.Point, err)
	}
	p := Place{os.NewFile(uintptr(fd), m.Point)}
	var st unix.Statx_t
	err = unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_MNT_ID|unix.STATX_INO, &st)
	switch {
	case err != nil:
	case st.Mask&unix.STATX_MNT_ID != 0 && st.Mnt_id != uint64(m.ID):
		err = errHidden
	case st.Mask&unix.STATX_MNT_ID == 0 && (Device{st.Dev_major, st.Dev_minor}) != m.Device:
		err = errHidden
	default:
		return p, nil
	}
	p.Close()
	return Place{}, fmt.Errorf("enter mount %s: %w", m.Point, err)
}

var errHidden = errors.New("hidden under another mount")

// Path leads to the place for as long as it is held, whatever is mounted over
// it.
func (p Place) Path() string { return fmt.Sprintf("/proc/self/fd/%d", p.file.Fd()) }

func (p Place) Close() error { return p.file.Close() }
