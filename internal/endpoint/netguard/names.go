package netguard

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/coverage"
	"vitrine/internal/endpoint/netguard/resolver"
)

// ResolverMode is the argument that makes this program the resolver's process;
// its descriptors go to resolver.Main, 3 for control and 4 on for sockets.
const ResolverMode = "mode-resolver"

// names is the resolver's process and our talk with it.
type names struct {
	g      *Guard
	remote *resolver.Remote
	at     netip.AddrPort
	kept   *child.Kept
}

const namesUncovered = "listed names: only listed addresses are refused"

// openNames binds the sockets, which its process may not.
func (g *Guard) openNames() (*names, error) {
	fail := func(err error) (*names, error) {
		return nil, &coverage.Missing{Part: "resolver", Uncovered: namesUncovered, Err: err}
	}
	upstreams := g.upstreams()
	if len(upstreams) == 0 {
		return fail(fmt.Errorf("nobody to ask: /etc/resolv.conf names no resolver but ours; network.upstreams must"))
	}
	udp, tcp, err := resolver.Listen(g.c.Resolver)
	if err != nil {
		return fail(fmt.Errorf("listen at %s: %w", g.c.Resolver, err))
	}
	n := &names{g: g, at: g.c.Resolver}
	n.remote = &resolver.Remote{
		Settings: resolver.Settings{Upstreams: upstreams, Sinkhole: g.c.Sinkhole, UDP: 1, TCP: 1},
		Sockets:  []*os.File{udp, tcp},
		Blocked:  g.tellDNS,
	}
	return n, nil
}

// upstreams are those of the configuration, or the machine's own.
func (g *Guard) upstreams() []netip.AddrPort {
	all := g.c.Upstreams
	if len(all) == 0 {
		all = g.nameservers()
	}
	if g.c.Resolver.IsValid() {
		all = resolver.Others(all, []netip.AddrPort{g.c.Resolver})
	}
	return all
}

// follow asks others when the machine does: its resolvers change with the
// network it is in. While none is named but ours, those before are asked.
func (n *names) follow() {
	now := n.g.upstreams()
	if len(now) > 0 && !slices.Equal(now, n.remote.Upstreams()) {
		n.remote.Ask(now)
	}
}

func (g *Guard) nameservers() []netip.AddrPort {
	text, err := os.ReadFile(filepath.Join(g.c.Root, "etc/resolv.conf"))
	if err != nil {
		return nil
	}
	all, stub, _ := resolver.Nameservers(bytes.NewReader(text))
	if !stub {
		return all
	}
	// systemd-resolved answers here, and may come to ask us: ask those it asks.
	if text, err := os.ReadFile(filepath.Join(g.c.Root, "run/systemd/resolve/resolv.conf")); err == nil {
		if behind, _, _ := resolver.Nameservers(bytes.NewReader(text)); len(behind) > 0 {
			return behind
		}
	}
	return all
}

// start keeps the process running.
func (n *names) start(ctx context.Context) {
	n.kept = child.Keep(ctx, child.KeepConfig{
		Spec: func() (child.Spec, error) {
			files, err := n.remote.Files()
			return child.Spec{Mode: ResolverMode, User: n.g.c.User, Program: n.g.c.Program, Files: files, Memory: 256 << 20}, err
		},
		Started: func(*child.Process) { n.remote.Started() },
		Ended: func(exit child.Exit, err error, wait time.Duration) {
			n.remote.Started()
			message := "the resolver's process ended: " + exit.String()
			if err != nil {
				message = "the resolver's process cannot be started: " + oneLine(err)
			}
			n.g.sink.Emit(event.Event{Kind: event.Worker, Severity: event.Medium, Message: fmt.Sprintf("network guard: %s; again in %v", message, wait)})
		},
	})
}

func (n *names) close() {
	if n.kept != nil {
		n.kept.Stop()
	}
	n.remote.Close()
}

// howTo says how programs come to ask the resolver.
func (n *names) howTo() []string {
	at := n.at.Addr().String()
	lines := []string{
		fmt.Sprintf("nothing asks the resolver at %s until it is told to; the guard never changes that", n.at),
		fmt.Sprintf("with systemd-resolved: DNS=%s and Domains=~. in /etc/systemd/resolved.conf.d/vitrine.conf", n.at),
	}
	if n.at.Port() == 53 {
		lines = append(lines, fmt.Sprintf("without: set network.upstreams first, then nameserver %s in /etc/resolv.conf", at))
	}
	if slices.Contains([]string{"127.0.0.53", "127.0.0.54"}, at) {
		lines = append(lines, at+" is systemd-resolved's own address where that runs: take another of 127.0.0.0/8 there")
	}
	return lines
}
