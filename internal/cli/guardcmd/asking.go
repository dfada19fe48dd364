package guardcmd

import (
	"context"
	"encoding/json"
	"os"
	"syscall"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"

	"github.com/spf13/cobra"
)

// asking is a command that asks the guard at its socket.
type asking struct {
	config, socket string
	json           bool
}

func (a *asking) add(c *cobra.Command, schema string) {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON (schema "+schema+")")
	c.Flags().StringVar(&a.config, "config", "", "the guard's configuration `FILE` (default: "+config.Path+")")
	c.Flags().StringVar(&a.socket, "socket", "", "the guard's `SOCKET`, in place of the configured one")
	page.Group(c, "Where", "config", "socket")
}

// load gives the configuration. A file that is not for this user to read is as
// good as none, unless it was named.
func (a *asking) load() (*config.Loaded, error) {
	l, err := config.Load(a.config)
	if a.config == "" && os.IsPermission(err) {
		return &config.Loaded{Config: config.Default()}, nil
	}
	return l, err
}

// dial connects to the guard.
func (a *asking) dial() (*control.Client, error) {
	socket := a.socket
	if socket == "" {
		l, err := a.load()
		if err != nil {
			return nil, err
		}
		socket = l.Config.Control.Socket
	}
	return control.Dial(socket)
}

// with runs a command that asks; Ctrl-C ends it.
func (a *asking) with(c *cobra.Command, env term.Env, do func(context.Context, *control.Client) error) error {
	ctx, stop := env.Interrupt(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := a.dial()
	if err != nil {
		return quarantineAnswer(env, err)
	}
	defer client.Close()
	return quarantineAnswer(env, do(ctx, client))
}

// document prints one JSON document.
func document(env term.Env, v any) error {
	e := json.NewEncoder(env.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// painted adds --color to a command.
func painted(c *cobra.Command, when *term.When) {
	*when = term.Auto
	c.Flags().Var(when, "color", "auto, always or never")
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
}

// apart refuses two flags of a command together.
func apart(c *cobra.Command, pairs ...[2]string) {
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		for _, p := range pairs {
			if c.Flags().Changed(p[0]) && c.Flags().Changed(p[1]) {
				return term.Usage(c, "--%s and --%s do not go together", p[0], p[1])
			}
		}
		return nil
	}
}
