package guardcmd

import (
	"bytes"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/eventlog"

	"github.com/spf13/cobra"
)

// TestHangup: a terminal that is closed has the guard reload, and does not end it.
func TestHangup(t *testing.T) {
	d := newDesk(t)
	d.log = eventlog.New(eventlog.Options{Now: time.Now})
	asked := make(chan bool)
	d.serve(map[string]control.Verb{"reload": {Handle: func(_ context.Context, c control.Call) error {
		asked <- true
		return c.Reply(condition.Condition{Rules: condition.Rules{Count: 7}})
	}}})
	env := term.System()
	env.Stdout, env.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	var hangups chan<- os.Signal
	env.Notify = func(c chan<- os.Signal, signals ...os.Signal) func() {
		if len(signals) != 1 || signals[0] != syscall.SIGHUP {
			t.Errorf("told of %v", signals)
		}
		hangups = c
		return func() { hangups = nil }
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := reloadAtHangup(ctx, env, d.file)
	for range 2 {
		hangups <- syscall.SIGHUP
		<-asked
	}
	if stop(); hangups != nil {
		t.Error("the signal does not do again what the system does by default")
	}
}

// TestGuardsConfiguration: each mistake is told in a line of its own.
func TestGuardsConfiguration(t *testing.T) {
	d := newDesk(t)
	if err := os.WriteFile(d.file, []byte("x = 1\ny = 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"guard"}, {"guard", "--reload"}} {
		var out, errs bytes.Buffer
		env := term.System()
		env.Stdout, env.Stderr = &out, &errs
		root := &cobra.Command{Use: "vitrine"}
		root.AddCommand(newGuard(env))
		if got := term.Run(t.Context(), env, root, append(args, "--config", d.file)); got != term.CouldNot {
			t.Errorf("%q ended with %d", args, got)
		}
		if lines := strings.Split(errs.String(), "\n"); len(lines) != 3 || !strings.Contains(lines[0], "x is not a key") || !strings.Contains(lines[1], "y is not a key") {
			t.Errorf("%q said %q", args, lines)
		}
	}
}
