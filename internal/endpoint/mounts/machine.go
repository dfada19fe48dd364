package mounts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Machine follows the mounts of every mount namespace that a process lives in:
// those of containers and of users who made one for themselves, too. The paths
// of mounts in other namespaces lead there through /proc/PID/root of a process
// that lived in it when they were read.
//
// It keeps a namespace that all processes have left from ending for at most
// Every.
type Machine struct {
	Proc  string        // where /proc is; empty: /proc
	Every time.Duration // how often other namespaces are looked for; 0: 1 s; negative: never
}

// maxNamespaces is how many other namespaces are followed at a time.
const maxNamespaces = 1024

// namespace is one that is followed.
type namespace struct {
	pid  int // of a process in it
	file *os.File
}

// Run calls changed with all mounts at once, and again after every change, one
// call at a time. It ends with ctx, or when its own mounts cannot be read.
func (m Machine) Run(ctx context.Context, changed func([]Mount)) error {
	if m.Proc == "" {
		m.Proc = "/proc"
	}
	if m.Every == 0 {
		m.Every = time.Second
	}
	file, err := os.Open(filepath.Join(m.Proc, "self/mountinfo"))
	if err != nil {
		return fmt.Errorf("follow mounts: %w", err)
	}
	f := &following{Machine: m, own: file, others: map[uint64]*namespace{}}
	defer f.close()
	f.search()
	for tell := true; ; {
		if tell {
			all, err := f.read()
			if err != nil {
				return fmt.Errorf("follow mounts: %w", err)
			}
			changed(all)
		}
		if tell, err = f.wait(ctx); err != nil {
			return err
		}
	}
}

type following struct {
	Machine
	own      *os.File
	others   map[uint64]*namespace
	searched time.Time
}

func (f *following) close() {
	f.own.Close()
	for _, n := range f.others {
		n.file.Close()
	}
}

// read gives the mounts of all namespaces. One that ends meanwhile is left out.
func (f *following) read() ([]Mount, error) {
	all, err := read(f.own)
	if err != nil {
		return nil, err
	}
	for _, n := range f.others {
		theirs, err := read(n.file)
		if err != nil {
			continue
		}
		root := filepath.Join(f.Proc, strconv.Itoa(n.pid), "root")
		for _, m := range theirs {
			m.Point = root + m.Point
			all = append(all, m)
		}
	}
	return all, nil
}

// wait reports whether there is something to tell.
func (f *following) wait(ctx context.Context) (bool, error) {
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(f.own.Fd()), Events: unix.POLLPRI}}
		for _, n := range f.others {
			fds = append(fds, unix.PollFd{Fd: int32(n.file.Fd()), Events: unix.POLLPRI})
		}
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		if err != nil && err != unix.EINTR {
			return false, fmt.Errorf("wait for mounts to change: %w", err)
		}
		if f.Every > 0 && time.Since(f.searched) >= f.Every && f.search() {
			n++
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, ctx.Err()
}

// search finds namespaces that processes live in, and lets go of those that all
// have left. It reports whether there is a new one.
func (f *following) search() (found bool) {
	defer func() { f.searched = time.Now() }()
	if f.Every < 0 {
		return false
	}
	alive := f.inhabited()
	for id, n := range f.others {
		if pid, ok := alive[id]; ok {
			n.pid = pid
			continue
		}
		n.file.Close()
		delete(f.others, id)
	}
	for id, pid := range alive {
		if f.others[id] == nil && len(f.others) < maxNamespaces && f.add(id, pid) {
			found = true
		}
	}
	return found
}

func (f *following) add(id uint64, pid int) bool {
	file, err := os.Open(filepath.Join(f.Proc, strconv.Itoa(pid), "mountinfo"))
	if err != nil {
		return false
	}
	if f.namespaceOf(strconv.Itoa(pid)) != id { // it has moved on, or its number is another's
		file.Close()
		return false
	}
	f.others[id] = &namespace{pid, file}
	return true
}

// inhabited gives a process of every namespace but our own.
func (f *following) inhabited() map[uint64]int {
	alive := map[uint64]int{}
	dir, err := os.Open(f.Proc)
	if err != nil {
		return alive
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was read of it
	mine := f.namespaceOf("self")
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if id := f.namespaceOf(name); id != 0 && id != mine && alive[id] == 0 {
			alive[id] = pid
		}
	}
	return alive
}

// namespaceOf is the number of a process's mount namespace; 0: it has none, as
// threads of the kernel, or has ended.
func (f *following) namespaceOf(pid string) uint64 {
	link, err := os.Readlink(filepath.Join(f.Proc, pid, "ns/mnt"))
	if err != nil {
		return 0
	}
	id, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "mnt:["), "]"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
