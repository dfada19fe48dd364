package clamd

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"
)

// Scanner looks at one open file. The name is for people; the file stays the
// caller's, and its offset means nothing. An error says that no verdict came.
type Scanner interface {
	Scan(ctx context.Context, name string, f *os.File) (verdict.Verdict, error)
}

// Listener is where clients come from; *local.Listener is one.
type Listener interface {
	Accept() (*local.Conn, error)
	Close() error
}

// Server answers clients. Its fields are set before Serve and not changed
// after; all but Scanner may be left zero.
type Server struct {
	Scanner Scanner
	// Reload is asked for new rules; nil refuses the command. It is called by
	// one client at a time, and not again before ReloadEvery has passed:
	// whoever may scan may not keep the machine busy with loading rules.
	Reload      func(ctx context.Context) error
	ReloadEvery time.Duration // 0: a minute
	// Version is the answer to VERSION; empty: "Vitrine".
	Version string
	// MaxStream is the size in bytes of the largest stream; 0: 100 MiB.
	MaxStream int64
	// MaxHeld bounds the memory that all streams take together; 0: four
	// streams of the largest size.
	MaxHeld int64
	Threads int // scans at once; 0: twice as many as cores, at least 4
	// Connections bounds the clients at once, PerUser those of one user but
	// root. Who comes later waits, or is turned away with a busy line. 0: 512, and a
	// quarter of Connections.
	Connections, PerUser int
	// Idle is how long a client may take for a command, for the next piece of a
	// stream, or to read an answer; 0: 30 seconds.
	Idle time.Duration
	// IncompleteOK answers OK of what was looked at in part, as the original
	// does, for mail that would otherwise not be delivered. Otherwise that is
	// an ERROR with the reason.
	IncompleteOK bool
	Clients      *atomic.Int64    // holds how many clients there are; nil: nobody wants to know
	Now          func() time.Time // nil: time.Now
}

// running is a Server at work.
type running struct {
	Server
	ctx     context.Context
	scans   chan struct{} // a place for each scan at once
	held    atomic.Int64  // bytes of streams in memory
	buffers sync.Pool
	clients sync.WaitGroup
	places  chan struct{} // a place for each client at once

	mu       sync.Mutex
	users    map[uint32]int // clients of each
	tasks    map[*task]bool
	reloaded time.Time
}

// Serve answers clients until ctx ends, closes the listener, and returns when
// the last of them is gone. It fails only when no client can come any more.
func (s *Server) Serve(ctx context.Context, l Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := s.start(ctx)
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	defer r.clients.Wait()
	defer cancel()
	for {
		select {
		case r.places <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		conn, err := l.Accept()
		switch {
		case err == nil:
			r.clients.Add(1)
			go r.welcome(conn)
			continue
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, os.ErrClosed):
			return err
		}
		<-r.places // such as no descriptor free: others have to end first
		if !pause(ctx, 100*time.Millisecond) {
			return nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) start(ctx context.Context) *running {
	r := &running{Server: *s, ctx: ctx, users: map[uint32]int{}, tasks: map[*task]bool{}}
	r.MaxStream = or(r.MaxStream, 100<<20)
	r.MaxHeld = or(r.MaxHeld, 4*r.MaxStream)
	r.Threads = or(r.Threads, max(4, 2*runtime.NumCPU()))
	r.Connections = or(r.Connections, 512)
	r.PerUser = or(r.PerUser, max(1, r.Connections/4))
	r.Idle = or(r.Idle, 30*time.Second)
	r.ReloadEvery = or(r.ReloadEvery, time.Minute)
	if r.Version == "" {
		r.Version = "Vitrine"
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Clients == nil {
		r.Clients = &atomic.Int64{}
	}
	r.scans = make(chan struct{}, r.Threads)
	r.places = make(chan struct{}, r.Connections)
	r.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	return r
}

func or[T int | int64 | time.Duration](value, instead T) T {
	if value <= 0 {
		return instead
	}
	return value
}

// welcome serves one client, if its user has not too many already.
func (r *running) welcome(conn *local.Conn) {
	defer r.clients.Done()
	defer func() { <-r.places }()
	uid := conn.Peer().UID
	if !r.enter(uid) {
		_ = conn.SetWriteDeadline(time.Now().Add(r.Idle))
		_, _ = conn.Write([]byte(sayBusy + "\n"))
		_ = conn.Close()
		return
	}
	defer r.leave(uid)
	r.Clients.Add(1)
	defer r.Clients.Add(-1)
	buffer := r.buffers.Get().(*[]byte)
	defer r.buffers.Put(buffer)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	c := &client{running: r, conn: conn, ctx: ctx, cancel: cancel, buffer: *buffer}
	c.serve()
}

func (r *running) enter(uid uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if uid != 0 && r.users[uid] >= r.PerUser {
		return false
	}
	r.users[uid]++
	return true
}

func (r *running) leave(uid uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users[uid]--; r.users[uid] == 0 {
		delete(r.users, uid)
	}
}

// look has a file scanned when it is its turn.
func (r *running) look(ctx context.Context, what, name string, f *os.File) (verdict.Verdict, error) {
	select {
	case r.scans <- struct{}{}:
		defer func() { <-r.scans }()
	case <-ctx.Done():
		return verdict.Verdict{}, ctx.Err()
	}
	t := r.begin(what)
	defer r.finish(t)
	return r.Scanner.Scan(ctx, name, f)
}

// askReload has the rules read again, unless that was done a moment ago.
func (r *running) askReload() {
	r.mu.Lock()
	now := r.Now()
	due := r.reloaded.IsZero() || now.Sub(r.reloaded) >= r.ReloadEvery || now.Before(r.reloaded)
	if due {
		r.reloaded = now
	}
	r.mu.Unlock()
	if due {
		_ = r.Reload(r.ctx) // whoever reloads tells of a failure: the client has gone
	}
}
