// Command vitrined is the service's binary: it runs a log, publishes rules and
// releases, and keeps the keys for that. Machines that are protected do not need
// it, and hold nothing of it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vitrine/internal/cli/service"
	"vitrine/internal/cli/term"
)

func main() {
	// With the signal ignored, a reader that left is an error of the write.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(int(service.Run(context.Background(), term.System(), os.Args[1:])))
}
