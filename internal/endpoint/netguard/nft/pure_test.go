package nft

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"vitrine/internal/endpoint/netguard/indicator"

	"pgregory.net/rapid"
)

func TestFlatten(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"10.0.0.0/24:80\n", "10.0.0.0-10.0.0.255[80-80]"},
		{"10.0.0.0/24:80\n10.0.0.64/26:90\n", "10.0.0.0-10.0.0.63[80-80] 10.0.0.64-10.0.0.127[80-80 90-90] 10.0.0.128-10.0.0.255[80-80]"},
		{"10.0.0.0/24:80\n10.0.0.0/26:90\n10.0.0.192/26:91\n", "10.0.0.0-10.0.0.63[80-80 90-90] 10.0.0.64-10.0.0.191[80-80] 10.0.0.192-10.0.0.255[80-80 91-91]"},
		{"10.0.0.0/24:80\n10.0.0.0/24\n10.0.0.64/26:90\n", ""},
		{"255.255.255.0/24:80\n255.255.255.255/32:90-91\n", "255.255.255.0-255.255.255.254[80-80] 255.255.255.255-255.255.255.255[80-80 90-91]"},
	} {
		var got []string
		for _, s := range lay(compiled(t, c.list), 32).parts {
			var ports []string
			for _, p := range s.ports {
				ports = append(ports, fmt.Sprintf("%d-%d", p.Low, p.High))
			}
			got = append(got, fmt.Sprintf("%s-%s[%s]", s.low, s.high, strings.Join(ports, " ")))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.list, strings.Join(got, " "), c.want)
		}
	}
}

// TestLayHoldsTheSame: whatever is listed, the sets hold an address and a port
// exactly when the list does.
func TestLayHoldsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list strings.Builder
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			fmt.Fprintf(&list, "10.0.0.%d/%d%s\n", rapid.IntRange(0, 63).Draw(t, "a"), rapid.IntRange(25, 32).Draw(t, "bits"),
				rapid.SampledFrom([]string{"", ":3", ":1-2", ":2-6", ":5-7"}).Draw(t, "ports"))
		}
		b := indicator.NewBuilder(indicator.Limits{})
		b.Read("test", strings.NewReader(list.String()))
		set := b.Build()
		laid := lay(set.Compile(), 32)
		for i := range 128 {
			for port := uint16(1); port <= 8; port++ {
				a := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
				_, want := set.Address(a, port)
				if got := laid.holds(a, port); (got > 0) != want {
					t.Fatalf("%s:%d in the sets %v, in the list %v:\n%s", a, port, got, want, list.String())
				}
			}
		}
		for i, s := range laid.whole {
			if i > 0 && laid.whole[i-1].high.Compare(s.low) >= 0 {
				t.Fatalf("spans overlap: %v", laid.whole)
			}
		}
	})
}

func (l tables) holds(a netip.Addr, port uint16) (n int) {
	for _, one := range l.one {
		n += count(one == a)
	}
	for _, e := range l.ends {
		n += count(e == netip.AddrPortFrom(a, port))
	}
	for _, s := range append(l.whole, l.parts...) {
		inside := s.low.Compare(a) <= 0 && a.Compare(s.high) <= 0
		n += count(inside && s.ports == nil)
		for _, p := range s.ports {
			n += count(inside && p.Holds(port))
		}
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func packet(uid uint32, payload []byte) []byte {
	body := append([]byte{2, 0, 0, 0}, attribute(attrPrefix, []byte("forward\x00"))...)
	body = append(body, attribute(attrUID, binary.BigEndian.AppendUint32(nil, uid))...)
	return append(body, attribute(attrPayload, payload)...)
}

func TestDecode(t *testing.T) {
	v4 := []byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0, 80}
	e, ok := decode(&netlinkMessage{kind: msgPacket, body: packet(7, v4)})
	if !ok || e.UID != 7 || !e.Forward || e.From.String() != "192.0.2.1:12345" || e.To.String() != "198.51.100.2:80" || e.Protocol != 6 {
		t.Errorf("%+v %v", e, ok)
	}
	for n := range len(v4) {
		if e, ok := decode(&netlinkMessage{kind: msgPacket, body: packet(7, v4[:n])}); ok && e.To.Port() != 0 {
			t.Errorf("%d bytes have a port", n)
		}
	}
	if _, ok := decode(&netlinkMessage{kind: msgConfig, body: packet(7, v4)}); ok {
		t.Error("a configuration is a packet")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(packet(1, []byte{0x60, 0, 0, 0, 0, 8, 17, 64}))
	f.Add(packet(1, make([]byte, 60)))
	f.Add(message(msgPacket, 1, 2, packet(0, []byte{0x4f})))
	f.Fuzz(func(t *testing.T, b []byte) {
		decode(&netlinkMessage{kind: msgPacket, body: b})
		for m, rest := split(b); m != nil; m, rest = split(rest) {
			decode(m)
		}
	})
}
