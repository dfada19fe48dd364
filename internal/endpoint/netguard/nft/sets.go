package nft

import (
	"fmt"
	"net/netip"

	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
)

// One message holds so many elements, because the kernel measures their list in
// 16 bits, and one transaction so many messages, because a socket takes so much.
const (
	perMessage  = 500
	perExchange = 8
)

// set is one set of the table with what goes into it.
type set struct {
	set         *nftables.Set
	six, ported bool
	elements    []nftables.SetElement
}

// sets makes the sets of one generation; empty ones are left out.
func sets(t *nftables.Table, generation int, c indicator.Compiled) []*set {
	var all []*set
	for _, six := range []bool{false, true} {
		bits, kind := 32, nftables.TypeIPAddr
		if six {
			bits, kind = 128, nftables.TypeIP6Addr
		}
		both := nftables.MustConcatSetType(kind, nftables.TypeInetService)
		laid := lay(c, bits)
		add := func(what string, key nftables.SetDatatype, interval, ported bool, elements []nftables.SetElement) {
			if len(elements) == 0 {
				return
			}
			name := fmt.Sprintf("%s%d_%d", what, bits/32, generation)
			all = append(all, &set{six: six, ported: ported, elements: elements, set: &nftables.Set{
				Table: t, Name: name, KeyType: key, Interval: interval, Concatenation: ported, KeyByteOrder: binaryutil.BigEndian,
			}})
		}
		add("address", kind, false, false, ones(laid.one))
		add("network", kind, true, false, wholes(laid.whole))
		add("endpoint", both, false, true, ends(laid.ends))
		add("ports", both, true, true, parts(laid.parts))
	}
	return all
}

func ones(all []netip.Addr) []nftables.SetElement {
	out := make([]nftables.SetElement, len(all))
	for i, a := range all {
		out[i].Key = a.AsSlice()
	}
	return out
}

// wholes are pairs: where a span begins, and where it has ended. A span up to
// the last address of all never ends.
func wholes(all []span) []nftables.SetElement {
	out := make([]nftables.SetElement, 0, 2*len(all))
	for _, s := range all {
		out = append(out, nftables.SetElement{Key: s.low.AsSlice()})
		if next := s.high.Next(); next.IsValid() {
			out = append(out, nftables.SetElement{Key: next.AsSlice(), IntervalEnd: true})
		}
	}
	return out
}

// joined is an address and a port, padded to whole registers.
func joined(a netip.Addr, port uint16) []byte {
	return append(a.AsSlice(), byte(port>>8), byte(port), 0, 0)
}

func ends(all []netip.AddrPort) []nftables.SetElement {
	out := make([]nftables.SetElement, len(all))
	for i, e := range all {
		out[i].Key = joined(e.Addr(), e.Port())
	}
	return out
}

func parts(all []span) []nftables.SetElement {
	var out []nftables.SetElement
	for _, s := range all {
		for _, p := range s.ports {
			out = append(out, nftables.SetElement{Key: joined(s.low, p.Low), KeyEnd: joined(s.high, p.High)})
		}
	}
	return out
}

// load makes a set and fills it, in as many transactions as it takes. Nothing
// refers to it yet.
func (s *set) load(c *nftables.Conn) error {
	if err := c.AddSet(s.set, nil); err != nil {
		return fmt.Errorf("make the set %s: %w", s.set.Name, err)
	}
	left := s.elements
	for messages := 1; len(left) > 0; messages++ {
		n := min(perMessage, len(left))
		if err := c.SetAddElements(s.set, left[:n]); err != nil {
			return fmt.Errorf("fill the set %s: %w", s.set.Name, err)
		}
		if left = left[n:]; messages%perExchange == 0 {
			if err := c.Flush(); err != nil {
				return fmt.Errorf("fill the set %s: %w", s.set.Name, err)
			}
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("fill the set %s: %w", s.set.Name, err)
	}
	s.elements = nil
	return nil
}
