package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Run runs the command that args name and gives the exit code. It is the only
// caller of Exit and Report, so that every command fails in the same way. When
// env.Stdout is an *Answer, as in System, an answer that could not be written
// whole is an error even if the command did not look.
func Run(ctx context.Context, env Env, root *cobra.Command, args []string) Code {
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(flagError)
	err := root.ExecuteContext(ctx)
	if answer, ok := env.Stdout.(*Answer); ok && answer.err != nil {
		err = fmt.Errorf("write the answer: %w", answer.err)
	}
	Report(env.Stderr, root.Name(), err)
	return Exit(err)
}

// Answer is a standard output that remembers its first error.
type Answer struct {
	io.Writer
	err error
}

func (a *Answer) Write(p []byte) (int, error) {
	n, err := a.Writer.Write(p)
	if err != nil && a.err == nil {
		a.err = err
	}
	return n, err
}

// Fd is the descriptor behind the answer, or an impossible one, so that it can
// be asked whether it is a terminal.
func (a *Answer) Fd() uintptr {
	if file, ok := a.Writer.(interface{ Fd() uintptr }); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}

// UnknownCommand is the Args of a root command: it refuses what is no command
// and names what may have been meant.
func UnknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%q is not a command", args[0])
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	if near := Nearest(args[0], names); len(near) > 0 {
		return Hint(err, "did you mean %s?", Alternatives(c.CommandPath()+" ", near))
	}
	return Hint(err, "%s --help lists the commands", c.CommandPath())
}

// Usage is an error in how a command was called, with a hint at its help.
func Usage(c *cobra.Command, format string, args ...any) error {
	return Hint(fmt.Errorf(format, args...), "%s --help", c.CommandPath())
}

// NoArguments is the Args of a command that takes none.
func NoArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage(c, "%s takes no argument, and got %q", c.CommandPath(), args[0])
	}
	return nil
}

// Lines prints an error that has several lines, each behind the program's name,
// and gives an error that needs no more words; nil stays nil.
func Lines(env Env, program string, err error) error {
	if err == nil {
		return nil
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(env.Stderr, "%s: %s\n", program, Clean(line))
	}
	return ErrReported
}

// Alternatives is "a", "a or b", "a, b or c", each behind prefix.
func Alternatives(prefix string, words []string) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(prefix + word)
	}
	return b.String()
}

// flagError puts pflag's errors into our words.
func flagError(c *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid):
		var number *strconv.NumError
		if errors.As(err, &number) {
			return Usage(c, "--%s: %q is not a number", invalid.GetFlag().Name, invalid.GetValue())
		}
		return Usage(c, "--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	case errors.As(err, &unknown):
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := Nearest(unknown.GetSpecifiedName(), names); len(near) > 0 {
			return Hint(err, "did you mean %s?", Alternatives("--", near))
		}
	}
	return Usage(c, "%w", err)
}
