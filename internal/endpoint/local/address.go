package local

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// longest is how many bytes of a path fit into the kernel's address.
const longest = 107

// at calls do with the address of a path. One that does not fit is reached
// through a descriptor of its folder.
func at(path string, do func(*unix.SockaddrUnix) error) error {
	if path == "" || path[0] == '@' || strings.ContainsRune(path, 0) {
		return errors.New("not the path of a socket")
	}
	if len(path) <= longest {
		return do(&unix.SockaddrUnix{Name: path})
	}
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	short := "/proc/self/fd/" + strconv.Itoa(dir) + "/" + filepath.Base(path)
	if len(short) > longest {
		return errors.Join(unix.ENAMETOOLONG, unix.Close(dir))
	}
	return errors.Join(do(&unix.SockaddrUnix{Name: short}), unix.Close(dir))
}

// connect gives a blocking descriptor that is connected, after at most patience.
func connect(path string, kind int, patience time.Duration) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// A listener whose backlog is full makes connect wait, by the send timeout.
	limit := unix.NsecToTimeval(int64(max(patience, time.Millisecond)))
	if err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err == nil {
		err = at(path, func(addr *unix.SockaddrUnix) error {
			for {
				if err := unix.Connect(fd, addr); err != unix.EINTR {
					return err
				}
			}
		})
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
