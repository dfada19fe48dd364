package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"

	"golang.org/x/sys/unix"
)

// Mode is the argument by which this program becomes a scanner.
const Mode = "mode-scanner"

// worker is one scanner process that has loaded its rules.
type worker struct {
	process *child.Process
	conn    *wire.Guard
	ready   wire.Ready
	begun   time.Time
	rules   *compiled // what it has loaded, for others; nil: they load it for themselves

	// Guarded by the pool's lock.
	job     *job // nil: none
	idle    bool // waits for one
	retired bool // gets no more
	resting bool // was ended, since there was nothing to do
	dead    bool
	scans   uint64
}

// launch starts a scanner and waits until it has loaded. from are its rules if they
// are compiled already; nil: they are not.
func (p *Pool) launch(ctx context.Context, rules wire.Rules, from *compiled, strict bool) (*worker, error) {
	conn, theirs, err := wire.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	process, err := p.start(theirs)
	if err != nil {
		conn.Close()
		return nil, err
	}
	p.config.Started(process.PID()) // it waits for its setup
	w := &worker{process: process, conn: conn, begun: p.config.Now()}
	defer context.AfterFunc(ctx, process.Kill)()
	theirs.Close() // so that an end of the process ends the conversation
	if err = w.load(wire.Setup{Rules: rules, Limits: p.config.limits(), Strict: strict, Walls: p.config.Walls}, from, p.config.LoadTime); err == nil {
		return w, nil
	}
	exit := w.end()
	var load *wire.LoadError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &load):
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return nil, fmt.Errorf("start scanner: %w; %s", err, exit.String())
}

// load has the scanner load its rules.
func (w *worker) load(setup wire.Setup, from *compiled, limit time.Duration) error {
	var file *os.File
	if from != nil {
		setup.Compiled, file = &from.about, from.file
	} else {
		file, _ = wire.NewMemory() // without, every scanner compiles
	}
	if err := w.conn.Setup(setup, file); err != nil {
		return err
	}
	w.conn.Deadline(time.Now().Add(limit))
	var err error
	if w.ready, err = w.conn.Ready(); err != nil {
		return err
	}
	if w.rules = from; from == nil {
		w.rules = sealed(file, w.ready)
	}
	return nil
}

// start starts the process. It counts as one of ours from then on.
func (p *Pool) start(theirs *os.File) (*child.Process, error) {
	spec := child.Spec{
		Mode: Mode, User: p.config.User, NoNetwork: true, Memory: p.config.Memory, Files: []*os.File{theirs},
		Program: p.config.Program,
		// Scanners are many: each is content with little, and gives back soon.
		Env: append([]string{"GOMAXPROCS=2", "GOGC=50", "GOTRACEBACK=single"}, p.config.Env...),
	}
	if p.config.User != "" {
		spec.Caps = sandbox.LoadingCaps()
	}
	process, err := child.Start(spec)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		process.Kill()
		return nil, ErrClosed
	}
	p.processes[process] = true
	p.group.Go(func() {
		<-process.Done()
		p.gone(process)
	})
	return process, nil
}

// gone forgets a process that has ended, and wakes who waits for it.
func (p *Pool) gone(process *child.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.processes, process)
	for _, s := range p.slots {
		if s.worker != nil && s.worker.process == process {
			s.worker.dead = true
		}
	}
	p.wake.Broadcast()
}

// dying is how long a process that has hung up may take to end by itself, so
// that why it ended can be told.
const dying = time.Second

// end ends the process, if it has not, and hangs up.
func (w *worker) end() child.Exit {
	w.conn.Close()
	timer := time.NewTimer(dying)
	defer timer.Stop()
	select {
	case <-w.process.Done():
	case <-timer.C:
		w.process.Kill()
	}
	return w.process.Exit()
}

// errUnsent wraps the error of a file that was not handed over: whatever is wrong,
// the file is not to blame.
var errUnsent = errors.New("not handed over")

// scan hands a file over and waits for the answer. The error is one of the scanner,
// which is not to be used any more, or else os.ErrClosed: the file is closed.
func (w *worker) scan(id uint64, file *os.File, limit, grace time.Duration) (verdict.Verdict, error) {
	w.conn.Deadline(time.Now().Add(limit + grace))
	if err := w.conn.Send(wire.Job{ID: id, Time: limit}, file); err != nil {
		return verdict.Verdict{}, fmt.Errorf("%w: %w", errUnsent, err)
	}
	a, err := w.conn.Answer(id)
	if err == nil && a.Verdict.Rules != w.ready.Rules {
		err = errors.New("hear from scanner: a verdict by other rules than it has loaded")
	}
	return a.Verdict, err
}

// why says in a few words what became of a scanner.
func why(err error, exit child.Exit, limit time.Duration) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("gave no answer within %v", limit)
	case hungUp(err):
		return exit.String()
	}
	return "is not to be trusted: " + err.Error()
}

// hungUp tells whether the other side has closed the conversation: it has ended,
// or is about to.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}
