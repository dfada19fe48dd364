package netguard

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/bpf"
	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/nft"
	"vitrine/internal/endpoint/netguard/resolver"
)

func TestPath(t *testing.T) {
	lists := []Source{text("l.txt", "192.0.2.0/24\n198.51.100.7:443\nevil.example\n")}
	for _, c := range []struct{ target, outcome, at string }{
		{"192.0.2.1", Refused, "connect output forward"},
		{"[::ffff:192.0.2.1]:80", Refused, "connect output forward"},
		{"http://192.0.2.1/x", Refused, "connect output forward"},
		{"198.51.100.7:80", Passes, "connect output forward"},
		{"198.51.100.7:443", Refused, "connect output forward"},
		{"https://198.51.100.7", Refused, "connect output forward"},
		{"http://198.51.100.7", Passes, "connect output forward"},
		{"[2001:db8::1]", Passes, "connect output forward"},
		{"www.EVIL.example.", Refused, "dns"},
		{"https://user@evil.example:8443/x?y", Refused, "dns"},
		{"fine.example:80", Passes, "dns connect"},
		{"127.0.0.1:80", Passes, "own"},
	} {
		p, _, err := TestLists(c.target, lists)
		var at []string
		for _, s := range p.Steps {
			at = append(at, s.At)
			if (s.Hit != nil) != (s.Outcome == Refused) {
				t.Errorf("%s: %+v", c.target, s)
			}
		}
		if err != nil || p.Outcome != c.outcome || strings.Join(at, " ") != c.at || p.Listed != (c.outcome == Refused) {
			t.Errorf("%s: %+v, %v", c.target, p, err)
		}
	}
	for _, bad := range []string{"", "a b", "x:99999", "http://", "[::1", "a/b", strings.Repeat("x", 300)} {
		if _, _, err := TestLists(bad, lists); err == nil {
			t.Errorf("%q is a target", bad)
		}
	}
	set, _ := read(lists)
	p := test("evil.example", Target{Name: "evil.example"}, set, inForce{bpf: true, nft: true}, false)
	if p.Outcome != Passes || !p.Listed || p.Steps[0].Outcome != Absent {
		t.Errorf("without a resolver: %+v", p)
	}
}

// clock is a time that only tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// TestRepeats: the same again is counted, not told.
func TestRepeats(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	s := newSink()
	g := &Guard{sink: s, repeats: newRepeats(c.now)}
	one := refused(event.Process{PID: 1, Comm: "a"}, event.Connection{Protocol: "tcp", Address: "192.0.2.1", Port: 80, By: byBPF}, indicator.Hit{Indicator: "192.0.2.1", List: "l", Line: 2}, "r")
	two := one
	two.Process = &event.Process{PID: 2}
	for _, e := range []event.Event{one, one, one, two} {
		g.emit(e)
	}
	if len(s.all) != 2 || s.all[1].Process.PID != 2 {
		t.Errorf("told %+v", s.all)
	}
	c.t = c.t.Add(repeatWindow / 2)
	if got := g.repeats.due(); len(got) != 0 {
		t.Errorf("too early: %+v", got)
	}
	last := c.t.Add(repeatWindow)
	c.t = last
	g.emit(one) // late, but those before are not told yet
	if got := g.repeats.due(); len(got) != 1 || got[0].Count != 3 || got[0].Process.PID != 1 || !got[0].Time.Equal(last) || !strings.HasSuffix(got[0].Message, "(3 times more)") {
		t.Errorf("%+v", got)
	}
	g.emit(one)
	g.emit(one)
	if len(s.all) != 3 {
		t.Errorf("a new window: %+v", s.all)
	}
	if got := g.repeats.all(); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("%+v", got)
	}
	for i := range repeatMost + 10 {
		one.Process = &event.Process{PID: i + 10}
		g.emit(one)
	}
	if len(g.repeats.held) != repeatMost || len(s.all) != 3+repeatMost+10 {
		t.Errorf("%d are held, %d told", len(g.repeats.held), len(s.all))
	}
}

// TestMayBeAnother: a process that has another name by now is not described.
func TestMayBeAnother(t *testing.T) {
	set, _ := read([]Source{text("l.txt", "192.0.2.1\nevil.example\n")})
	g := &Guard{c: Config{Root: t.TempDir(), Look: func(pid int) (event.Process, error) {
		if pid == 3 {
			return event.Process{}, errors.New("ended")
		}
		return event.Process{PID: pid, UID: 5, Comm: "curl", Exe: "/usr/bin/curl"}, nil
	}}}
	g.sets.Store(&generations{now: set})
	at := netip.MustParseAddrPort("192.0.2.1:80")
	for pid, c := range map[int]struct{ comm, exe string }{1: {"curl", "/usr/bin/curl"}, 2: {"sshd", ""}, 3: {"curl", ""}} {
		e := g.ofBPF(bpf.Event{PID: pid, Thread: pid, UID: 7, Comm: c.comm, Address: at, Protocol: 6})
		if e.Process.Exe != c.exe || e.Process.UID != 7 || e.Process.Comm != c.comm || e.Connection.List != "l.txt:1" {
			t.Errorf("%+v", e.Process)
		}
	}
	// The lists have changed between the refusal and its event.
	empty, _ := read(nil)
	g.sets.Store(&generations{now: empty, before: set})
	if e := g.ofNFT(nft.Event{UID: nft.Nobody, To: at, From: at, Forward: true}); e.Connection.List != "l.txt:1" || e.Rules != set.Identity() || e.Process != nil || e.Connection.Direction != "forward" {
		t.Errorf("%+v", e)
	}
	clock := &clock{time.Unix(1000, 0)}
	g.c.Now = clock.now
	g.sets.Store(&generations{now: empty, before: set, since: clock.t})
	for _, kept := range []bool{true, false} {
		if g.forget(); (g.sets.Load().before != nil) != kept {
			t.Errorf("the set before is kept: %v", !kept)
		}
		clock.t = clock.t.Add(lateEvents + 1)
	}
	g.sets.Store(&generations{now: set})
	if _, ok := g.ofDNS(resolver.Blocked{Name: "harmless.example", Asked: "harmless.example"}); ok {
		t.Error("the resolver's word alone makes an event")
	}
	if e, ok := g.ofDNS(resolver.Blocked{Name: "evil.example", Asked: "a.example", Client: at}); !ok || e.Connection.Name != "a.example" || !strings.HasSuffix(e.Message, "as evil.example") || !strings.Contains(e.Message, at.String()) {
		t.Errorf("%+v", e)
	}
}

// TestAsker: this test's own socket is found, with its user and process.
func TestAsker(t *testing.T) {
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	cfg, _ := Config{}.orDefault()
	g := &Guard{c: cfg}
	p := g.asker(u.LocalAddr().(*net.UDPAddr).AddrPort(), false)
	if p.PID != os.Getpid() || p.UID != uint32(os.Getuid()) || p.Exe == "" {
		t.Errorf("%+v", p)
	}
	if p := g.asker(netip.MustParseAddrPort("127.0.0.1:1"), false); p.PID != 0 {
		t.Errorf("%+v", p)
	}
}

func TestFindSocket(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  10: 00000000:3039 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 41 2 0 0
  11: 0100007F:3039 00000000:0000 07 00000000:00000000 00:00000000 00000000  1001        0 42 2 0 0
  12: 0000000000000000FFFF00000100007F:303A 0:0 07 0:0 0:0 0 1002 0 43 2 0 0
bad
  13: zz:3039 0 0 0 0 0 0 0 0
`
	for at, want := range map[string]socket{"127.0.0.1:12345": {1001, 42}, "127.0.0.2:12345": {1000, 41}, "127.0.0.1:12346": {1002, 43}, "127.0.0.1:1": {}} {
		got, ok := findSocket(bufio.NewScanner(strings.NewReader(table)), netip.MustParseAddrPort(at))
		if got != want || ok != (want.inode != 0) {
			t.Errorf("%s: %+v %v", at, got, ok)
		}
	}
}

func TestUpstreams(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	g := &Guard{c: Config{Root: root, Resolver: netip.MustParseAddrPort("127.0.0.55:53")}}
	check := func(want string) {
		t.Helper()
		if got := fmt.Sprint(g.upstreams()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	check("[]")
	write("etc/resolv.conf", "nameserver 192.0.2.1\nnameserver 127.0.0.55\n")
	check("[192.0.2.1:53]")
	write("etc/resolv.conf", "nameserver 127.0.0.53\n")
	check("[127.0.0.53:53]")
	write("run/systemd/resolve/resolv.conf", "nameserver 192.0.2.2\nnameserver 127.0.0.55\n")
	check("[192.0.2.2:53]")
	n := &names{g: g, remote: &resolver.Remote{Settings: resolver.Settings{Upstreams: g.upstreams()}}}
	followed := func(want string) {
		t.Helper()
		if n.follow(); fmt.Sprint(n.remote.Upstreams()) != want {
			t.Errorf("asks %v, want %s", n.remote.Upstreams(), want)
		}
	}
	write("etc/resolv.conf", "nameserver 192.0.2.9\n")
	followed("[192.0.2.9:53]")
	write("etc/resolv.conf", "nameserver 127.0.0.55\n") // ours alone
	followed("[192.0.2.9:53]")
	g.c.Upstreams = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.3:5353")}
	check("[192.0.2.3:5353]")
}

func TestOf(t *testing.T) {
	c, err := Of(config.Network{Enabled: true, Lists: []string{"/x"}, Resolver: "127.0.0.55:53", Upstreams: []string{"192.0.2.1", "[2001:db8::1]:5353"}, Sinkhole: []string{"127.0.0.1"}}, []Source{text("bundle", "")})
	if err != nil || len(c.Lists) != 2 || fmt.Sprint(c.Upstreams) != "[192.0.2.1:53 [2001:db8::1]:5353]" || c.Resolver.Port() != 53 || len(c.Sinkhole) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []config.Network{{Enabled: true, Resolver: "x"}, {Enabled: true, Upstreams: []string{"x"}}, {Enabled: true, Sinkhole: []string{"x"}}} {
		if _, err := Of(bad, nil); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestVerbs(t *testing.T) {
	var g *Guard
	verbs := Verbs(func() *Guard { return g })
	call := func(verb, args string) (string, error) {
		var out bytes.Buffer
		if verbs[verb].Open {
			t.Errorf("%s may be asked by everybody", verb)
		}
		err := verbs[verb].Handle(t.Context(), control.Call{Args: json.RawMessage(args), Reply: func(v any) error { return json.NewEncoder(&out).Encode(v) }})
		return out.String(), err
	}
	for _, c := range []struct{ verb, args string }{{"netguard.test", `{"target":"192.0.2.1"}`}, {"netguard.list", ""}, {"netguard.test", `{}`}, {"netguard.test", `{"no":1}`}, {"netguard.list", `{"no":1}`}} {
		if out, err := call(c.verb, c.args); err == nil {
			t.Errorf("%s %s without a guard: %s", c.verb, c.args, out)
		}
	}
	set, _ := read([]Source{text("l.txt", "192.0.2.1\nx\n")})
	g = &Guard{}
	g.sets.Store(&generations{now: set})
	if out, err := call("netguard.test", `{"target":"192.0.2.1"}`); err != nil || !strings.Contains(out, `"listed":true`) || !strings.Contains(out, `"outcome":"passes"`) {
		t.Errorf("%s %v", out, err)
	}
	if out, err := call("netguard.list", ""); err != nil || !strings.Contains(out, `"l.txt"`) || !strings.Contains(out, `"skipped":1`) {
		t.Errorf("%s %v", out, err)
	}
	if _, err := call("netguard.test", `{"target":"a b"}`); err == nil {
		t.Error("nonsense has a path")
	}
}

func TestHowTo(t *testing.T) {
	for at, want := range map[string]int{"127.0.0.54:53": 4, "127.0.0.55:53": 3, "127.0.0.55:5353": 2} {
		n := &names{at: netip.MustParseAddrPort(at)}
		if got := n.howTo(); len(got) != want {
			t.Errorf("%s: %q", at, got)
		}
	}
}
