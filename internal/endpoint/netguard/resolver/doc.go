// Package resolver answers names for the programs of this machine: listed ones
// with an address that leads nowhere, all others with what the machine's own
// resolvers say. It implements docs/spec/indicators.md, RFC 1035, 6891 (EDNS),
// 7766 (TCP), 8914 (extended errors: 15, blocked) and the draft that mixes upper
// and lower case into what is asked (0x20).
//
// It is handed sockets that are bound already and needs no rights of its own; it
// runs in a process apart from the guard, because it parses what strangers send.
// It keeps nothing between questions, never asks itself, never changes how the
// machine resolves names, and answers no question that it was not asked: an
// upstream's answer counts only with the number, the question and the very
// letters that went out.
package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/netguard/indicator"
)

// Config says what to serve. Zero numbers mean the defaults.
type Config struct {
	UDP       []*net.UDPConn
	TCP       []*net.TCPListener
	Upstreams []netip.AddrPort // asked in this order, the last that answered first
	Sinkhole  []netip.Addr     // what listed names lead to; empty: there is no such name

	// Blocked is told of every refusal before it is answered. It must not block. The
	// answer waits until what it gives is closed, for so long as Hold says: until
	// then the socket that asked is open, and whose it is can be seen. Nil: nothing
	// is waited for.
	Blocked func(Blocked) (seen <-chan struct{})
	Hold    time.Duration // (200 ms)

	TTL         uint32        // seconds an answer for a listed name may be kept (10)
	Parallel    int           // questions under way upstream; more are dropped (256)
	Connections int           // over TCP at once; more are closed (64)
	Held        int           // answers over UDP that wait at once; more do not wait (32)
	Timeout     time.Duration // for one try at one upstream (2 s)
	Idle        time.Duration // a TCP connection without a question is closed (10 s)

	// Dial opens a connection to an upstream; nil: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Blocked is one name that was refused.
type Blocked struct {
	Name   string         `json:"name"`  // that is listed, in lower case, without a dot at the end
	Asked  string         `json:"asked"` // that was asked for: another one when its alias is listed
	Type   string         `json:"type"`  // A, AAAA, HTTPS, …
	Client netip.AddrPort `json:"client"`
	TCP    bool           `json:"tcp,omitempty"`
}

// Counts are since the server was made.
type Counts struct {
	Asked   uint64 `json:"asked"`
	Blocked uint64 `json:"blocked"`
	Failed  uint64 `json:"failed"`  // no upstream had an answer
	Dropped uint64 `json:"dropped"` // too many at once, or no question at all
}

// Names says whether a name is listed.
type Names interface {
	Name(name string) (indicator.Hit, bool)
}

// Server is a resolver. Use and Ask may be called at any time.
type Server struct {
	c        Config
	ask      atomic.Pointer[[]netip.AddrPort]
	names    atomic.Pointer[Names]
	parallel chan struct{}
	conns    chan struct{}
	held     chan struct{}
	best     atomic.Uint32 // the upstream that answered last

	asked, blocked, failed, dropped atomic.Uint64
}

// New makes a server that lists nothing yet.
func New(c Config) (*Server, error) {
	if len(c.Upstreams) == 0 {
		return nil, errors.New("no upstream to ask")
	}
	if c.TTL == 0 {
		c.TTL = 10
	}
	if c.Parallel <= 0 {
		c.Parallel = 256
	}
	if c.Connections <= 0 {
		c.Connections = 64
	}
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Second
	}
	if c.Idle <= 0 {
		c.Idle = 10 * time.Second
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.Held <= 0 {
		c.Held = 32
	}
	if c.Hold <= 0 {
		c.Hold = 200 * time.Millisecond
	}
	if c.Blocked == nil {
		c.Blocked = func(Blocked) <-chan struct{} { return nil }
	}
	s := &Server{c: c, parallel: make(chan struct{}, c.Parallel), conns: make(chan struct{}, c.Connections), held: make(chan struct{}, c.Held)}
	s.Ask(c.Upstreams)
	return s, nil
}

// Use makes these names the listed ones.
func (s *Server) Use(n Names) { s.names.Store(&n) }

// Ask makes these the upstreams; none changes nothing.
func (s *Server) Ask(upstreams []netip.AddrPort) {
	if len(upstreams) > 0 {
		s.ask.Store(&upstreams)
	}
}

// Counts gives the counters.
func (s *Server) Counts() Counts {
	return Counts{Asked: s.asked.Load(), Blocked: s.blocked.Load(), Failed: s.failed.Load(), Dropped: s.dropped.Load()}
}

// Serve answers until ctx ends, and closes the sockets. The error is the first
// socket's that failed by itself.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	failed := make(chan error, len(s.c.UDP)+len(s.c.TCP))
	run := func(f func(context.Context) error) {
		all.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				failed <- err
				cancel()
			}
		})
	}
	for _, u := range s.c.UDP {
		run(func(ctx context.Context) error { return s.serveUDP(ctx, u) })
	}
	for _, l := range s.c.TCP {
		run(func(ctx context.Context) error { return s.serveTCP(ctx, l) })
	}
	<-ctx.Done()
	for _, u := range s.c.UDP {
		u.Close()
	}
	for _, l := range s.c.TCP {
		l.Close()
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
