package files

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Descriptors are used by their number, not as os.File: a read from a file
// that would block must fail, and os.File would wait for it instead.

// maxPath is the longest path the kernel takes in one piece.
const maxPath = unix.PathMax - 1

// at calls f with a directory and a path below it that together name path, so
// that f can be one of the …at system calls whatever the length of path.
func at(path string, f func(dir int, rest string) error) error {
	dir := unix.AT_FDCWD
	for len(path) > maxPath {
		cut := strings.LastIndexByte(path[:maxPath], '/')
		if cut <= 0 {
			break // one name is too long: let the kernel say so
		}
		next, err := openat(dir, path[:cut], unix.O_PATH|unix.O_DIRECTORY)
		closeFD(dir)
		if err != nil {
			return err
		}
		dir, path = next, strings.TrimLeft(path[cut:], "/")
	}
	defer closeFD(dir)
	return f(dir, path)
}

func openat(dir int, path string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dir, path, flags|unix.O_CLOEXEC, 0)
		return err
	})
	return fd, err
}

func closeFD(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}

// retry repeats a system call that a signal cut short.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func statLong(path string, stat *unix.Stat_t) error {
	return at(path, func(dir int, rest string) error {
		return retry(func() error { return unix.Fstatat(dir, rest, stat, 0) })
	})
}

func openLong(path string, flags int, follow bool) (fd int, err error) {
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	err = at(path, func(dir int, rest string) error {
		fd, err = openat(dir, rest, flags)
		return err
	})
	return fd, err
}

func openDirectory(path string, follow bool) (*os.File, error) {
	fd, err := openLong(path, unix.O_RDONLY|unix.O_DIRECTORY, follow)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// kernelFS reports whether a descriptor lies on a file system whose files are
// made up by the kernel as they are read: they have no end, no true size, or
// an effect.
func kernelFS(fd int) bool {
	var stat unix.Statfs_t
	if retry(func() error { return unix.Fstatfs(fd, &stat) }) != nil {
		return false
	}
	switch uint32(stat.Type) {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC,
		unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC, unix.SECURITYFS_MAGIC,
		unix.SELINUX_MAGIC, unix.SMACK_MAGIC, unix.PSTOREFS_MAGIC, unix.EFIVARFS_MAGIC,
		unix.BPF_FS_MAGIC, unix.DEVPTS_SUPER_MAGIC, unix.NSFS_MAGIC, unix.BINFMTFS_MAGIC,
		unix.RDTGROUP_SUPER_MAGIC, configfsMagic, mqueueMagic, rpcPipefsMagic, fusectlMagic:
		return true
	}
	return false
}

// Magic numbers of statfs(2) that the unix package has no names for.
const (
	configfsMagic  = 0x62656570
	mqueueMagic    = 0x19800202
	rpcPipefsMagic = 0x67596969
	fusectlMagic   = 0x65735543
)
