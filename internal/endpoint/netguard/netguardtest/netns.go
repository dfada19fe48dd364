// Package netguardtest makes networks for tests that touch nothing else:
// network namespaces joined by pairs of virtual cables, and control groups of
// their own, taken away at the end of the test. Its client is the test program
// itself, started again. It sends nothing to any network that it did not make.
package netguardtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Skip skips a test for what the machine lacks; where everything must run it
// fails.
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf("must run here: "+format, args...)
	}
	t.Skipf(format, args...)
}

// Namespace is a network namespace. It goes when the test ends.
type Namespace struct {
	file *os.File
	t    testing.TB
}

// New makes an empty namespace whose loopback is up.
func New(t testing.TB) *Namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		Skip(t, "network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		Skip(t, "ip (package iproute2) is not here")
	}
	n := &Namespace{t: t}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.file, err = os.Open("/proc/thread-self/ns/net")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		Skip(t, "no network namespace: %v", err)
	}
	t.Cleanup(func() { n.file.Close() })
	n.Run("ip", "link", "set", "lo", "up")
	return n
}

// Do runs f on a thread that is in the namespace. What f opens stays there;
// goroutines that it starts do not.
func (n *Namespace) Do(f func()) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		n.t.Fatalf("enter the namespace: %v", err)
	}
}

// Run runs a program in the namespace, without a mount of /sys of its own as ip
// netns exec has, and gives what it prints. A failure ends the test.
func (n *Namespace) Run(args ...string) string {
	n.t.Helper()
	out, err := n.try(exec.Command(args[0], args[1:]...))
	if err != nil {
		n.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (n *Namespace) try(c *exec.Cmd) (out string, err error) {
	n.Do(func() {
		var b []byte
		b, err = c.CombinedOutput()
		out = string(b)
	})
	return out, err
}

// Join puts a cable between two namespaces. Each address is one with the length
// of its network.
func (n *Namespace) Join(other *Namespace, name string, here, there []string) {
	n.t.Helper()
	path := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), other.file.Fd())
	n.Run("ip", "link", "add", name+"a", "type", "veth", "peer", "name", name+"b", "netns", path)
	for _, end := range []struct {
		ns    *Namespace
		dev   string
		addrs []string
	}{{n, name + "a", here}, {other, name + "b", there}} {
		for _, a := range end.addrs {
			args := []string{"ip", "addr", "add", a, "dev", end.dev}
			if strings.Contains(a, ":") {
				args = append(args, "nodad")
			}
			end.ns.Run(args...)
		}
		end.ns.Run("ip", "link", "set", end.dev, "up")
	}
}

// Cgroup makes a control group of version 2 below the root's, and takes it away
// at the end. root is where the hierarchy is mounted.
func Cgroup(t testing.TB, root string) string {
	t.Helper()
	dir, err := os.MkdirTemp(root, "vitrine-test-")
	if err != nil {
		Skip(t, "no control group can be made: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Errorf("the control group stays: %v", err)
		}
	})
	return dir
}

// Client is a program that connects, in a namespace and a control group.
type Client struct {
	Net    *Namespace
	Cgroup string // "" for the test's own
	UID    uint32
}

const clientEnv = "VITRINE_TEST_CLIENT"

// Result is what the client met.
type Result struct {
	PID    int
	Answer string // "ok", or the error of the system: "operation not permitted"
}

// Do starts the client for one deed (see Main) and waits for it.
func (c Client) Do(t testing.TB, deed ...string) Result {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), clientEnv+"="+strings.Join(deed, " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.UID != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.UID, Gid: c.UID}
		cmd.Path = runnable(t)
	}
	if c.Cgroup != "" {
		dir, err := os.Open(c.Cgroup)
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
	}
	out, err := c.Net.try(cmd)
	if err != nil {
		t.Fatalf("client %v: %v\n%s", deed, err, out)
	}
	return Result{PID: cmd.Process.Pid, Answer: strings.TrimSpace(out)}
}

// runnable is a copy of the test program that every user may start.
func runnable(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "vitrine-client-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "client")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
