package netguard

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"vitrine/internal/endpoint/netguard/indicator"

	"golang.org/x/sys/unix"
)

// interfaces gives the addresses of this machine's interfaces.
func interfaces() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out, nil
}

// ownChanged learns the machine's addresses anew, and what is to be said of the
// lists because of them.
func (g *Guard) ownChanged() {
	g.learnOwn()
	set := g.sets.Load().now
	g.warn(set, set.Compile())
}

// learnOwn tells the programs in the kernel which addresses are ours now. The
// packet filter knows by itself.
func (g *Guard) learnOwn() {
	all, err := g.c.Own()
	if err != nil {
		g.degraded(fmt.Errorf("learn the machine's own addresses: %w", err))
		return
	}
	own := map[netip.Addr]bool{}
	for _, a := range all {
		own[a] = true
	}
	g.mu.Lock()
	g.own = own
	g.mu.Unlock()
	if g.bpf != nil {
		if err := g.bpf.Own(all); err != nil && !errors.Is(err, os.ErrClosed) {
			g.degraded(err)
		}
	}
}

func (g *Guard) isOwn(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return a.IsLoopback() || g.own[a]
}

// warn finds what in a set is probably not meant.
func (g *Guard) warn(set *indicator.Set, c indicator.Compiled) {
	var all []string
	g.mu.Lock()
	own := g.own
	if g.unread != nil {
		all = strings.Split(g.unread.Error(), "\n")
	}
	g.mu.Unlock()
	for a := range own {
		if hit, ok := set.Address(a, 0); ok {
			all = append(all, fmt.Sprintf("%s holds this machine's own address %s: connections to it are let through", place(hit), a))
		}
	}
	for _, u := range g.upstreams() {
		if hit, ok := set.Address(u.Addr(), u.Port()); ok && !own[u.Addr()] {
			all = append(all, fmt.Sprintf("%s holds the machine's resolver %s: names will not be found", place(hit), u))
		}
	}
	for _, p := range c.Overfull {
		all = append(all, fmt.Sprintf("%s is listed with more than %d ranges of ports: the highest are not refused", p, indicator.MaxRanges))
	}
	for _, l := range set.Lists() {
		if l.Skipped > 0 {
			all = append(all, fmt.Sprintf("%s: %d lines could not be used", l.Name, l.Skipped))
		}
		if l.Cut {
			all = append(all, fmt.Sprintf("%s is longer than the limits: its end is not in force", l.Name))
		}
	}
	slices.Sort(all)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.warnings = all
}

// place is where an indicator stands.
func place(h indicator.Hit) string { return fmt.Sprintf("%s:%d %s", h.List, h.Line, h.Indicator) }

// watch hears from the kernel when addresses come and go.
type watch struct{ file *os.File }

func watchAddresses() (*watch, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return &watch{os.NewFile(uintptr(fd), "addresses")}, nil
}

// each calls f after every change until the watch is closed. What the message
// says is not looked at, nor what was lost: f reads everything anew.
func (w *watch) each(f func()) {
	buf := make([]byte, 1<<16)
	for {
		if _, err := w.file.Read(buf); err != nil && !errors.Is(err, unix.ENOBUFS) {
			return
		}
		f()
	}
}

// Close ends each.
func (w *watch) Close() error { return w.file.Close() }
