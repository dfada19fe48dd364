// Package service holds the commands of the binary vitrined, one file each. It
// puts the rooms of the service's side together, and holds no state of its own.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"vitrine/internal/chain/keys"
	"vitrine/internal/chain/operator"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"
)

// Run runs the command line and gives the exit code.
func Run(ctx context.Context, env term.Env, args []string) term.Code {
	return term.Run(ctx, env, New(env), args)
}

// New makes the command tree.
func New(env term.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "vitrined",
		Short: "Run the service behind Vitrine: log, publishing, keys",
		Example: `vitrined keys init --log log.example.org/av1 --witness w1.example.org=https://w1.example.org /srv/vitrine
vitrined log --dir /srv/vitrine --listen 127.0.0.1:8080
vitrined publish rules --dir /srv/vitrine --channel core rules/`,
		Args:              term.UnknownCommand,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations:       map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine(1), vitrined-log(1), vitrined-publish(1), vitrined-keys(1)"},
	}
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run"},
		&cobra.Group{ID: "publish", Title: "Publish"},
		&cobra.Group{ID: "set", Title: "Set up"},
	)
	add(root, "run", newLog(env))
	add(root, "publish", newPublish(env), newAssemble(env))
	add(root, "set", newKeys(env))
	page.Install(root)
	return root
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// group is a command that only holds others.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: name, Short: short, Args: term.UnknownCommand,
		RunE:        func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrined(1)"},
	}
	c.AddCommand(commands...)
	return c
}

// passphrase asks for one: the variable VITRINE_PASSPHRASE, a file that
// VITRINE_PASSPHRASE_FILE names, or the terminal. One answer is good for all
// keys of a command.
func passphrase(env term.Env) keys.Passphrase {
	var known *string
	return func(file string) (string, error) {
		if known != nil {
			return *known, nil
		}
		text, err := askPassphrase(env, file)
		if err == nil {
			known = &text
		}
		return text, err
	}
}

func askPassphrase(env term.Env, file string) (string, error) {
	if text := env.Getenv("VITRINE_PASSPHRASE"); text != "" {
		return text, nil
	}
	in, ok := env.Stdin.(*os.File)
	if !ok || !env.Terminal(env.Stdin) {
		return "", term.Hint(fmt.Errorf("%s is locked with a passphrase", file), "set VITRINE_PASSPHRASE, or run this in a terminal")
	}
	fmt.Fprintf(env.Stderr, "Passphrase of %s: ", term.Clean(file))
	text, err := xterm.ReadPassword(int(in.Fd()))
	fmt.Fprintln(env.Stderr)
	if errors.Is(err, io.EOF) {
		err = errors.New("no passphrase given")
	}
	return string(text), err
}

// open opens the operator's folder.
func open(env term.Env, dir string) (*operator.Folder, error) {
	f, err := operator.Open(dir, passphrase(env))
	if errors.Is(err, os.ErrNotExist) {
		return nil, term.Hint(err, "vitrined keys init makes one; --dir names another")
	}
	return f, err
}

// dirFlag is on every command that works in the operator's folder.
func dirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", "/var/lib/vitrined", "the operator's `FOLDER`")
}
