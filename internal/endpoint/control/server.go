package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"vitrine/internal/endpoint/local"
)

// Verb is something that can be asked.
type Verb struct {
	// Open verbs may be asked by every user of the machine.
	Open bool
	// Handle answers. It runs on a goroutine of its own, which is never one of
	// the guard's. Its context ends when the client has left or the server ends.
	Handle func(ctx context.Context, c Call) error
}

// Call is one request.
type Call struct {
	Peer local.Peer
	Args json.RawMessage // may be empty

	// Reply sends one value. It waits for a slow client, for a limited time, so
	// no lock may be held. After an error nothing can be sent any more: return it.
	// It must not be called by two goroutines at once, nor after Handle returned.
	Reply func(v any) error
}

// Decode puts the arguments into a struct and refuses those that are not in it.
// No arguments are an empty object.
func (c Call) Decode(into any) error {
	args := c.Args
	if len(args) == 0 || string(args) == "null" {
		args = json.RawMessage("{}")
	}
	if err := strict(args, into); err != nil {
		return Refuse(Usage, "arguments: %v", err)
	}
	return nil
}

// Limits of a server. Zero fields have the defaults that stand behind them.
type Limits struct {
	Users   int           // connections of all who are not privileged: 32
	PerUser int           // of one of them: 4
	Admins  int           // of all who are: 64
	Request time.Duration // for a request to arrive: 5 s
	Write   time.Duration // for a client to take one answer: 10 s
}

func (l Limits) withDefaults() Limits {
	d := Limits{Users: 32, PerUser: 4, Admins: 64, Request: 5 * time.Second, Write: 10 * time.Second}
	for _, f := range []struct{ have, want *int }{{&d.Users, &l.Users}, {&d.PerUser, &l.PerUser}, {&d.Admins, &l.Admins}} {
		if *f.want > 0 {
			*f.have = *f.want
		}
	}
	for _, f := range []struct{ have, want *time.Duration }{{&d.Request, &l.Request}, {&d.Write, &l.Write}} {
		if *f.want > 0 {
			*f.have = *f.want
		}
	}
	return d
}

// Server answers at a socket. Verbs must not change while it serves.
type Server struct {
	Verbs map[string]Verb

	// Privileged says who may ask verbs that are not open, besides root and the
	// user who runs the server. Nil: nobody. Members makes one of a group.
	Privileged func(local.Peer) bool

	Limits Limits

	// Trouble, if set, is told what went wrong on the server's side: that no
	// connection can be accepted, that a handler panicked. It must not block.
	Trouble func(error)

	limits Limits
	mu     sync.Mutex
	users  map[uint32]int // connections by user
	sum    [2]int         // of users, of the privileged
}

// Members says who is in a group.
func Members(gid uint32) func(local.Peer) bool {
	return func(p local.Peer) bool { return p.In(gid) }
}

// Serve answers until ctx ends, then closes the listener, ends what is being
// answered and waits for it. A server serves once.
func (s *Server) Serve(ctx context.Context, l *local.Listener) error {
	s.limits = s.Limits.withDefaults()
	s.users = map[uint32]int{}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	var running sync.WaitGroup
	defer func() {
		cancel()
		stop()
		l.Close()
		running.Wait()
	}()
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			s.admit(ctx, conn, &running)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, os.ErrClosed):
			return err
		default: // no descriptor or no memory is left: it may pass
			s.trouble(err)
			pause(ctx, 100*time.Millisecond)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (s *Server) trouble(err error) {
	if s.Trouble != nil {
		s.Trouble(err)
	}
}

// admit gives a connection a goroutine, if there is room for it. It never waits.
func (s *Server) admit(ctx context.Context, conn *local.Conn, running *sync.WaitGroup) {
	peer := conn.Peer()
	privileged := s.privileged(peer)
	if !s.enter(peer.UID, privileged) {
		conn.SetWriteDeadline(time.Now().Add(s.limits.Write)) // never reached: nothing has been sent yet, so a line fits
		send(conn, refusal(Refuse(Busy, "too many connections at once")))
		conn.Close()
		return
	}
	running.Go(func() {
		defer s.leave(peer.UID, privileged)
		defer conn.Close()
		s.serve(ctx, conn, privileged)
	})
}

func (s *Server) privileged(p local.Peer) bool {
	return p.UID == 0 || p.UID == uint32(os.Geteuid()) || s.Privileged != nil && s.Privileged(p)
}

// kind is the place of sum that counts a connection.
func kind(privileged bool) int {
	if privileged {
		return 1
	}
	return 0
}

func (s *Server) enter(uid uint32, privileged bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := s.sum[1] < s.limits.Admins
	if !privileged {
		room = s.sum[0] < s.limits.Users && s.users[uid] < s.limits.PerUser
	}
	if room {
		s.sum[kind(privileged)]++
		s.users[uid]++
	}
	return room
}

func (s *Server) leave(uid uint32, privileged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum[kind(privileged)]--
	if s.users[uid]--; s.users[uid] == 0 {
		delete(s.users, uid)
	}
}

// serve answers the one request of a connection.
func (s *Server) serve(ctx context.Context, conn *local.Conn, privileged bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Whatever waits on the connection ends with the server.
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	conn.SetReadDeadline(time.Now().Add(s.limits.Request))
	r := bufio.NewReader(conn)
	q, err := readRequest(r)
	var refused *Error
	if err != nil && !errors.As(err, &refused) && !errors.Is(err, errTooLong) {
		return // it left, or said nothing in time
	}
	if errors.Is(err, errTooLong) {
		err = Refuse(Usage, "request: %v", err)
	}
	if err == nil {
		err = s.handle(ctx, conn, r, q, privileged, cancel)
	}
	end := answer{Done: true}
	if err != nil {
		end = refusal(err)
	}
	conn.SetWriteDeadline(time.Now().Add(s.limits.Write))
	if send(conn, end) != nil && end.Error != "" {
		send(conn, answer{Error: "the error is too long to be told", Code: end.Code})
	}
}

func (s *Server) handle(ctx context.Context, conn *local.Conn, r *bufio.Reader, q request, privileged bool, cancel func()) error {
	verb, known := s.Verbs[q.Verb]
	if !privileged && !verb.Open {
		return &Error{Code: Denied, Text: fmt.Sprintf("%q is for root only", clip(q.Verb)), Hint: "ask as root, or as a member of the group that the configuration names"}
	}
	if !known {
		return Refuse(Usage, "there is no verb %q: there are %s", clip(q.Verb), strings.Join(s.names(), ", "))
	}
	conn.SetReadDeadline(time.Time{})
	go func() {
		defer cancel()
		watch(ctx, conn, r)
	}()
	return s.call(ctx, q.Verb, verb, Call{Peer: conn.Peer(), Args: q.Args, Reply: func(v any) error {
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		conn.SetWriteDeadline(time.Now().Add(s.limits.Write))
		return send(conn, answer{Value: value})
	}})
}

// watch returns when the client has left, or says more than its request. One
// that has only finished speaking still listens.
func watch(ctx context.Context, conn *local.Conn, r *bufio.Reader) {
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return
	}
	for ctx.Err() == nil && !conn.Gone() {
		pause(ctx, time.Second)
	}
}

// call keeps a panic of a handler from ending the guard.
func (s *Server) call(ctx context.Context, name string, verb Verb, c Call) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.trouble(fmt.Errorf("control: %s: panic: %v", name, p))
			err = Refuse(Failed, "%s failed inside the guard", name)
		}
	}()
	return verb.Handle(ctx, c)
}

func (s *Server) names() []string {
	var names []string
	for name := range s.Verbs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// clip keeps an answer from being as long as the question.
func clip(word string) string {
	if len(word) > 40 {
		return word[:40]
	}
	return word
}

func send(conn *local.Conn, a answer) error {
	text, err := line(a)
	if err != nil {
		return err
	}
	_, err = conn.Write(text)
	return err
}
