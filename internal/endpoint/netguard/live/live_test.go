package live

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/endpoint/netguard/netguardtest"
)

func TestMain(m *testing.M) { netguardtest.Main(m) }

// TestEnd: connections to listed addresses end, with TCP and UDP, IPv4, IPv6 and
// mapped; others, and those that came from outside, go on.
func TestEnd(t *testing.T) {
	n := netguardtest.New(t)
	for _, a := range []string{"10.66.0.2/32", "10.66.0.3/32", "fd66::2/128"} {
		n.Own(a)
	}
	var s *Sockets
	conns := map[string]net.Conn{}
	var err error
	n.Do(func() { s, err = Open() })
	if err != nil {
		netguardtest.Skip(t, "%v", err)
	}
	n.Do(func() {
		for _, at := range []string{"10.66.0.2:80", "10.66.0.3:80", "[fd66::2]:80"} {
			l, err := net.Listen("tcp", at)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { l.Close() })
			go func() {
				for c, err := l.Accept(); err == nil; c, err = l.Accept() {
					t.Cleanup(func() { c.Close() })
				}
			}()
		}
		for _, to := range []string{"tcp 10.66.0.2:80", "tcp 10.66.0.3:80", "tcp [fd66::2]:80", "udp 10.66.0.2:53", "udp [fd66::2]:53"} {
			network, addr, _ := strings.Cut(to, " ")
			c, err := net.Dial(network, addr)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { c.Close() })
			conns[to] = c
		}
	})
	defer s.Close()
	two, six := netip.MustParseAddr("10.66.0.2"), netip.MustParseAddr("fd66::2")
	all, err := s.List(func(r netip.AddrPort) bool { return r.Addr() == two || r.Addr() == six })
	if err != nil || len(all) != 4 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, one := range all {
		if one.Inode == 0 || one.UID != 0 || one.Remote.Port() != 80 && one.Remote.Port() != 53 {
			t.Errorf("%+v", one)
		}
		if err := errors.Join(s.End(one), s.End(one)); err != nil {
			if errors.Is(err, syscall.EOPNOTSUPP) {
				netguardtest.Skip(t, "this kernel ends no connections: %v", err)
			}
			t.Error(err)
		}
	}
	for to, c := range conns {
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		if lives := errors.Is(err, syscall.EAGAIN) || isTimeout(err); lives != (to == "tcp 10.66.0.3:80") {
			t.Errorf("%s: %v", to, err)
		}
	}
	if all, err := s.List(func(r netip.AddrPort) bool { return r.Addr() == two }); err != nil || len(all) != 0 {
		t.Errorf("still there: %+v, %v", all, err)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, io.EOF)
}

// TestOurs: what came from outside is let be.
func TestOurs(t *testing.T) {
	at := netip.MustParseAddrPort
	all := []Socket{
		{Local: at("0.0.0.0:22"), Remote: at("0.0.0.0:0"), Protocol: 6},
		{Local: at("192.0.2.1:22"), Remote: at("198.51.100.1:5000"), Protocol: 6},
		{Local: at("192.0.2.1:5000"), Remote: at("198.51.100.1:443"), Protocol: 6},
		{Local: at("192.0.2.1:22"), Remote: at("198.51.100.1:53"), Protocol: 17},
		{Local: at("192.0.2.1:5001"), Remote: at("203.0.113.1:443"), Protocol: 6},
	}
	got := ours(all, func(r netip.AddrPort) bool { return r.Addr() == netip.MustParseAddr("198.51.100.1") })
	if len(got) != 2 || got[0] != all[2] || got[1] != all[3] {
		t.Errorf("%+v", got)
	}
}

func FuzzEach(f *testing.F) {
	f.Add(bytes.Repeat([]byte{16, 0, 0, 0, byFamily, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 3))
	f.Add(append([]byte{88, 0, 0, 0, byFamily, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2}, make([]byte, 71)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		each(b, 1, func(body []byte) {
			if s, ok := decode(body, 6); ok && (!s.Local.Addr().IsValid() || !s.Remote.Addr().IsValid()) {
				t.Fatalf("%+v", s)
			}
		})
	})
}
