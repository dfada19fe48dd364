// Package netguardtest makes networks for tests that touch nothing else:
// network namespaces joined by pairs of virtual cables, and control groups of
// their own, taken away at the end of the test. Its client is the test program
// itself, started again. It sends nothing to any network that it did not make.
package netguardtest

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

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
	err := onThread(func() error {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.file, err = os.Open("/proc/thread-self/ns/net")
		}
		return err
	})
	if err != nil {
		Skip(t, "no network namespace: %v", err)
	}
	t.Cleanup(func() { n.file.Close() })
	n.Do(func() {
		// Nobody else is on these cables: an address counts at once.
		for _, dev := range []string{"all", "default"} {
			_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+dev+"/accept_dad", []byte("0"), 0)
		}
	})
	n.Run("ip", "link", "set", "lo", "up")
	return n
}

// Own gives the loopback device an address, and waits until it can be used.
func (n *Namespace) Own(address string) {
	n.t.Helper()
	n.address("lo", address)
	n.settled(address)
}

func (n *Namespace) address(device, address string) {
	n.t.Helper()
	args := []string{"ip", "addr", "add", address, "dev", device}
	if strings.Contains(address, ":") {
		args = append(args, "nodad")
	}
	n.Run(args...)
}

// settled waits until what is sent to an address of the namespace arrives there:
// the kernel makes the ways of IPv6 in its own time.
func (n *Namespace) settled(address string) {
	n.t.Helper()
	at := netip.AddrPortFrom(netip.MustParsePrefix(address).Addr(), 0)
	var err error
	for range 1000 {
		if n.Do(func() { err = echo(at) }); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	n.t.Fatalf("there is no way to %s: %v", address, err)
}

// echo sends a datagram from an address to itself.
func echo(at netip.AddrPort) error {
	u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return err
	}
	defer u.Close()
	u.SetDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := u.WriteTo([]byte{1}, u.LocalAddr()); err != nil {
		return err
	}
	_, _, err = u.ReadFrom(make([]byte, 1))
	return err
}

// Do runs f on a thread that is in the namespace. What f opens stays there;
// goroutines that it starts do not. f must not end the test.
func (n *Namespace) Do(f func()) {
	err := onThread(func() error {
		err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		return err
	})
	if err != nil {
		n.t.Fatalf("enter the namespace: %v", err)
	}
}

// onThread runs f on a thread that ends with it, and never on the process's
// first: that one cannot end, and /proc/self shows what it is in.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			err := onThread(f)
			runtime.UnlockOSThread()
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
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
			end.ns.address(end.dev, a)
		}
		end.ns.Run("ip", "link", "set", end.dev, "up")
	}
	for _, a := range here {
		n.settled(a)
	}
	for _, a := range there {
		other.settled(a)
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

// Do starts the client for one deed (see Main) and waits for its end.
func (c Client) Do(t testing.TB, deed ...string) Result {
	t.Helper()
	r, release := c.Hold(t, deed...)
	release()
	return r
}

// Hold starts the client for one deed and waits until it is done; the client
// stays until it is released.
func (c Client) Hold(t testing.TB, deed ...string) (r Result, release func()) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), clientEnv+"="+strings.Join(deed, " "))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
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
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	var err error
	c.Net.Do(func() { err = cmd.Start() })
	if err != nil {
		t.Fatalf("client %v: %v", deed, err)
	}
	// Without a reader of its answer and a writer of its input it ends by itself.
	answer, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Errorf("client %v: %v", deed, err)
	}
	return Result{PID: cmd.Process.Pid, Answer: strings.TrimSpace(answer)}, func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("client %v: %v", deed, err)
		}
	}
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
