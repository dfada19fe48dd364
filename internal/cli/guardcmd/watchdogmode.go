package guardcmd

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vitrine/internal/cli/guardcmd/daemon"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/watchdog"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// The descriptors that the guard hands to its watchdog.
const (
	watchdogBeats = 3
	watchdogGuard = 4
)

// newWatchdogMode makes the command that a guard starts beside itself. Nobody
// calls it by hand.
func newWatchdogMode(env term.Env) *cobra.Command {
	return &cobra.Command{
		Use:    daemon.WatchdogMode + " LIMIT",
		Short:  "End the guard when it hangs",
		Long:   "Started by vitrine guard, which tells it over a pipe that it is alive. It is no use without.",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			limit, err := time.ParseDuration(args[0])
			if err != nil || limit <= 0 {
				return fmt.Errorf("%q is no limit such as 3s", args[0])
			}
			var st unix.Stat_t
			if unix.Fstat(watchdogBeats, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
				return term.Hint(errors.New(daemon.WatchdogMode+" is started by the guard, and was not"), "protection.watchdog in the configuration has it started")
			}
			// It outlives a signal to the whole group: it ends when the guard has.
			signal.Ignore(os.Interrupt, syscall.SIGTERM)
			outcome, err := watchdog.Watch(os.NewFile(watchdogBeats, "beats"), os.NewFile(watchdogGuard, "guard"), limit)
			if err == nil && outcome == watchdog.Killed {
				fmt.Fprintf(env.Stderr, "the guard gave no sign of life for %s and was killed, so that nobody waits for it\n", limit)
			}
			return err
		},
	}
}
