package nft

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/netguardtest"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { netguardtest.Main(m) }

func compiled(t testing.TB, list string) indicator.Compiled {
	t.Helper()
	b := indicator.NewBuilder(indicator.Limits{})
	l, err := b.Read("test", strings.NewReader(list))
	if err != nil || l.Skipped > 0 {
		t.Fatalf("%v %+v", err, l.Problems)
	}
	return b.Build().Compile()
}

// world is a client behind a router before a server, in three namespaces.
type world struct{ client, router, server *netguardtest.Namespace }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{netguardtest.New(t), netguardtest.New(t), netguardtest.New(t)}
	w.client.Join(w.router, "va", []string{"10.66.0.2/24", "fd66::2/64"}, []string{"10.66.0.1/24", "fd66::1/64"})
	w.router.Join(w.server, "vb", []string{"10.77.0.1/24", "fd77::1/64"}, []string{"10.77.0.2/24", "10.77.0.3/24", "fd77::2/64", "fd77::3/64"})
	w.router.Do(func() {
		for _, f := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
			if err := os.WriteFile("/proc/sys/net/"+f, []byte("1"), 0); err != nil {
				t.Error(err)
			}
		}
	})
	w.client.Run("ip", "route", "add", "default", "via", "10.66.0.1")
	w.client.Run("ip", "route", "add", "default", "via", "fd66::1")
	w.server.Run("ip", "route", "add", "default", "via", "10.77.0.1")
	w.server.Run("ip", "route", "add", "default", "via", "fd77::1")
	listen(t, w.server, "10.77.0.2", "10.77.0.3", "fd77::2", "fd77::3")
	listen(t, w.client, "10.66.0.2", "127.0.0.1")
	return w
}

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

func open(t testing.TB, n *netguardtest.Namespace, list string) *Guard {
	t.Helper()
	var g *Guard
	var err error
	n.Do(func() { g, err = Open(Config{}) })
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
	return g
}

func (g *Guard) wait(t testing.TB) Event {
	t.Helper()
	g.log.file.SetReadDeadline(time.Now().Add(5 * time.Second))
	e, err := g.Next()
	if err != nil {
		t.Fatalf("no event: %v", err)
	}
	return e
}

const (
	refused     = "connection refused"
	unreachable = "no route to host"
	denied      = "permission denied"
)

const some = "10.77.0.2\nfd77::2\n10.77.0.3:443\n[fd77::3]:440-450\n10.77.0.0/28:81-90\n"

var listedCases = []struct{ deed, to, want string }{
	{"tcp", "10.77.0.2:80", refused},
	{"tcp", "[::ffff:10.77.0.2]:80", refused},
	{"tcp", "[fd77::2]:80", refused},
	{"tcp", "10.77.0.3:443", refused},
	{"tcp", "[fd77::3]:443", refused},
	{"tcp", "10.77.0.3:85", refused},
	{"udp", "10.77.0.2:9", ""},
	{"send", "10.77.0.3:81", ""},
	{"send", "[fd77::2]:9", ""},
}

var unlisted = []struct{ deed, to string }{
	{"tcp", "10.77.0.3:80"}, {"tcp", "[fd77::3]:80"}, {"udp", "10.77.0.3:91"}, {"send", "[fd77::3]:451"}, {"tcp", "[::ffff:10.77.0.3]:80"},
}

// TestForward: traffic through this machine is refused, and told without a user.
func TestForward(t *testing.T) {
	w := newWorld(t)
	g := open(t, w.router, some)
	client := netguardtest.Client{Net: w.client}
	for _, c := range listedCases {
		if got := client.Do(t, c.deed, c.to); c.want != "" && got.Answer != c.want {
			t.Errorf("%s %s: %s, want %s", c.deed, c.to, got.Answer, c.want)
		}
		to := netip.MustParseAddrPort(c.to)
		to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
		if e := g.wait(t); e.To != to || !e.Forward || e.UID != Nobody || e.From.Port() == 0 {
			t.Errorf("%s %s: %+v", c.deed, c.to, e)
		}
	}
	for _, c := range unlisted {
		if got := client.Do(t, c.deed, c.to); got.Answer != "ok" {
			t.Errorf("%s %s: %s", c.deed, c.to, got.Answer)
		}
	}
	if counts, err := g.Counts(); err != nil || counts != (Counts{Forward: uint64(len(listedCases))}) {
		t.Errorf("%+v, %v", counts, err)
	}
}

// TestOutput: what this machine sends, raw sockets too, with the user.
func TestOutput(t *testing.T) {
	w := newWorld(t)
	g := open(t, w.client, some+"10.66.0.0/24\n")
	client := netguardtest.Client{Net: w.client, UID: 4711}
	for _, c := range listedCases {
		if got := client.Do(t, c.deed, c.to); c.want != "" && got.Answer != c.want {
			t.Errorf("%s %s: %s, want %s", c.deed, c.to, got.Answer, c.want)
		}
		if e := g.wait(t); e.Forward || e.UID != 4711 || e.To.Addr() != netip.MustParseAddrPort(c.to).Addr().Unmap() {
			t.Errorf("%s %s: %+v", c.deed, c.to, e)
		}
	}
	client.UID = 0
	client.Do(t, "raw", "10.77.0.2:9")
	if e := g.wait(t); e.To != netip.MustParseAddrPort("10.77.0.2:9") || e.Protocol != unix.IPPROTO_UDP || e.UID != 0 {
		t.Errorf("raw: %+v", e)
	}
	// Our own address lies in a listed network; the router's, in it too, is cut off.
	for to, want := range map[string]string{"10.66.0.2:80": "ok", "127.0.0.1:80": "ok", "10.66.0.1:80": refused} {
		if got := client.Do(t, "tcp", to); got.Answer != want { // a refusal that was refused itself would time out
			t.Errorf("%s: %s, want %s", to, got.Answer, want)
		}
	}
}

// TestAnswers: a listed machine that connects to us gets its answers.
func TestAnswers(t *testing.T) {
	w := newWorld(t)
	open(t, w.client, "10.77.0.2\n10.77.0.3\n")
	if got := (netguardtest.Client{Net: w.server}).Do(t, "tcp", "10.66.0.2:80"); got.Answer != "ok" {
		t.Errorf("from outside: %s", got.Answer)
	}
}

func tableNames(t *testing.T, n *netguardtest.Namespace) (names []string) {
	t.Helper()
	n.Do(func() {
		c := &nftables.Conn{}
		all, err := c.ListTables()
		if err != nil {
			t.Error(err)
		}
		for _, one := range all {
			names = append(names, one.Name)
		}
	})
	return names
}

// TestOthersTables: another's table is as it was, in the end nothing of ours is
// left, and what a guard that died left is taken over.
func TestOthersTables(t *testing.T) {
	n := netguardtest.New(t)
	var err error
	n.Do(func() {
		c := &nftables.Conn{}
		c.AddTable(&nftables.Table{Name: "theirs", Family: nftables.TableFamilyINet})
		c.AddTable(&nftables.Table{Name: "vitrine", Family: nftables.TableFamilyIPv4})
		err = c.Flush()
	})
	if err != nil {
		netguardtest.Skip(t, "no nftables: %v", err)
	}
	dead := open(t, n, "192.0.2.1\n")
	dead.log.Close()
	dead.conn.CloseLasting()
	g := open(t, n, "192.0.2.1\n192.0.2.0/28\n[2001:db8::1]:80\n")
	if got := tableNames(t, n); len(got) != 3 {
		t.Errorf("tables: %v", got)
	}
	if err := errors.Join(g.Close(), g.Close()); err != nil {
		t.Error(err)
	}
	if got := tableNames(t, n); len(got) != 2 {
		t.Errorf("after the end: %v", got)
	}
	dead.done = true
	open(t, n, "").conn.CloseLasting()
	n.Do(func() { err = errors.Join(Remove(Config{}), Remove(Config{})) })
	if got := tableNames(t, n); err != nil || len(got) != 2 {
		t.Errorf("after Remove: %v, %v", got, err)
	}
}

// TestUpdate: one set takes the place of another; nothing of the old stays.
func TestUpdate(t *testing.T) {
	w := newWorld(t)
	g := open(t, w.client, "10.77.0.2\n")
	client := netguardtest.Client{Net: w.client}
	for i, step := range []struct{ list, two, three string }{
		{"10.77.0.3\n10.77.0.2:81\n", "ok", refused},
		{"10.77.0.0/30:80\n10.77.0.0/29:79-81\n10.77.0.3:79-85\n", refused, refused},
		{"", "ok", "ok"},
		{"10.77.0.2:80\n255.255.255.0/24\nffff:ffff::/32\n", refused, "ok"},
	} {
		if err := g.Update(compiled(t, step.list)); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		two, three := client.Do(t, "tcp", "10.77.0.2:80").Answer, client.Do(t, "tcp", "10.77.0.3:80").Answer
		if two != step.two || three != step.three {
			t.Errorf("step %d: %s, %s; want %s, %s", i, two, three, step.two, step.three)
		}
	}
	sets, err := g.conn.GetSets(g.table)
	if err != nil || len(sets) != 3 {
		t.Errorf("%d sets, %v", len(sets), err)
	}
	if _, err := exec.LookPath("nft"); err != nil {
		netguardtest.Skip(t, "nft (package nftables) is not here")
	}
	// The program that everybody has must be able to read what is there.
	if text := w.client.Run("nft", "list", "ruleset"); !strings.Contains(text, "10.77.0.2 . 80") || !strings.Contains(text, "fib daddr type local accept") {
		t.Errorf("nft shows:\n%s", text)
	}
}

func TestGroupTaken(t *testing.T) {
	n := netguardtest.New(t)
	open(t, n, "")
	var g *Guard
	var err error
	n.Do(func() { g, err = Open(Config{Table: "other"}) })
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if len(g.Missing()) != 1 || !errors.Is(&g.Missing()[0], unix.EPERM) {
		t.Errorf("missing: %v", g.Missing())
	}
	if _, err := g.Next(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := g.Counts(); err != nil {
		t.Error(err)
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		form := [...]string{"%d.%d.%d.7\n", "%d.%d.%d.0/25\n", "%d.%d.%d.9:443\n", "2001:db8:%x:%x%02x::1\n"}[i%4]
		fmt.Fprintf(&b, form, 11+i>>16, i>>8&255, i&255)
	}
	return b.String()
}

func BenchmarkUpdate100k(b *testing.B) {
	n := netguardtest.New(b)
	c := compiled(b, many(100_000))
	g := open(b, n, "")
	for b.Loop() {
		if err := g.Update(c); err != nil {
			b.Fatal(err)
		}
	}
}
