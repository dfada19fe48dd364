// Package clamdfront keeps the process that answers clamd's protocol: as a user
// of its own, without a network, with the listening socket and a socket to this
// process and nothing else. What it has scanned goes through a clamd.Broker.
//
// It reads nothing that a client sends: that is what the other process is for.
package clamdfront

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/clamd"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/local"
)

// Mode is the command that the process runs. It finds the listening socket as
// descriptor ListenFD and its end of a clamd.Pair as BrokerFD.
const (
	Mode     = "mode-clamd"
	ListenFD = 3
	BrokerFD = 4
)

// Front says what to keep. Socket and Broker.Scanner have to be set.
type Front struct {
	Socket string
	Group  int    // who may ask besides root, as a group id; 0: nobody
	User   string // to run as; empty: vitrine-clamd

	Settings

	Broker clamd.Broker
	// Own tells the guard that what the process does is its own work, until
	// release is called; nil: nobody is told.
	Own func(pid int) (release func(), err error)
	// Line is told what the process writes; nil: nobody.
	Line func(line string)
	// Program is what is started; empty: this very program.
	Program string
}

// Run listens, and keeps the process, until ctx ends. It fails when it cannot
// listen; a process that ends is told and started again.
func (f Front) Run(ctx context.Context) error {
	mode := fs.FileMode(0o600)
	if f.Group > 0 {
		mode = 0o660
	}
	l, err := local.Listen(f.Socket, mode)
	if err != nil {
		return fmt.Errorf("clamd: %w", err)
	}
	defer l.Close()
	if f.Group > 0 {
		if err := l.Chgrp(f.Group); err != nil {
			return fmt.Errorf("clamd: %w", err)
		}
	}
	socket, err := l.File()
	if err != nil {
		return fmt.Errorf("clamd: %w", err)
	}
	defer socket.Close()
	r := &run{Front: f, ctx: ctx, socket: socket}
	kept := child.Keep(ctx, child.KeepConfig{Spec: r.spec, Started: r.started, Ended: r.ended})
	<-ctx.Done()
	kept.Stop()
	r.clear()
	return nil
}

// run is a Front at work. The functions that child.Keep calls run one at a time.
type run struct {
	Front
	ctx     context.Context
	socket  *os.File
	theirs  *os.File // the process's end of its pair
	hangUp  func()   // ends the broker of the process
	release func()
}

// spec prepares a start: each process has a broker of its own, so that one that
// was taken over leaves nothing to the next.
func (r *run) spec() (child.Spec, error) {
	r.clear()
	ours, theirs, err := clamd.Pair()
	if err != nil {
		return child.Spec{}, err
	}
	ctx, cancel := context.WithCancel(r.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer ours.Close()
		if err := r.Broker.Serve(ctx, ours); err != nil {
			r.tell(event.Medium, err.Error())
			cancel()
		}
	}()
	r.theirs, r.hangUp = theirs, func() { cancel(); <-done }
	user := r.User
	if user == "" {
		user = "vitrine-clamd"
	}
	stream := max(r.MaxStream, 100<<20)
	return child.Spec{
		Mode: Mode, Args: r.Settings.args(), User: user, NoNetwork: true, Memory: 4*stream + 512<<20,
		Files: []*os.File{r.socket, theirs}, Line: r.Line, Program: r.Program,
	}, nil
}

func (r *run) started(p *child.Process) {
	if r.Own == nil {
		return
	}
	release, err := r.Own(p.PID())
	if err != nil {
		r.tell(event.Medium, fmt.Sprintf("what it opens is asked about: %v", err))
		return
	}
	r.release = release
}

func (r *run) ended(exit child.Exit, err error, wait time.Duration) {
	why := exit.String()
	if err != nil {
		why = err.Error()
	}
	r.clear()
	if r.ctx.Err() == nil {
		r.tell(event.Medium, fmt.Sprintf("it ended: %s; started again in %s", why, wait))
	}
}

// clear gives back what belonged to a process that has ended.
func (r *run) clear() {
	if r.release != nil {
		r.release()
	}
	if r.hangUp != nil {
		r.hangUp()
	}
	var err error
	if r.theirs != nil {
		err = r.theirs.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrClosed) {
		r.tell(event.Low, err.Error())
	}
	r.release, r.hangUp, r.theirs = nil, nil, nil
}

func (r *run) tell(s event.Severity, text string) {
	if r.Broker.Sink != nil {
		r.Broker.Sink.Emit(event.Event{Kind: event.Worker, Severity: s, Message: "the clamd socket's process: " + text})
	}
}
