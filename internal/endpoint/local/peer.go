package local

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Peer is who is at the other end, as the kernel tells it: the process that
// connected or listens, with its effective user and groups at that time. A
// process id may have gone to somebody else since.
type Peer struct {
	PID    int
	UID    uint32
	GID    uint32
	Groups []uint32 // the others it is in
}

// In says whether the peer is in a group.
func (p Peer) In(gid uint32) bool { return p.GID == gid || slices.Contains(p.Groups, gid) }

func peerOf(fd int) (Peer, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Peer{}, fmt.Errorf("ask who is there: %w", err)
	}
	groups, err := peerGroups(fd)
	if err != nil {
		return Peer{}, fmt.Errorf("ask for groups: %w", err)
	}
	return Peer{PID: int(cred.Pid), UID: cred.Uid, GID: cred.Gid, Groups: groups}, nil
}

// maxGroups is the kernel's NGROUPS_MAX.
const maxGroups = 65536

// peerGroups asks for SO_PEERGROUPS, which came with Linux 4.13.
func peerGroups(fd int) ([]uint32, error) {
	for room := uint32(64); ; {
		groups := make([]uint32, room)
		size := room * 4
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[: size/4 : size/4], nil
		case errno == unix.ERANGE && size/4 > room && size/4 <= maxGroups:
			room = size / 4
		default:
			return nil, errno
		}
	}
}
