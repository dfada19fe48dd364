package resolver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// start runs the process that answers inside this one: what it is handed are
// duplicates, as a child's are.
func start(t *testing.T, r *Remote) (ended <-chan error) {
	t.Helper()
	files, err := r.Files()
	if err != nil {
		t.Fatal(err)
	}
	var theirs []*os.File
	for _, f := range files {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.SetNonblock(fd, true)
		theirs = append(theirs, os.NewFile(uintptr(fd), f.Name()))
	}
	r.Started()
	done := make(chan error, 1)
	go func() {
		done <- run(t.Context(), theirs[0], func(i int) *os.File { return theirs[1+i] }, func([]netip.AddrPort) {})
		theirs[0].Close()
	}()
	return done
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestRemote: names reach the process, refusals come back, and a process that is
// started again has the newest names.
func TestRemote(t *testing.T) {
	up := newUpstream(t, nil)
	udp, tcp, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	sock, err := unix.Getsockname(int(udp.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(sock.(*unix.SockaddrInet4).Port))
	told := make(chan Blocked, 16)
	r := &Remote{
		Settings: Settings{Upstreams: []netip.AddrPort{up.addr}, Sinkhole: []netip.Addr{netip.MustParseAddr("127.0.0.9")}, UDP: 1, TCP: 1},
		Sockets:  []*os.File{udp, tcp},
		Blocked:  func(b Blocked) { told <- b },
	}
	r.Use(set(t, "one.example\n"))
	s := &served{addr: at.String()}
	first := start(t, r)
	until(t, "the first list", r.Ready)
	r.Use(set(t, "two.example\n"))
	until(t, "the second list", r.Ready)
	check := func() {
		t.Helper()
		if m := ask(t, s, "udp", "two.example", dns.TypeA, nil); m.Answer[0].(*dns.A).A.String() != "127.0.0.9" {
			t.Errorf("%v", m)
		}
		if m := ask(t, s, "tcp", "one.example", dns.TypeA, nil); m.Answer[0].(*dns.A).A.String() != "192.0.2.1" {
			t.Errorf("%v", m)
		}
		if b := <-told; b.Name != "two.example" || b.Type != "A" || !b.Client.IsValid() {
			t.Errorf("%+v", b)
		}
	}
	check()
	second := start(t, r) // hangs up on the first
	if err := <-first; err != nil {
		t.Errorf("the first process: %v", err)
	}
	until(t, "the list in the second process", r.Ready)
	check()
	other := newUpstream(t, nil)
	r.Ask([]netip.AddrPort{other.addr})
	until(t, "a question to the other upstream", func() bool {
		ask(t, s, "udp", "one.example", dns.TypeA, nil)
		all, _ := other.questions()
		return len(all) > 0 && r.Upstreams()[0] == other.addr
	})
	until(t, "counters", func() bool { c, _ := r.Counts(); return c.Asked >= 2 })
	r.Close()
	if err := <-second; err != nil {
		t.Errorf("the second process: %v", err)
	}
	if _, err := r.Files(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestMainRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", "x\n", "{}\n", `{"size":9}` + "\n", `{"settings":{"udp":0}}` + "\n", `{"settings":{"udp":-1,"tcp":9}}` + "\n", strings.Repeat("x", maxMessage+1)} {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			out.WriteString(text)
			out.Close()
		}()
		err = run(context.Background(), in, func(int) *os.File { return nil }, func([]netip.AddrPort) {})
		if err == nil {
			t.Errorf("%.20q is taken", text)
		}
		in.Close()
	}
}

func FuzzTake(f *testing.F) {
	for _, name := range []string{"evil.example.", "x.y.", "."} {
		b, _ := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		f.Add(b)
		m := new(dns.Msg).SetQuestion(name, dns.TypeHTTPS)
		m.SetEdns0(512, true)
		b, _ = m.Pack()
		f.Add(b)
	}
	s, err := New(Config{Upstreams: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}, Sinkhole: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		f.Fatal(err)
	}
	s.Use(set(f, names))
	f.Fuzz(func(t *testing.T, b []byte) {
		q := s.take(b, netip.AddrPort{}, false)
		if q == nil {
			return
		}
		if q.reply == nil {
			asked, text, err := q.upstream(true)
			if err == nil {
				if m, err := accept(asked, append(text[:2:2], append([]byte{text[2] | 0x80}, text[3:]...)...), true); err == nil {
					q.adopt(m)
				}
			}
			if q.reply == nil {
				q.answer(dns.RcodeServerFailure)
			}
		}
		if out := q.bytes(); len(out) < 12 || len(out) > sizeMost || !bytes.Equal(out[:2], b[:2]) || out[2]&0x80 == 0 {
			t.Fatalf("%x answers %x", out, b)
		}
	})
}

func FuzzAccept(f *testing.F) {
	asked := new(dns.Msg).SetQuestion("eViL.example.", dns.TypeA)
	asked.Id = 0x4142
	m := new(dns.Msg).SetReply(asked)
	b, _ := m.Pack()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := accept(asked, b, true)
		if err != nil || len(m.Question) == 0 {
			return
		}
		if m.Id != asked.Id || m.Question[0] != asked.Question[0] {
			t.Fatalf("%v is taken for an answer", m)
		}
	})
}

func BenchmarkListed(b *testing.B)   { benchmark(b, "a.evil.example.") }
func BenchmarkUnlisted(b *testing.B) { benchmark(b, "harmless.example.") }

func benchmark(b *testing.B, name string) {
	up := newUpstream(b, nil)
	s := serve(b, names+many(100_000), Config{Upstreams: []netip.AddrPort{up.addr}})
	c, err := dns.Dial("udp", s.addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	q := new(dns.Msg).SetQuestion(name, dns.TypeA)
	start := time.Now()
	n := 0
	for b.Loop() {
		n++
		if err := c.WriteMsg(q); err != nil {
			b.Fatal(err)
		}
		if _, err := c.ReadMsg(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "queries/s")
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "n%s%d.example\n", strings.Repeat("x", i%7), i)
	}
	return b.String()
}

// BenchmarkTake is the work for one listed name without the sockets.
func BenchmarkTake(b *testing.B) {
	s, err := New(Config{Upstreams: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}, Sinkhole: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		b.Fatal(err)
	}
	s.Use(set(b, names+many(100_000)))
	text, _ := new(dns.Msg).SetQuestion("a.evil.example.", dns.TypeA).Pack()
	for b.Loop() {
		s.take(text, netip.AddrPort{}, false).bytes()
	}
}
