// Command vitrine-witness is the independent supervisor's program: it follows
// logs and cosigns each new checkpoint that holds everything it has cosigned
// before. It reads no entry and needs no account anywhere; one small machine is
// enough. What it links is short enough to be read in a week.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: vitrine-witness COMMAND [FLAGS]

Commands:
  init   make a witness: a folder with its key and the list of logs it follows
  serve  cosign checkpoints for those logs, over HTTP
  show   print the witness's key, and the newest checkpoint of each log

Each command prints its flags with -h. A witness's folder (-dir) holds:
  key    its secret key; who has it can cosign in its name
  logs   the logs it follows, a line each: log KEY [from-start]
  state  the newest checkpoint cosigned, for each log; never restore it from a
         backup: an older state would let a log show two histories

Exit status: 0 done, 2 could not.
`

// env is what a command may touch.
type env struct {
	stdout, stderr io.Writer
	now            func() time.Time
	random         io.Reader
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, system(), os.Args[1:]))
}

// run runs the command line and gives the exit status.
func run(ctx context.Context, e env, args []string) int {
	commands := map[string]func(context.Context, env, []string) error{"init": initialise, "serve": serve, "show": show}
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
		fmt.Fprint(e.stdout, usage)
		return 0
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(e.stderr, usage)
		return 2
	}
	err := commands[args[0]](ctx, e, args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(e.stderr, "vitrine-witness: %v\n", err)
		return 2
	}
	return 0
}

// flags makes the flags of a command, of which all have -dir.
func flags(e env, command, does string) (set *flag.FlagSet, dir *string) {
	set = flag.NewFlagSet("vitrine-witness "+command, flag.ContinueOnError)
	set.SetOutput(e.stderr)
	set.Usage = func() {
		fmt.Fprintf(e.stderr, "usage: vitrine-witness %s [FLAGS]\n\n%s\n\nFlags:\n", command, does)
		set.PrintDefaults()
	}
	return set, set.String("dir", "/var/lib/vitrine-witness", "the witness's `folder`")
}

// parse refuses what is left over: a witness must not run with other settings
// than it was told.
func parse(set *flag.FlagSet, args []string) error {
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("%q is no flag of this command", set.Arg(0))
	}
	return nil
}
