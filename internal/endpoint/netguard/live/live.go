// Package live ends connections that were open before their address was listed:
// what refuses new ones does not touch them. It asks the kernel for the sockets
// of this machine's network namespace (sock_diag(7)) and has it close the other
// end's way to them: a program reads "software caused connection abort".
//
// It ends what this machine has begun. A connection to a port that this machine
// listens at came from outside and is let be. Sockets of other network
// namespaces, containers' among them, are not seen. It implements
// docs/spec/indicators.md.
package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"vitrine/internal/endpoint/netguard/coverage"

	"golang.org/x/sys/unix"
)

// Socket is one connection.
type Socket struct {
	Local, Remote netip.AddrPort
	Protocol      int // IPPROTO_TCP, IPPROTO_UDP
	UID           uint32
	Inode         uint64 // 0: no process has it open

	family uint8
	id     [idSize]byte // as the kernel names it
}

// What sock_diag calls its messages, and the sizes of their structs.
const (
	byFamily = 20 // SOCK_DIAG_BY_FAMILY
	destroy  = 21 // SOCK_DESTROY

	idSize      = 48 // inet_diag_sockid
	requestSize = 8 + idSize
	answerSize  = 4 + idSize + 20

	established, synSent, finWait1, finWait2, closeWait, lastAck, listening, closing = 1, 2, 4, 5, 8, 9, 10, 11
)

// Sockets is a line to the kernel, for one network namespace. Its methods may be
// called by many goroutines.
type Sockets struct {
	mu   sync.Mutex
	file *os.File
	seq  uint32
}

// Open opens the line, to the namespace of the calling thread. An error is a
// *coverage.Missing.
func Open() (*Sockets, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
	if err == nil {
		s := &Sockets{file: os.NewFile(uintptr(fd), "sock_diag")}
		if _, err = s.List(func(netip.AddrPort) bool { return false }); err == nil {
			return s, nil
		}
		s.Close()
	}
	return nil, &coverage.Missing{Part: "sock_diag", Uncovered: "connections that are open when their address becomes listed: they go on", Err: err}
}

// Close closes the line.
func (s *Sockets) Close() error { return s.file.Close() }

// List gives the connections that this machine has begun, to addresses that
// listed says are.
func (s *Sockets) List(listed func(remote netip.AddrPort) bool) ([]Socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Socket
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		for _, protocol := range []uint8{unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
			some, err := s.dump(family, protocol)
			if err != nil {
				return nil, fmt.Errorf("list the connections of this machine: %w", err)
			}
			all = append(all, some...)
		}
	}
	return ours(all, listed), nil
}

// ours leaves out what listens, what came from outside, and what is not listed.
func ours(all []Socket, listed func(netip.AddrPort) bool) (out []Socket) {
	type port struct {
		protocol int
		number   uint16
	}
	served := map[port]bool{}
	for _, s := range all {
		if s.Remote.Port() == 0 {
			served[port{s.Protocol, s.Local.Port()}] = true
		}
	}
	for _, s := range all {
		if s.Remote.Port() != 0 && !served[port{s.Protocol, s.Local.Port()}] && listed(s.Remote) {
			out = append(out, s)
		}
	}
	return out
}

// End ends one connection. That it has gone already is no error.
func (s *Sockets) End(one Socket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.ask(destroy, unix.NLM_F_REQUEST|unix.NLM_F_ACK, request(one.family, uint8(one.Protocol), 0, one.id), func([]byte) {})
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("end the connection to %s: %w", one.Remote, err)
	}
	return nil
}

func request(family, protocol uint8, states uint32, id [idSize]byte) []byte {
	b := binary.NativeEndian.AppendUint32([]byte{family, protocol, 0, 0}, states)
	return append(b, id[:]...)
}

func (s *Sockets) dump(family, protocol uint8) (all []Socket, err error) {
	states := uint32(1<<established | 1<<synSent | 1<<finWait1 | 1<<finWait2 | 1<<closeWait | 1<<lastAck | 1<<listening | 1<<closing)
	if protocol == unix.IPPROTO_UDP {
		states = 1<<established | 1<<7 // 7: bound, without a peer
	}
	err = s.ask(byFamily, unix.NLM_F_REQUEST|unix.NLM_F_DUMP, request(family, protocol, states, [idSize]byte{}), func(b []byte) {
		if one, ok := decode(b, int(protocol)); ok {
			all = append(all, one)
		}
	})
	return all, err
}

// ask sends a request and gives each answer to take, until the kernel says that
// it was the last.
func (s *Sockets) ask(kind, flags uint16, body []byte, take func([]byte)) error {
	s.seq++
	m := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	m = binary.NativeEndian.AppendUint16(m, kind)
	m = binary.NativeEndian.AppendUint16(m, flags)
	m = binary.NativeEndian.AppendUint32(m, s.seq)
	m = append(binary.NativeEndian.AppendUint32(m, 0), body...)
	if _, err := s.file.Write(m); err != nil {
		return err
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := s.file.Read(buf)
		if err != nil {
			return err
		}
		if done, err := each(buf[:n], s.seq, take); done || err != nil {
			return err
		}
	}
}

// each takes a datagram's messages apart.
func each(b []byte, seq uint32, take func([]byte)) (done bool, err error) {
	for len(b) >= 16 {
		n := int(binary.NativeEndian.Uint32(b))
		if n < 16 || n > len(b) {
			return true, errors.New("a message of the kernel that is none")
		}
		kind, body := binary.NativeEndian.Uint16(b[4:]), b[16:n]
		if binary.NativeEndian.Uint32(b[8:]) == seq {
			switch kind {
			case unix.NLMSG_DONE:
				return true, nil
			case unix.NLMSG_ERROR:
				return true, errorOf(body)
			case byFamily:
				take(body)
			}
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return false, nil
}

func errorOf(body []byte) error {
	if len(body) < 4 {
		return errors.New("an error of the kernel without a number")
	}
	if code := int32(binary.NativeEndian.Uint32(body)); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// decode reads an inet_diag_msg.
func decode(b []byte, protocol int) (s Socket, ok bool) {
	if len(b) < answerSize {
		return s, false
	}
	s.family, s.Protocol = b[0], protocol
	s.id = [idSize]byte(b[4:])
	addr := func(at int) netip.Addr {
		if s.family == unix.AF_INET {
			return netip.AddrFrom4([4]byte(b[at:]))
		}
		return netip.AddrFrom16([16]byte(b[at:])).Unmap()
	}
	s.Local = netip.AddrPortFrom(addr(8), binary.BigEndian.Uint16(b[4:]))
	s.Remote = netip.AddrPortFrom(addr(24), binary.BigEndian.Uint16(b[6:]))
	s.UID = binary.NativeEndian.Uint32(b[64:])
	s.Inode = uint64(binary.NativeEndian.Uint32(b[68:]))
	return s, true
}
