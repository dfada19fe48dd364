package netguard

import (
	"fmt"
	"net/netip"
	"path/filepath"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/live"
)

// byLive is what events call the end of a connection that was there before.
const byLive = "live"

// endLive ends the connections that are open to listed addresses, and tells
// whose they were.
func (g *Guard) endLive(set *indicator.Set) error {
	if g.live == nil {
		return nil
	}
	all, err := g.live.List(func(to netip.AddrPort) bool {
		_, ok := set.Address(to.Addr(), to.Port())
		return ok && !g.isOwn(to.Addr())
	})
	if err != nil || len(all) == 0 {
		return err
	}
	var inodes []uint64
	for _, s := range all {
		inodes = append(inodes, s.Inode)
	}
	who := holders(filepath.Join(g.c.Root, "proc"), inodes...)
	for _, s := range all {
		// Whose it is must be asked while it is open.
		p := event.Process{UID: s.UID}
		if pid := who[s.Inode]; pid != 0 {
			if seen, err := g.c.Look(pid); err == nil {
				p = seen
			}
		}
		if err := g.live.End(s); err != nil {
			return err
		}
		g.ended.Add(1)
		g.sink.Emit(ended(set, s, p))
	}
	return nil
}

func ended(set *indicator.Set, s live.Socket, p event.Process) event.Event {
	hit, _ := set.Address(s.Remote.Addr(), s.Remote.Port())
	c := event.Connection{Protocol: protocol(s.Protocol), Address: s.Remote.Addr().String(), Port: int(s.Remote.Port()), By: byLive, Direction: "out"}
	e := refused(p, c, hit, set.Identity())
	e.Message = fmt.Sprintf("ended the connection of %s (pid %d) to %s over %s: listed now as %s", p.Exe, p.PID, s.Remote, c.Protocol, hit.Indicator)
	if p.PID == 0 {
		e.Message = fmt.Sprintf("ended a connection of user %d to %s over %s: listed now as %s", p.UID, s.Remote, c.Protocol, hit.Indicator)
		e.Process = &p
	}
	return e
}
