package child

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// hierarchy is a directory of control groups in which this process may make its
// own, with limits of memory.
type hierarchy struct {
	dir   string
	unity bool // the unified hierarchy, version 2
}

// own is the group that this process goes into when it must make room: in the
// unified hierarchy a group has processes or limited groups, not both.
const own = prefix + "main"

// findHierarchy looks in the mounts below root: for the unified hierarchy if it
// limits memory, else for that of version 1.
func findHierarchy(root string) (hierarchy, error) {
	mounts, err := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return hierarchy{}, fmt.Errorf("find control groups: %w", err)
	}
	member, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return hierarchy{}, fmt.Errorf("find control groups: %w", err)
	}
	var broken error
	for _, unity := range []bool{true, false} {
		dir, ok := place(string(mounts), string(member), unity)
		if !ok {
			continue
		}
		h := hierarchy{filepath.Join(root, dir), unity}
		if !unity {
			return h, nil
		}
		if h.dir, err = prepare(h.dir, dir); err == nil {
			return h, nil
		}
		broken = err
	}
	if broken != nil {
		return hierarchy{}, broken
	}
	return hierarchy{}, errors.New("no control groups that limit memory are mounted")
}

// place finds the directory of this process in a hierarchy.
func place(mounts, member string, unity bool) (dir string, ok bool) {
	at, found := membership(member, unity)
	if !found {
		return "", false
	}
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		dash := slices.Index(f, "-")
		if dash < 6 || len(f) < dash+4 {
			continue
		}
		kind, options := f[dash+1], strings.Split(f[dash+3], ",")
		if unity && kind == "cgroup2" || !unity && kind == "cgroup" && slices.Contains(options, "memory") {
			below, inside := strings.CutPrefix(at, strings.TrimSuffix(f[3], "/"))
			if inside {
				return path.Join(unescape(f[4]), below), true
			}
		}
	}
	return "", false
}

// membership reads which group this process is in.
func membership(text string, unity bool) (string, bool) {
	for line := range strings.Lines(text) {
		part := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
		if len(part) != 3 {
			continue
		}
		if unity && part[0] == "0" && part[1] == "" || !unity && slices.Contains(strings.Split(part[1], ","), "memory") {
			return part[2], true
		}
	}
	return "", false
}

// unescape undoes what the kernel does to blanks in mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// prepare makes a group of the unified hierarchy fit to have groups with limits in it.
// shown is the same directory as the machine calls it: "/" behind its mount means that it is the top.
func prepare(dir, shown string) (string, error) {
	if path.Base(shown) == own || delegated(filepath.Dir(dir)) && !delegated(dir) {
		dir = filepath.Dir(dir) // the room was made for all that is in there
	}
	if !listed(dir, "cgroup.controllers", "memory") {
		return "", errors.New("the control groups here do not limit memory")
	}
	if listed(dir, "cgroup.subtree_control", "memory") {
		return dir, nil
	}
	g := &group{dir: dir}
	if err := g.write("cgroup.subtree_control", "+memory +pids"); err == nil {
		return dir, nil
	}
	if !delegated(dir) {
		return "", errors.New("the control group of this process was not handed to it (systemd: Delegate=yes)")
	}
	self := &group{dir: filepath.Join(dir, own)}
	if err := os.Mkdir(self.dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	if err := self.write("cgroup.procs", strconv.Itoa(os.Getpid())); err != nil {
		return "", err
	}
	if err := g.write("cgroup.subtree_control", "+memory"); err != nil {
		return "", err
	}
	_ = g.write("cgroup.subtree_control", "+pids")
	return dir, nil
}

// delegated tells whether systemd has handed a group over.
func delegated(dir string) bool {
	for _, name := range []string{"trusted.delegate", "user.delegate"} {
		var b [8]byte
		if n, err := unix.Getxattr(dir, name, b[:]); err == nil && string(b[:n]) == "1" {
			return true
		}
	}
	return false
}

func listed(dir, file, word string) bool {
	text, err := os.ReadFile(filepath.Join(dir, file))
	return err == nil && slices.Contains(strings.Fields(string(text)), word)
}
