package resolver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/miekg/dns"
)

// upstream is a resolver behind ours, on loopback. answer may change what goes
// out before it is sent; nil sends nothing.
type upstream struct {
	addr   netip.AddrPort
	mu     sync.Mutex
	asked  []*dns.Msg
	overs  []string // udp or tcp
	answer func(network string, q, m *dns.Msg) *dns.Msg
}

func newUpstream(t testing.TB, answer func(network string, q, m *dns.Msg) *dns.Msg) *upstream {
	t.Helper()
	up := &upstream{answer: answer}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up.addr = u.LocalAddr().(*net.UDPAddr).AddrPort()
	l, err := net.Listen("tcp", up.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: u, Handler: up.over("udp")}, {Listener: l, Handler: up.over("tcp")}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go s.ActivateAndServe()
		<-started
		t.Cleanup(func() { s.Shutdown() })
	}
	return up
}

// questions gives what was asked so far, and over what.
func (up *upstream) questions() ([]*dns.Msg, []string) {
	up.mu.Lock()
	defer up.mu.Unlock()
	return slices.Clone(up.asked), slices.Clone(up.overs)
}

func (up *upstream) over(network string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		up.mu.Lock()
		up.asked, up.overs = append(up.asked, q.Copy()), append(up.overs, network)
		up.mu.Unlock()
		m := new(dns.Msg)
		m.SetReply(q)
		m.RecursionAvailable = true
		name := q.Question[0].Name
		switch q.Question[0].Qtype {
		case dns.TypeA:
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1)})
		case dns.TypeTXT:
			for i := range 60 {
				m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60}, Txt: []string{fmt.Sprintf("%02d%s", i, strings.Repeat("x", 40))}})
			}
			if network == "udp" {
				m.Truncate(1232)
			}
		}
		if up.answer != nil {
			m = up.answer(network, q, m)
		}
		if m != nil {
			w.WriteMsg(m)
		}
	}
}

func set(t testing.TB, list string) *indicator.Set {
	t.Helper()
	b := indicator.NewBuilder(indicator.Limits{})
	if l, err := b.Read("test", strings.NewReader(list)); err != nil || l.Skipped > 0 {
		t.Fatalf("%v %+v", err, l)
	}
	return b.Build()
}

// served is a server of ours that runs, and what it told.
type served struct {
	*Server
	addr string
	mu   sync.Mutex
	told []Blocked
	seen chan struct{} // answers wait for it; nil: for nothing
}

func serve(t testing.TB, list string, c Config) *served {
	t.Helper()
	udp, tcp, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	pc, err1 := net.FilePacketConn(udp)
	l, err2 := net.FileListener(tcp)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	udp.Close()
	tcp.Close()
	s := &served{addr: pc.LocalAddr().String()}
	c.UDP, c.TCP = append(c.UDP, pc.(*net.UDPConn)), append(c.TCP, l.(*net.TCPListener))
	c.Sinkhole = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	c.Blocked = func(b Blocked) <-chan struct{} {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, b)
		return s.seen
	}
	if s.Server, err = New(c); err != nil {
		t.Fatal(err)
	}
	s.Use(set(t, list))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

func ask(t testing.TB, s *served, network, name string, kind uint16, change func(*dns.Msg)) *dns.Msg {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), kind)
	if change != nil {
		change(q)
	}
	c := &dns.Client{Net: network, Timeout: 10 * time.Second, UDPSize: 65535}
	m, _, err := c.Exchange(q, s.addr)
	if err != nil {
		t.Fatalf("%s over %s: %v", name, network, err)
	}
	return m
}

func edns(size uint16, do bool) func(*dns.Msg) { return func(m *dns.Msg) { m.SetEdns0(size, do) } }

const names = "evil.example\n*.below.example\n0.0.0.0 exact.example\nhttp://url.example/x\n"

func TestListed(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}})
	for _, c := range []struct {
		name string
		kind uint16
		want string // the answer's data, "-" for none, "" for the upstream's
	}{
		{"evil.example", dns.TypeA, "127.0.0.1"},
		{"EVIL.example", dns.TypeAAAA, "::1"},
		{"a.b.evil.example", dns.TypeA, "127.0.0.1"},
		{"evil.example", dns.TypeHTTPS, "-"},
		{"evil.example", dns.TypeANY, "-"},
		{"notevil.example", dns.TypeA, ""},
		{"below.example", dns.TypeA, ""},
		{"x.below.example", dns.TypeA, "127.0.0.1"},
		{"exact.example", dns.TypeA, "127.0.0.1"},
		{"www.exact.example", dns.TypeA, ""},
		{"url.example", dns.TypeA, "127.0.0.1"},
		{"example", dns.TypeA, ""},
		{".", dns.TypeA, ""},
	} {
		for _, network := range []string{"udp", "tcp"} {
			m := ask(t, s, network, c.name, c.kind, edns(1232, false))
			got := "-"
			if len(m.Answer) > 0 {
				got = strings.Fields(strings.TrimPrefix(m.Answer[0].String(), m.Answer[0].Header().String()))[0]
			}
			want := c.want
			if want == "" {
				want = "192.0.2.1"
			}
			blocked := len(m.IsEdns0().Option) == 1 && m.IsEdns0().Option[0].(*dns.EDNS0_EDE).InfoCode == 15
			if got != want || m.Rcode != dns.RcodeSuccess || blocked != (c.want != "") || (want == "-") != (len(m.Ns) == 1) {
				t.Errorf("%s %s over %s: %v", c.name, dns.TypeToString[c.kind], network, m)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.told[0]; len(s.told) != 16 || first.Name != "evil.example" || first.Type != "A" || first.TCP || !first.Client.Addr().IsLoopback() || !s.told[1].TCP {
		t.Errorf("told %d: %+v", len(s.told), first)
	}
	if c := s.Counts(); c.Asked != 26 || c.Blocked != 16 || c.Failed != 0 || c.Dropped != 0 {
		t.Errorf("%+v", c)
	}
}

// TestNoSinkhole: without an address there is no such name.
func TestNoSinkhole(t *testing.T) {
	s, err := New(Config{Upstreams: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}})
	if err != nil {
		t.Fatal(err)
	}
	s.Use(set(t, names))
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX} {
		text, _ := new(dns.Msg).SetQuestion("evil.example.", kind).Pack()
		if q := s.take(text, netip.AddrPort{}, false); q.reply.Rcode != dns.RcodeNameError || len(q.reply.Ns) != 1 {
			t.Errorf("%v", q.reply)
		}
	}
}

// TestHeld: an answer waits until it was seen who asked, over both, and no longer
// than it may; when too many wait, the next does not.
func TestHeld(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}, Hold: time.Hour, Held: 1})
	s.mu.Lock()
	s.seen = make(chan struct{})
	s.mu.Unlock()
	answers := make(chan string)
	asks := func(network string) {
		c := &dns.Client{Net: network, Timeout: 20 * time.Second}
		_, _, err := c.Exchange(new(dns.Msg).SetQuestion("evil.example.", dns.TypeA), s.addr)
		answers <- fmt.Sprint(network, err)
	}
	count := func(n int) func() bool {
		return func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.told) == n
		}
	}
	go asks("udp")
	until(t, "the first is told", count(1))
	go asks("udp") // nobody has time for a second one
	if got := <-answers; got != "udp<nil>" {
		t.Error(got)
	}
	go asks("tcp")
	until(t, "the third is told", count(3))
	select {
	case got := <-answers:
		t.Errorf("answered before it was seen: %s", got)
	default:
	}
	close(s.seen)
	if got := []string{<-answers, <-answers}; !slices.Contains(got, "udp<nil>") || !slices.Contains(got, "tcp<nil>") {
		t.Error(got)
	}
}

// TestAlias: a name that leads to a listed one is as good as listed.
func TestAlias(t *testing.T) {
	up := newUpstream(t, func(_ string, q, m *dns.Msg) *dns.Msg {
		name := q.Question[0].Name
		m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: 1, Ttl: 5}, Target: "cdn.EVIL.example."}}
		return m
	})
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}})
	m := ask(t, s, "udp", "harmless.example", dns.TypeA, nil)
	if len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "127.0.0.1" || m.IsEdns0() != nil {
		t.Errorf("%v", m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.told) != 1 || s.told[0].Name != "cdn.evil.example" || s.told[0].Asked != "harmless.example" {
		t.Errorf("%+v", s.told)
	}
}

// TestAnswerIsOurs: the client sees its own number and letters, and the upstream
// neither.
func TestAnswerIsOurs(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}})
	const name = "SomeName.With-Letters.Example."
	m := ask(t, s, "udp", name, dns.TypeA, func(q *dns.Msg) {
		q.Id = 4711
		q.SetEdns0(4096, true)
		q.IsEdns0().Option = append(q.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"})
	})
	if m.Id != 4711 || m.Question[0].Name != name || m.Answer[0].Header().Name != name || !m.IsEdns0().Do() || !m.RecursionAvailable {
		t.Errorf("%v", m)
	}
	all, _ := up.questions()
	q := all[0]
	if q.Question[0].Name == name || !strings.EqualFold(q.Question[0].Name, name) || q.Id == 4711 || len(q.IsEdns0().Option) != 0 || !q.IsEdns0().Do() || q.IsEdns0().UDPSize() != sizeAsked {
		t.Errorf("upstream was asked %v", q)
	}
}

// TestTruncated: what does not fit comes over TCP, from the upstream and to the
// client.
func TestTruncated(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}})
	for _, c := range []struct {
		network string
		size    uint16 // 0: no EDNS
		whole   bool
	}{{"udp", 0, false}, {"udp", 1232, false}, {"udp", 4096, true}, {"udp", 65535, true}, {"tcp", 0, true}} {
		m := ask(t, s, c.network, "long.example", dns.TypeTXT, func(q *dns.Msg) {
			if c.size > 0 {
				q.SetEdns0(c.size, false)
			}
		})
		if m.Truncated == c.whole || (len(m.Answer) == 60) != c.whole || (m.IsEdns0() != nil) != (c.size > 0) {
			t.Errorf("%s %d: truncated %v, %d answers", c.network, c.size, m.Truncated, len(m.Answer))
		}
		limit := map[uint16]int{0: 512, 1232: 1232, 4096: 4096, 65535: 4096}[c.size]
		if m.Compress = true; c.network == "udp" && m.Len() > limit {
			t.Errorf("%d bytes for a client that takes %d", m.Len(), limit)
		}
	}
	if _, overs := up.questions(); overs[1] != "tcp" {
		t.Errorf("asked over %v", overs)
	}
}

// TestStrangeAnswers: what does not fit the question is never passed on.
func TestStrangeAnswers(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(network string, q, m *dns.Msg) *dns.Msg
		tcp    bool // the true answer comes over TCP
	}{
		{"letters in lower case", func(network string, q, m *dns.Msg) *dns.Msg {
			if network == "udp" {
				m.Question[0].Name = strings.ToLower(m.Question[0].Name)
				m.Answer[0].(*dns.A).A = net.IPv4(6, 6, 6, 6)
			}
			return m
		}, true},
		{"another number", func(network string, q, m *dns.Msg) *dns.Msg { m.Id++; return m }, false},
		{"another name", func(network string, q, m *dns.Msg) *dns.Msg {
			m.Question[0].Name = "other.example."
			return m
		}, false},
		{"another type", func(network string, q, m *dns.Msg) *dns.Msg { m.Question[0].Qtype = dns.TypeMX; return m }, false},
		{"a question", func(network string, q, m *dns.Msg) *dns.Msg { m.Response = false; return m }, false},
		{"nothing", func(string, *dns.Msg, *dns.Msg) *dns.Msg { return nil }, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			up := newUpstream(t, c.change)
			s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}, Timeout: 300 * time.Millisecond})
			m := ask(t, s, "udp", "some-longer-name.example", dns.TypeA, edns(1232, false))
			if c.tcp {
				if len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.1" {
					t.Errorf("%v", m)
				}
				return
			}
			if m.Rcode != dns.RcodeServerFailure || m.IsEdns0().Option[0].(*dns.EDNS0_EDE).InfoCode != dns.ExtendedErrorCodeNoReachableAuthority || s.Counts().Failed != 1 {
				t.Errorf("%v", m)
			}
		})
	}
}

func TestNextUpstream(t *testing.T) {
	deaf := newUpstream(t, func(string, *dns.Msg, *dns.Msg) *dns.Msg { return nil })
	lame := newUpstream(t, func(_ string, q, m *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(q, dns.RcodeRefused) })
	old := newUpstream(t, func(_ string, q, m *dns.Msg) *dns.Msg {
		if q.IsEdns0() != nil {
			return new(dns.Msg).SetRcode(q, dns.RcodeFormatError)
		}
		return m
	})
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{deaf.addr, lame.addr, old.addr}, Timeout: 200 * time.Millisecond})
	for range 3 {
		if m := ask(t, s, "udp", "name.example", dns.TypeA, nil); len(m.Answer) != 1 {
			t.Errorf("%v", m)
		}
	}
	toDeaf, _ := deaf.questions()
	toLame, _ := lame.questions()
	if len(toDeaf) != 1 || len(toLame) != 1 {
		t.Errorf("the deaf was asked %d times, the lame %d", len(toDeaf), len(toLame))
	}
}

// TestRefusesOddQuestions: what is no plain question never reaches an upstream.
func TestRefusesOddQuestions(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}})
	for _, c := range []struct {
		what   string
		change func(*dns.Msg)
		rcode  int
	}{
		{"transfer", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }, dns.RcodeRefused},
		{"chaos", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, dns.RcodeRefused},
		{"update", func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, dns.RcodeNotImplemented},
		{"two questions", func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }, dns.RcodeFormatError},
		{"none", func(m *dns.Msg) { m.Question = nil }, dns.RcodeFormatError},
		{"a later EDNS", func(m *dns.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }, dns.RcodeBadVers},
	} {
		if m := ask(t, s, "tcp", "name.example", dns.TypeA, c.change); m.Rcode != c.rcode {
			t.Errorf("%s: %v", c.what, m)
		}
	}
	for _, text := range []string{"", "short", strings.Repeat("\x00", 11), "\x12\x34\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00"} {
		if q := s.take([]byte(text), netip.AddrPort{}, false); q != nil {
			t.Errorf("%q is answered: %v", text, q.reply)
		}
	}
	if q := s.take([]byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff"), netip.AddrPort{}, false); q.reply.Rcode != dns.RcodeFormatError || q.reply.Id != 0x1234 {
		t.Errorf("%v", q.reply)
	}
	if all, _ := up.questions(); len(all) != 0 {
		t.Errorf("upstream was asked %v", all)
	}
}

// TestBounded: when upstreams are slow, more questions than the limit are
// dropped and those for listed names are answered all the same.
func TestBounded(t *testing.T) {
	release := make(chan struct{})
	up := newUpstream(t, func(_ string, _, m *dns.Msg) *dns.Msg { <-release; return m })
	s := serve(t, names, Config{Upstreams: []netip.AddrPort{up.addr}, Parallel: 2, Connections: 1, Timeout: 10 * time.Second})
	c, err := net.Dial("udp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 5 {
		q, _ := new(dns.Msg).SetQuestion("slow.example.", dns.TypeA).Pack()
		c.Write(q)
	}
	if m := ask(t, s, "udp", "evil.example", dns.TypeA, nil); len(m.Answer) != 1 {
		t.Errorf("%v", m)
	}
	if d := s.Counts().Dropped; d != 3 {
		t.Errorf("%d dropped, want 3", d)
	}
	close(release)
	one, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for s.parked() == 0 {
		time.Sleep(time.Millisecond) // until it was accepted
	}
	two, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	two.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := two.Read(make([]byte, 1)); n != 0 || err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a second connection: %d, %v", n, err)
	}
}

func (s *Server) parked() int { return len(s.conns) }

func TestUpstreamsOfTheMachine(t *testing.T) {
	got, stub, err := Nameservers(strings.NewReader("# c\nnameserver 192.0.2.1\n nameserver fe80::1%eth0\nnameserver nonsense\noptions edns0\nnameserver\nnameserver 127.0.0.54\n"))
	if want := "[192.0.2.1:53 [fe80::1%eth0]:53 127.0.0.54:53]"; fmt.Sprint(got) != want || stub || err != nil {
		t.Errorf("%v %v %v", got, stub, err)
	}
	others := Others(got, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.54:53")})
	if len(others) != 2 {
		t.Errorf("%v", others)
	}
	if left := Others(got, []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:53")}); len(left) != 2 {
		t.Errorf("%v", left)
	}
	if _, stub, _ := Nameservers(strings.NewReader("nameserver 127.0.0.53\n")); !stub {
		t.Error("systemd-resolved's stub is not seen")
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a server that asks nobody")
	}
}
