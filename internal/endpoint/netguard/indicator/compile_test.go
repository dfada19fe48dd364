package indicator

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCompile(t *testing.T) {
	set, _ := read(t, `192.0.2.0/24
192.0.2.1
192.0.2.2:80
198.51.100.7:443
198.51.100.0/24:80-90
198.51.100.0/24:88-99
198.51.100.128/25:100
198.51.100.130
2001:db8::1
evil.example
`)
	c := set.Compile()
	var got []string
	for _, n := range c.Networks {
		got = append(got, fmt.Sprint(n.Prefix, n.Any, n.Ports))
	}
	want := []string{"192.0.2.0/24 true []", "198.51.100.0/24 false [{80 99}]", "198.51.100.128/25 false [{80 100}]", "198.51.100.130/32 true []", "2001:db8::1/128 true []"}
	if !slices.Equal(got, want) {
		t.Errorf("networks\n%q\nwant\n%q", got, want)
	}
	if fmt.Sprint(c.Endpoints) != "[198.51.100.7:443]" || len(c.Overfull) != 0 {
		t.Errorf("endpoints %v, overfull %v", c.Endpoints, c.Overfull)
	}
}

func TestOverfull(t *testing.T) {
	var b strings.Builder
	for i := range MaxRanges + 1 {
		fmt.Fprintf(&b, "192.0.2.0/24:%d\n", 100+2*i)
	}
	set, _ := read(t, b.String())
	c := set.Compile()
	if len(c.Overfull) != 1 || len(c.Networks[0].Ports) != MaxRanges || c.Networks[0].Ports[0].Low != 100 {
		t.Errorf("%+v", c)
	}
}

// narrowest answers as the programs in the kernel do: the endpoint, or else the
// narrowest network that holds the address.
func (c Compiled) narrowest(a netip.Addr, port uint16) bool {
	if slices.Contains(c.Endpoints, netip.AddrPortFrom(a, port)) {
		return true
	}
	var best *Network
	for i, n := range c.Networks {
		if n.Prefix.Contains(a) && (best == nil || n.Prefix.Bits() > best.Prefix.Bits()) {
			best = &c.Networks[i]
		}
	}
	return best != nil && (best.Any || slices.ContainsFunc(best.Ports, func(p Ports) bool { return p.Holds(port) }))
}

// TestCompiledHoldsTheSame: the tables hold an address and a port exactly when
// the set does, and the set exactly when a line of the list does.
func TestCompiledHoldsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type line struct {
			prefix    netip.Prefix
			low, high int
		}
		var lines []line
		var text strings.Builder
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			six := rapid.Bool().Draw(t, "six")
			low := rapid.IntRange(0, 6).Draw(t, "low")
			l := line{low: low, high: low + rapid.IntRange(0, 3).Draw(t, "more")}
			bits, form := rapid.IntRange(25, 32).Draw(t, "bits"), "10.0.0.%d"
			if six {
				bits, form = bits+96, "2001:db8::%x"
			}
			addr := netip.MustParseAddr(fmt.Sprintf(form, rapid.IntRange(0, 127).Draw(t, "addr")))
			l.prefix, _ = addr.Prefix(bits)
			if low == 0 {
				l.high = 65535
				fmt.Fprintf(&text, "%s/%d\n", addr, bits)
			} else {
				fmt.Fprintf(&text, "[%s]/%d:%d-%d\n", addr, bits, l.low, l.high)
			}
			lines = append(lines, l)
		}
		b := NewBuilder(Limits{})
		if l, err := b.Read("x", strings.NewReader(text.String())); err != nil || l.Skipped != 0 {
			t.Fatalf("%+v %v", l, err)
		}
		set := b.Build()
		c := set.Compile()
		for i := range 128 {
			for _, a := range []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", i)), netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i))} {
				for port := 1; port <= 10; port++ {
					want := slices.ContainsFunc(lines, func(l line) bool { return l.prefix.Contains(a) && l.low <= port && port <= l.high })
					_, got := set.Address(a, uint16(port))
					if got != want || c.narrowest(a, uint16(port)) != want {
						t.Fatalf("%s port %d: the lines say %v, the set %v, the tables %v:\n%s", a, port, want, got, c.narrowest(a, uint16(port)), text.String())
					}
				}
			}
		}
	})
}

func FuzzList(f *testing.F) {
	for _, seed := range []string{"192.0.2.1:80-90\n", "[2001:db8::/32]:443 # x\n", "hxxp://a[.]b.example/\n", "0.0.0.0 a.b\n", "*.x.y\n||a.b^", "::ffff:1.2.3.0/120", "[", "]:", "[]/:", "//", "\ufeff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := NewBuilder(Limits{Entries: 1000})
		l, err := b.Read("x", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		set := b.Build()
		networks, names := set.Len()
		if networks+names != l.Entries || l.Skipped < len(l.Problems) {
			t.Fatalf("%+v: %d and %d", l, networks, names)
		}
		for _, n := range set.Compile().Networks {
			if n.Prefix.Addr().Is4In6() || n.Prefix.Contains(netip.MustParseAddr("127.0.0.1")) || n.Prefix.Contains(netip.IPv6Loopback()) {
				t.Fatalf("%s is listed", n.Prefix)
			}
			if _, ok := set.Address(n.Prefix.Addr(), 0); !ok {
				t.Fatalf("%s is not found", n.Prefix)
			}
		}
		var w strings.Builder
		set.WriteNames(&w)
		again, l := read(t, w.String())
		if _, n := again.Len(); l.Skipped != 0 || n != names {
			t.Fatalf("%d names become %d: %+v", names, n, l)
		}
	})
}

// many is indicators of every kind by turns.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		form := [...]string{"%d.%d.%d.7\n", "%d.%d.%d.0/24\n", "%d.%d.%d.9:443\n", "2001:db8:%x:%x%02x::1\n", "host%d.net%d.n%d.example\n"}[i%5]
		fmt.Fprintf(&b, form, 11+i>>16, i>>8&255, i&255)
	}
	return b.String()
}

func BenchmarkRead100k(b *testing.B) {
	text := many(100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		set, _ := read(b, text)
		set.Compile()
	}
}

func BenchmarkName(b *testing.B) {
	set, _ := read(b, many(100_000))
	b.ReportAllocs()
	for b.Loop() {
		set.Name("www.some.harmless.site.example.org")
	}
}

func BenchmarkAddress(b *testing.B) {
	set, _ := read(b, many(100_000))
	a := netip.MustParseAddr("203.0.113.9")
	for b.Loop() {
		set.Address(a, 443)
	}
}
