// Command vitrine is the machine's binary, and anyone's checker: it scans
// files for malware, explains what it finds, and checks what is published. Only
// the commands of chaincmd can speak to a network.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vitrine/internal/cli/chaincmd"
	"vitrine/internal/cli/guardcmd"
	"vitrine/internal/cli/machine"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
)

func main() {
	// With the signal ignored, a reader that left is an error of the write.
	signal.Ignore(syscall.SIGPIPE)
	env := term.System()
	more := append(chaincmd.Commands(env, durable.Disk{}), guardcmd.Commands(env)...)
	os.Exit(int(machine.Run(context.Background(), env, os.Args[1:], more...)))
}
