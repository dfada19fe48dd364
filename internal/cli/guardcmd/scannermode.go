// Package guardcmd holds the commands of the guard, and the modes in which the
// guard starts this program again. It puts rooms together; what is malware, and
// what is done about it, is decided in them.
package guardcmd

import (
	"errors"
	"runtime/debug"
	"strings"

	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/scanner"
	"vitrine/internal/endpoint/wire"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// scannerSocket is the descriptor by which the guard speaks to a scanner.
const scannerSocket = 3

// newScannerMode makes the command that a guard starts for each of its scanners.
// Nobody calls it by hand.
func newScannerMode(env term.Env) *cobra.Command {
	return &cobra.Command{
		Use:    "mode-scanner",
		Short:  "Look into files for the guard",
		Long:   "Started by vitrine guard, which hands it files over a socket. It is no use without.",
		Hidden: true,
		Args:   term.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			if kind, err := unix.GetsockoptInt(scannerSocket, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_SEQPACKET {
				return term.Hint(errors.New("mode-scanner is started by the guard, and was not"), "vitrine scan looks into files")
			}
			return runScanner(env, wire.Open(scannerSocket))
		},
	}
}

// runScanner is a scanner from start to end: load, shut itself in, serve.
func runScanner(env term.Env, guard *wire.Scanner) error {
	setup, compiled, err := guard.Setup()
	if err != nil {
		return err
	}
	walls := sandbox.Config{Without: setup.Walls}
	report := sandbox.Loading(walls, setup.Rules.Files())
	a, err := arm(setup, compiled)
	if compiled != nil {
		compiled.Close()
	}
	if err != nil {
		return errors.Join(guard.Ready(wire.Ready{Error: strings.ReplaceAll(err.Error(), "\n", "; ")}), term.ErrReported)
	}
	debug.FreeOSMemory() // loading took more than what is kept
	a.ready.Sandbox = append(report, sandbox.Final(walls)...)
	if err := guard.Ready(a.ready); err != nil {
		return err
	}
	return scanner.Serve(guard, scanner.Config{Engine: a.engine, Rules: a.ready.Rules, Limits: setup.Limits, Now: env.Now})
}
