package process

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"vitrine/internal/endpoint/event"

	"golang.org/x/sys/unix"
)

// Running is a process that is being looked at, with the program it runs. It is
// good for the length of the call that it is handed to.
type Running struct {
	PID    int
	folder folder
	proc   Proc
}

// Each calls visit for every process, until it returns false or ctx ends.
// Threads of the kernel, and processes that end meanwhile, are left out as they
// show; those that start meanwhile may be.
func (p Proc) Each(ctx context.Context, visit func(Running) bool) error {
	dir, err := os.Open(p.root())
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !p.Visit(pid, visit) {
			return nil
		}
	}
	return nil
}

// Visit is Each for one process; true when there is none of that number.
func (p Proc) Visit(pid int, visit func(Running) bool) bool {
	d, err := p.enter(pid)
	if err != nil {
		return true
	}
	defer d.Close()
	return visit(Running{pid, d, p})
}

// Program is what the kernel knows of the file that a process runs.
type Program struct {
	Dev, Ino uint64
	Path     string // as the process sees it; " (deleted)" at the end is the kernel's
	Unlinked bool   // no name leads to it: it was deleted, or never had one
	Memory   bool   // it never had one: an anonymous file in memory
}

// Program asks without touching the file: one that another machine or process
// answers for holds nobody. False: a thread of the kernel, or ended.
func (r Running) Program() (Program, bool) {
	path, err := r.folder.readlink("exe")
	if err != nil {
		return Program{}, false
	}
	var st unix.Statx_t
	err = unix.Statx(int(r.folder.Fd()), "exe", unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_NLINK|unix.STATX_INO, &st)
	if err != nil {
		return Program{}, false
	}
	return Program{
		Dev: unix.Mkdev(st.Dev_major, st.Dev_minor), Ino: st.Ino, Path: path,
		Unlinked: st.Nlink == 0, Memory: st.Nlink == 0 && strings.HasPrefix(path, "/memfd:"),
	}, true
}

// Open opens the file that the process runs, for reading. The caller closes it.
func (r Running) Open() (*os.File, error) {
	fd, err := unix.Openat(int(r.folder.Fd()), "exe", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOATIME, 0)
	if err != nil {
		return nil, fmt.Errorf("open the program of process %d: %w", r.PID, ended(err))
	}
	return os.NewFile(uintptr(fd), "program"), nil
}

// Root opens the directory that the process's paths start from, as a place to
// start other paths from. The caller closes it.
func (r Running) Root() (*os.File, error) {
	fd, err := unix.Openat(int(r.folder.Fd()), "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the root of process %d: %w", r.PID, ended(err))
	}
	return os.NewFile(uintptr(fd), "root"), nil
}

// Handle takes hold of the process beyond the call.
func (r Running) Handle() (*Handle, error) {
	h, err := Open(r.PID)
	if err != nil {
		return nil, err
	}
	if _, err := r.folder.stat(); err != nil { // still there: the number was not given away before it was held
		h.Close()
		return nil, err
	}
	return h, nil
}

// Look says who the process is.
func (r Running) Look() (event.Process, error) { return r.folder.look(r.proc) }

// Key tells the process from others that had its number.
func (r Running) Key() (Key, error) {
	s, err := r.folder.stat()
	return Key{r.PID, s.start}, err
}

// Parent is the number of the process that started it; 0 when it cannot be told.
func (r Running) Parent() int {
	s, err := r.folder.stat()
	if err != nil {
		return 0
	}
	return s.parent
}

// MountNamespace is the number of the mount namespace it lives in; 0 when it
// cannot be told.
func (r Running) MountNamespace() uint64 {
	link, err := r.folder.readlink("ns/mnt")
	if err != nil {
		return 0
	}
	digits := strings.TrimSuffix(strings.TrimPrefix(link, "mnt:["), "]")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
