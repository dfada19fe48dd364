package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// group is a control group for one child, by which its memory is limited. A nil
// group, and one with a why, limits nothing.
type group struct {
	dir    string
	unity  bool   // of the unified hierarchy
	inside bool   // the child began in it
	why    string // there is none: the reason
}

// prefix begins the names of all groups; the rest is the process that made it
// and a number.
const prefix = "vitrine-"

// newGroup makes a group with a limit, wherever this machine has such.
func newGroup(system, mode string, memory int64) *group {
	if memory <= 0 {
		return nil
	}
	h, err := findHierarchy(filepath.Join("/", system))
	if err != nil {
		return &group{why: err.Error()}
	}
	sweep(h.dir)
	name := fmt.Sprintf("%s%s-%d-*", prefix, strings.TrimPrefix(mode, "mode-"), os.Getpid())
	dir, err := os.MkdirTemp(h.dir, name)
	if err != nil {
		return &group{why: err.Error()}
	}
	g := &group{dir: dir, unity: h.unity}
	if err := g.set(memory); err != nil {
		g.remove()
		return &group{why: err.Error()}
	}
	return g
}

// set writes the limits. That of memory has to hold; the others help.
func (g *group) set(memory int64) error {
	value := strconv.FormatInt(memory, 10)
	if !g.unity {
		err := g.write("memory.limit_in_bytes", value)
		_ = g.write("memory.memsw.limit_in_bytes", value)
		return err
	}
	_ = g.write("memory.swap.max", "0")
	_ = g.write("memory.oom.group", "1")
	_ = g.write("pids.max", "256")
	return g.write("memory.max", value)
}

// write never makes a file: the kernel has made all there are.
func (g *group) write(name, value string) error {
	file, err := os.OpenFile(filepath.Join(g.dir, name), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

// open gives a descriptor of the group that a process can be started into.
func (g *group) open() (fd int, ok bool) {
	if g == nil || g.why != "" || !g.unity {
		return -1, false
	}
	fd, err := unix.Open(g.dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return fd, err == nil
}

// take puts a process into the group if it did not begin there. It gives the
// reason when it is not limited.
func (g *group) take(pid int) (why string) {
	switch {
	case g == nil:
		return "no limit was asked for"
	case g.why != "":
		return g.why
	case g.inside:
		return ""
	}
	if err := g.write("cgroup.procs", strconv.Itoa(pid)); err != nil {
		return err.Error()
	}
	return ""
}

// killed tells whether the kernel has killed a process of the group for its memory.
func (g *group) killed() bool {
	if g == nil || g.why != "" {
		return false
	}
	name := "memory.oom_control"
	if g.unity {
		name = "memory.events"
	}
	text, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return n != "0"
		}
	}
	return false
}

// remove removes the group of a child that is gone.
func (g *group) remove() {
	if g != nil && g.dir != "" {
		_ = unix.Rmdir(g.dir) // what cannot be removed now is, at the next start, by sweep
	}
}

func (g *group) String() string {
	if g.unity {
		return "control group " + g.dir
	}
	return "control group (version 1) " + g.dir
}

// sweep removes the groups that a parent has left which was killed. The kernel
// keeps those in which there are processes.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		parts := strings.Split(e.Name(), "-")
		if !strings.HasPrefix(e.Name(), prefix) || len(parts) < 3 {
			continue
		}
		pid, err := strconv.Atoi(parts[len(parts)-2])
		if err == nil && pid > 0 && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			_ = unix.Rmdir(filepath.Join(dir, e.Name()))
		}
	}
}
