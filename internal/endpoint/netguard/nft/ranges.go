package nft

import (
	"net/netip"

	"vitrine/internal/endpoint/netguard/indicator"
)

// span is addresses from low to high, both included, with ranges of ports; none
// means every port.
type span struct {
	low, high netip.Addr
	ports     []indicator.Ports
}

// tables is the addresses of one family, as sets take them.
type tables struct {
	one   []netip.Addr     // single addresses, every port
	whole []span           // every port; sorted, apart, never touching
	ends  []netip.AddrPort // one address, one port
	parts []span           // some ports; apart from each other
}

// lay sorts one family's networks into sets.
func lay(c indicator.Compiled, bits int) tables {
	var t tables
	var some []indicator.Network
	for _, n := range c.Networks {
		switch {
		case n.Prefix.Addr().BitLen() != bits:
		case !n.Any:
			some = append(some, n)
		case n.Prefix.IsSingleIP():
			t.one = append(t.one, n.Prefix.Addr())
		default:
			t.whole = push(t.whole, span{low: n.Prefix.Addr(), high: last(n.Prefix)})
		}
	}
	for _, e := range c.Endpoints {
		if e.Addr().BitLen() == bits {
			t.ends = append(t.ends, e)
		}
	}
	t.parts = flatten(some)
	return t
}

// last is the highest address of a network.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// push adds a span behind the others, or to the last of them when they touch.
func push(all []span, s span) []span {
	if n := len(all); n > 0 && all[n-1].high.Next() == s.low {
		all[n-1].high = s.high
		return all
	}
	return append(all, s)
}

// flatten takes sorted networks, of which some lie in others and hold their
// ports too, to spans that do not overlap.
func flatten(all []indicator.Network) []span {
	var out []span
	var open []indicator.Network // the networks we are in, widest first
	var at netip.Addr            // the first address of the innermost not yet told
	upTo := func(high netip.Addr) {
		if at.IsValid() && at.Compare(high) <= 0 {
			out = append(out, span{at, high, open[len(open)-1].Ports})
		}
		at = high.Next()
	}
	leave := func() {
		upTo(last(open[len(open)-1].Prefix))
		open = open[:len(open)-1]
	}
	for _, n := range all {
		for len(open) > 0 && !open[len(open)-1].Prefix.Contains(n.Prefix.Addr()) {
			leave()
		}
		if len(open) > 0 && at.Less(n.Prefix.Addr()) {
			upTo(n.Prefix.Addr().Prev())
		}
		open, at = append(open, n), n.Prefix.Addr()
	}
	for len(open) > 0 {
		leave()
	}
	return out
}
