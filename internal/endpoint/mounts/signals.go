package mounts

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// signals is how the kernel tells that mounts have changed. Since Linux 6.14
// that is a fanotify group of its own, for any number of namespaces. Before, it
// is an exceptional condition on an open mountinfo, which some later kernels
// tell of unmounting only: it is waited for all the same.
type signals struct {
	own   *os.File // our mountinfo
	group int      // -1: an older kernel
}

func newSignals(own *os.File, proc string) *signals {
	group, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_REPORT_MNT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, 0)
	if err != nil {
		group = -1
	}
	s := &signals{own, group}
	if !s.add(proc + "/self") {
		s.close()
	}
	return s
}

// add has a namespace's changes told: that of the process whose folder it is.
func (s *signals) add(folder string) bool {
	if s.group < 0 {
		return false
	}
	const changes = unix.FAN_MNT_ATTACH | unix.FAN_MNT_DETACH
	return unix.FanotifyMark(s.group, unix.FAN_MARK_ADD|unix.FAN_MARK_MNTNS, changes, unix.AT_FDCWD, folder+"/ns/mnt") == nil
}

// complete reports whether changes of all namespaces are told.
func (s *signals) complete() bool { return s.group >= 0 }

// wait reports whether mounts have changed; false after the time is up.
func (s *signals) wait(most time.Duration) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(s.own.Fd()), Events: unix.POLLPRI}, {Fd: int32(s.group), Events: unix.POLLIN}} // poll leaves out -1
	n, err := unix.Poll(fds, int(most.Milliseconds()))
	if err != nil && err != unix.EINTR {
		return false, fmt.Errorf("wait for mounts to change: %w", err)
	}
	if fds[1].Revents != 0 {
		s.drain()
	}
	return n > 0, nil
}

// drain takes what was told: that it was is all that counts.
func (s *signals) drain() {
	var buf [4096]byte
	for {
		if n, err := unix.Read(s.group, buf[:]); err != nil && err != unix.EINTR || n == 0 {
			return
		}
	}
}

func (s *signals) close() {
	if s.group >= 0 {
		unix.Close(s.group)
	}
	s.group = -1
}
