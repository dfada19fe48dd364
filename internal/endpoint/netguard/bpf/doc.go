// Package bpf refuses connections to listed addresses inside the kernel, with
// the process that asked named: small programs on connect and on sending
// without a connection, for every process below one control group.
//
// The programs are put together here, instruction by instruction: there is no
// compiler and nothing is downloaded. They live as long as this process has them
// open and are pinned nowhere, so that nothing stays behind whatever ends it; a
// guard that dies leaves the network open, as it leaves the files open. What
// connects past these hooks (raw sockets, the kernel's own sockets, forwarded
// traffic) is not seen here: package nft stands behind it.
//
// It implements docs/spec/indicators.md. It sends nothing, and never changes
// where a connection goes.
package bpf

import "net/netip"

// Hook is where a process was stopped.
type Hook uint8

// The hooks.
const (
	Connect Hook = 1
	Send    Hook = 2 // sendto, sendmsg, sendmmsg on a socket without a connection
)

// Event is one refusal, as the kernel saw it.
type Event struct {
	PID      int    // the process (thread group); 0: this kernel cannot say
	Thread   int    // the thread
	UID, GID uint32 // of the thread, in the first user namespace
	Cgroup   uint64 // id of the control group: the inode of its directory
	Comm     string // foreign bytes
	Address  netip.AddrPort
	Protocol int // IPPROTO_TCP, …
	Hook     Hook
	Mapped   bool // an IPv4 address asked for as ::ffff:…
}

// Counts are since the guard was opened.
type Counts struct {
	Blocked uint64 // connections refused
	Dropped uint64 // refused ones whose event found no room
}
