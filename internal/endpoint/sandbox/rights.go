package sandbox

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// newPrivileges keeps every thread from gaining rights by starting a program. The
// filter of system calls needs it.
func (c Config) newPrivileges() Part {
	if err := ll.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return missing(NoNewPrivs, err.Error(), "a scanner that was taken over could gain rights from a program it starts")
	}
	return Part{Name: NoNewPrivs, InForce: true}
}

// capabilities gives up every capability, on every thread.
func (c Config) capabilities() Part {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_ = ll.AllThreadsPrctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) // ends with the permitted set anyway
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none)), 0)
	err := error(errno)
	if withCgo {
		err = errors.Join(errors.New("only on one thread: this program was built with cgo"), unix.Capset(&header, &none[0]))
	}
	if errno != 0 {
		return missing(Capabilities, err.Error(), "a scanner that was taken over may do what its user may, not only what is left to it")
	}
	return Part{Name: Capabilities, InForce: true, Detail: "none left"}
}

// dumpable keeps the memory of the process, which other people's files were in,
// from being traced or dumped by processes of the same user.
func (c Config) dumpable() Part {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return missing(NotDumpable, err.Error(), "processes of the same user may read what a scanner reads")
	}
	return Part{Name: NotDumpable, InForce: true}
}

// rlimits holds the process to few descriptors, and to writing no file.
func (c Config) rlimits() Part {
	for _, limit := range []struct {
		name     string
		resource int
		most     uint64
	}{
		{"descriptors", unix.RLIMIT_NOFILE, MaxFiles},
		{"size of files written", unix.RLIMIT_FSIZE, 0},
		{"size of core files", unix.RLIMIT_CORE, 0},
		{"locked memory", unix.RLIMIT_MEMLOCK, 0},
		{"queues", unix.RLIMIT_MSGQUEUE, 0},
	} {
		if err := unix.Setrlimit(limit.resource, &unix.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return missing(Rlimits, fmt.Sprintf("%s: %v", limit.name, err), "a scanner that was taken over may take more of the machine than it needs")
		}
	}
	return Part{Name: Rlimits, InForce: true, Detail: fmt.Sprintf("%d descriptors, nothing written", MaxFiles)}
}
