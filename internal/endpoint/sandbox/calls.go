package sandbox

import "golang.org/x/sys/unix"

// all is the mask of a condition on a whole argument.
const all = 0xFFFFFFFF

// threads are the flags of clone that make a thread of this process; without them
// it would be another process.
const threads = unix.CLONE_VM | unix.CLONE_SIGHAND | unix.CLONE_THREAD

// finalCalls are what a scanner needs that holds all it works with: to be handed
// files and to read them, to answer, and what the runtime of Go does by itself.
// It cannot send a descriptor: that takes sendmsg.
func finalCalls() []call {
	list := append(plain(
		unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_LSEEK, unix.SYS_FSTAT, unix.SYS_FSTATFS, unix.SYS_CLOSE,
		unix.SYS_RECVMSG, unix.SYS_WRITE,

		unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_SCHED_YIELD,
		unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK, unix.SYS_GETRANDOM,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
		unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SCHED_GETAFFINITY,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	),
		// Memory is private, and never becomes code.
		call{unix.SYS_MMAP, []condition{never(2, unix.PROT_EXEC), {argument: 3, mask: unix.MAP_TYPE, is: unix.MAP_PRIVATE}}},
		call{unix.SYS_MPROTECT, []condition{never(2, unix.PROT_EXEC)}},
		call{unix.SYS_CLONE, []condition{{argument: 0, mask: threads, is: threads}}},
		call{unix.SYS_TGKILL, []condition{{argument: 0, mask: all, is: self}}},
		// To be asked about a descriptor, not to change it: F_GETFD is 1, F_GETFL is 3.
		call{unix.SYS_FCNTL, []condition{{argument: 1, mask: ^uint32(2), is: 1}}},
	)
	return append(list, plain(oldCalls()...)...)
}

// loadingCalls are those and what it takes to read rules, and then to put up the
// final walls.
func loadingCalls() []call {
	list := append(plain(
		unix.SYS_GETDENTS64, unix.SYS_READLINKAT, unix.SYS_STATX, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2,
		unix.SYS_STATFS, unix.SYS_FADVISE64, unix.SYS_GETCWD, unix.SYS_FCNTL,
		unix.SYS_PRCTL, unix.SYS_CAPSET, unix.SYS_CAPGET, unix.SYS_SECCOMP, unix.SYS_PRLIMIT64, unix.SYS_GETEUID, unix.SYS_GETUID,
		unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF,
	), call{unix.SYS_OPENAT, []condition{never(2, writing)}})
	list = append(list, plain(statCalls()...)...)
	return append(list, finalCalls()...)
}

// writing are the flags of open with which a file can be made or changed.
const writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC

func plain(numbers ...uint32) []call {
	list := make([]call, len(numbers))
	for i, n := range numbers {
		list[i].number = n
	}
	return list
}

// never is the condition that none of the bits is set.
func never(argument, bits uint32) condition { return condition{argument: argument, mask: bits} }

// opening are the calls that would open a file by its name.
func opening() []uint32 {
	return append(oldOpening(), unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT)
}

// unknown are calls that libraries try first and do without.
func unknown() []uint32 { return []uint32{unix.SYS_CLONE3} }
