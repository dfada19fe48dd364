// Command scanonly is vitrine without the commands that speak to a network. It is
// built by a test, which looks for a way out in it.
package main

import (
	"context"
	"os"

	"vitrine/internal/cli/machine"
	"vitrine/internal/cli/term"
)

func main() {
	os.Exit(int(machine.Run(context.Background(), term.System(), os.Args[1:])))
}
