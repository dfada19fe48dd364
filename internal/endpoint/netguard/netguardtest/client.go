package netguardtest

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Main is for TestMain: as a client it does its deed, says how it went, and stays
// until its standard input ends; else it runs the tests.
//
//	tcp ADDR:PORT      connect
//	mptcp ADDR:PORT    connect over several paths
//	udp ADDR:PORT      connect and send
//	send ADDR:PORT     send on a socket without a connection
//	fastopen ADDR:PORT connect by sending
//	raw ADDR:PORT      send UDP on a raw IPv4 socket
//	uring ADDR:PORT    connect through io_uring
//	flood N ADDR:PORT  connect N times, whatever comes of it
//	time N ADDR:PORT   connect N times, print the least nanoseconds for one
//
// An IPv4 address as ::ffff:a.b.c.d is asked for on an IPv6 socket.
func Main(m *testing.M) {
	deed := strings.Fields(os.Getenv(clientEnv))
	if len(deed) == 0 {
		os.Exit(m.Run())
	}
	if deed[0] == "flood" {
		n, _ := strconv.Atoi(deed[1])
		for range n {
			do("tcp", netip.MustParseAddrPort(deed[2]))
		}
		fmt.Println("ok")
	} else if deed[0] == "time" {
		n, _ := strconv.Atoi(deed[1])
		fmt.Println(connects(n, netip.MustParseAddrPort(deed[2])))
	} else if err := do(deed[0], netip.MustParseAddrPort(deed[1])); err != nil {
		fmt.Println(err)
	} else {
		fmt.Println("ok")
	}
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func sockaddr(to netip.AddrPort) (unix.Sockaddr, int) {
	if to.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}, unix.AF_INET
	}
	return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}, unix.AF_INET6
}

func do(deed string, to netip.AddrPort) error {
	addr, family := sockaddr(to)
	kind, protocol := unix.SOCK_DGRAM, 0
	switch deed {
	case "mptcp":
		kind, protocol = unix.SOCK_STREAM, unix.IPPROTO_MPTCP
	case "tcp", "fastopen":
		kind = unix.SOCK_STREAM
	case "raw":
		return raw(to)
	case "uring":
		return uring(to)
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &unix.Timeval{Sec: 20})
	switch deed {
	case "tcp", "mptcp":
		return unix.Connect(fd, addr)
	case "udp":
		if err := unix.Connect(fd, addr); err != nil {
			return err
		}
		_, err := unix.Write(fd, []byte("hello"))
		return err
	case "fastopen":
		return unix.Sendto(fd, []byte("hello"), unix.MSG_FASTOPEN, addr)
	}
	return unix.Sendto(fd, []byte("hello"), 0, addr)
}

// raw sends a UDP packet whose header it makes itself.
func raw(to netip.AddrPort) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	packet := []byte{0x30, 0x39, byte(to.Port() >> 8), byte(to.Port()), 0, 8 + 5, 0, 0, 'h', 'e', 'l', 'l', 'o'}
	return unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: to.Addr().As4()})
}

// connects gives nanoseconds for one socket, connect and close: of the fastest
// hundred in a row, which nothing else has interrupted.
func connects(n int, to netip.AddrPort) int64 {
	addr, family := sockaddr(to)
	least := time.Hour
	for range n / 100 {
		start := time.Now()
		for range 100 {
			fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err == nil {
				err = unix.Connect(fd, addr)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			unix.Close(fd)
		}
		least = min(least, time.Since(start))
	}
	return least.Nanoseconds() / 100
}
