// Package nft is the backstop behind package bpf: a table of nftables, through
// netlink, that refuses new connections to listed addresses of whatever goes out
// of this machine or through it. It sees what the programs on connect cannot:
// raw sockets, the kernel's own, containers' traffic that is forwarded.
//
// It has one table and touches no other. A packet carries no process: events
// give the user for this machine's own sockets, and nobody for forwarded
// traffic. What is addressed to this machine is never refused, nor what belongs
// to a connection that was there before, nor the answers to one that came from a
// listed address.
//
// Unlike the programs, the table is the kernel's and stays when this process
// dies without Close; Remove takes away what stayed, and so does the next Open.
// It implements docs/spec/indicators.md.
package nft

import "net/netip"

// Nobody is the UID of an event whose packet has no user.
const Nobody = -1

// Event is one refused packet.
type Event struct {
	UID      int // of the socket, or Nobody
	From, To netip.AddrPort
	Protocol int // IPPROTO_TCP, …
	Forward  bool
}

// Counts are packets refused since Open.
type Counts struct {
	Output, Forward uint64
	Lost            uint64 // refused packets of which the log told nothing
}
