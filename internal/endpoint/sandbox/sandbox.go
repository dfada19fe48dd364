// Package sandbox is what a process that reads hostile bytes does to itself: it
// gives up the right to open files, to reach a network, to start or trace
// processes and to take what it had as root, in two steps. Loading leaves it the
// files of its rules, to read; Final leaves it the descriptors it holds and the
// memory it has.
//
// Neither can be undone. A wall that this kernel does not have is missing in the
// Report, with what that means, and never an error: a scanner with fewer walls is
// better than none, and its status says so.
package sandbox

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Config leaves walls out. The zero Config has them all.
type Config struct {
	// Without names walls that are not to be put up, as if this kernel did not have
	// them: for tests.
	Without []string
}

func (c Config) wants(name string) bool {
	for _, n := range c.Without {
		if n == name {
			return false
		}
	}
	return true
}

// MaxFiles is how many descriptors a process has left after Final.
const MaxFiles = 64

// Loading leaves the process what it needs to load rules: these paths to read,
// files or directories with all below them, and no network, no other program, no
// other process. A path that does not exist is left to whoever opens it.
//
// Where the kernel cannot hold it to the paths, it loses the capability to read
// files of others, which its parent may have given it for that.
func Loading(c Config, paths []string) Report {
	report := Report{c.landlock(paths)}
	if !report[0].InForce {
		report = append(report, c.capabilities())
	}
	if withCgo {
		return append(report, missing(Seccomp, "built with cgo: it comes in the end", noFilter))
	}
	return append(report, c.filter(loadingCalls()))
}

// Final leaves the process nothing but what it holds.
func Final(c Config) Report {
	return Report{
		c.rlimits(), c.dumpable(), c.newPrivileges(), c.capabilities(), c.landlock(nil), c.filter(finalCalls()),
	}
}

// CanLoadAsOther tells whether this kernel can hold a process to some paths, so
// that it may be given the capability to read what only others may read.
func CanLoadAsOther() bool { return landlockVersion() > 0 }

// LoadingCaps are the capabilities to give a process that calls Loading, so that it
// can read rules that only root may read.
func LoadingCaps() []uintptr {
	if !CanLoadAsOther() {
		return nil
	}
	return []uintptr{unix.CAP_DAC_READ_SEARCH}
}

// missing is a part that is not in force.
func missing(name, why, without string) Part {
	return Part{Name: name, Detail: why, Without: without}
}

const left = "left out, as asked"

// thread keeps the goroutine on one thread while the walls go up; each call
// reaches all threads.
func thread(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return f()
}
