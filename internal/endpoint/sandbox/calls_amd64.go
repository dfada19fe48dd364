package sandbox

import "golang.org/x/sys/unix"

// architecture is what the kernel calls this one.
const architecture = unix.AUDIT_ARCH_X86_64

// oldCalls are those that this architecture has besides.
func oldCalls() []uint32 {
	return []uint32{unix.SYS_EPOLL_WAIT, unix.SYS_ARCH_PRCTL}
}

func statCalls() []uint32 {
	return []uint32{unix.SYS_NEWFSTATAT, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_READLINK, unix.SYS_ACCESS}
}

func oldOpening() []uint32 { return []uint32{unix.SYS_OPEN, unix.SYS_CREAT} }
