package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noFilter is what the absence of the filter means.
const noFilter = "a scanner that was taken over may ask everything of the kernel that its user may"

// filter puts up the filter of system calls on all threads. It lets pass what is
// listed; what is not gets EPERM, or EACCES where a file would be opened; a call by
// another architecture's numbers ends the process.
func (c Config) filter(list []call) Part {
	if !c.wants(Seccomp) {
		return missing(Seccomp, left, noFilter)
	}
	if architecture == 0 {
		return missing(Seccomp, "there is no list of calls for "+runtime.GOARCH, noFilter)
	}
	program := assemble(list, uint32(os.Getpid()))
	err := thread(func() error {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
		fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
		failed, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
		switch {
		case errno != 0:
			return errno
		case failed != 0:
			return fmt.Errorf("thread %d has a filter of its own", failed)
		}
		return nil
	})
	if err != nil {
		return missing(Seccomp, err.Error(), noFilter)
	}
	return Part{Name: Seccomp, InForce: true, Detail: fmt.Sprintf("%d calls", len(list))}
}

// call is a system call that is let pass, if its arguments fit.
type call struct {
	number uint32
	when   []condition // all of them; none: always
}

// condition is on the low half of an argument, which holds all bits that matter
// of those that are looked at here: masked, it equals is, or does not.
type condition struct {
	argument uint32
	mask     uint32
	is       uint32
	not      bool
}

// Where the kernel puts things for a filter (struct seccomp_data).
const (
	atNumber       = 0
	atArchitecture = 4
	atArguments    = 16
)

func stmt(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(code uint16, k uint32, yes, no int) unix.SockFilter {
	return unix.SockFilter{Code: code, K: k, Jt: uint8(yes), Jf: uint8(no)}
}

const (
	load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	above = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	and   = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	end   = unix.BPF_RET | unix.BPF_K
)

// x32 begins the numbers of amd64's second set of calls, which count as foreign.
const x32 = 0x40000000

// assemble makes the program. Every call is looked for in turn; the kernel keeps by
// itself which of them always pass.
func assemble(list []call, pid uint32) []unix.SockFilter {
	p := []unix.SockFilter{
		stmt(load, atArchitecture),
		jump(equal, architecture, 1, 0),
		stmt(end, unix.SECCOMP_RET_KILL_PROCESS),
		stmt(load, atNumber),
		jump(above, x32, 0, 1),
		stmt(end, unix.SECCOMP_RET_KILL_PROCESS),
	}
	for _, c := range list {
		checks := conditions(c.when, pid)
		p = append(p, jump(equal, c.number, 0, len(checks)+1))
		p = append(p, checks...)
		p = append(p, stmt(end, unix.SECCOMP_RET_ALLOW))
	}
	for _, number := range opening() {
		p = append(p, jump(equal, number, 0, 1), refuse(unix.EACCES))
	}
	for _, number := range unknown() {
		p = append(p, jump(equal, number, 0, 1), refuse(unix.ENOSYS))
	}
	return append(p, refuse(unix.EPERM))
}

func refuse(e unix.Errno) unix.SockFilter {
	return stmt(end, unix.SECCOMP_RET_ERRNO|uint32(e)&unix.SECCOMP_RET_DATA)
}

// self stands for the process's own id in a condition.
const self = 0xFFFFFFFF

// conditions holds a call to its arguments: the first that does not fit refuses it.
func conditions(when []condition, pid uint32) []unix.SockFilter {
	var p []unix.SockFilter
	for _, c := range when {
		is := c.is
		if is == self {
			is = pid
		}
		yes, no := 1, 0
		if c.not {
			yes, no = 0, 1
		}
		p = append(p, stmt(load, atArguments+8*c.argument), stmt(and, c.mask), jump(equal, is, yes, no), refuse(unix.EPERM))
	}
	return p
}
