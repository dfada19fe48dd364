package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"vitrine/internal/chain/log"
	"vitrine/internal/chain/operator"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// logOptions is the command line of log.
type logOptions struct {
	dir      string
	listen   string
	interval time.Duration
}

func newLog(env term.Env) *cobra.Command {
	var o logOptions
	c := &cobra.Command{
		Use:   "log [flags]",
		Short: "Run the log, and serve the site",
		Example: `vitrined log --dir /srv/vitrine
vitrined log --dir /srv/vitrine --listen 127.0.0.1:8080`,
		Long: `Entries come by POST /add, from authors whose keys the site's metadata name. Each
is checked, appended, cosigned by the witnesses of the policy, published, and only
then answered. Without enough witnesses nothing is published.

All else is files, served by GET: any copy of FOLDER/site behind any server is a
mirror. One process alone may run the log. It refuses to start from a folder that
is behind one of its witnesses, such as a restored backup: that would be a second
history. While a new witness policy is announced and not adopted, checkpoints
satisfy both.`,
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runLog(c.Context(), env, o) },
		Annotations: map[string]string{page.Exit: page.Exits("stopped by a signal, all entries published", ""), page.See: "vitrined-publish(1), vitrined-keys-init(1)"},
	}
	dirFlag(c, &o.dir)
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "the `ADDRESS` to listen at")
	c.Flags().DurationVar(&o.interval, "interval", time.Second, "the time between checkpoints, at least 100ms")
	return c
}

func runLog(ctx context.Context, env term.Env, o logOptions) error {
	f, err := open(env, o.dir)
	if err != nil {
		return err
	}
	l, err := startLog(ctx, env, f, o)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(f.Site())
	if err != nil {
		return errors.Join(err, l.Close(ctx))
	}
	defer root.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return errors.Join(err, l.Close(ctx))
	}
	fmt.Fprintf(env.Stderr, "log and site at http://%s\n", listener.Addr())
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(ctx, listener, log.Handler(l, root), l)
}

func startLog(ctx context.Context, env term.Env, f *operator.Folder, o logOptions) (*log.Log, error) {
	signer, err := f.LogSigner()
	if err != nil {
		return nil, err
	}
	p, err := f.Policy()
	if err != nil {
		return nil, err
	}
	next, err := f.Next()
	if err != nil {
		return nil, err
	}
	l, err := log.Open(ctx, log.Config{
		Dir: filepath.Join(f.Site(), "log"), Signer: signer, Policy: p, Next: next, Interval: o.interval,
		Authors: (&trustedNow{env: env, folder: f}).authors,
	})
	if errors.Is(err, log.ErrNoCheckpoint) || err != nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, term.Hint(err, "are the witnesses of %s running?", filepath.Join(f.Trust(), "policy.txt"))
	}
	return l, err
}

// closer is what must be closed when serving ends.
type closer interface{ Close(context.Context) error }

// serve answers until ctx ends, and then lets what is under way finish: first
// the requests, then the log behind them.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, behind closer) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(stopping), behind.Close(stopping))
}
