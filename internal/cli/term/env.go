package term

import (
	"context"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/term"
)

// Env is everything of the world around it that a command may touch. Commands
// get it by value and use nothing of os directly, so that a test can be a
// terminal, a clock or a full disk.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer // the answer
	Stderr io.Writer // all else

	Now       func() time.Time
	LookupEnv func(name string) (string, bool)

	// Width gives the columns of the terminal behind a stream, and whether
	// there is a terminal at all. It is asked anew for every line drawn.
	Width func(stream any) (columns int, terminal bool)

	// Tick gives a channel that ticks every d until stop is called.
	Tick func(d time.Duration) (tick <-chan time.Time, stop func())

	// Notify passes signals to c until stop is called, which restores what the
	// system does with them by default.
	Notify func(c chan<- os.Signal, signals ...os.Signal) (stop func())
}

// System is the real world.
func System() Env {
	return Env{
		Stdin:     os.Stdin,
		Stdout:    &Answer{Writer: os.Stdout},
		Stderr:    os.Stderr,
		Now:       time.Now,
		LookupEnv: os.LookupEnv,
		Width:     width,
		Tick: func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		},
		Notify: func(c chan<- os.Signal, signals ...os.Signal) func() {
			signal.Notify(c, signals...)
			return func() { signal.Stop(c) }
		},
	}
}

// Terminal reports whether a stream of the Env is a terminal.
func (e Env) Terminal(stream any) bool {
	if e.Width == nil {
		return false
	}
	_, ok := e.Width(stream)
	return ok
}

// Getenv is the variable's value, or "".
func (e Env) Getenv(name string) string {
	if e.LookupEnv == nil {
		return ""
	}
	value, _ := e.LookupEnv(name)
	return value
}

// Interrupt returns a context that ends at the first of the signals. From
// then on the signals do what the system does by default: a second Ctrl-C
// kills a command that does not stop by itself.
func (e Env) Interrupt(parent context.Context, signals ...os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	c := make(chan os.Signal, 1)
	stop := e.Notify(c, signals...)
	go func() {
		select {
		case <-c:
			stop()
			cancel(ErrInterrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func width(stream any) (int, bool) {
	file, ok := stream.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	return columns, true
}
