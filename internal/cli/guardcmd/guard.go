package guardcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"vitrine/internal/cli/guardcmd/daemon"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/engine"

	"github.com/spf13/cobra"
)

// Commands gives the commands of the guard, and the modes in which it starts this
// program again.
func Commands(env term.Env) []*cobra.Command {
	return slices.Concat(
		under("protect", newGuard(env), newProtect(env), newSweep(env), newQuarantine(env), newNetguard(env)),
		under("see", newStatus(env), newEvents(env)),
		under("check", newConfig(env), newAllow(env), newExclude(env)),
		[]*cobra.Command{newScannerMode(env), newWatchdogMode(env), newClamdMode(env), newResolverMode(env), newHookMode()},
	)
}

// under puts commands in a group of the help.
func under(group string, commands ...*cobra.Command) []*cobra.Command {
	for _, c := range commands {
		c.GroupID = group
	}
	return commands
}

func newGuard(env term.Env) *cobra.Command {
	var file string
	var reload bool
	c := &cobra.Command{
		Use:   "guard [flags]",
		Short: "Protect this machine while it runs",
		Example: `sudo vitrine guard --config /etc/vitrine/vitrine.toml
sudo vitrine guard --reload`,
		Long: `Has every program looked at before it is executed, and every file after it was
written. Malware is refused, what runs it is ended, and the file is moved into the
quarantine; connections to listed addresses are refused. What a kernel cannot do is
said by vitrine status, and never a reason not to start.

Content is looked at only in scanners: processes of their own without rights, files
or a network. When a scanner does not answer in time, or the guard itself hangs or
ends, programs run unseen, and that is told: a machine is never stopped by what
protects it.

It runs until it is interrupted, and writes what happens to the file of events. With
--reload, or at the signal HUP, a guard that runs reads its rules, lists and
exclusions again.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if reload {
				return runReload(c.Context(), env, file)
			}
			return runGuard(c.Context(), env, file)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("it was told to end", ""),
			page.See:  "vitrine-status(1), vitrine-events(1), vitrine-quarantine(1), vitrine-protect(1), vitrine-config(1)",
		},
	}
	c.Flags().StringVar(&file, "config", "", "the configuration `FILE` (default: "+config.Path+")")
	c.Flags().BoolVar(&reload, "reload", false, "have the guard that runs read its rules, lists and exclusions again")
	return c
}

func runGuard(ctx context.Context, env term.Env, file string) error {
	loaded, err := config.Load(file)
	if err != nil {
		return term.Lines(env, "vitrine", err)
	}
	if os.Geteuid() != 0 {
		return term.Hint(errors.New("only root can watch what a machine does"), "sudo vitrine guard; without root, vitrine scan looks at files")
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer reloadAtHangup(ctx, env, file)()
	o := daemon.Options{
		Loaded: loaded, Again: func() (*config.Loaded, error) { return config.Load(file) }, Version: engine.Version, Now: env.Now, Notify: env.Getenv("NOTIFY_SOCKET"),
	}
	// What goes to the journal by itself is not printed into it once more.
	if env.Getenv("JOURNAL_STREAM") == "" || !loaded.Config.Events.Journal {
		out := eventWriter{env: env, paint: env.Paint(term.Auto, env.Stdout)}
		o.Tell = func(e event.Event) { _, _ = fmt.Fprint(env.Stdout, out.lines(&e)) }
	}
	return daemon.Run(ctx, o)
}

// reloadAtHangup has the guard reload at SIGHUP, as is the custom: a terminal that is
// closed, or somebody with that custom, must not end the protection.
func reloadAtHangup(ctx context.Context, env term.Env, file string) (stop func()) {
	hangups := make(chan os.Signal, 1)
	quiet := env.Notify(hangups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangups:
				term.Report(env.Stderr, "vitrine", runReload(ctx, env, file))
			case <-ctx.Done():
				return
			}
		}
	}()
	return quiet
}

// runReload asks the guard that runs.
func runReload(ctx context.Context, env term.Env, file string) error {
	loaded, err := config.Load(file)
	if err != nil {
		return term.Lines(env, "vitrine", err)
	}
	client, err := control.Dial(loaded.Config.Control.Socket)
	if err != nil {
		return quarantineAnswer(env, err)
	}
	defer client.Close()
	now, err := control.One[condition.Condition](ctx, client, "reload", nil)
	if err != nil {
		return quarantineAnswer(env, err)
	}
	_, err = fmt.Fprintf(env.Stdout, "%d rules and %d digests in use\n", now.Rules.Count, now.Rules.Digests)
	return err
}
