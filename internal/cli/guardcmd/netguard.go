package guardcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"

	"github.com/spf13/cobra"
)

func newNetguard(env term.Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "netguard",
		Short: "See which connections are refused, and why",
		Example: `vitrine netguard list
vitrine netguard test 192.0.2.1:443
vitrine netguard test www.example.org --list ./c2.txt`,
		Long: `The guard refuses connections to addresses and names that are listed: by programs in
the kernel that know which process connects, by the packet filter for all else, and by
a resolver for names. [network] of the configuration switches it on and names the lists.`,
		Args: term.UnknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		Annotations: map[string]string{
			page.Exit: page.Exits("done", "it is refused, or a list has mistakes"),
			page.See:  "vitrine-guard(1), vitrine-events(1)",
		},
	}
	c.AddCommand(newNetguardTest(env), newNetguardList(env))
	return c
}

// netguardFlags say whom to ask: the guard, or lists alone.
type netguardFlags struct {
	config, socket string
	lists          []string
	json           bool
}

func (f *netguardFlags) add(c *cobra.Command, schema string) {
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON document (schema "+schema+")")
	c.Flags().StringArrayVar(&f.lists, "list", nil, "read the list in `FILE` in place of asking the guard; may be repeated")
	c.Flags().StringVar(&f.config, "config", "", "the guard's configuration `FILE` (default: "+config.Path+")")
	c.Flags().StringVar(&f.socket, "socket", "", "the guard's `SOCKET`, in place of the configured one")
	page.Group(c, "Where", "list", "config", "socket")
}

// askNetguard asks the guard one thing.
func askNetguard[T any](ctx context.Context, env term.Env, f netguardFlags, verb string, args any) (answer T, err error) {
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	socket := f.socket
	if socket == "" {
		loaded, err := config.Load(f.config)
		if err != nil {
			return answer, err
		}
		socket = loaded.Config.Control.Socket
	}
	client, err := control.Dial(socket)
	if err != nil {
		return answer, err
	}
	defer client.Close()
	answer, err = control.One[T](ctx, client, "netguard."+verb, args)
	var refused *control.Error
	if errors.As(err, &refused) && refused.Code == control.No {
		refused.Code = control.Failed // 1 would say that a connection is refused
	}
	return answer, err
}

// printNetguard writes an answer as JSON.
func printNetguard(env term.Env, answer any) error {
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s\n", text)
	return err
}
