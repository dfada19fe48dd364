package guardcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"

	"github.com/spf13/cobra"
)

type statusOptions struct {
	asking
	state          string
	rules, metrics bool
	color          term.When
}

func newStatus(env term.Env) *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "Say whether this machine is protected, with which rules, and who vouches for them",
		Example: `vitrine status
vitrine status --json
vitrine status --rules`,
		Long: `Every user may ask. It looks at this machine only. The states:

  protected    malware is stopped
  report only  malware is told of and not stopped, because the configuration says so
  closing      malware is stopped, and what happened while it was not is being looked at
  degraded     somebody should look; what is wrong is said
  off          nothing is stopped: protection is switched off, or the guard is not running

Degraded can mean that the kernel lacks something, that scanners have died, or that
no quorum of witnesses has been heard for three days, the last update failed, the log
has forked, the rules in use are damaged or have expired, or the clock is wrong. What
can still be protected is protected all the same.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runStatus(c, env, o) },
		Annotations: map[string]string{
			page.Exit: page.Exits("protected; with --rules: the rules are in order", "it is not"),
			page.See:  "vitrine-guard(1), vitrine-events(1), vitrine-update(1), vitrine-verify(1)",
		},
	}
	state.Flag(c, &o.state)
	c.Flags().BoolVar(&o.rules, "rules", false, "look at the installed rules only, and do not ask the guard")
	c.Flags().BoolVar(&o.metrics, "metrics", false, "print what the guard says as counters for Prometheus")
	painted(c, &o.color)
	o.add(c, "vitrine.status/v2")
	apart(c, [2]string{"rules", "metrics"}, [2]string{"json", "metrics"})
	return c
}

// inOrder is the state of --rules when nothing is wrong.
const inOrder condition.State = "in order"

// statusReport is the answer; its JSON is docs/spec/cli/vitrine.status.v2.json.
type statusReport struct {
	Schema   string               `json:"schema"`
	State    condition.State      `json:"state"`
	Problems []string             `json:"problems"` // the guard's, and those of the rules
	Guard    *condition.Condition `json:"guard"`    // null: it is not running, or was not asked
	rulesReport
}

func runStatus(c *cobra.Command, env term.Env, o statusOptions) error {
	s := statusReport{Schema: "vitrine.status/v2", State: inOrder, Problems: []string{}, rulesReport: rulesReport{Rules: []installed.Info{}}}
	if !o.rules {
		ctx, stop := env.Interrupt(c.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := s.ask(ctx, env, &o); err != nil {
			return err
		}
	}
	if o.metrics {
		return printMetrics(env, s.Guard)
	}
	dir, err := state.Installed(env, o.state)
	var problems []string
	if err == nil {
		problems, err = s.look(dir, env.Now())
	}
	switch {
	case err != nil && o.rules:
		return err
	case err != nil: // what the guard says is worth telling all the same
		problems = append(problems, fmt.Sprintf("the installed rules cannot be looked at: %v", err))
	}
	s.add(problems)
	if o.json {
		err = document(env, s)
	} else {
		err = s.print(env, env.Paint(o.color, env.Stdout))
	}
	if err == nil && s.State != condition.Protected && s.State != inOrder {
		return term.ErrNo
	}
	return err
}

// askFor is how long a guard may take to say how it is.
const askFor = 10 * time.Second

// ask has the guard say how it is. A mistake in the usual file is a problem, and
// no reason not to ask where guards usually are.
func (s *statusReport) ask(ctx context.Context, env term.Env, o *statusOptions) error {
	var guard condition.Condition
	if _, err := o.load(); err != nil && o.config == "" && o.socket == "" {
		s.Problems = append(s.Problems, fmt.Sprintf("the configuration cannot be used: %v", strings.ReplaceAll(err.Error(), "\n", "; ")))
		o.socket = config.Default().Control.Socket
	}
	client, err := o.dial()
	if err == nil {
		defer client.Close()
		slow := fmt.Errorf("the guard does not answer within %s", askFor)
		ctx, cancel := context.WithTimeoutCause(ctx, askFor, slow)
		defer cancel()
		guard, err = control.One[condition.Condition](ctx, client, "status", nil)
	}
	switch {
	case errors.Is(err, control.ErrNotRunning):
		s.State = condition.Off
		s.Problems = append(s.Problems, "the guard is not running: nothing is stopped")
		return nil
	case err != nil:
		return quarantineAnswer(env, err)
	}
	s.Guard, s.State = &guard, guard.State
	s.add(guard.Problems)
	return nil
}

// add takes problems of the rules in, which degrade what is not worse already.
func (s *statusReport) add(problems []string) {
	s.Problems = append(s.Problems, problems...)
	if len(s.Problems) > 0 && s.State != condition.Off {
		s.State = condition.Degraded
	}
}

func printMetrics(env term.Env, guard *condition.Condition) error {
	if guard == nil {
		off := condition.Condition{State: condition.Off}
		guard = &off
	}
	if _, err := env.Stdout.Write(guard.Metrics()); err != nil {
		return err
	}
	if guard.State != condition.Protected {
		return term.ErrNo
	}
	return nil
}
