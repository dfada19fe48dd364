package mounts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Machine follows the mounts of every mount namespace that a process lives in:
// those of containers and of users who made one for themselves, too. The paths
// of mounts in other namespaces lead there through /proc/PID/root of a process
// that lived in it when they were read.
type Machine struct {
	Proc  string        // where /proc is; empty: /proc
	Every time.Duration // how often other namespaces are looked for; 0: 1 s; negative: never
}

const (
	maxNamespaces = 1024                   // other namespaces that are followed at a time
	patience      = 200 * time.Millisecond // how often a wait looks whether it should end
)

// Run calls changed with all mounts at once, and again after changes, one call
// at a time. It ends with ctx, or when its own mounts cannot be read.
func (m Machine) Run(ctx context.Context, changed func([]Mount)) error {
	if m.Proc == "" {
		m.Proc = "/proc"
	}
	if m.Every == 0 {
		m.Every = time.Second
	}
	own, err := os.Open(filepath.Join(m.Proc, "self/mountinfo"))
	if err != nil {
		return fmt.Errorf("follow mounts: %w", err)
	}
	defer own.Close()
	f := &following{Machine: m, own: own, signals: newSignals(own, m.Proc), others: map[uint64]int{}, user: ownerOf(m.Proc + "/self/ns/mnt")}
	defer f.signals.close()
	f.search()
	for ctx.Err() == nil {
		all, err := f.read()
		if err != nil {
			return fmt.Errorf("follow mounts: %w", err)
		}
		if f.told == nil || !slices.Equal(all, f.told) {
			changed(all)
		}
		f.told = all
		if err := f.wait(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// following is one Run.
type following struct {
	Machine
	own      *os.File
	signals  *signals
	others   map[uint64]int // a process in each other namespace
	searched time.Time
	told     []Mount
	user     uint64 // the user namespace that owns our mount namespace
}

// read gives the mounts of all namespaces. One that ends meanwhile is left out.
func (f *following) read() ([]Mount, error) {
	all, err := read(f.own)
	if err != nil {
		return nil, err
	}
	ids := make([]uint64, 0, len(f.others))
	for id := range f.others {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		folder := f.folder(f.others[id])
		theirs, err := Read(folder + "/mountinfo")
		if err != nil || f.namespaceOf(folder) != id { // its number may be another's by now
			continue
		}
		foreign := ownerOf(folder+"/ns/mnt") != f.user
		for _, m := range theirs {
			m.Point, m.Foreign = folder+"/root"+m.Point, foreign
			all = append(all, m)
		}
	}
	return all, nil
}

func (f *following) folder(pid int) string { return filepath.Join(f.Proc, strconv.Itoa(pid)) }

// wait returns when mounts may have changed, or ctx has ended.
func (f *following) wait(ctx context.Context) error {
	pause := patience
	if f.Every > 0 {
		pause = min(pause, f.Every)
	}
	for ctx.Err() == nil {
		told, err := f.signals.wait(pause)
		if err != nil {
			return err
		}
		due := f.Every > 0 && time.Since(f.searched) >= f.Every
		if due && f.search() || due && !f.signals.complete() || told {
			return nil
		}
	}
	return nil
}

// search finds the namespaces that processes live in now. It reports whether
// there is a new one, or one whose process has left it.
func (f *following) search() (changed bool) {
	f.searched = time.Now()
	if f.Every < 0 {
		return false
	}
	alive := f.inhabited()
	for id, pid := range f.others {
		if f.namespaceOf(f.folder(pid)) == id {
			delete(alive, id)
			continue
		}
		delete(f.others, id)
		changed = true
	}
	for id, pid := range alive {
		if len(f.others) < maxNamespaces {
			f.others[id], changed = pid, true
			f.signals.add(f.folder(pid))
		}
	}
	return changed
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
	mine := f.namespaceOf(filepath.Join(f.Proc, "self"))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if id := f.namespaceOf(f.folder(pid)); id != 0 && id != mine && alive[id] == 0 {
			alive[id] = pid
		}
	}
	return alive
}

// namespaceOf is the number of a process's mount namespace; 0: it has none, as
// threads of the kernel, or has ended.
func (f *following) namespaceOf(folder string) uint64 {
	link, err := os.Readlink(folder + "/ns/mnt")
	if err != nil {
		return 0
	}
	id, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "mnt:["), "]"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// ownerOf is the number of the user namespace that owns a namespace; 0: it
// cannot be told.
func ownerOf(path string) uint64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	fd, err := unix.IoctlRetInt(int(file.Fd()), unix.NS_GET_USERNS)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0
	}
	return st.Ino
}
