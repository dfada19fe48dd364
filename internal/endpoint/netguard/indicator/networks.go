package indicator

import (
	"cmp"
	"net/netip"
	"slices"
)

// MaxRanges is how many ranges of ports one network can have where packets are
// looked at. More of them are told as overfull.
const MaxRanges = 16

// Network is a network with the ports that are listed for it. Ports of the
// networks around it are among its own, so that the narrowest network that
// holds an address answers for it.
type Network struct {
	Prefix netip.Prefix
	Any    bool    // every port
	Ports  []Ports // sorted, apart from each other; at most MaxRanges
}

// Compiled is the addresses of a set as a kernel's tables take them.
type Compiled struct {
	Networks  []Network        // sorted by address, wider ones first; none lies in one that has Any
	Endpoints []netip.AddrPort // one address, one port; none lies in a network that has Any
	Overfull  []netip.Prefix   // networks of which ranges of ports were left out
}

// Compile lays the addresses out for a kernel's tables.
func (s *Set) Compile() Compiled {
	var c Compiled
	for i := range s.records {
		r := &s.records[i]
		if r.name {
			continue
		}
		addr, _ := netip.AddrFromSlice(s.keyOf(r))
		if int(r.bits) == addr.BitLen() && !r.ports.Any() && r.ports.Low == r.ports.High {
			c.Endpoints = append(c.Endpoints, netip.AddrPortFrom(addr, r.ports.Low))
			continue
		}
		n := Network{Prefix: netip.PrefixFrom(addr, int(r.bits)), Any: r.ports.Any()}
		if !n.Any {
			n.Ports = []Ports{r.ports}
		}
		c.Networks = append(c.Networks, n)
	}
	c.Networks = nest(join(c.Networks), &c.Overfull)
	c.Endpoints = outside(c.Endpoints, c.Networks)
	return c
}

// join sorts networks and makes one of those that are the same.
func join(all []Network) []Network {
	slices.SortStableFunc(all, func(a, b Network) int {
		return cmp.Or(a.Prefix.Addr().Compare(b.Prefix.Addr()), a.Prefix.Bits()-b.Prefix.Bits())
	})
	out := all[:0]
	for _, n := range all {
		if last := len(out) - 1; last >= 0 && out[last].Prefix == n.Prefix {
			out[last].Any = out[last].Any || n.Any
			out[last].Ports = append(out[last].Ports, n.Ports...)
			continue
		}
		out = append(out, n)
	}
	return out
}

// nest leaves out what lies in a network that is listed whole, and gives each
// network the ports of those around it. It takes sorted networks.
func nest(all []Network, overfull *[]netip.Prefix) []Network {
	var around []Network // the networks that hold the one looked at, widest first
	out := all[:0]
	for _, n := range all {
		for len(around) > 0 && !around[len(around)-1].Prefix.Contains(n.Prefix.Addr()) {
			around = around[:len(around)-1]
		}
		if len(around) > 0 {
			parent := around[len(around)-1]
			if parent.Any {
				continue
			}
			n.Ports = append(slices.Clone(n.Ports), parent.Ports...)
		}
		if n.Any {
			n.Ports = nil
		}
		if n.Ports = union(n.Ports); len(n.Ports) > MaxRanges {
			*overfull = append(*overfull, n.Prefix)
			n.Ports = n.Ports[:MaxRanges:MaxRanges]
		}
		around = append(around, n)
		out = append(out, n)
	}
	return out
}

// union sorts ranges and joins those that touch.
func union(ranges []Ports) []Ports {
	if len(ranges) < 2 {
		return ranges
	}
	slices.SortFunc(ranges, func(a, b Ports) int { return int(a.Low) - int(b.Low) })
	out := ranges[:1]
	for _, r := range ranges[1:] {
		last := &out[len(out)-1]
		if int(r.Low) <= int(last.High)+1 {
			last.High = max(last.High, r.High)
			continue
		}
		out = append(out, r)
	}
	return out
}

// outside leaves out the endpoints in networks that are listed whole, and sorts
// them.
func outside(ends []netip.AddrPort, networks []Network) []netip.AddrPort {
	var whole []netip.Prefix // apart from each other
	for _, n := range networks {
		if n.Any {
			whole = append(whole, n.Prefix)
		}
	}
	slices.SortFunc(ends, netip.AddrPort.Compare)
	return slices.DeleteFunc(ends, func(e netip.AddrPort) bool {
		i, _ := slices.BinarySearchFunc(whole, e.Addr(), func(p netip.Prefix, a netip.Addr) int {
			if p.Addr().Compare(a) <= 0 {
				return -1
			}
			return 1
		})
		return i > 0 && whole[i-1].Contains(e.Addr())
	})
}
