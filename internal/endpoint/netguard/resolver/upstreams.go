package resolver

import (
	"bufio"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// systemdStub is where systemd-resolved answers the machine's programs. Those it
// asks itself stand in another file.
const systemdStub = "127.0.0.53"

// Nameservers reads the name servers out of a file in the form of
// /etc/resolv.conf. stub says that they are systemd-resolved's own answering
// machine alone: then /run/systemd/resolve/resolv.conf has those behind it.
func Nameservers(r io.Reader) (all []netip.AddrPort, stub bool, err error) {
	in := bufio.NewScanner(io.LimitReader(r, 1<<20))
	stub = true
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		addr, err := netip.ParseAddr(f[1])
		if err != nil {
			continue
		}
		stub = stub && f[1] == systemdStub
		all = append(all, netip.AddrPortFrom(addr, 53))
	}
	return all, stub && len(all) > 0, in.Err()
}

// Others leaves out of upstreams those that are one of the sockets that serve:
// nobody can answer by asking himself.
func Others(upstreams, own []netip.AddrPort) []netip.AddrPort {
	return slices.DeleteFunc(slices.Clone(upstreams), func(u netip.AddrPort) bool {
		return slices.ContainsFunc(own, func(o netip.AddrPort) bool {
			a, b := u.Addr().Unmap(), o.Addr().Unmap()
			here := a == b || a.IsUnspecified() || b.IsUnspecified() && a.IsLoopback()
			return u.Port() == o.Port() && here
		})
	})
}
