package guardcmd

import (
	"context"
	"errors"
	"os"
	"syscall"

	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/netguard"
	"vitrine/internal/endpoint/netguard/resolver"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// The descriptors that the guard hands to the resolver's process: the
// conversation, and then the sockets that it answers at.
const (
	resolverControl = 3
	resolverSockets = 4
)

// newResolverMode makes the command that a guard starts to answer for names.
// Nobody calls it by hand.
func newResolverMode(env term.Env) *cobra.Command {
	return &cobra.Command{
		Use:    netguard.ResolverMode,
		Short:  "Answer for names for the guard",
		Long:   "Started by vitrine guard, which hands it bound sockets. It is no use without.",
		Hidden: true,
		Args:   term.NoArguments,
		RunE:   func(c *cobra.Command, _ []string) error { return runResolver(c.Context(), env) },
	}
}

func runResolver(ctx context.Context, env term.Env) error {
	if domain, err := unix.GetsockoptInt(resolverControl, unix.SOL_SOCKET, unix.SO_DOMAIN); err != nil || domain != unix.AF_UNIX {
		return term.Hint(errors.New(netguard.ResolverMode+" is started by the guard, and was not"), "network.resolver in the configuration has it started")
	}
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := resolver.Main(ctx, os.NewFile(resolverControl, "guard"), func(i int) *os.File { return os.NewFile(uintptr(resolverSockets+i), "socket") })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
