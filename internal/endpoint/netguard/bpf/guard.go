package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"vitrine/internal/endpoint/netguard/coverage"
	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// Config says where the programs are put.
type Config struct {
	Cgroup string // a directory of the version 2 hierarchy; processes in it and below are held
	Ring   int    // bytes for events under way, a power of two (1 MiB)

	nameless bool // as on a kernel that cannot say which process it is
}

// Guard is the programs in force. Its methods may be called by many goroutines,
// Next by one.
type Guard struct {
	maps    *maps
	reader  *ringbuf.Reader
	closers []func() error
	mu      sync.Mutex // one update at a time
	own     map[netip.Addr]bool
	missing []coverage.Missing
	close   sync.Once
	closed  error
}

// hooks are the programs, and what is open without each.
func hooks() []struct {
	attach    ebpf.AttachType
	hook      Hook
	six       bool
	uncovered string
} {
	return []struct {
		attach    ebpf.AttachType
		hook      Hook
		six       bool
		uncovered string
	}{
		{ebpf.AttachCGroupInet4Connect, Connect, false, "connections over IPv4"},
		{ebpf.AttachCGroupInet6Connect, Connect, true, "connections over IPv6, and over IPv4 from sockets of both kinds"},
		{ebpf.AttachCGroupUDP4Sendmsg, Send, false, "IPv4 datagrams from sockets without a connection"},
		{ebpf.AttachCGroupUDP6Sendmsg, Send, true, "IPv6 datagrams from sockets without a connection"},
	}
}

const nothingCovered = "no connection is stopped with its process named"

// Open loads the programs and puts them on the control group; until the first
// Update nothing is listed. An error is a *coverage.Missing: then none of it is
// in force. Missing gives the hooks that the kernel did not have.
func Open(c Config) (*Guard, error) {
	if c.Ring == 0 {
		c.Ring = 1 << 20
	}
	fail := func(part string, err error) (*Guard, error) {
		return nil, &coverage.Missing{Part: part, Uncovered: nothingCovered, Err: err}
	}
	unlimited()
	dir, err := os.Open(c.Cgroup)
	if err != nil {
		return fail("the control group", err)
	}
	defer dir.Close()
	m, err := newMaps(c.Ring)
	if err != nil {
		return fail("eBPF tables", err)
	}
	g := &Guard{maps: m, own: map[netip.Addr]bool{}}
	if err := g.attach(dir, c.nameless); err != nil {
		return fail("eBPF on connect", errors.Join(err, g.Close()))
	}
	if g.reader, err = ringbuf.NewReader(m.ring); err != nil {
		return fail("the ring of events", errors.Join(err, g.Close()))
	}
	return g, nil
}

// unlimited lets kernels before 5.11, which count tables against RLIMIT_MEMLOCK,
// make large ones. Where that is refused, making them says so. The package of
// cilium/ebpf for it is not used: it tries out a table at the start of every
// program that links it, a scan's too.
func unlimited() {
	const all = unix.RLIM_INFINITY
	_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: all, Max: all})
}

// attach fails only when no hook could be had.
func (g *Guard) attach(dir *os.File, nameless bool) error {
	var errs []error
	for _, h := range hooks() {
		var err error
		if !nameless {
			err = g.attachOne(dir, h.attach, program(g.maps, h.attach, h.hook, h.six, false))
		}
		if nameless || err != nil {
			again := g.attachOne(dir, h.attach, program(g.maps, h.attach, h.hook, h.six, true))
			if again == nil && !nameless {
				g.missing = append(g.missing, coverage.Missing{Part: "eBPF: the process on connect", Uncovered: "which process was refused: its user and control group alone are known", Err: err})
			}
			if err = again; err == nil {
				nameless = true
			}
		}
		if err != nil {
			errs = append(errs, err)
			g.missing = append(g.missing, coverage.Missing{Part: "eBPF: " + h.attach.String(), Uncovered: h.uncovered, Err: err})
		}
	}
	if len(errs) == len(hooks()) {
		return errors.Join(errs...)
	}
	return nil
}

// attachOne asks for a link and for nothing else: an attachment of the older
// kind would stay when this process dies.
func (g *Guard) attachOne(dir *os.File, attach ebpf.AttachType, spec *ebpf.ProgramSpec) error {
	p, err := ebpf.NewProgram(spec)
	if err != nil {
		return fmt.Errorf("load %s: %w", spec.Name, err)
	}
	l, err := link.AttachRawLink(link.RawLinkOptions{Target: int(dir.Fd()), Program: p, Attach: attach})
	if err != nil {
		return errors.Join(fmt.Errorf("attach %s: %w", spec.Name, err), p.Close())
	}
	g.closers = append(g.closers, l.Close, p.Close)
	return nil
}

// Missing gives the hooks that could not be had.
func (g *Guard) Missing() []coverage.Missing { return g.missing }

// Update makes a set the one that counts, all of it at once. When it fails the
// set before stays.
func (g *Guard) Update(c indicator.Compiled) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.maps.switchTo(c)
}

// Own says which addresses are this machine's: connections to them are let
// through whatever is listed. Loopback always is.
func (g *Guard) Own(addrs []netip.Addr) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := map[netip.Addr]bool{}
	for _, a := range addrs {
		a = a.Unmap().WithZone("")
		next[a] = true
		if !g.own[a] {
			if err := g.ownMap(a).Put(a.AsSlice(), []byte{1}); err != nil {
				return fmt.Errorf("let our own address %s through: %w", a, err)
			}
			g.own[a] = true
		}
	}
	for a := range g.own {
		if !next[a] {
			if err := g.ownMap(a).Delete(a.AsSlice()); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
				return fmt.Errorf("forget the address %s: %w", a, err)
			}
			delete(g.own, a)
		}
	}
	return nil
}

func (g *Guard) ownMap(a netip.Addr) *ebpf.Map {
	if a.Is4() {
		return g.maps.own4
	}
	return g.maps.own6
}

// Next waits for a refusal. After Close it gives os.ErrClosed.
func (g *Guard) Next() (Event, error) {
	for {
		record, err := g.reader.Read()
		if err != nil {
			return Event{}, err
		}
		if e, ok := decode(record.RawSample); ok {
			return e, nil
		}
	}
}

// decode reads what the programs wrote.
func decode(b []byte) (e Event, ok bool) {
	if len(b) < eventSize {
		return e, false
	}
	word := func(at int) uint64 { return binary.NativeEndian.Uint64(b[at:]) }
	e.PID, e.Thread = int(word(evPID)>>32), int(uint32(word(evPID)))
	e.GID, e.UID = uint32(word(evUID)>>32), uint32(word(evUID))
	e.Cgroup = word(evCgroup)
	comm := b[evComm : evComm+16]
	for i, c := range comm {
		if c == 0 {
			comm = comm[:i]
			break
		}
	}
	e.Comm = string(comm)
	addr := netip.AddrFrom16([16]byte(b[evAddress:]))
	if b[evKind] != kind6 {
		addr = netip.AddrFrom4([4]byte(b[evAddress:]))
	}
	e.Address = netip.AddrPortFrom(addr, binary.NativeEndian.Uint16(b[evPort:]))
	e.Mapped = b[evKind] == kindMapped
	e.Hook = Hook(b[evHook])
	e.Protocol = int(binary.NativeEndian.Uint32(b[evProtocol:]))
	return e, true
}

// Counts gives the counters of all processors.
func (g *Guard) Counts() (Counts, error) {
	blocked, err := g.sum(countBlocked)
	if err != nil {
		return Counts{}, err
	}
	dropped, err := g.sum(countDropped)
	return Counts{Blocked: blocked, Dropped: dropped}, err
}

func (g *Guard) sum(which uint32) (total uint64, err error) {
	var each []uint64
	if err := g.maps.counts.Lookup(which, &each); err != nil {
		return 0, fmt.Errorf("read the counters: %w", err)
	}
	for _, n := range each {
		total += n
	}
	return total, nil
}

// Close takes the programs away; from then on nothing is refused.
func (g *Guard) Close() error {
	g.close.Do(func() {
		var errs []error
		for _, c := range g.closers {
			errs = append(errs, c())
		}
		if g.reader != nil {
			errs = append(errs, g.reader.Close())
		}
		g.closed = errors.Join(append(errs, g.maps.Close())...)
	})
	return g.closed
}
