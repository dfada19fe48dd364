package guard

import (
	"fmt"
	"maps"
	"os"
	"sync"
	"sync/atomic"

	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// own knows which events the guard itself and its children cause. A child is
// known by a handle, not by its number alone: the number is another's once the
// child has ended.
type own struct {
	pid       int
	program   verdict.File // the guard's own program; it cannot be written while it runs
	namespace uint64       // its mount namespace

	mu       sync.Mutex // of changes
	children atomic.Pointer[map[int]*process.Handle]
}

func newOwn() *own {
	o := &own{pid: os.Getpid()}
	o.children.Store(&map[int]*process.Handle{})
	var st unix.Stat_t
	if unix.Stat("/proc/self/exe", &st) == nil {
		o.program = verdict.Of(&st)
	}
	process.Proc{}.Visit(o.pid, func(r process.Running) bool {
		o.namespace = r.MountNamespace()
		return true
	})
	return o
}

// add takes a child's events for the guard's own until release.
func (o *own) add(pid int) (release func(), err error) {
	h, err := process.Open(pid)
	if err != nil {
		return nil, fmt.Errorf("guard: exclude process %d: %w", pid, err)
	}
	o.change(func(m map[int]*process.Handle) { m[pid] = h })
	return sync.OnceFunc(func() {
		o.change(func(m map[int]*process.Handle) {
			if m[pid] == h {
				delete(m, pid)
			}
		})
		h.Close()
	}), nil
}

func (o *own) change(do func(map[int]*process.Handle)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := maps.Clone(*o.children.Load())
	do(next)
	o.children.Store(&next)
}

// caused reports whether the guard or a child of it did it.
func (o *own) caused(e *fanotify.Event) bool { return o.is(e.PID) }

func (o *own) is(pid int) bool {
	if pid == o.pid {
		return true
	}
	h, ok := (*o.children.Load())[pid]
	return ok && h.Alive()
}

// runs reports whether the file is the guard's own program: its children run it
// before anybody can know that they are its children.
func (o *own) runs(f verdict.File) bool {
	return o.program.Ino != 0 && f.Dev == o.program.Dev && f.Ino == o.program.Ino
}

// child reports whether a process that waits for an answer is a child of the
// guard's that runs its program: one that was not added yet, or that is about to
// become what the guard starts. It must not wait: it still holds the fanotify
// group, which would then outlive a guard that is killed. It reads /proc, and so
// is not for the reader.
func (o *own) child(pid int, processes process.Proc) (is bool) {
	processes.Visit(pid, func(r process.Running) bool {
		p, ok := r.Program()
		is = ok && p.Dev == o.program.Dev && p.Ino == o.program.Ino && o.program.Ino != 0 && r.Parent() == o.pid
		return true
	})
	return is
}
