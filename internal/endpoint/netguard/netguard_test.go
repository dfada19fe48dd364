package netguard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/bpf"
	"vitrine/internal/endpoint/netguard/netguardtest"
	"vitrine/internal/endpoint/netguard/nft"
	"vitrine/internal/endpoint/netguard/resolver"

	"github.com/google/nftables"
	"github.com/miekg/dns"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ResolverMode {
		err := resolver.Main(context.Background(), os.NewFile(3, "control"), func(i int) *os.File { return os.NewFile(uintptr(4+i), "socket") })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	netguardtest.Main(m)
}

// sink keeps what it is told.
type sink struct {
	mu  sync.Mutex
	all []event.Event
	ch  chan struct{}
}

func newSink() *sink { return &sink{ch: make(chan struct{}, 1)} }

func (s *sink) Emit(e event.Event) {
	s.mu.Lock()
	s.all = append(s.all, e)
	s.mu.Unlock()
	select {
	case s.ch <- struct{}{}:
	default:
	}
}

// take waits for an event of a kind and removes it.
func (s *sink) take(t *testing.T, kind event.Kind) event.Event {
	t.Helper()
	for end := time.After(10 * time.Second); ; {
		s.mu.Lock()
		i := slices.IndexFunc(s.all, func(e event.Event) bool { return e.Kind == kind })
		if i >= 0 {
			e := s.all[i]
			s.all = slices.Delete(s.all, i, i+1)
			s.mu.Unlock()
			return e
		}
		s.mu.Unlock()
		select {
		case <-s.ch:
		case <-end:
			t.Fatalf("no event of the kind %s; there are %+v", kind, s.all)
		}
	}
}

// text makes a list of a text.
func text(name, text string) Source {
	return Source{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

func cgroup(t testing.TB) string {
	t.Helper()
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	root, err := bpf.Root(f)
	if err != nil {
		netguardtest.Skip(t, "%v", err)
	}
	return netguardtest.Cgroup(t, root)
}

// world is this machine in a namespace, before another.
type world struct {
	guard       *Guard
	sink        *sink
	here, there *netguardtest.Namespace
	client      netguardtest.Client
}

func start(t *testing.T, c Config) *world {
	t.Helper()
	w := &world{sink: newSink(), here: netguardtest.New(t), there: netguardtest.New(t)}
	w.here.Join(w.there, "vt", []string{"10.66.0.1/24", "fd66::1/64"}, []string{"10.66.0.2/24", "10.66.0.3/24", "fd66::2/64"})
	for _, at := range []struct {
		n    *netguardtest.Namespace
		addr string
	}{{w.there, "10.66.0.2:80"}, {w.there, "10.66.0.3:80"}, {w.there, "[fd66::2]:80"}, {w.here, "10.66.0.1:80"}} {
		at.n.Do(func() {
			l, err := net.Listen("tcp", at.addr)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { l.Close() })
		})
	}
	c.Cgroup = cgroup(t)
	c.Own = func() ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("10.66.0.1")}, nil }
	var err error
	w.here.Do(func() { w.guard, err = Start(t.Context(), c, w.sink) })
	if err != nil {
		netguardtest.Skip(t, "%v", err)
	}
	t.Cleanup(func() { w.guard.Close() })
	w.client = netguardtest.Client{Net: w.here, Cgroup: c.Cgroup}
	return w
}

const denied = "operation not permitted"

// TestRefusalNamesTheProcess: who it was, what it wanted, and which line of
// which list says no.
func TestRefusalNamesTheProcess(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("a", "# none\n"), text("c2.txt", "# ours\n10.66.0.2:80\nfd66::/64\n")}})
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ deed, to, address, list, indicator string }{
		{"tcp", "10.66.0.2:80", "10.66.0.2", "c2.txt:2", "10.66.0.2:80"},
		{"tcp", "[::ffff:10.66.0.2]:80", "10.66.0.2", "c2.txt:2", "10.66.0.2:80"},
		{"send", "[fd66::9]:53", "fd66::9", "c2.txt:3", "fd66::/64"},
	} {
		r, release := w.client.Hold(t, c.deed, c.to)
		e := w.sink.take(t, event.Network)
		release()
		want := event.Connection{Protocol: map[string]string{"tcp": "tcp", "send": "udp"}[c.deed], Address: c.address, Port: int(netip.MustParseAddrPort(c.to).Port()), Indicator: c.indicator, List: c.list, By: "bpf", Direction: "out"}
		if r.Answer != denied || *e.Connection != want || e.Rules != w.guard.Status().Rules || e.Actions[0] != event.Blocked {
			t.Errorf("%s %s: %s, %+v\nwant %+v", c.deed, c.to, r.Answer, *e.Connection, want)
		}
		if p := e.Process; p.PID != r.PID || p.Exe != exe || len(p.Argv) != 1 || p.Argv[0] != "/proc/self/exe" || p.Started.IsZero() {
			t.Errorf("%s %s by %d: %+v", c.deed, c.to, r.PID, p)
		}
	}
	if r := w.client.Do(t, "tcp", "10.66.0.3:80"); r.Answer != "ok" {
		t.Errorf("what is not listed: %s", r.Answer)
	}
}

// TestBackstopTellsTheUser: what the programs do not see the packet filter does.
func TestBackstopTellsTheUser(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("c2.txt", "10.66.0.2\n")}})
	outside := netguardtest.Client{Net: w.here, UID: 4711} // in no control group of ours
	if r := outside.Do(t, "tcp", "10.66.0.2:80"); r.Answer != "connection refused" {
		t.Errorf("%s", r.Answer)
	}
	e := w.sink.take(t, event.Network)
	if e.Connection.By != "nft" || e.Connection.List != "c2.txt:1" || e.Process.UID != 4711 || e.Process.PID != 0 || !strings.Contains(e.Message, "does not know the process") {
		t.Errorf("%+v %+v", e, e.Connection)
	}
	b := w.guard.Status().Blocked
	if b.Output != 1 || b.Connect != 0 || b.Sum() != 1 {
		t.Errorf("%+v", b)
	}
}

// TestOwnAddressInList: let through, and warned of.
func TestOwnAddressInList(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("wide.txt", "10.66.0.0/24\n127.0.0.0/8\n")}})
	for to, want := range map[string]string{"10.66.0.1:80": "ok", "10.66.0.2:80": denied} {
		if r := w.client.Do(t, "tcp", to); r.Answer != want {
			t.Errorf("%s: %s, want %s", to, r.Answer, want)
		}
	}
	s := w.guard.Status()
	want := []string{"wide.txt: 1 lines could not be used", "wide.txt:1 10.66.0.0/24 holds this machine's own address 10.66.0.1: connections to it are let through"}
	if !slices.Equal(s.Warnings, want) {
		t.Errorf("%q", s.Warnings)
	}
	for target, want := range map[string]string{"10.66.0.1": "own", "127.0.0.1:80": "own", "10.66.0.2:80": "connect"} {
		p, err := w.guard.Test(target)
		if err != nil || p.Steps[0].At != want || (p.Outcome == Refused) != (want == "connect") {
			t.Errorf("%s: %+v, %v", target, p, err)
		}
	}
}

// TestUpdateKeepsWhatWasRefused: a list that cannot be read changes nothing.
func TestUpdateKeepsWhatWasRefused(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("c2.txt", "10.66.0.2\n")}})
	gone := Source{Name: "gone.txt", Open: func() (io.ReadCloser, error) { return nil, os.ErrNotExist }}
	if err := w.guard.Update([]Source{text("c2.txt", "10.66.0.3\n"), gone}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	w.sink.take(t, event.Degraded)
	if r := w.client.Do(t, "tcp", "10.66.0.2:80"); r.Answer != denied {
		t.Errorf("%s", r.Answer)
	}
	w.sink.take(t, event.Change) // of the start
	if err := w.guard.Update([]Source{text("c2.txt", "10.66.0.3\n")}); err != nil {
		t.Error(err)
	}
	if e := w.sink.take(t, event.Change); e.Rules != w.guard.Status().Rules {
		t.Errorf("%+v", e)
	}
	for to, want := range map[string]string{"10.66.0.3:80": denied, "10.66.0.2:80": "ok"} {
		if r := w.client.Do(t, "tcp", to); r.Answer != want {
			t.Errorf("%s: %s, want %s", to, r.Answer, want)
		}
	}
}

// TestCloseRevertsAll: no program, no table, no refusal.
func TestCloseRevertsAll(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("c2.txt", "10.66.0.2\n")}})
	if err := w.guard.Close(); err != nil {
		t.Fatal(err)
	}
	if r := w.client.Do(t, "tcp", "10.66.0.2:80"); r.Answer != "ok" {
		t.Errorf("%s", r.Answer)
	}
	w.here.Do(func() {
		all, err := (&nftables.Conn{}).ListTables()
		if err != nil || len(all) != 0 {
			t.Errorf("%d tables stay, %v", len(all), err)
		}
	})
}

// TestRemove: what a dead guard leaves is taken away by a start without one.
func TestRemove(t *testing.T) {
	n := netguardtest.New(t)
	var left int
	var err error
	n.Do(func() {
		c := &nftables.Conn{}
		c.AddTable(&nftables.Table{Name: "vitrine", Family: nftables.TableFamilyINet})
		c.AddTable(&nftables.Table{Name: "theirs", Family: nftables.TableFamilyINet})
		if err = c.Flush(); err != nil {
			return
		}
		err = errors.Join(Remove(Config{}), Remove(Config{}))
		all, _ := c.ListTables()
		left = len(all)
	})
	if err != nil || left != 1 {
		t.Errorf("%d tables, %v", left, err)
	}
}

// TestMissingIsSaid: every part that is not in force, and what goes through.
func TestMissingIsSaid(t *testing.T) {
	w := start(t, Config{Backend: "nft", Lists: []Source{text("c2.txt", "10.66.0.2\n")}})
	s := w.guard.Status()
	if fmt.Sprint(s.Backends) != "[nft]" || len(s.Missing) != 2 || !s.Missing[0].Chosen || s.Missing[0].Uncovered == "" {
		t.Errorf("%+v", s)
	}
	if n, missing := s.Condition(); !n.Enabled || n.Indicators != 1 || len(missing) != 2 || missing[0].Degrades {
		t.Errorf("%+v %+v", n, missing)
	}
	none := newSink()
	_, err := Start(t.Context(), Config{Backend: "bpf", Cgroup: t.TempDir()}, none)
	if !errors.Is(err, errNothing) || !strings.Contains(err.Error(), "not covered") {
		t.Errorf("%v", err)
	}
	none.take(t, event.Degraded)
	if _, err := Start(t.Context(), Config{Backend: "iptables"}, none); err == nil || strings.Contains(err.Error(), "not covered") {
		t.Errorf("%v", err)
	}
}

// TestNames: the resolver runs apart as nobody, its refusals are told, and it is
// started again when it dies.
func TestNames(t *testing.T) {
	if os.Geteuid() != 0 {
		netguardtest.Skip(t, "a process of another user needs root")
	}
	up := upstreamOf(t)
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.LocalAddr().(*net.UDPAddr).AddrPort()
	free.Close()
	s := newSink()
	g, err := Start(t.Context(), Config{
		Lists: []Source{text("names.txt", "evil.example\n")}, Backend: "bpf", Cgroup: cgroup(t), Table: nft.Config{},
		Resolver: at, Upstreams: []netip.AddrPort{up, at}, Sinkhole: []netip.Addr{netip.MustParseAddr("127.0.0.9")},
		Own: func() ([]netip.Addr, error) { return nil, nil },
	}, s)
	if err != nil {
		netguardtest.Skip(t, "%v", err)
	}
	defer g.Close()
	until(t, g.names.remote.Ready)
	ask := func(network, name, want string) {
		t.Helper()
		c := &dns.Client{Net: network, Timeout: 5 * time.Second}
		m, _, err := c.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), at.String())
		if err != nil || len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != want {
			t.Errorf("%s over %s: %v, %v", name, network, m, err)
		}
	}
	check := func() {
		t.Helper()
		ask("udp", "fine.example.", "192.0.2.1")
		ask("tcp", "fine.example.", "192.0.2.1")
		ask("udp", "www.Evil.example.", "127.0.0.9")
		e := s.take(t, event.Network)
		if c := e.Connection; c.By != "dns" || c.Name != "www.evil.example" || c.List != "names.txt:1" || c.Indicator != "evil.example" {
			t.Errorf("%+v", c)
		}
		// The answer waits until it was seen who asked: this test.
		if e.Process == nil || e.Process.PID != os.Getpid() || e.Process.Exe == "" {
			t.Errorf("asked by %+v", e.Process)
		}
	}
	check()
	until(t, func() bool { return g.names.kept.Process() != nil })
	p := g.names.kept.Process()
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID())); err != nil || strings.Contains(string(status), "Uid:\t0\t") || !strings.Contains(string(status), "NoNewPrivs:\t1") {
		t.Errorf("the resolver's process: %v\n%s", err, status)
	}
	p.Stop(0)
	s.take(t, event.Worker)
	g.repeats.all()
	until(t, g.names.remote.Ready)
	check()
	if st := g.Status(); st.Resolver != at.String() || fmt.Sprint(st.Upstreams) != "["+up.String()+"]" || len(st.HowTo) == 0 {
		t.Errorf("%+v", st)
	}
}

// TestLiveConnectionEnds: what is connected already when its address becomes
// listed is cut, and the process named.
func TestLiveConnectionEnds(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("c2.txt", "10.66.0.3\n")}})
	w.sink.take(t, event.Change)
	var c net.Conn
	var err error
	w.here.Do(func() { c, err = net.Dial("tcp", "10.66.0.2:80") })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := w.guard.Update([]Source{text("c2.txt", "10.66.0.3\n10.66.0.0/24\n")}); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNABORTED) {
		t.Errorf("the connection: %v", err)
	}
	e := w.sink.take(t, event.Network)
	if e.Process.PID != os.Getpid() || e.Process.Exe == "" || e.Connection.By != "live" || e.Connection.List != "c2.txt:2" || !strings.Contains(e.Message, "ended the connection of") {
		t.Errorf("%+v %+v", e, e.Connection)
	}
	if b := w.guard.Status().Blocked; b.Ended != 1 || b.Sum() != 1 {
		t.Errorf("%+v", b)
	}
}

// TestOtherWays: sockets of several paths, and io_uring in place of the system
// call, are refused like the rest.
func TestOtherWays(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("c2.txt", "10.66.0.2\n")}})
	for _, deed := range []string{"mptcp", "uring"} {
		t.Run(deed, func(t *testing.T) {
			if r := w.client.Do(t, deed, "10.66.0.3:80"); r.Answer != "ok" {
				netguardtest.Skip(t, "this kernel has none: %s", r.Answer)
			}
			r := w.client.Do(t, deed, "10.66.0.2:80")
			e := w.sink.take(t, event.Network)
			if r.Answer != denied || e.Connection.List != "c2.txt:1" || e.Connection.Protocol != "tcp" || e.Connection.By != "bpf" || e.Process.PID != r.PID {
				t.Errorf("%s, %+v %+v", r.Answer, e.Connection, e.Process)
			}
		})
	}
}

// TestFlood: a program that tries on and on is told of once, and then how often.
func TestFlood(t *testing.T) {
	w := start(t, Config{Lists: []Source{text("c2.txt", "10.66.0.2\n")}})
	const tries = 2000
	w.client.Do(t, "flood", fmt.Sprint(tries), "10.66.0.2:80")
	if e := w.sink.take(t, event.Network); e.Count != 0 {
		t.Errorf("%+v", e)
	}
	until(t, func() bool { return w.guard.repeats.counted() == tries-1 })
	if b := w.guard.Status().Blocked; b.Connect != tries || b.Untold != 0 {
		t.Errorf("%+v", b)
	}
	w.guard.Close()
	if e := w.sink.take(t, event.Network); e.Count != tries-1 || !strings.HasSuffix(e.Message, "(1999 times more)") {
		t.Errorf("%+v", e)
	}
}

func (r *repeats) counted() (n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.held {
		n += h.more
	}
	return n
}

// TestAddressesComeAndGo: what becomes our own is let through from then on.
func TestAddressesComeAndGo(t *testing.T) {
	n := netguardtest.New(t)
	var w *watch
	var err error
	n.Do(func() { w, err = watchAddresses() })
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{}, 16)
	ended := make(chan struct{})
	go func() {
		w.each(func() { heard <- struct{}{} })
		close(ended)
	}()
	for _, args := range [][]string{{"add", "192.0.2.1/32"}, {"add", "2001:db8::1/128"}, {"del", "192.0.2.1/32"}} {
		n.Run(append([]string{"ip", "addr"}, append(args, "dev", "lo")...)...)
		select {
		case <-heard:
		case <-time.After(5 * time.Second):
			t.Fatalf("%v is not heard of", args)
		}
	}
	w.Close()
	<-ended
}

// TestUnreadAtStart: a list that cannot be read is told, and the others count.
func TestUnreadAtStart(t *testing.T) {
	gone := Source{Name: "gone.txt", Open: func() (io.ReadCloser, error) { return nil, os.ErrNotExist }}
	w := start(t, Config{Lists: []Source{gone, text("c2.txt", "10.66.0.2\n")}})
	w.sink.take(t, event.Degraded)
	if e := w.sink.take(t, event.Change); !strings.Contains(e.Message, "1 addresses and networks and 0 names of 1 lists are in force by bpf, nft") {
		t.Errorf("%s", e.Message)
	}
	if r := w.client.Do(t, "tcp", "10.66.0.2:80"); r.Answer != denied {
		t.Errorf("%s", r.Answer)
	}
	if got := w.guard.Status().Warnings; len(got) != 1 || !strings.Contains(got[0], "gone.txt") {
		t.Errorf("%q", got)
	}
	if err := w.guard.Update([]Source{text("c2.txt", "10.66.0.2\n")}); err != nil || len(w.guard.Status().Warnings) != 0 {
		t.Errorf("%v %q", err, w.guard.Status().Warnings)
	}
}

// BenchmarkUpdate100k is reading 100,000 indicators and putting them in force in
// the programs and the packet filter.
func BenchmarkUpdate100k(b *testing.B) {
	n := netguardtest.New(b)
	var list strings.Builder
	for i := range 100_000 {
		form := [...]string{"%d.%d.%d.7\n", "%d.%d.%d.0/25\n", "%d.%d.%d.9:443\n", "2001:db8:%x:%x%02x::1\n", "host%d.net%d.n%d.example\n"}[i%5]
		fmt.Fprintf(&list, form, 11+i>>16, i>>8&255, i&255)
	}
	var g *Guard
	var err error
	c := Config{Cgroup: cgroup(b), Own: func() ([]netip.Addr, error) { return nil, nil }}
	n.Do(func() { g, err = Start(b.Context(), c, newSink()) })
	if err != nil {
		netguardtest.Skip(b, "%v", err)
	}
	defer g.Close()
	before := used(b)
	n100k := 0
	for b.Loop() {
		if err := g.Update([]Source{text("many", list.String())}); err != nil {
			b.Fatal(err)
		}
		n100k++
	}
	b.ReportMetric(float64(used(b)-before)/float64(n100k), "cpu-ns/op")
}

// used is the processor time of this process, which another's work does not
// lengthen.
func used(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never")
		}
	}
}

// upstreamOf is a resolver on loopback that knows one address.
func upstreamOf(t *testing.T) netip.AddrPort {
	t.Helper()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: u, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: 1}, A: net.IPv4(192, 0, 2, 1)}}
		w.WriteMsg(m)
	})}
	go s.ActivateAndServe()
	t.Cleanup(func() { s.Shutdown() })
	return u.LocalAddr().(*net.UDPAddr).AddrPort()
}
