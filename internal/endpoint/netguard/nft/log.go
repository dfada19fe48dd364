package nft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// What nfnetlink_log calls its messages and attributes.
const (
	msgPacket = unix.NFNL_SUBSYS_ULOG << 8
	msgConfig = unix.NFNL_SUBSYS_ULOG<<8 | 1

	cfgCommand = 1 // {u8}
	cfgMode    = 2 // {be32 bytes, u8 mode, u8}
	bind       = 1
	copyPacket = 2

	attrPayload = 9
	attrPrefix  = 10
	attrUID     = 11
)

// packetLog is an NFLOG group that this process has taken.
type packetLog struct {
	file *os.File
	lost atomic.Uint64 // times the kernel had no room for us
	buf  []byte
	have []Event
}

// openLog takes a group; one listener can have it.
func openLog(group uint16) (*packetLog, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	l := &packetLog{file: os.NewFile(uintptr(fd), "nflog"), buf: make([]byte, 1<<16)}
	if err := l.take(fd, group); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	return l, nil
}

func (l *packetLog) take(fd int, group uint16) error {
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("bind netlink: %w", err)
	}
	mode := append(binary.BigEndian.AppendUint32(nil, snap), copyPacket, 0)
	for i, attr := range [][]byte{attribute(cfgCommand, []byte{bind}), attribute(cfgMode, mode)} {
		m := message(msgConfig, uint32(i+1), group, attr)
		if err := unix.Sendto(fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return fmt.Errorf("ask for the group %d: %w", group, err)
		}
		if err := l.acknowledged(uint32(i + 1)); err != nil {
			return fmt.Errorf("take the group %d: %w", group, err)
		}
	}
	return nil
}

func attribute(kind uint16, data []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(data)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, data...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

// message is one request with its header, for a group, acknowledged.
func message(kind uint16, seq uint32, group uint16, attrs []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(16+4+len(attrs)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	b = binary.NativeEndian.AppendUint32(b, seq)
	b = binary.NativeEndian.AppendUint32(b, 0)
	b = append(b, unix.AF_UNSPEC, 0)
	b = binary.BigEndian.AppendUint16(b, group)
	return append(b, attrs...)
}

// acknowledged waits for the kernel's yes.
func (l *packetLog) acknowledged(seq uint32) error {
	for {
		n, err := l.file.Read(l.buf)
		if err != nil {
			return err
		}
		for m, rest := split(l.buf[:n]); m != nil; m, rest = split(rest) {
			if m.kind != unix.NLMSG_ERROR || m.seq != seq || len(m.body) < 4 {
				continue
			}
			if code := int32(binary.NativeEndian.Uint32(m.body)); code != 0 {
				return unix.Errno(-code)
			}
			return nil
		}
	}
}

// netlinkMessage is one message out of a datagram.
type netlinkMessage struct {
	kind uint16
	seq  uint32
	body []byte
}

// split takes the first message off; nil at the end and at what is none.
func split(b []byte) (m *netlinkMessage, rest []byte) {
	if len(b) < 16 {
		return nil, nil
	}
	n := int(binary.NativeEndian.Uint32(b))
	if n < 16 || n > len(b) {
		return nil, nil
	}
	m = &netlinkMessage{kind: binary.NativeEndian.Uint16(b[4:]), seq: binary.NativeEndian.Uint32(b[8:]), body: b[16:n]}
	return m, b[min((n+3)&^3, len(b)):]
}

func (l *packetLog) next() (Event, error) {
	if l == nil {
		return Event{}, os.ErrClosed
	}
	for len(l.have) == 0 {
		n, err := l.file.Read(l.buf)
		if errors.Is(err, unix.ENOBUFS) {
			l.lost.Add(1)
			continue
		}
		if err != nil {
			return Event{}, err
		}
		for m, rest := split(l.buf[:n]); m != nil; m, rest = split(rest) {
			if e, ok := decode(m); ok {
				l.have = append(l.have, e)
			}
		}
	}
	e := l.have[0]
	l.have = l.have[1:]
	return e, nil
}

// Close lets the group go.
func (l *packetLog) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// decode reads a message of a packet.
func decode(m *netlinkMessage) (e Event, ok bool) {
	if m.kind != msgPacket || len(m.body) < 4 {
		return e, false
	}
	e.UID = Nobody
	for b := m.body[4:]; len(b) >= 4; {
		n, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])&0x3fff
		if n < 4 || n > len(b) {
			break
		}
		data := b[4:n]
		switch {
		case kind == attrPayload:
			ok = e.packet(data)
		case kind == attrPrefix:
			e.Forward = len(data) >= 7 && string(data[:7]) == "forward"
		case kind == attrUID && len(data) == 4:
			e.UID = int(binary.BigEndian.Uint32(data))
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return e, ok
}

// packet reads the addresses and ports of an IP packet, of which only the
// beginning is there. Ports behind extension headers are not looked for.
func (e *Event) packet(b []byte) bool {
	var from, to netip.Addr
	var behind []byte
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		from, to = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		e.Protocol = int(b[9])
		behind = b[min(int(b[0]&15)*4, len(b)):]
	case len(b) >= 40 && b[0]>>4 == 6:
		from, to = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		e.Protocol = int(b[6])
		behind = b[40:]
	default:
		return false
	}
	var source, dest uint16
	for _, p := range protocols() {
		if e.Protocol == int(p) && len(behind) >= 4 {
			source, dest = binary.BigEndian.Uint16(behind), binary.BigEndian.Uint16(behind[2:])
		}
	}
	e.From, e.To = netip.AddrPortFrom(from, source), netip.AddrPortFrom(to, dest)
	return true
}
