// Package mountstest gives tests file systems of their own to watch. A mark on a
// file system that others use could freeze the machine: tests mark nothing but
// what comes from here, and tell it by its source.
package mountstest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// NeedRoot skips a test that is not run by root of the machine; it fails it
// instead when VITRINE_REQUIRE_ALL=1.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() == 0 {
		fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC, unix.O_RDONLY)
		if err == nil {
			unix.Close(fd)
			return
		}
		Skip(t, fmt.Sprintf("no fanotify here: %v", err))
	}
	Skip(t, "needs root: it mounts file systems and marks them")
}

// Skip skips a test for want of something of the machine.
func Skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf("%s, and nothing may be skipped here", why)
	}
	t.Skip(why)
}

// Source is what the file systems of one test name as what they were mounted
// from.
func Source(t testing.TB) string {
	return fmt.Sprintf("vitrine-test-%d-%s", os.Getpid(), filepath.Base(t.Name()))
}

// Tmpfs mounts an empty file system in memory, and gives its root.
func Tmpfs(t testing.TB) string {
	t.Helper()
	NeedRoot(t)
	dir := t.TempDir()
	Mount(t, Source(t), dir, "tmpfs", 0, "size=64m")
	return dir
}

// Mount mounts until the test ends.
func Mount(t testing.TB, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		t.Fatalf("mount %s on %s: %v", kind, target, err)
	}
	t.Cleanup(func() { Unmount(t, target) })
}

// Unmount takes away what is mounted on target, if it is still there, though
// somebody uses it.
func Unmount(t testing.TB, target string) {
	t.Helper()
	if err := unix.Unmount(target, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && err != unix.EINVAL && err != unix.ENOENT {
		t.Errorf("unmount %s: %v", target, err)
	}
}
