package bpf

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/netguardtest"

	"github.com/cilium/ebpf/link"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(guardEnv); dir != "" {
		guardUntilKilled(dir)
	}
	netguardtest.Main(m)
}

// world is a client's namespace joined to a server's, and a guard on a control
// group of its own.
type world struct {
	guard  *Guard
	client netguardtest.Client
	cgroup string
}

func cgroup(t testing.TB) string {
	t.Helper()
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	root, err := Root(f)
	if err != nil {
		netguardtest.Skip(t, "%v", err)
	}
	return netguardtest.Cgroup(t, root)
}

func compiled(t testing.TB, list string) indicator.Compiled {
	t.Helper()
	b := indicator.NewBuilder(indicator.Limits{})
	l, err := b.Read("test", strings.NewReader(list))
	if err != nil || l.Skipped > 0 {
		t.Fatalf("%v %+v", err, l.Problems)
	}
	return b.Build().Compile()
}

func newWorld(t testing.TB, list string) *world {
	t.Helper()
	here, there := netguardtest.New(t), netguardtest.New(t)
	here.Join(there, "vt", []string{"10.66.0.1/24", "fd66::1/64"}, []string{"10.66.0.2/24", "10.66.0.3/24", "fd66::2/64", "fd66::3/64"})
	listen(t, there, "10.66.0.2", "10.66.0.3", "fd66::2", "fd66::3")
	listen(t, here, "10.66.0.1", "127.0.0.1", "::1")
	w := &world{cgroup: cgroup(t)}
	g, err := Open(Config{Cgroup: w.cgroup})
	if err != nil {
		netguardtest.Skip(t, "%v", err)
	}
	t.Cleanup(func() { g.Close() })
	if len(g.Missing()) > 0 {
		t.Errorf("missing: %v", g.Missing())
	}
	if err := g.Update(compiled(t, list)); err != nil {
		t.Fatal(err)
	}
	w.guard, w.client = g, netguardtest.Client{Net: here, Cgroup: w.cgroup}
	return w
}

// listen takes TCP on the ports 80 and 443 of addresses.
func listen(t testing.TB, n *netguardtest.Namespace, addrs ...string) {
	t.Helper()
	n.Do(func() {
		for _, a := range addrs {
			for _, port := range []string{"80", "443"} {
				l, err := net.Listen("tcp", net.JoinHostPort(a, port))
				if err != nil {
					t.Errorf("%v", err)
					continue
				}
				t.Cleanup(func() { l.Close() })
			}
		}
	})
}

const denied = "operation not permitted"

func TestBlocks(t *testing.T) {
	w := newWorld(t, "10.66.0.2\nfd66::2\n10.66.0.3:443\n[fd66::3]:440-450\n10.66.0.0/28:81-90\n")
	for _, c := range []struct {
		deed, to, want string
		hook           Hook
	}{
		{"tcp", "10.66.0.2:80", denied, Connect},
		{"udp", "10.66.0.2:53", denied, Connect},
		{"send", "10.66.0.2:53", denied, Send},
		{"fastopen", "10.66.0.2:80", denied, Connect},
		{"tcp", "[fd66::2]:80", denied, Connect},
		{"udp", "[fd66::2]:53", denied, Connect},
		{"send", "[fd66::2]:53", denied, Send},
		{"tcp", "[::ffff:10.66.0.2]:80", denied, Connect},
		{"send", "[::ffff:10.66.0.2]:80", denied, Send},
		{"tcp", "10.66.0.3:443", denied, Connect},
		{"tcp", "[::ffff:10.66.0.3]:443", denied, Connect},
		{"tcp", "10.66.0.3:80", "ok", 0},
		{"udp", "10.66.0.3:80", "ok", 0},
		{"udp", "10.66.0.3:85", denied, Connect},
		{"udp", "10.66.0.3:91", "ok", 0},
		{"send", "10.66.0.3:80", "ok", 0},
		{"tcp", "[fd66::3]:443", denied, Connect},
		{"tcp", "[fd66::3]:80", "ok", 0},
		{"send", "[fd66::3]:451", "ok", 0},
		{"tcp", "[::ffff:10.66.0.3]:80", "ok", 0},
		{"tcp", "127.0.0.1:80", "ok", 0},
		{"tcp", "[::1]:80", "ok", 0},
		{"tcp", "[::ffff:127.0.0.1]:80", "ok", 0},
	} {
		got := w.client.Do(t, c.deed, c.to)
		if got.Answer != c.want {
			t.Errorf("%s %s: %s, want %s", c.deed, c.to, got.Answer, c.want)
			continue
		}
		if c.want == denied {
			checkEvent(t, w, got.PID, c.deed, netip.MustParseAddrPort(c.to), c.hook)
		}
	}
	counts, err := w.guard.Counts()
	if err != nil || counts.Blocked != 13 || counts.Dropped != 0 {
		t.Errorf("counts %+v, %v", counts, err)
	}
}

func checkEvent(t *testing.T, w *world, pid int, deed string, to netip.AddrPort, hook Hook) {
	t.Helper()
	w.guard.reader.SetDeadline(time.Now().Add(5 * time.Second))
	e, err := w.guard.Next()
	if err != nil {
		t.Fatalf("no event for %s %s: %v", deed, to, err)
	}
	// What is sent to a mapped address goes to the IPv4 hook by itself.
	plain := netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	protocol := map[string]int{"tcp": 6, "fastopen": 6, "udp": 17, "send": 17}[deed]
	info, err := os.Stat(w.cgroup)
	if err != nil {
		t.Fatal(err)
	}
	if e.PID != pid || e.UID != 0 || e.Address != plain || e.Protocol != protocol || e.Hook != hook || e.Mapped != (to.Addr().Is4In6() && hook == Connect) || e.Comm == "" {
		t.Errorf("%s %s by %d: %+v", deed, to, pid, e)
	}
	if ino := inode(info); e.Cgroup != ino {
		t.Errorf("control group %d, want %d", e.Cgroup, ino)
	}
}

// TestOwnAddress: a listed network that holds our own address cuts nothing off
// that stays on the machine.
func TestOwnAddress(t *testing.T) {
	w := newWorld(t, "10.66.0.0/24\nfd66::/64\n")
	if got := w.client.Do(t, "tcp", "10.66.0.1:80"); got.Answer != denied {
		t.Errorf("before: %s", got.Answer)
	}
	own := []netip.Addr{netip.MustParseAddr("10.66.0.1"), netip.MustParseAddr("fd66::1")}
	if err := w.guard.Own(own); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"10.66.0.1:80": "ok", "[::ffff:10.66.0.1]:80": "ok", "10.66.0.2:80": denied, "[fd66::2]:80": denied} {
		if got := w.client.Do(t, "tcp", to); got.Answer != want {
			t.Errorf("%s: %s, want %s", to, got.Answer, want)
		}
	}
	if err := w.guard.Own(own[1:]); err != nil {
		t.Fatal(err)
	}
	if got := w.client.Do(t, "tcp", "10.66.0.1:80"); got.Answer != denied {
		t.Errorf("no longer ours: %s", got.Answer)
	}
}

// TestUpdate: a set takes the place of the one before, and the empty one too.
func TestUpdate(t *testing.T) {
	w := newWorld(t, "10.66.0.2\n")
	for i, step := range []struct{ list, two, three string }{
		{"10.66.0.3\nfd66::9\n", "ok", denied},
		{"10.66.0.2:80\n10.66.0.3:81\n", denied, "ok"},
		{"", "ok", "ok"},
		{"10.66.0.0/24\n", denied, denied},
	} {
		if err := w.guard.Update(compiled(t, step.list)); err != nil {
			t.Fatal(err)
		}
		two, three := w.client.Do(t, "tcp", "10.66.0.2:80").Answer, w.client.Do(t, "tcp", "10.66.0.3:80").Answer
		if two != step.two || three != step.three {
			t.Errorf("step %d: %s, %s; want %s, %s", i, two, three, step.two, step.three)
		}
	}
}

// TestClose: nothing stays, neither in force nor loaded.
func TestClose(t *testing.T) {
	w := newWorld(t, "10.66.0.2\n")
	if got := attached(t, w.cgroup); got != 4 {
		t.Errorf("%d programs on the group, want 4", got)
	}
	if err := w.guard.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.guard.Next(); err == nil {
		t.Error("an event after the end")
	}
	if got := attached(t, w.cgroup); got != 0 {
		t.Errorf("%d programs stay on the group", got)
	}
	if got := w.client.Do(t, "tcp", "10.66.0.2:80"); got.Answer != "ok" {
		t.Errorf("after the end: %s", got.Answer)
	}
}

func attached(t *testing.T, dir string) (n int) {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, h := range hooks() {
		r, err := link.QueryPrograms(link.QueryOptions{Target: int(f.Fd()), Attach: h.attach})
		if err != nil {
			t.Fatal(err)
		}
		n += len(r.Programs)
	}
	return n
}

// TestDrops: refusals that nobody takes are counted, and refused all the same.
func TestDrops(t *testing.T) {
	w := newWorld(t, "10.66.0.2\n")
	small, err := Open(Config{Cgroup: w.cgroup, Ring: os.Getpagesize()})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	if err := small.Update(compiled(t, "10.66.0.2\n")); err != nil {
		t.Fatal(err)
	}
	w.guard.Close()
	const n = 100
	w.client.Do(t, "flood", strconv.Itoa(n), "10.66.0.2:80")
	counts, err := small.Counts()
	if room := uint64(os.Getpagesize() / (eventSize + 8)); err != nil || counts.Blocked != n || counts.Dropped < n-room || counts.Dropped >= n {
		t.Errorf("%+v, %v; room for %d", counts, err, room)
	}
}

// TestNameless: a kernel that cannot say which process it was refuses all the
// same, and says the user and the control group.
func TestNameless(t *testing.T) {
	w := newWorld(t, "")
	w.guard.Close()
	g, err := Open(Config{Cgroup: w.cgroup, nameless: true})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.Update(compiled(t, "10.66.0.2\n[fd66::]/64:53\n")); err != nil {
		t.Fatal(err)
	}
	for deed, to := range map[string]string{"tcp": "10.66.0.2:80", "send": "[fd66::2]:53"} {
		if got := w.client.Do(t, deed, to); got.Answer != denied {
			t.Errorf("%s: %s", to, got.Answer)
		}
		g.reader.SetDeadline(time.Now().Add(5 * time.Second))
		if e, err := g.Next(); err != nil || e.PID != 0 || e.Comm != "" || e.Cgroup == 0 || e.Address.String() != to {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

// TestKilled: nothing stays of a guard that is killed.
func TestKilled(t *testing.T) {
	w := newWorld(t, "")
	w.guard.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), guardEnv+"="+w.cgroup)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if got := w.client.Do(t, "tcp", "10.66.0.2:80"); got.Answer != denied {
		t.Errorf("while it runs: %s", got.Answer)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for end := time.Now().Add(5 * time.Second); attached(t, w.cgroup) != 0; {
		if time.Now().After(end) {
			t.Fatal("its programs stay")
		}
	}
	if got := w.client.Do(t, "tcp", "10.66.0.2:80"); got.Answer != "ok" {
		t.Errorf("after its end: %s", got.Answer)
	}
}

const guardEnv = "VITRINE_TEST_GUARD"

// guardUntilKilled is a guard in a process of its own.
func guardUntilKilled(cgroup string) {
	g, err := Open(Config{Cgroup: cgroup})
	if err == nil {
		b := indicator.NewBuilder(indicator.Limits{})
		b.Read("test", strings.NewReader("10.66.0.2\n"))
		err = g.Update(b.Build().Compile())
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for err == nil {
		_, err = g.Next()
	}
	os.Exit(1)
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	_, err := Open(Config{Cgroup: t.TempDir() + "/none"})
	if err == nil || !strings.Contains(err.Error(), "not covered") {
		t.Errorf("%v", err)
	}
}

func BenchmarkUpdate100k(b *testing.B) {
	if os.Geteuid() != 0 {
		netguardtest.Skip(b, "eBPF needs root")
	}
	c := compiled(b, many(100_000))
	g, err := Open(Config{Cgroup: cgroup(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	for b.Loop() {
		if err := g.Update(c); err != nil {
			b.Fatal(err)
		}
	}
}

// many is addresses, networks and endpoints by turns.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		form := [...]string{"%d.%d.%d.7\n", "%d.%d.%d.0/24\n", "%d.%d.%d.9:443\n", "2001:db8:%x:%x%02x::1\n"}[i%4]
		fmt.Fprintf(&b, form, 11+i>>16, i>>8&255, i&255)
	}
	return b.String()
}

// BenchmarkConnect prints what a socket, a connect and a close cost without the
// guard, with it, and with 100,000 indicators: by turns, the least of many.
func BenchmarkConnect(b *testing.B) {
	w := newWorld(b, "")
	w.guard.Close()
	lists := map[string]string{"empty": "", "100k": many(100_000)}
	least := map[string]float64{}
	for b.Loop() {
		for range 3 {
			for _, name := range []string{"without", "empty", "100k"} {
				w.turn(b, name, lists, least)
			}
		}
	}
	for name, ns := range least {
		b.ReportMetric(ns, "ns/"+name)
	}
}

func (w *world) turn(b *testing.B, name string, lists map[string]string, least map[string]float64) {
	if list, ok := lists[name]; ok {
		g, err := Open(Config{Cgroup: w.cgroup})
		if err != nil {
			b.Fatal(err)
		}
		defer g.Close()
		if err := g.Update(compiled(b, list)); err != nil {
			b.Fatal(err)
		}
	}
	answer := w.client.Do(b, "time", "20000", "10.66.0.3:80").Answer
	ns, err := strconv.ParseFloat(answer, 64)
	if err != nil {
		b.Fatal(answer)
	}
	if was, ok := least[name]; !ok || ns < was {
		least[name] = ns
	}
}
