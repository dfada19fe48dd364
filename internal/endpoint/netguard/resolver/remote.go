package resolver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"vitrine/internal/endpoint/netguard/indicator"

	"golang.org/x/sys/unix"
)

// Listen binds UDP and TCP sockets to an address, for a process that may not
// bind them itself.
func Listen(at netip.AddrPort) (udp, tcp *os.File, err error) {
	u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, nil, err
	}
	defer u.Close()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(at.Addr(), u.LocalAddr().(*net.UDPAddr).AddrPort().Port())))
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if udp, err = u.File(); err != nil {
		return nil, nil, err
	}
	if tcp, err = l.File(); err != nil {
		return nil, nil, errors.Join(err, udp.Close())
	}
	return udp, tcp, nil
}

// Remote is the guard's side of the process that answers. The process may end
// and be started again: every start gets the settings and the newest names.
type Remote struct {
	Settings Settings   // not to be changed any more; see Ask
	Sockets  []*os.File // UDP first; kept open for the next start
	// Blocked is called by one goroutine at a time. Until it returns, or a moment
	// has passed, the socket that asked is open. What it says is the process's word.
	Blocked func(Blocked)

	mu     sync.Mutex
	set    *indicator.Set
	turn   int
	now    *conversation // with the process that runs now; nil: none
	counts Counts
	before Counts // of the processes that have ended
	lost   uint64
	ready  bool
	done   bool
}

// conversation is with one process.
type conversation struct {
	ours, theirs *os.File
	sets         chan turn     // at most one waits: the newest
	settings     chan Settings // likewise
	seen         chan uint64
}

type turn struct {
	set *indicator.Set
	no  int
}

// Files gives the descriptors for a new process, its end of the conversation
// first, and begins to talk to it. Call Started when it has them, or could not
// be started.
func (r *Remote) Files() ([]*os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make a pair of sockets for the resolver: %w", err)
	}
	c := &conversation{os.NewFile(uintptr(pair[0]), "resolver"), os.NewFile(uintptr(pair[1]), "resolver's end"), make(chan turn, 1), make(chan Settings, 1), make(chan uint64, maxWaiting)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hangUp()
	if r.done {
		c.ours.Close()
		c.theirs.Close()
		return nil, os.ErrClosed
	}
	r.now = c
	go r.listen(c)
	c.settings <- r.Settings
	go c.speak()
	if r.set != nil {
		c.sets <- turn{r.set, r.turn}
	}
	return append([]*os.File{c.theirs}, r.Sockets...), nil
}

// hangUp ends the conversation with the process before.
func (r *Remote) hangUp() {
	r.ready = false
	r.before = r.before.plus(r.counts)
	r.counts = Counts{}
	if r.now != nil {
		close(r.now.sets)
		r.now.ours.Close()
		r.now.theirs.Close()
		r.now = nil
	}
}

func (c Counts) plus(d Counts) Counts {
	return Counts{Asked: c.Asked + d.Asked, Blocked: c.Blocked + d.Blocked, Failed: c.Failed + d.Failed, Dropped: c.Dropped + d.Dropped}
}

// Started lets go of what only the process needs.
func (r *Remote) Started() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil {
		r.now.theirs.Close()
	}
}

// Use makes the names of a set the listed ones, in this process and in those
// after it. It does not wait: Ready says when they count.
func (r *Remote) Use(set *indicator.Set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	r.set, r.ready = set, false
	if r.now == nil {
		return
	}
	select {
	case <-r.now.sets:
	default:
	}
	r.now.sets <- turn{set, r.turn}
}

// Ask makes these the upstreams, of this process and of those after it.
func (r *Remote) Ask(upstreams []netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Settings.Upstreams = upstreams
	if r.now == nil {
		return
	}
	select {
	case <-r.now.settings:
	default:
	}
	r.now.settings <- r.Settings
}

// Upstreams are those that are asked.
func (r *Remote) Upstreams() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Settings.Upstreams
}

// speak tells the process what to do. One that does not listen is hung up on, so
// that it ends and another is started.
func (c *conversation) speak() {
	out := bufio.NewWriterSize(c.ours, 1<<16)
	send := func(write func() error) bool {
		c.ours.SetWriteDeadline(time.Now().Add(20 * time.Second))
		if err := errors.Join(write(), out.Flush()); err != nil {
			c.ours.Close()
			return false
		}
		return true
	}
	tell := func(m toChild) bool { return send(func() error { return writeMessage(out, m) }) }
	first := <-c.settings
	for ok := tell(toChild{Settings: &first}); ok; {
		select {
		case t, more := <-c.sets:
			ok = more && send(func() error { return t.write(out) })
		case s := <-c.settings:
			ok = tell(toChild{Settings: &s})
		case number := <-c.seen:
			ok = tell(toChild{Seen: number})
		}
	}
}

// write writes a list behind its length.
func (t turn) write(w io.Writer) error {
	var size counter
	t.set.WriteNames(&size)
	return errors.Join(writeMessage(w, toChild{Size: int64(size), Turn: t.no}), t.set.WriteNames(w))
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

func writeMessage(w io.Writer, m any) error {
	b, err := json.Marshal(m)
	if err == nil {
		_, err = w.Write(append(b, '\n'))
	}
	return err
}

// listen takes what the process says until it ends.
func (r *Remote) listen(c *conversation) {
	in := bufio.NewReaderSize(c.ours, maxMessage)
	for {
		var m fromChild
		if err := readMessage(in, &m); err != nil {
			c.ours.Close()
			return
		}
		r.note(c, m)
		if m.Blocked != nil && len(m.Blocked.Name) < 256 && len(m.Blocked.Asked) < 1100 && len(m.Blocked.Type) < 32 {
			r.Blocked(*m.Blocked)
		}
		if m.Number != 0 {
			select {
			case c.seen <- m.Number:
			default: // it will not wait for ever
			}
		}
	}
}

func (r *Remote) note(c *conversation, m fromChild) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != c {
		return
	}
	if m.Counts != nil {
		r.counts = *m.Counts
	}
	r.ready = r.ready || m.Serves > 0 && m.Serves == r.turn
	r.lost += m.Lost
}

// Ready says whether the process serves the newest names.
func (r *Remote) Ready() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ready
}

// Counts gives the counters of all processes so far, a few seconds old, and how
// many refusals were not told.
func (r *Remote) Counts() (c Counts, lost uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.before.plus(r.counts), r.lost
}

// Close ends the conversation, so that the process ends, and closes the sockets.
func (r *Remote) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hangUp()
	r.done = true
	for _, f := range r.Sockets {
		f.Close()
	}
	r.Sockets = nil
}
