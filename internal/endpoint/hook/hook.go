// Package hook runs the administrator's own command for what happens on the
// machine: to send a mail, to open a ticket, to show a window. The command gets
// the event as one line of JSON on standard input. Nothing that a foreign file
// or process chose reaches its arguments or its environment, and no shell is
// started: a name such as "; rm -rf /" stays data.
//
// The program is not executed by the guard itself but by this very program, started
// in another mode: the Go runtime cannot stop the thread that forks until the child
// has executed something, and the execution of a program that the guard has not seen
// yet waits for the guard. That would be a circle.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"vitrine/internal/endpoint/event"
)

// Config says what to run, and when.
type Config struct {
	Argv    []string      // the program and its arguments; the program by its full path
	Kinds   []event.Kind  // run for these alone; none: for Detection and Network
	Timeout time.Duration // until it is killed; 0: 30 s
	Queue   int           // events that may wait; 0: 256
	// Program is what executes the command, as Main does; empty: this very program.
	Program string
	// Failed is told of each run that went wrong; nil: nobody is.
	Failed func(error)
}

// Validate tells what keeps a hook from being run.
func (c Config) Validate() error {
	switch {
	case len(c.Argv) == 0:
		return errors.New("hook: no command")
	case c.Argv[0] == "" || c.Argv[0][0] != '/':
		return fmt.Errorf("hook: %q is not a full path: what is run as root is not looked for", c.Argv[0])
	}
	return nil
}

// Mode is the argument that makes this program execute the command behind it.
const Mode = "mode-hook"

// own is this very program, even if its file was replaced.
const own = "/proc/self/exe"

// command is the command line that has another executed.
func command(argv []string) []string { return append([]string{"vitrine", Mode}, argv...) }

// Main executes a command, by its full path, in place of this process. It returns
// only with an error.
func Main(argv []string) error {
	if err := (Config{Argv: argv}).Validate(); err != nil {
		return err
	}
	return fmt.Errorf("hook %s: %w", argv[0], syscall.Exec(argv[0], argv, os.Environ()))
}

// Hook is an event.Sink that runs a command. Emit never blocks: when the command
// cannot keep up, events are dropped and counted.
type Hook struct {
	config  Config
	waiting chan event.Event
	dropped atomic.Int64
}

var _ event.Sink = (*Hook)(nil)

// New makes a hook; Run runs it.
func New(c Config) (*Hook, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Queue <= 0 {
		c.Queue = 256
	}
	if c.Program == "" {
		c.Program = own
	}
	if c.Failed == nil {
		c.Failed = func(error) {}
	}
	if len(c.Kinds) == 0 {
		c.Kinds = []event.Kind{event.Detection, event.Network}
	}
	return &Hook{config: c, waiting: make(chan event.Event, c.Queue)}, nil
}

// Emit takes an event of a kind that is wanted.
func (h *Hook) Emit(e event.Event) {
	for _, k := range h.config.Kinds {
		if k == e.Kind {
			select {
			case h.waiting <- e:
			default:
				h.dropped.Add(1)
			}
			return
		}
	}
}

// Dropped is how many events the command was too slow for.
func (h *Hook) Dropped() int64 { return h.dropped.Load() }

// Run runs the command for one event after another until ctx ends.
func (h *Hook) Run(ctx context.Context) {
	// The command ends with the thread that has started it, and so with the guard.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-h.waiting:
			if err := h.once(ctx, e); err != nil && ctx.Err() == nil {
				h.config.Failed(err)
			}
		}
	}
}

// maxOutput is how much of what the command prints is kept for its error.
const maxOutput = 4 << 10

func (h *Hook) once(ctx context.Context, e event.Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("hook: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.config.Program)
	cmd.Args = command(h.config.Argv)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "VITRINE_EVENT=" + string(e.Kind)}
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(append(line, '\n'))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second // what it left behind may hold its output open
	said := &head{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("not done after %s", h.config.Timeout)
		}
		return fmt.Errorf("hook %s: %w: %s", h.config.Argv[0], err, bytes.TrimSpace(said.kept))
	}
	return nil
}

// head keeps the beginning of what is written to it.
type head struct{ kept []byte }

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), maxOutput-len(h.kept))]...)
	return len(p), nil
}

// Detached starts a program, by its full path, and does not wait for it.
func Detached(argv []string) error {
	if err := (Config{Argv: argv}).Validate(); err != nil {
		return err
	}
	cmd := exec.Command(own)
	cmd.Args = command(argv)
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("hook: %w", err)
	}
	go func() { _ = cmd.Wait() }() // its end is nobody's business, but it must not stay a zombie
	return nil
}
