package indicator

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// parseNetwork reads an address or a network, with ports or without. ok says
// whether it looked like one; the error then says what is wrong with it.
//
//	192.0.2.1  192.0.2.1:80  192.0.2.0/24  192.0.2.0/24:80-90
//	2001:db8::1  [2001:db8::1]:80  2001:db8::/32  [2001:db8::]/32:80  [2001:db8::/32]:80
func parseNetwork(s string) (e entry, ok bool, err error) {
	addr, bits, ports := split(s)
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return e, false, nil
	}
	if a.Zone() != "" {
		return e, true, errors.New("an address with a zone means one machine's interface")
	}
	if ports != "" {
		if e.ports, err = parsePorts(ports); err != nil {
			return e, true, err
		}
	}
	n := a.BitLen()
	if bits != "" {
		if n, err = strconv.Atoi(bits); err != nil || n < 0 || n > a.BitLen() || bits[0] == '+' {
			return e, true, errors.New("the length of a network is a number of bits")
		}
	}
	e.prefix, err = unmapped(a, n)
	if err == nil {
		err = refuse(e.prefix)
	}
	return e, true, err
}

// split takes the parts of an address apart without judging them.
func split(s string) (addr, bits, ports string) {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		inner, behind, _ := strings.Cut(rest, "]")
		addr, bits, _ = strings.Cut(inner, "/")
		if b, ok := strings.CutPrefix(behind, "/"); ok {
			bits, ports, _ = strings.Cut(b, ":")
			return addr, bits, ports
		}
		if p, ok := strings.CutPrefix(behind, ":"); ok {
			return addr, bits, p
		}
		if behind != "" {
			return "", "", ""
		}
		return addr, bits, ""
	}
	if strings.Count(s, ":") == 1 {
		s, ports, _ = strings.Cut(s, ":")
		if ports == "" {
			ports = "none"
		}
	}
	addr, bits, slash := strings.Cut(s, "/")
	if slash && bits == "" {
		bits = "none"
	}
	return addr, bits, ports
}

// unmapped gives the network of an address, IPv4-mapped ones as IPv4.
func unmapped(a netip.Addr, bits int) (netip.Prefix, error) {
	if a.Is4In6() {
		if bits < 96 {
			return netip.Prefix{}, errors.New("a network that holds IPv4-mapped addresses and others")
		}
		a, bits = a.Unmap(), bits-96
	}
	return a.Prefix(bits)
}

// refuse says why a network must not be blocked by any list.
func refuse(p netip.Prefix) error {
	wide, loop, mapped := minBits4, netip.MustParsePrefix("127.0.0.0/8"), netip.Prefix{}
	if p.Addr().Is6() {
		wide, loop, mapped = minBits6, netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("::ffff:0:0/96")
	}
	switch {
	case p.Bits() < wide:
		return errors.New("wider than /" + strconv.Itoa(wide) + ": it would cut the machine off")
	case p.Overlaps(loop) || mapped.IsValid() && p.Overlaps(mapped):
		return errors.New("it holds the machine's own loopback")
	case p.IsSingleIP() && p.Addr().IsUnspecified():
		return errors.New("the address of nobody")
	}
	return nil
}
