package sweep

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// ioprio_set(2): class 3 is idle, in the bits above the level.
const (
	ioprioThread = 1
	ioprioIdle   = 3 << 13
)

// beIdle gives the goroutine a thread of its own that runs, and reads the disk,
// only when nobody else wants to. The thread ends with the goroutine. What the
// kernel does not grant is no error: the sweep is then less polite.
func beIdle() {
	runtime.LockOSThread()
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, ioprioThread, 0, ioprioIdle)
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
}

// maxAhead is how much of a file is read ahead.
const maxAhead = 32 << 20

// ahead has the kernel read a file at this thread's idle pace, so that the
// scanner, which is in a hurry for others, finds it in memory.
func ahead(f *os.File, size int64) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_, _, _ = unix.Syscall(unix.SYS_READAHEAD, fd, 0, uintptr(min(size, maxAhead)))
	})
}
