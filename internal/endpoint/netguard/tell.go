package netguard

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/bpf"
	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/nft"
	"vitrine/internal/endpoint/netguard/resolver"

	"golang.org/x/sys/unix"
)

// The backends, as events and status call them.
const (
	byBPF = "bpf"
	byNFT = "nft"
	byDNS = "dns"
)

// protocol is the word for a protocol's number.
func protocol(n int) string {
	switch n {
	case unix.IPPROTO_TCP, unix.IPPROTO_MPTCP:
		return "tcp"
	case unix.IPPROTO_UDP:
		return "udp"
	}
	return "other"
}

// find looks a refusal's indicator up, in the set before too.
func (g *Guard) find(look func(*indicator.Set) (indicator.Hit, bool)) (indicator.Hit, string) {
	sets := g.sets.Load()
	for _, s := range []*indicator.Set{sets.now, sets.before} {
		if s == nil {
			continue
		}
		if hit, ok := look(s); ok {
			return hit, s.Identity()
		}
	}
	return indicator.Hit{}, ""
}

func (g *Guard) findAddress(to netip.AddrPort) (indicator.Hit, string) {
	return g.find(func(s *indicator.Set) (indicator.Hit, bool) {
		if hit, ok := s.Address(to.Addr(), to.Port()); ok || to.Port() != 0 {
			return hit, ok
		}
		return indicator.Hit{}, false
	})
}

// refused makes the event of a refusal.
func refused(p event.Process, c event.Connection, hit indicator.Hit, rules string) event.Event {
	c.Indicator = hit.Indicator
	if hit.List != "" {
		c.List = fmt.Sprintf("%s:%d", hit.List, hit.Line)
	}
	who := "a process that is not known"
	switch {
	case p.Exe != "":
		who = fmt.Sprintf("%s (pid %d)", p.Exe, p.PID)
	case p.PID != 0:
		who = fmt.Sprintf("%s (pid %d)", p.Comm, p.PID)
	case c.Direction == "forward":
		who = "forwarded traffic"
	}
	what := c.Name
	if what == "" {
		what = netip.AddrPortFrom(netip.MustParseAddr(c.Address), uint16(c.Port)).String()
	}
	e := event.Event{Kind: event.Network, Severity: event.High, Actions: []event.Action{event.Blocked}, Connection: &c, Rules: rules,
		Message: fmt.Sprintf("refused %s to %s over %s: listed as %s", who, what, c.Protocol, hit.Indicator)}
	if p.PID != 0 || p.UID != 0 {
		e.Process = &p
	}
	return e
}

func (g *Guard) tellBPF() {
	for {
		e, err := g.bpf.Next()
		if err != nil {
			return
		}
		// A flood must not cost a look at /proc each.
		k := repeatKey{pid: e.PID, uid: e.UID, by: byBPF, to: e.Address.Addr().String(), port: int(e.Address.Port()), protocol: protocol(e.Protocol), where: "out"}
		if !g.repeats.again(k) {
			g.emit(g.ofBPF(e))
		}
	}
}

func (g *Guard) ofBPF(e bpf.Event) event.Event {
	p := event.Process{PID: e.PID, UID: e.UID, Comm: e.Comm}
	// The process may have ended, and its number been given away, before we look.
	if seen, err := g.c.Look(e.PID); err == nil && (seen.Comm == e.Comm || e.Thread != e.PID && seen.UID == e.UID) {
		p = seen
		p.UID, p.Comm = e.UID, e.Comm
	}
	hit, rules := g.findAddress(e.Address)
	return refused(p, event.Connection{Protocol: protocol(e.Protocol), Address: e.Address.Addr().String(), Port: int(e.Address.Port()), By: byBPF, Direction: "out"}, hit, rules)
}

func (g *Guard) tellNFT() {
	for {
		e, err := g.nft.Next()
		if err != nil {
			return
		}
		g.emit(g.ofNFT(e))
	}
}

// ofNFT tells of a packet: of the user at best.
func (g *Guard) ofNFT(e nft.Event) event.Event {
	c := event.Connection{Protocol: protocol(e.Protocol), Address: e.To.Addr().Unmap().String(), Port: int(e.To.Port()), By: byNFT, Direction: "out"}
	if e.Forward {
		c.Direction = "forward"
	}
	hit, rules := g.findAddress(e.To)
	out := refused(event.Process{}, c, hit, rules)
	if e.UID != nft.Nobody {
		out.Process = &event.Process{UID: uint32(e.UID)}
		out.Message += fmt.Sprintf(" (user %d; the packet filter does not know the process)", e.UID)
	} else {
		out.Message += fmt.Sprintf(" (from %s)", e.From)
	}
	return out
}

// ofDNS tells of a name. Who asked is looked up by the port it asked from, which
// it has often closed by now.
func (g *Guard) ofDNS(b resolver.Blocked) (event.Event, bool) {
	hit, rules := g.find(func(s *indicator.Set) (indicator.Hit, bool) { return s.Name(b.Name) })
	if rules == "" {
		return event.Event{}, false // only the process's word that it is listed
	}
	c := event.Connection{Protocol: "dns", Name: b.Asked, By: byDNS, Direction: "out"}
	e := refused(g.asker(b.Client, b.TCP), c, hit, rules)
	if b.Asked != b.Name {
		e.Message += " as " + b.Name
	}
	if e.Process == nil {
		e.Message = strings.Replace(e.Message, "a process that is not known", "whoever asked from "+b.Client.String(), 1)
	}
	return e, true
}

func (g *Guard) tellDNS(b resolver.Blocked) {
	if e, ok := g.ofDNS(b); ok {
		g.emit(e)
	}
}

// emit tells an event, unless its like was told a moment ago.
func (g *Guard) emit(e event.Event) {
	k := keyOf(e)
	if g.repeats.again(k) {
		return
	}
	g.repeats.tell(k, e)
	g.sink.Emit(e)
}

// late tells what was held back, and what was lost, until ctx ends.
func (g *Guard) late(ctx context.Context) {
	tick, stop := g.c.Tick()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			for _, e := range g.repeats.all() {
				g.sink.Emit(e)
			}
			return
		case <-tick:
			for _, e := range g.repeats.due() {
				g.sink.Emit(e)
			}
			g.tellDropped()
			g.forget()
			if g.names != nil {
				g.names.follow()
			}
		}
	}
}

// tellDropped tells of refusals whose events found no room.
func (g *Guard) tellDropped() {
	if g.bpf == nil {
		return
	}
	counts, err := g.bpf.Counts()
	if err != nil {
		return
	}
	g.mu.Lock()
	n := counts.Dropped - min(g.dropped, counts.Dropped)
	g.dropped = counts.Dropped
	g.mu.Unlock()
	if n > 0 {
		g.sink.Emit(event.Event{Kind: event.Lost, Severity: event.Low, Count: int64(n), Message: fmt.Sprintf("network guard: %d refused connections could not be told one by one", n)})
	}
}
