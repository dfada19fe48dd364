package archive

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/nwaples/rardecode/v2"
)

// pump runs the RAR decoder in a goroutine of its own: one of its steps may
// take long, deriving a key or passing over a solid member, and it cannot be
// told to stop. When time is up the pump is left behind; its source then gives
// nothing more, so that it ends at its next read and touches no data.
type pump struct {
	ctx    context.Context
	src    *stoppable
	events chan pumpEvent // what the decoder did
	resume chan bool      // go on; true: with the next member
	quit   chan struct{}
	chunk  []byte // decoded and not yet read
	err    error  // of the current member, after chunk
	idle   bool   // the decoder waits for resume
}

type pumpEvent struct {
	header *rardecode.FileHeader // a new member
	data   []byte                // or bytes of it, until resume
	err    error
}

// pumpChunk is how much is decoded between two hand-overs.
const pumpChunk = 64 << 10

func newPump(ctx context.Context, data []byte, dict int64, password *string) *pump {
	p := &pump{ctx: ctx, src: &stoppable{data: data}, events: make(chan pumpEvent),
		resume: make(chan bool), quit: make(chan struct{})}
	opts := []rardecode.Option{rardecode.MaxDictionarySize(dict), rardecode.BufferSize(16 << 10)}
	if password != nil {
		opts = append(opts, rardecode.Password(*password))
	}
	go p.run(opts)
	return p
}

// run is the goroutine.
func (p *pump) run(opts []rardecode.Option) {
	defer close(p.events)
	defer func() {
		if x := recover(); x != nil {
			p.send(pumpEvent{err: panicError(x)})
		}
	}()
	r, err := rardecode.NewReader(p.src, opts...)
	if err != nil {
		p.send(pumpEvent{err: err})
		return
	}
	buf := make([]byte, pumpChunk)
	for {
		h, err := r.Next()
		on, skip := p.send(pumpEvent{header: h, err: err})
		if err != nil || !on {
			return
		}
		if !skip && !p.body(r, buf) {
			return
		}
	}
}

// body sends the bytes of one member. It returns false when the pump stops.
func (p *pump) body(r *rardecode.Reader, buf []byte) bool {
	for {
		n, err := r.Read(buf)
		on, next := p.send(pumpEvent{data: buf[:n], err: err})
		if !on {
			return false
		}
		if next {
			return true
		}
	}
}

// send hands an event over and waits until it was dealt with.
func (p *pump) send(e pumpEvent) (on, next bool) {
	select {
	case p.events <- e:
	case <-p.quit:
		return false, false
	}
	select {
	case next := <-p.resume:
		return true, next
	case <-p.quit:
		return false, false
	}
}

var errPumpEnded = errors.New("rar: the decoder ended")

// receive lets the decoder go on and waits for what it does, or for the end of
// time.
func (p *pump) receive(next bool) (pumpEvent, error) {
	if p.idle {
		p.resume <- next
		p.idle = false
	}
	select {
	case e, ok := <-p.events:
		if !ok {
			return e, errPumpEnded
		}
		p.idle = true
		return e, nil
	case <-p.ctx.Done():
		return pumpEvent{}, p.ctx.Err()
	}
}

// next goes to the next member.
func (p *pump) next() (*rardecode.FileHeader, error) {
	p.chunk, p.err = nil, nil
	for {
		e, err := p.receive(true)
		switch {
		case err != nil:
			return nil, err
		case e.header != nil || e.err != nil && e.data == nil:
			return e.header, e.err
		}
	}
}

// Read gives the current member's bytes.
func (p *pump) Read(b []byte) (int, error) {
	for len(p.chunk) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		e, err := p.receive(false)
		if err != nil {
			return 0, err
		}
		p.chunk, p.err = e.data, e.err
	}
	n := copy(b, p.chunk)
	p.chunk = p.chunk[n:]
	return n, nil
}

// stop ends the goroutine, or leaves it to end by itself.
func (p *pump) stop() {
	p.src.stop()
	close(p.quit)
	select {
	case <-p.ctx.Done():
	default:
		for {
			select {
			case _, ok := <-p.events:
				if !ok {
					return
				}
			case <-p.ctx.Done():
				return
			}
		}
	}
}

// stoppable reads data until it is stopped, from then on nothing.
type stoppable struct {
	mu      sync.Mutex
	data    []byte
	stopped bool
}

func (s *stoppable) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return 0, io.ErrClosedPipe
	}
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *stoppable) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped, s.data = true, nil
}
