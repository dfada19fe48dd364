package clamd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"

	"golang.org/x/sys/unix"
)

// The process that speaks with clients has no scanners, and the guard, which
// has, speaks with no client: between them goes an open file one way, and a
// verdict the other.

// asked is a message to the guard.
type asked struct {
	ID   uint64 `json:"id"`
	Name string `json:"name,omitempty"`
	// These come without a file, and get no answer.
	Reload  bool   `json:"reload,omitempty"`
	Clients *int64 `json:"clients,omitempty"` // how many there are now
}

// answered is a message from the guard.
type answered struct {
	ID      uint64          `json:"id"`
	Verdict verdict.Verdict `json:"verdict"`
	Error   string          `json:"error,omitempty"` // there is no verdict: why
}

const (
	maxName     = 8 << 10 // of a path in a message
	maxFindings = 100     // of a verdict in a message
	maxBeside   = 128     // jobs at once
	maxClients  = 1 << 20 // that are believed
)

// Broker is the guard's side.
type Broker struct {
	Scanner Scanner
	Reload  func(ctx context.Context) error // nil: nothing happens
	Sink    event.Sink                      // nil: what is found is told to the client alone
	Stats   *Stats                          // nil: nothing is counted
}

// Stats counts what goes through a Broker.
type Stats struct {
	Clients atomic.Int64 // now, as the other process tells about once a second
	Scanned atomic.Int64
	Found   atomic.Int64
}

// Serve answers at its end of a Pair until the other end or ctx ends. It reads
// no byte of the files it passes on.
func (b Broker) Serve(ctx context.Context, socket *os.File) error {
	p, err := newPackets(socket)
	if err != nil {
		return fmt.Errorf("clamd: %w", err)
	}
	if b.Stats == nil {
		b.Stats = &Stats{}
	}
	defer b.Stats.Clients.Store(0)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	local := &localMounts{}
	go local.follow(ctx) // without a list of mounts, only copies are taken
	stop := context.AfterFunc(ctx, func() { _ = p.file.Close() })
	defer func() {
		if stop() {
			_ = p.file.Close()
		}
	}()
	var jobs sync.WaitGroup
	defer jobs.Wait()
	defer cancel()
	beside := make(chan struct{}, maxBeside)
	room := make([]byte, maxPacket)
	for {
		message, f, err := p.receive(room)
		switch {
		case ctx.Err() != nil || errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("clamd: %w", err)
		}
		a, err := readAsked(message, f)
		if err != nil {
			return fmt.Errorf("clamd: %w", err)
		}
		beside <- struct{}{}
		jobs.Go(func() {
			defer func() { <-beside }()
			b.do(ctx, p, local, a, f)
		})
	}
}

// readAsked reads a message of the other process, which is no friend: it reads
// what strangers send.
func readAsked(message []byte, f *os.File) (asked, error) {
	var a asked
	err := json.Unmarshal(message, &a)
	switch {
	case err != nil:
	case (a.Reload || a.Clients != nil) != (f == nil):
		err = errors.New("a scan without a file, or a file without a scan")
	case a.Clients != nil && (*a.Clients < 0 || *a.Clients > maxClients):
		err = errors.New("a number of clients that cannot be")
	case len(a.Name) > maxName:
		err = errors.New("a name that is too long")
	}
	if err != nil && f != nil {
		_ = f.Close()
	}
	return a, err
}

func (b Broker) do(ctx context.Context, p *packets, local *localMounts, a asked, f *os.File) {
	switch {
	case a.Clients != nil:
		b.Stats.Clients.Store(*a.Clients)
		return
	case a.Reload && b.Reload != nil:
		_ = b.Reload(ctx) // whoever reloads tells of a failure
		return
	case a.Reload:
		return
	}
	defer f.Close()
	out := answered{ID: a.ID}
	if !local.here(f) {
		out.Error = notHere
	} else if v, err := b.Scanner.Scan(ctx, a.Name, f); err != nil {
		out.Error = plain(err.Error())
	} else {
		out.Verdict = fit(v)
		b.Stats.Scanned.Add(1)
		b.tell(a, f, v)
	}
	message, err := json.Marshal(out)
	if err != nil || len(message) > maxPacket {
		message, _ = json.Marshal(answered{ID: a.ID, Error: "an answer that is too long"})
	}
	_ = p.send(message, nil) // the other end is gone, and Serve ends
}

// notHere refuses a file that the guard could have to wait for.
const notHere = "not a regular file that this machine answers for"

// fit leaves of a verdict what the protocol has words for.
func fit(v verdict.Verdict) verdict.Verdict {
	v.Why = plain(v.Why)
	findings := make([]verdict.Finding, 0, min(len(v.Findings), maxFindings))
	for _, f := range v.Findings[:min(len(v.Findings), maxFindings)] {
		findings = append(findings, verdict.Finding{Name: token(f.Name[:min(len(f.Name), 256)])})
	}
	v.Findings = findings
	return v
}

// tell tells of malware that a client has sent: nothing is done about it here,
// it is the client's to refuse.
func (b Broker) tell(a asked, f *os.File, v verdict.Verdict) {
	if v.State != verdict.Malicious {
		return
	}
	b.Stats.Found.Add(1)
	if b.Sink == nil {
		return
	}
	what := &event.File{Path: a.Name, Size: v.Size, Hash: v.SHA256}
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			var st unix.Stat_t
			if unix.Fstat(int(fd), &st) == nil {
				what.ID = verdict.Of(&st)
			}
		})
	}
	b.Sink.Emit(event.Event{
		Kind: event.Detection, Severity: event.Medium, Actions: []event.Action{event.Reported}, File: what,
		Findings: v.Findings, Rules: v.Rules, Message: "malware in what was handed to the clamd socket; its sender was told",
	})
}

// Remote is the other side: a Scanner whose scanners are the guard's.
type Remote struct {
	packets *packets
	next    atomic.Uint64
	done    chan struct{}
	local   localMounts
	copies  chan struct{} // a place for each copy at once
	stop    func()

	mu      sync.Mutex
	waiting map[uint64]chan answered
	ended   error
}

// Connect takes over its end of a Pair.
func Connect(socket *os.File) (*Remote, error) {
	p, err := newPackets(socket)
	if err != nil {
		return nil, fmt.Errorf("clamd: %w", err)
	}
	r := &Remote{packets: p, done: make(chan struct{}), copies: make(chan struct{}, maxCopies), waiting: map[uint64]chan answered{}}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go r.local.follow(ctx) // without a list of mounts, every file is copied
	go r.read()
	return r, nil
}

// read passes answers on to who waits for them.
func (r *Remote) read() {
	room := make([]byte, maxPacket)
	for {
		message, f, err := r.packets.receive(room)
		if f != nil {
			_ = f.Close()
		}
		var a answered
		if err == nil {
			err = json.Unmarshal(message, &a)
		}
		r.mu.Lock()
		if err != nil {
			r.ended = err
			for id, to := range r.waiting {
				delete(r.waiting, id)
				close(to)
			}
			r.mu.Unlock()
			close(r.done)
			return
		}
		if to := r.waiting[a.ID]; to != nil {
			delete(r.waiting, a.ID)
			to <- a
		}
		r.mu.Unlock()
	}
}

// Done is closed when the other side has ended.
func (r *Remote) Done() <-chan struct{} { return r.done }

// Scan implements Scanner.
func (r *Remote) Scan(ctx context.Context, name string, f *os.File) (verdict.Verdict, error) {
	if !r.local.here(f) {
		return r.scanCopy(ctx, name, f)
	}
	v, err := r.pass(ctx, name, f)
	if err != nil && err.Error() == notHere { // it was unmounted, or is about to be known there
		return r.scanCopy(ctx, name, f)
	}
	return v, err
}

func (r *Remote) scanCopy(ctx context.Context, name string, f *os.File) (verdict.Verdict, error) {
	select {
	case r.copies <- struct{}{}:
		defer func() { <-r.copies }()
	case <-ctx.Done():
		return verdict.Verdict{}, ctx.Err()
	}
	c, err := copied(f)
	if err != nil {
		return verdict.Verdict{}, err
	}
	defer c.Close()
	return r.pass(ctx, name, c)
}

// pass has the guard scan a file.
func (r *Remote) pass(ctx context.Context, name string, f *os.File) (verdict.Verdict, error) {
	id, answer := r.next.Add(1), make(chan answered, 1)
	r.mu.Lock()
	if r.ended != nil {
		r.mu.Unlock()
		return verdict.Verdict{}, errGone
	}
	r.waiting[id] = answer
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.waiting, id)
		r.mu.Unlock()
	}()
	message, err := json.Marshal(asked{ID: id, Name: name[:min(len(name), maxName/8)]})
	if err == nil {
		err = r.packets.send(message, f)
	}
	if err != nil {
		return verdict.Verdict{}, err
	}
	select {
	case a, ok := <-answer:
		switch {
		case !ok:
			return verdict.Verdict{}, errGone
		case a.Error != "":
			return verdict.Verdict{}, errors.New(a.Error)
		}
		return a.Verdict, nil
	case <-ctx.Done():
		return verdict.Verdict{}, ctx.Err()
	}
}

var errGone = errors.New("the guard has ended")

// Reload asks for the rules to be read again; it does not wait until they are.
func (r *Remote) Reload(context.Context) error {
	message, err := json.Marshal(asked{Reload: true})
	if err != nil {
		return err
	}
	return r.packets.send(message, nil)
}

// Tell tells how many clients there are.
func (r *Remote) Tell(clients int64) error {
	message, err := json.Marshal(asked{Clients: &clients})
	if err != nil {
		return err
	}
	return r.packets.send(message, nil)
}

// Close ends the connection; whoever waits gets an error.
func (r *Remote) Close() error {
	r.stop()
	return r.packets.file.Close()
}
