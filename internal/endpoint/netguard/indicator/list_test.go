package indicator

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
)

func read(t testing.TB, texts ...string) (*Set, List) {
	t.Helper()
	b := NewBuilder(Limits{})
	var last List
	for i, text := range texts {
		l, err := b.Read(fmt.Sprintf("list%d", i+1), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		last = l
	}
	return b.Build(), last
}

// TestForms: every form a list may have, what it stands for and what not.
func TestForms(t *testing.T) {
	for _, c := range []struct{ line, hits, misses string }{
		{"192.0.2.1", "192.0.2.1:80 192.0.2.1:0 [::ffff:192.0.2.1]:443", "192.0.2.2:80"},
		{"  192.0.2.1\t# why", "192.0.2.1:80", ""},
		{"192.0.2.0/24 ; SBL1", "192.0.2.255:1", "192.0.3.0:1"},
		{"192.0.2.77/24", "192.0.2.1:1", "192.0.3.1:1"},
		{"192.0.2.1:443", "192.0.2.1:443 192.0.2.1:0", "192.0.2.1:80"},
		{"192.0.2.1:80-90", "192.0.2.1:80 192.0.2.1:90", "192.0.2.1:79 192.0.2.1:91"},
		{"192.0.2.0/30:80-90", "192.0.2.3:85", "192.0.2.4:85 192.0.2.3:8"},
		{"192.0.2.1:1-65535", "192.0.2.1:1 192.0.2.1:65535", ""},
		{"2001:db8::1", "[2001:db8::1]:80", "[2001:db8::2]:80"},
		{"2001:DB8::/32", "[2001:db8:ffff::]:1", "[2001:db9::]:1"},
		{"[2001:db8::1]:443", "[2001:db8::1]:443", "[2001:db8::1]:80"},
		{"[2001:db8::1]", "[2001:db8::1]:80", ""},
		{"[2001:db8::]/64:80-81", "[2001:db8::9]:81", "[2001:db8::9]:82 [2001:db8:0:1::]:81"},
		{"[2001:db8::/64]:80", "[2001:db8::9]:80", "[2001:db8::9]:81"},
		{"::ffff:192.0.2.1", "192.0.2.1:80", ""},
		{"::ffff:192.0.2.0/120", "192.0.2.9:80", "192.0.3.1:80"},
		{"[::ffff:192.0.2.1]:80", "192.0.2.1:80 [::ffff:192.0.2.1]:80", "192.0.2.1:81"},
		{"192[.]0[.]2[.]1", "192.0.2.1:80", ""},
		{"192.0.2[.]1[:]80", "192.0.2.1:80", "192.0.2.1:81"},
		{"hxxp://192.0.2[.]1:8080/x.sh", "192.0.2.1:8080", "192.0.2.1:80"},
		{"https://[2001:db8::1]/x", "[2001:db8::1]:80", ""},
		{"evil.example", "evil.example EVIL.Example. a.b.evil.example", "evil.example.org notevil.example example"},
		{".evil.example", "evil.example a.evil.example", "xevil.example"},
		{"*.evil.example", "a.evil.example a.b.evil.example", "evil.example"},
		{"||evil.example^", "evil.example a.evil.example", ""},
		{"evil[.]example[.]", "evil.example", ""},
		{"EVIL.example:443", "evil.example", ""},
		{"hxxps[://]user:pw@evil[.]example:8443/a/b?c#d", "evil.example", "a.evil.example example"},
		{"http://evil.example", "evil.example", "a.evil.example"},
		{"HTTP://evil.example?x", "evil.example", ""},
		{"0.0.0.0 evil.example other.example", "evil.example other.example", "a.evil.example"},
		{"127.0.0.1\tevil.example # x", "evil.example", ""},
		{"::  evil.example", "evil.example", ""},
		{"_dmarc.x_y.example", "_dmarc.x_y.example", ""},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", ""},
	} {
		set, l := read(t, c.line+"\r\n")
		if l.Skipped != 0 || l.Entries == 0 {
			t.Errorf("%q: %+v", c.line, l)
		}
		for _, want := range []bool{true, false} {
			for _, target := range strings.Fields(map[bool]string{true: c.hits, false: c.misses}[want]) {
				if hit, ok := asks(set, target); ok != want || ok && (hit.Line != 1 || hit.List != "list1" || !strings.Contains(c.line, hit.Indicator)) {
					t.Errorf("%q: %s is listed %v as %+v, want %v", c.line, target, ok, hit, want)
				}
			}
		}
	}
}

func asks(s *Set, target string) (Hit, bool) {
	if at, err := netip.ParseAddrPort(target); err == nil {
		return s.Address(at.Addr(), at.Port())
	}
	return s.Name(target)
}

// TestRefused: lines that cannot be used, or must not be, are told with their
// number; all others count.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ line, reason string }{
		{"0.0.0.0/0", "wider than /8"},
		{"10.0.0.0/7", "wider than /8"},
		{"2000::/3", "wider than /16"},
		{"::/16", "loopback"},
		{"127.0.0.0/8", "loopback"},
		{"127.0.0.53", "loopback"},
		{"::1", "loopback"},
		{"::ffff:127.0.0.1", "loopback"},
		{"::ffff:0:0/95", "IPv4-mapped"},
		{"0.0.0.0", "nobody"},
		{"::", "nobody"},
		{"fe80::1%eth0", "zone"},
		{"192.0.2.1:0", "ports are"},
		{"192.0.2.1:90-80", "ports are"},
		{"192.0.2.1:65536", "ports are"},
		{"192.0.2.1:", "ports are"},
		{"192.0.2.0/33", "number of bits"},
		{"192.0.2.0/", "number of bits"},
		{"192.0.2.0/+8", "number of bits"},
		{"192.0.2.256", "ends in a number"},
		{"192.0.2", "ends in a number"},
		{"192.0.2.01", "ends in a number"},
		{"192.0.2.1/24/3", "number of bits"},
		{"[2001:db8::1]x", "ports are"},
		{"192.0.2.1-192.0.2.9", "ends in a number"},
		{"com", "one word"},
		{"*.com", "one word"},
		{"*", "neither"},
		{"a..example", "between two dots"},
		{strings.Repeat("a", 64) + ".example", "63 bytes"},
		{strings.Repeat("abcdefg.", 32) + "example", "253 bytes"},
		{"bücher.example", "xn--"},
		{"evil.example/path", "without http"},
		{"ftp://evil.example/x", "neither http"},
		{"http://*.evil.example/", "star"},
		{"http:///x", "253 bytes"},
		{"evil.example:99999", "ports are"},
		{"two words", "more than one word"},
		{"192.0.2.1 evil.example", "no block"},
		{"a@b.example", "neither"},
		{"\x00\xff", "neither"},
		{strings.Repeat("x", maxLine+1), "4096"},
	} {
		set, l := read(t, "one.example\n"+c.line+"\n192.0.2.99\n")
		if l.Skipped != 1 || l.Entries != 2 || len(l.Problems) != 1 || l.Problems[0].Line != 2 || !strings.Contains(l.Problems[0].Reason, c.reason) {
			t.Errorf("%.40q: %+v", c.line, l)
		}
		if _, ok := set.Address(netip.MustParseAddr("192.0.2.99"), 1); !ok {
			t.Errorf("%.40q: the line behind it does not count", c.line)
		}
	}
}

func TestNothingToSay(t *testing.T) {
	_, l := read(t, "\ufeff# c\n; c\n// c\n! c\n\n   \n127.0.0.1 localhost localhost.localdomain local\n::1 ip6-localhost ip6-loopback\n255.255.255.255 broadcasthost\n0.0.0.0 0.0.0.0\n")
	if l.Skipped != 0 || l.Entries != 0 || l.Cut {
		t.Errorf("%+v", l)
	}
	if _, l := read(t, "\ufeff192.0.2.1"); l.Entries != 1 || l.Skipped != 0 {
		t.Errorf("%+v", l)
	}
}

// TestFirstCounts: of what is listed twice, the first line is told.
func TestFirstCounts(t *testing.T) {
	set, l := read(t, "192.0.2.0/24\nevil.example\n", "# x\n192.0.2.1\n192.0.2.0/24\nEVIL.example\n192.0.2.0/24:80\n")
	if l.Entries != 2 || l.Repeated != 2 {
		t.Errorf("%+v", l)
	}
	for target, want := range map[string]string{"192.0.2.1:80": "list2:2", "192.0.2.2:80": "list1:1", "evil.example": "list1:2"} {
		if hit, ok := asks(set, target); !ok || fmt.Sprintf("%s:%d", hit.List, hit.Line) != want {
			t.Errorf("%s: %+v, want %s", target, hit, want)
		}
	}
	if networks, names := set.Len(); networks != 3 || names != 1 {
		t.Errorf("%d %d", networks, names)
	}
}

func TestLimits(t *testing.T) {
	b := NewBuilder(Limits{Entries: 2, Problems: 1, Bytes: 40})
	l, err := b.Read("a", strings.NewReader("192.0.2.1\nx\ny\n192.0.2.2\n192.0.2.3\n"))
	if err != nil || l.Entries != 2 || l.Skipped != 3 || len(l.Problems) != 1 || !l.Cut {
		t.Errorf("%+v, %v", l, err)
	}
	b = NewBuilder(Limits{Bytes: 10})
	if l, _ := b.Read("b", strings.NewReader("192.0.2.1\n192.0.2.2\n")); l.Entries != 1 || !l.Cut {
		t.Errorf("%+v", l)
	}
	broken := errors.New("broken")
	b = NewBuilder(Limits{})
	l, err = b.Read("c", io.MultiReader(strings.NewReader("192.0.2.1\n192.0"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || l.Entries != 1 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, ok := b.Build().Address(netip.MustParseAddr("192.0.2.1"), 1); !ok {
		t.Error("what was read before it broke does not count")
	}
}

func TestIdentity(t *testing.T) {
	one, l := read(t, "192.0.2.1\n", "evil.example\n")
	two, _ := read(t, "evil.example\n", "192.0.2.1\n")
	three, _ := read(t, "evil.example \n", "192.0.2.1\n")
	if one.Identity() != two.Identity() || one.Identity() == three.Identity() || len(l.SHA256) != 64 {
		t.Error("a set is its lists' bytes, in any order")
	}
}

// TestWriteNames: what is written reads as the same names.
func TestWriteNames(t *testing.T) {
	set, _ := read(t, "evil.example\n*.below.example\n0.0.0.0 exact.example\n192.0.2.1\nhxxp://URL.example/x\n")
	var b strings.Builder
	if err := set.WriteNames(&b); err != nil {
		t.Fatal(err)
	}
	if want := "evil.example\n*.below.example\n0.0.0.0 exact.example\n0.0.0.0 url.example\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
	again, l := read(t, b.String())
	if l.Skipped != 0 || l.Entries != 4 {
		t.Errorf("%+v", l)
	}
	for _, name := range []string{"evil.example", "a.evil.example", "below.example", "a.below.example", "exact.example", "a.exact.example", "a.url.example"} {
		_, want := set.Name(name)
		if _, got := again.Name(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
