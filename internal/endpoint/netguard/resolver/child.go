package resolver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// Settings are what the guard tells the process that answers.
type Settings struct {
	Upstreams []netip.AddrPort `json:"upstreams"`
	Sinkhole  []netip.Addr     `json:"sinkhole"`
	UDP       int              `json:"udp"` // so many sockets of each kind follow the control's descriptor
	TCP       int              `json:"tcp"`
}

// toChild is one message to the process that answers: settings first, then
// names and new upstreams, again and again. Size bytes of a list follow it.
type toChild struct {
	Settings *Settings `json:"settings,omitempty"`
	Size     int64     `json:"size,omitempty"`
	Turn     int       `json:"turn,omitempty"` // of the list
	Seen     uint64    `json:"seen,omitempty"` // the refusal of that number may be answered
}

// fromChild is one message of it.
type fromChild struct {
	Serves  int      `json:"serves,omitempty"` // the list of that turn counts now
	Blocked *Blocked `json:"blocked,omitempty"`
	Number  uint64   `json:"number,omitempty"` // of the refusal
	Counts  *Counts  `json:"counts,omitempty"`
	Lost    uint64   `json:"lost,omitempty"` // refusals since the last that were not told
}

// Limits of the conversation.
const (
	maxMessage = 1 << 16 // of one line, either way
	maxNames   = 1 << 30
	maxWaiting = 1024 // messages to the guard
	countEvery = 2 * time.Second
)

// Main is the process that answers. control is its end of the conversation;
// sockets gives its further descriptors by number, from 0. It ends when the
// guard ends, and when ctx does.
func Main(ctx context.Context, control *os.File, sockets func(i int) *os.File) error {
	return run(ctx, control, sockets, confine)
}

func run(ctx context.Context, control *os.File, sockets func(i int) *os.File, confine func([]netip.AddrPort)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := bufio.NewReaderSize(control, maxMessage)
	var first toChild
	if err := readMessage(in, &first); err != nil || first.Settings == nil {
		return fmt.Errorf("read the settings: %w", errors.Join(err, errNoSettings(first.Settings)))
	}
	c := Config{Upstreams: first.Settings.Upstreams, Sinkhole: first.Settings.Sinkhole}
	if err := c.adopt(*first.Settings, sockets); err != nil {
		return err
	}
	confine(c.Upstreams)
	t := teller{out: make(chan fromChild, maxWaiting), unseen: map[uint64]chan struct{}{}}
	c.Blocked = t.blocked
	s, err := New(c)
	if err != nil {
		return err
	}
	go t.write(ctx, control, s)
	go func() {
		defer cancel() // the guard has gone, or sends what cannot be read
		for obey(in, s, &t) == nil {
		}
	}()
	return s.Serve(ctx)
}

func errNoSettings(s *Settings) error {
	if s == nil {
		return errors.New("there are none")
	}
	return nil
}

// adopt makes connections of descriptors.
func (c *Config) adopt(s Settings, sockets func(int) *os.File) error {
	if s.UDP < 0 || s.TCP < 0 || s.UDP+s.TCP > 64 || s.UDP+s.TCP == 0 {
		return fmt.Errorf("%d and %d sockets", s.UDP, s.TCP)
	}
	for i := range s.UDP + s.TCP {
		f := sockets(i)
		if i < s.UDP {
			p, err := net.FilePacketConn(f)
			u, ok := p.(*net.UDPConn)
			if err != nil || !ok {
				return fmt.Errorf("socket %d is not UDP: %w", i, errors.Join(err))
			}
			c.UDP = append(c.UDP, u)
		} else {
			p, err := net.FileListener(f)
			l, ok := p.(*net.TCPListener)
			if err != nil || !ok {
				return fmt.Errorf("socket %d does not listen to TCP: %w", i, errors.Join(err))
			}
			c.TCP = append(c.TCP, l)
		}
		f.Close()
	}
	return nil
}

// confine gives up every file, and every port over TCP but the upstreams', as
// far as the kernel can. It needs neither.
func confine(upstreams []netip.AddrPort) {
	unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	ports := []landlock.Rule{landlock.ConnectTCP(53)} // of those that come later
	for _, u := range upstreams {
		ports = append(ports, landlock.ConnectTCP(u.Port()))
	}
	landlock.V5.BestEffort().Restrict(ports...)
}

// obey reads one message: a list of names to use, whom to ask, or that an answer
// may go.
func obey(in *bufio.Reader, s *Server, t *teller) error {
	var m toChild
	if err := readMessage(in, &m); err != nil {
		return err
	}
	switch {
	case m.Seen != 0:
		t.seen(m.Seen)
		return nil
	case m.Settings != nil:
		s.Ask(m.Settings.Upstreams)
		return nil
	}
	return takeNames(in, m, s, t)
}

func takeNames(in *bufio.Reader, m toChild, s *Server, t *teller) error {
	if m.Size < 0 || m.Size > maxNames {
		return errors.New("a list of impossible length")
	}
	b := indicator.NewBuilder(indicator.Limits{Bytes: maxNames, Entries: 1 << 26})
	body := io.LimitReader(in, m.Size)
	if _, err := b.Read("names", body); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	s.Use(b.Build())
	t.tell(fromChild{Serves: m.Turn})
	return nil
}

// readMessage reads one line of JSON.
func readMessage(in *bufio.Reader, into any) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, into)
}

// teller tells the guard what happens, and never waits for it.
type teller struct {
	out  chan fromChild
	lost atomic.Uint64

	mu     sync.Mutex
	number uint64
	unseen map[uint64]chan struct{}
}

func (t *teller) tell(m fromChild) bool {
	select {
	case t.out <- m:
		return true
	default:
		t.lost.Add(1)
		return false
	}
}

// blocked tells of a refusal and gives what is closed when the guard has seen who
// asked. Refusals that the guard never spoke of again are forgotten, oldest first.
func (t *teller) blocked(b Blocked) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.number++
	if !t.tell(fromChild{Blocked: &b, Number: t.number}) {
		return nil
	}
	delete(t.unseen, t.number-maxWaiting)
	seen := make(chan struct{})
	t.unseen[t.number] = seen
	return seen
}

func (t *teller) seen(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.unseen[number]; c != nil {
		close(c)
		delete(t.unseen, number)
	}
}

func (t *teller) write(ctx context.Context, w io.Writer, s *Server) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	var last Counts
	for {
		var m fromChild
		select {
		case <-ctx.Done():
			return
		case m = <-t.out:
		case <-tick.C:
			now := s.Counts()
			if now == last {
				continue
			}
			last, m.Counts = now, &now
		}
		m.Lost = t.lost.Swap(0)
		line, err := json.Marshal(m)
		if err != nil {
			return
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return
		}
	}
}
