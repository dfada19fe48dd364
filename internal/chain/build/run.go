package build

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// command is a program to run, with all that it may know.
type command struct {
	name string
	args []string
	dir  string
	env  []string
}

// run gives what it printed. What it complained of is in the error.
func (c command) run(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	var out, complaint bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.env, &out, &complaint
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	// The go command ends its compilers when it is interrupted; killed, it would
	// leave them behind, at work in a folder that is being removed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s %s: %w%s", c.name, strings.Join(c.args, " "), err, last(complaint.String()))
	}
	return out.Bytes(), nil
}

// last gives the end of a complaint, which says most.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > 12 {
		lines = append([]string{"…"}, lines[len(lines)-12:]...)
	}
	if lines[0] == "" {
		return ""
	}
	return ":\n" + strings.Join(lines, "\n")
}
