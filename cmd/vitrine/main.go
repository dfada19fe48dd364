// Command vitrine is the machine's binary, and anyone's checker: it scans
// files for malware and explains what it finds. It sends nothing anywhere.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vitrine/internal/cli/machine"
	"vitrine/internal/cli/term"
)

func main() {
	// With the signal ignored, a reader that left is an error of the write.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(int(machine.Run(context.Background(), term.System(), os.Args[1:])))
}
