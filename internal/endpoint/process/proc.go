package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/endpoint/event"

	"golang.org/x/sys/unix"
)

// Limits of what is read of one process.
const (
	maxArgs      = 32 // kept arguments
	maxArgsBytes = 4 << 10
	maxFileBytes = 64 << 10 // status, stat, cgroup
)

// Proc is a /proc. The zero value is this machine's.
type Proc struct {
	Root string // where it is mounted; empty: /proc
}

func (p Proc) root() string {
	if p.Root == "" {
		return "/proc"
	}
	return p.Root
}

// Look says who the process with the number pid is now. Only a process that is
// held (by a Handle, or because the kernel keeps it waiting) is sure to be the
// one that was meant. What could not be read is empty; the error is ErrEnded
// when there is no such process at all.
func (p Proc) Look(pid int) (event.Process, error) {
	d, err := p.enter(pid)
	if err != nil {
		return event.Process{PID: pid}, err
	}
	defer d.Close()
	return d.look(p)
}

// LookHeld is Look for a process that a handle holds: it never describes
// another one that got the number since.
func (p Proc) LookHeld(h *Handle) (event.Process, error) {
	d, err := p.enter(h.PID)
	if err != nil {
		return event.Process{PID: h.PID}, err
	}
	defer d.Close()
	if err := h.Signal(0); err != nil { // alive after its folder was opened: the folder is its own
		return event.Process{PID: h.PID}, err
	}
	return d.look(p)
}

// Start is when the process with the number pid began, in the clock ticks since
// boot that tell processes of the same number apart.
func (p Proc) Start(pid int) (uint64, error) {
	d, err := p.enter(pid)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	s, err := d.stat()
	return s.start, err
}

// folder is an open /proc/PID: it stays with its process, and reads through it
// fail once that has ended.
type folder struct {
	*os.File
	pid int
}

func (p Proc) enter(pid int) (folder, error) {
	fd, err := unix.Open(filepath.Join(p.root(), strconv.Itoa(pid)), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return folder{}, fmt.Errorf("look at process %d: %w", pid, ended(err))
	}
	return folder{os.NewFile(uintptr(fd), "process"), pid}, nil
}

// look reads all that an event says of a process.
func (d folder) look(p Proc) (event.Process, error) {
	out := event.Process{PID: d.pid}
	s, err := d.stat()
	if err != nil {
		return out, err
	}
	out.PPID, out.Comm = s.parent, s.comm
	out.UID = d.uid()
	out.Exe, _ = d.readlink("exe")
	out.Argv = d.argv()
	if text, err := d.read("cgroup", maxFileBytes); err == nil {
		out.Container = container(text)
	}
	if boot, err := p.bootTime(); err == nil {
		out.Started = boot.Add(ticks(s.start))
	}
	return out, nil
}

// read gives at most limit bytes of one file.
func (d folder) read(name string, limit int64) ([]byte, error) {
	fd, err := unix.Openat(int(d.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("read %s of process %d: %w", name, d.pid, ended(err))
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit))
	if err != nil {
		return nil, fmt.Errorf("read %s of process %d: %w", name, d.pid, ended(err))
	}
	return text, nil
}

func (d folder) readlink(name string) (string, error) {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(int(d.Fd()), name, buf[:])
	if err != nil {
		return "", fmt.Errorf("read %s of process %d: %w", name, d.pid, ended(err))
	}
	return string(buf[:n]), nil
}

// argv is the arguments as the process has them in its memory, cut to what an
// event may hold.
func (d folder) argv() []string {
	text, err := d.read("cmdline", maxArgsBytes)
	if err != nil || len(text) == 0 {
		return nil
	}
	args := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	return args[:min(len(args), maxArgs)]
}

// uid is the real user; the largest number, nobody's, when it cannot be read.
func (d folder) uid() uint32 {
	text, err := d.read("status", maxFileBytes)
	if err != nil {
		return ^uint32(0)
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("Uid:")); ok {
			if f := bytes.Fields(rest); len(f) > 0 {
				if n, err := strconv.ParseUint(string(f[0]), 10, 32); err == nil {
					return uint32(n)
				}
			}
		}
	}
	return ^uint32(0)
}

// ticks turns the kernel's unit for users, a hundredth of a second on every
// architecture of ours, into time.
func ticks(n uint64) time.Duration {
	const perSecond = 100
	return time.Duration(n) * (time.Second / perSecond)
}

func (p Proc) bootTime() (time.Time, error) {
	text, err := readBounded(filepath.Join(p.root(), "stat"), 4<<20)
	if err != nil {
		return time.Time{}, err
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			n, err := strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64)
			return time.Unix(n, 0), err
		}
	}
	return time.Time{}, fmt.Errorf("no btime in %s/stat", p.root())
}

func readBounded(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit))
}
