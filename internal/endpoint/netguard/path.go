package netguard

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"vitrine/internal/endpoint/netguard/indicator"
)

// What comes of a connection, or of one step of it.
const (
	Refused = "refused"
	Passes  = "passes"
	Absent  = "absent" // the step is not in force
)

// Path is the way a connection would take. Nothing is connected or asked.
type Path struct {
	Target  string `json:"target"`
	Outcome string `json:"outcome"` // refused, passes
	Listed  bool   `json:"listed"`  // it may be and pass all the same: nothing in force refuses it
	Rules   string `json:"rules"`   // identity of the lists
	Steps   []Step `json:"steps"`   // in the order they are met
}

// Step is one place that a connection passes, or does not.
type Step struct {
	At      string         `json:"at"` // own, dns, connect, output, forward
	Outcome string         `json:"outcome"`
	Hit     *indicator.Hit `json:"hit,omitempty"`
	Note    string         `json:"note,omitempty"`
}

// Target is what is asked about: an address with a port or without, or a name.
type Target struct {
	Address netip.Addr
	Port    uint16 // 0: any
	Name    string
}

// ParseTarget reads ADDR, ADDR:PORT, [ADDR]:PORT, NAME, NAME:PORT or a URL.
func ParseTarget(text string) (Target, error) {
	s := text
	var t Target
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
		if i := strings.IndexAny(s, "/?#"); i >= 0 {
			s = s[:i]
		}
		s = s[strings.LastIndexByte(s, '@')+1:]
		t.Port = map[string]uint16{"http": 80, "https": 443}[strings.ToLower(scheme)]
	}
	if at, err := netip.ParseAddrPort(s); err == nil {
		return Target{Address: at.Addr().Unmap(), Port: at.Port()}, nil
	}
	inner := s
	if rest, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(rest, "]") {
		inner = strings.TrimSuffix(rest, "]")
	}
	if a, err := netip.ParseAddr(inner); err == nil {
		t.Address = a.Unmap()
		return t, nil
	}
	name, port, ok := strings.Cut(s, ":")
	if ok {
		at, err := netip.ParseAddrPort("0.0.0.0:" + port)
		if err != nil {
			return t, fmt.Errorf("%q: a port is 0 to 65535", text)
		}
		t.Port = at.Port()
	}
	t.Name = strings.ToLower(strings.TrimSuffix(name, "."))
	if t.Name == "" || len(t.Name) > 253 || strings.ContainsAny(t.Name, " /\\[]@\x00") {
		return t, fmt.Errorf("%q is neither an address nor a name", text)
	}
	return t, nil
}

// inForce is which parts answer.
type inForce struct{ bpf, nft, dns bool }

// Test says which way a connection to a target would take.
func (g *Guard) Test(text string) (Path, error) {
	t, err := ParseTarget(text)
	if err != nil {
		return Path{}, err
	}
	own := t.Address.IsValid() && g.isOwn(t.Address)
	return test(text, t, g.sets.Load().now, inForce{g.bpf != nil, g.nft != nil, g.names != nil}, own), nil
}

// TestLists says which way a connection would take where these lists are in
// force in every part, without a guard.
func TestLists(text string, lists []Source) (Path, []indicator.List, error) {
	t, err := ParseTarget(text)
	if err != nil {
		return Path{}, nil, err
	}
	set, err := read(lists)
	if err != nil {
		return Path{}, nil, err
	}
	return test(text, t, set, inForce{true, true, true}, t.Address.IsLoopback()), set.Lists(), nil
}

// ReadLists reads lists and says what they are worth.
func ReadLists(lists []Source) ([]indicator.List, error) {
	set, err := read(lists)
	return set.Lists(), err
}

func test(text string, t Target, set *indicator.Set, in inForce, own bool) Path {
	p := Path{Target: text, Outcome: Passes, Rules: set.Identity()}
	if t.Name != "" {
		p.name(t, set, in)
		return p
	}
	if own {
		p.Steps = append(p.Steps, Step{At: "own", Outcome: Passes, Note: "an address of this machine: what is listed does not count"})
		_, p.Listed = set.Address(t.Address, t.Port)
		return p
	}
	hit, listed := set.Address(t.Address, t.Port)
	p.Listed = listed
	for _, s := range []struct {
		at    string
		force bool
		note  string
	}{
		{"connect", in.bpf, "programs in the kernel, before anything is sent; the process gets EPERM"},
		{"output", in.nft, "the packet filter, for what this machine sends past the programs"},
		{"forward", in.nft, "the packet filter, for what goes through this machine"},
	} {
		p.step(s.at, s.force, listed, hit, s.note)
	}
	return p
}

func (p *Path) step(at string, force, listed bool, hit indicator.Hit, note string) {
	s := Step{At: at, Outcome: Passes, Note: note}
	switch {
	case !force:
		s.Outcome, s.Note = Absent, "not in force here"
	case listed:
		s.Outcome, s.Hit = Refused, &hit
		p.Outcome = Refused
	default:
		s.Note = "not listed"
	}
	p.Steps = append(p.Steps, s)
}

func (p *Path) name(t Target, set *indicator.Set, in inForce) {
	hit, listed := set.Name(t.Name)
	p.Listed = listed
	p.step("dns", in.dns, listed, hit, "the resolver answers with an address that leads nowhere, to whoever asks it")
	if p.Outcome == Passes {
		p.Steps = append(p.Steps, Step{At: "connect", Outcome: Passes, Note: "the addresses it has are looked up when something connects to one"})
	}
}

// errNoTarget is a request that names nothing.
var errNoTarget = errors.New("nothing is asked about")
