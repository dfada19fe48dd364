package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/eventlog"
	"vitrine/internal/endpoint/netguard/netguardtest"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// The two ends of the cable, and what stands at the far one.
const (
	nearAddress   = "192.0.2.1"
	listedAddress = "192.0.2.2"
	otherAddress  = "192.0.2.3"
	listedName    = "controller.example"
	otherName     = "other.example"
)

// TestGuardNetwork has the guard run in a network namespace of the test's own, and
// curl ask it for what is listed and what is not.
func TestGuardNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program: each room has tests of its own")
	}
	if os.Geteuid() != 0 {
		netguardtest.Skip(t, "only root can make networks")
	}
	for _, name := range []string{"curl", "ip", "unshare"} {
		if _, err := exec.LookPath(name); err != nil {
			netguardtest.Skip(t, "%s is not installed", name)
		}
	}
	here, there := netguardtest.New(t), netguardtest.New(t)
	here.Join(there, "cable", []string{nearAddress + "/24"}, []string{listedAddress + "/24", otherAddress + "/24"})
	serveThere(t, there)
	group := netguardtest.Cgroup(t, cgroupRoot(t))
	g := startIn(t, here, group)

	// It tries a second time: a program that ends at once can be gone before the guard
	// has seen what it was.
	curl := func(url string) (string, error) {
		script := `echo $$ >"$0/cgroup.procs" && mount --bind "$1" /etc/resolv.conf && exec curl --silent --show-error --max-time 20 --retry 1 --retry-delay 2 --retry-all-errors --noproxy '*' "$2"`
		var out []byte
		var err error
		here.Do(func() {
			out, err = exec.Command("unshare", "-m", "sh", "-c", script, group, g.file("resolv.conf"), url).CombinedOutput()
		})
		return string(out), err
	}
	for _, url := range []string{"http://" + otherAddress + "/", "http://" + otherName + "/"} {
		if out, err := curl(url); err != nil || out != "hello" {
			t.Errorf("%s: %v: %s", url, err, out)
		}
	}
	for _, url := range []string{"http://" + listedAddress + "/", "http://" + listedName + "/"} {
		if out, err := curl(url); err == nil {
			t.Errorf("%s was reached: %s", url, out)
		}
	}
	g.refused(t, listedAddress)
	g.refused(t, listedName)
	out, err := exec.Command("vitrine", "netguard", "test", "--config", g.file("guard.toml"), listedAddress).CombinedOutput()
	if !strings.Contains(string(out), "lists.txt") {
		t.Errorf("the way of a connection: %v\n%s", err, out)
	}
}

// cgroupRoot is where control groups of version 2 are.
func cgroupRoot(t *testing.T) string {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if before, after, ok := strings.Cut(line, " - "); ok && strings.HasPrefix(after, "cgroup2 ") {
			return strings.Fields(before)[4]
		}
	}
	netguardtest.Skip(t, "no control groups of version 2 are mounted")
	return ""
}

// serveThere answers HTTP at both far addresses, and names.
func serveThere(t *testing.T, there *netguardtest.Namespace) {
	for _, address := range []string{listedAddress, otherAddress} {
		var l net.Listener
		var err error
		there.Do(func() { l, err = net.Listen("tcp", address+":80") })
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	var packets net.PacketConn
	var err error
	there.Do(func() { packets, err = net.ListenPacket("udp", otherAddress+":53") })
	if err != nil {
		t.Fatal(err)
	}
	names := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		if q := r.Question[0]; q.Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.ParseIP(otherAddress)})
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = names.ActivateAndServe() }()
	t.Cleanup(func() { _ = names.Shutdown() })
}

// inside is a guard that runs in a namespace.
type inside struct{ dir string }

func (g inside) file(name string) string { return filepath.Join(g.dir, name) }

// startIn starts the guard in a namespace, for one control group.
func startIn(t *testing.T, here *netguardtest.Namespace, group string) inside {
	g := inside{t.TempDir()}
	if err := os.Chmod(g.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(g.file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("resolv.conf", "nameserver 127.0.0.54\n")
	write("lists.txt", listedAddress+" # a controller\n"+listedName+"\n")
	if err := os.Chmod(g.file("resolv.conf"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(g.file("watched"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("vitrine-test", g.file("watched"), "tmpfs", 0, "size=16m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(g.file("watched"), unix.MNT_DETACH) })
	write("guard.toml", os.Expand(networkConfig, func(name string) string {
		return map[string]string{"DIR": g.dir, "GROUP": group, "UPSTREAM": otherAddress}[name]
	}))
	cmd := exec.Command("vitrine", "guard", "--config", g.file("guard.toml"))
	log, err := os.Create(g.file("guard.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	here.Do(func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		_ = cmd.Wait()
		text, _ := os.ReadFile(g.file("guard.log"))
		t.Logf("the guard said:\n%s", text)
	})
	waitFor(t, func() bool { return exec.Command("vitrine", "status", "--config", g.file("guard.toml")).Run() == nil })
	return g
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %s", patience)
		}
	}
}

// refused waits for the event of a refusal by curl.
func (g inside) refused(t *testing.T, indicator string) {
	t.Helper()
	waitFor(t, func() bool {
		out, _ := exec.Command("vitrine", "events", "--config", g.file("guard.toml"), "--kind", "network", "--json").Output()
		for line := range strings.Lines(string(out)) {
			e, err := eventlog.Decode(json.RawMessage(line))
			if err == nil && e.Connection != nil && e.Connection.Indicator == indicator && e.Process != nil && e.Process.PID > 0 && strings.HasSuffix(e.Process.Exe, "/curl") {
				return true
			}
		}
		return false
	})
}

const networkConfig = `
[protection]
paths = ["$DIR/watched"]
blind = false
[scanner]
state = "$DIR/chain"
[quarantine]
dir = "$DIR/quarantine"
[network]
enabled = true
lists = ["$DIR/lists.txt"]
cgroup = "$GROUP"
resolver = "127.0.0.54:53"
upstreams = ["$UPSTREAM:53"]
[control]
socket = "$DIR/guard.sock"
[events]
file = "$DIR/events.jsonl"
journal = false
[state]
dir = "$DIR/state"
`
