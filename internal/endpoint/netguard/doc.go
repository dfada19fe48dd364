// Package netguard cuts this machine off from what is listed: connections to
// listed addresses by programs in the kernel that know the process (bpf), by the
// packet filter for all else (nft), listed names by a resolver that runs apart
// (resolver), and what was connected before its address was listed (live). It puts these together, says which of them are in force and
// what is not covered, tells of each refusal with the process and the line of the
// list, and takes everything back when it is closed.
//
// It implements docs/spec/indicators.md. It never changes how the machine
// resolves names, never refuses what stays on the machine, and looks at no
// content. A list with mistakes, and a list that cannot be read, switch nothing
// off.
package netguard

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard/nft"
)

// Source is one list.
type Source struct {
	Name string // what events call it: a path, a channel
	Open func() (io.ReadCloser, error)
}

// Files makes sources of paths.
func Files(paths []string) []Source {
	var all []Source
	for _, path := range paths {
		all = append(all, Source{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }})
	}
	return all
}

// Config says what to guard with. Only Lists matter to the zero value: it uses
// what the kernel has, on the whole machine, without a resolver.
type Config struct {
	Lists   []Source
	Backend string // "auto" or "": bpf and nft, as far as there are; "bpf", "nft"
	Cgroup  string // directory of the control group to hold; "": the root of version 2

	Resolver  netip.AddrPort // where names are answered; invalid: nowhere
	Upstreams []netip.AddrPort
	Sinkhole  []netip.Addr
	User      string // the account of the process that answers names ("vitrine-resolver")
	Program   string // what is started for it; "": this program (see child.Spec)

	// Look says who a process is, right after it was stopped; nil: by /proc. An
	// error, or another Comm than the kernel's, and only the kernel's word is told.
	Look func(pid int) (event.Process, error)

	Table nft.Config                        // the zero value is the machine's
	Own   func() ([]netip.Addr, error)      // the machine's own addresses; nil: those of its interfaces
	Root  string                            // where proc, etc and run lie; "": "/"
	Now   func() time.Time                  // nil: time.Now
	Tick  func() (<-chan time.Time, func()) // for what is told late; nil: every 5 s
}

// Of is the configuration file's [network], with lists that were installed
// otherwise. It is Config's zero value when n is not enabled.
func Of(n config.Network, installed []Source) (Config, error) {
	if !n.Enabled {
		return Config{}, nil
	}
	c := Config{Lists: append(Files(n.Lists), installed...), Backend: n.Backend, Cgroup: n.Cgroup}
	var err error
	if n.Resolver != "" {
		if c.Resolver, err = netip.ParseAddrPort(n.Resolver); err != nil {
			return c, fmt.Errorf("network.resolver: %w", err)
		}
	}
	for _, text := range n.Upstreams {
		at, err := upstream(text)
		if err != nil {
			return c, fmt.Errorf("network.upstreams: %w", err)
		}
		c.Upstreams = append(c.Upstreams, at)
	}
	for _, text := range n.Sinkhole {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return c, fmt.Errorf("network.sinkhole: %w", err)
		}
		c.Sinkhole = append(c.Sinkhole, a)
	}
	return c, nil
}

// upstream is an address with a port, or with that of DNS.
func upstream(text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 53), nil
	}
	return netip.ParseAddrPort(text)
}

func (c Config) orDefault() (Config, error) {
	if c.Backend == "" {
		c.Backend = config.Auto
	}
	if !slices.Contains([]string{config.Auto, config.BPF, config.NFT}, c.Backend) {
		return c, fmt.Errorf("network.backend: %q is none of auto, bpf, nft", c.Backend)
	}
	if c.Root == "" {
		c.Root = "/"
	}
	if c.User == "" {
		c.User = "vitrine-resolver"
	}
	if c.Own == nil {
		c.Own = interfaces
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Tick == nil {
		c.Tick = func() (<-chan time.Time, func()) {
			t := time.NewTicker(5 * time.Second)
			return t.C, t.Stop
		}
	}
	if c.Look == nil {
		c.Look = looker(filepath.Join(c.Root, "proc"))
	}
	return c, nil
}

// errNothing means that no part of the network guard could be put in force.
var errNothing = errors.New("nothing holds connections back on this machine")

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
