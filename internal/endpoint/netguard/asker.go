package netguard

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/process"
)

// looker describes processes by a /proc.
func looker(proc string) func(int) (event.Process, error) { return process.Proc{Root: proc}.Look }

// asker says who has the socket that a question came from, as far as it can be
// known: the user if the socket is still open, the process if it can be found.
func (g *Guard) asker(client netip.AddrPort, tcp bool) event.Process {
	proc := filepath.Join(g.c.Root, "proc")
	for _, table := range []string{"", "6"} {
		name := map[bool]string{false: "udp", true: "tcp"}[tcp] + table
		f, err := os.Open(filepath.Join(proc, "net", name))
		if err != nil {
			continue
		}
		s, ok := findSocket(bufio.NewScanner(f), client)
		f.Close()
		if !ok {
			continue
		}
		p := event.Process{UID: s.uid}
		if pid := holders(proc, s.inode)[s.inode]; pid != 0 {
			if seen, err := g.c.Look(pid); err == nil {
				p = seen
			}
		}
		return p
	}
	return event.Process{}
}

// socket is a line of /proc/net/udp or tcp.
type socket struct {
	uid   uint32
	inode uint64
}

// findSocket looks for the socket that is bound to an address, or to its port on
// every address.
func findSocket(in *bufio.Scanner, local netip.AddrPort) (found socket, ok bool) {
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) < 10 {
			continue
		}
		at, valid := hexAddress(f[1])
		if !valid || at.Port() != local.Port() || at.Addr() != local.Addr() && !at.Addr().IsUnspecified() {
			continue
		}
		uid, err1 := strconv.ParseUint(f[7], 10, 32)
		inode, err2 := strconv.ParseUint(f[9], 10, 64)
		if err1 != nil || err2 != nil || inode == 0 {
			continue
		}
		found, ok = socket{uint32(uid), inode}, true
		if at.Addr() == local.Addr() {
			break
		}
	}
	return found, ok
}

// hexAddress reads 0100007F:0035: words in the machine's order of bytes.
func hexAddress(s string) (netip.AddrPort, bool) {
	addr, port, ok := strings.Cut(s, ":")
	b, err1 := hex.DecodeString(addr)
	p, err2 := strconv.ParseUint(port, 16, 16)
	if !ok || err1 != nil || err2 != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a.Unmap(), uint16(p)), true
}

// holders finds, for each of some sockets, a process that has it open.
func holders(proc string, inodes ...uint64) map[uint64]int {
	want, found := map[string]uint64{}, map[uint64]int{}
	for _, i := range inodes {
		want[fmt.Sprintf("socket:[%d]", i)] = i
	}
	all, err := os.ReadDir(proc)
	if err != nil {
		return found
	}
	for _, d := range all {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		dir := filepath.Join(proc, d.Name(), "fd")
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			to, err := os.Readlink(filepath.Join(dir, fd.Name()))
			if inode, ok := want[to]; err == nil && ok {
				found[inode] = pid
			}
		}
		if len(found) == len(want) {
			break
		}
	}
	return found
}
