package netguard

import (
	"fmt"
	"time"

	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/netguard/indicator"
	"vitrine/internal/endpoint/netguard/resolver"
)

// Status is what is in force and what is not. It holds no process.
type Status struct {
	Began     time.Time        `json:"began"`
	Backends  []string         `json:"backends"` // in force: bpf, nft, dns
	Cgroup    string           `json:"cgroup,omitempty"`
	Resolver  string           `json:"resolver,omitempty"`
	Upstreams []string         `json:"upstreams,omitempty"`
	HowTo     []string         `json:"how_to,omitempty"` // how programs come to ask the resolver
	Rules     string           `json:"rules"`            // identity of the lists
	Networks  int              `json:"networks"`
	Names     int              `json:"names"`
	Lists     []indicator.List `json:"lists"`
	Missing   []Missing        `json:"missing"`
	Warnings  []string         `json:"warnings"`
	Blocked   Blocked          `json:"blocked"`
}

// Missing is a part that is not in force, and what goes through because of it.
type Missing struct {
	Part      string `json:"part"`
	Uncovered string `json:"uncovered"`
	Why       string `json:"why"`
	Chosen    bool   `json:"chosen"` // the configuration leaves it out
}

// Blocked counts refusals since the guard began.
type Blocked struct {
	Connect uint64 `json:"connect"` // by the programs on connect
	Output  uint64 `json:"output"`  // packets, by the backstop
	Forward uint64 `json:"forward"`
	Names   uint64 `json:"names"`
	Ended   uint64 `json:"ended"`  // connections that were open when their address became listed
	Untold  uint64 `json:"untold"` // of all these, those without an event
}

// Sum is all of them.
func (b Blocked) Sum() uint64 { return b.Connect + b.Output + b.Forward + b.Names + b.Ended }

// Status says what is in force.
func (g *Guard) Status() Status {
	set := g.sets.Load().now
	s := Status{Began: g.began, Backends: g.backends(), Rules: set.Identity(), Lists: set.Lists(), Missing: []Missing{}, Blocked: g.blocked()}
	s.Networks, s.Names = set.Len()
	if g.bpf != nil {
		s.Cgroup = g.c.Cgroup
	}
	if g.names != nil {
		s.Resolver, s.HowTo = g.names.at.String(), g.names.howTo()
		for _, u := range g.names.remote.Upstreams() {
			s.Upstreams = append(s.Upstreams, u.String())
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.missing {
		s.Missing = append(s.Missing, Missing{Part: m.Part, Uncovered: m.Uncovered, Why: oneLine(m.Err), Chosen: m.Err == errNotAsked})
	}
	s.Warnings = append([]string{}, g.warnings...)
	if g.names != nil && !g.names.at.Addr().IsLoopback() {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the resolver at %s answers other machines too, if they can reach it", g.names.at))
	}
	return s
}

func (g *Guard) backends() []string {
	all := []string{}
	if g.bpf != nil {
		all = append(all, byBPF)
	}
	if g.nft != nil {
		all = append(all, byNFT)
	}
	if g.names != nil {
		all = append(all, byDNS)
	}
	return all
}

func (g *Guard) blocked() (b Blocked) {
	b.Ended = g.ended.Load()
	if g.bpf != nil {
		if c, err := g.bpf.Counts(); err == nil {
			b.Connect, b.Untold = c.Blocked, c.Dropped
		}
	}
	if g.nft != nil {
		if c, err := g.nft.Counts(); err == nil {
			b.Output, b.Forward, b.Untold = c.Output, c.Forward, b.Untold+c.Lost
		}
	}
	if g.names != nil {
		var c resolver.Counts
		var lost uint64
		c, lost = g.names.remote.Counts()
		b.Names, b.Untold = c.Blocked, b.Untold+lost
	}
	return b
}

// Condition is the status in the guard's own, and what is missing of it.
func (s Status) Condition() (condition.Network, []condition.Missing) {
	n := condition.Network{Enabled: true, Backends: s.Backends, Indicators: s.Networks + s.Names, Blocked: int64(s.Blocked.Sum()), Uncovered: []string{}}
	var all []condition.Missing
	for _, m := range s.Missing {
		n.Uncovered = append(n.Uncovered, m.Uncovered)
		all = append(all, condition.Missing{Part: "network", Feature: m.Part, Uncovered: m.Uncovered, Degrades: !m.Chosen})
	}
	return n, all
}
