package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"vitrine/internal/chain/witness"
)

// serve runs the witness until it is told to stop.
func serve(ctx context.Context, e env, args []string) error {
	set, dir := flags(e, "serve", "Cosigns checkpoints of the logs in the folder's list, over HTTP: add-checkpoint for logs, and the newest\ncheckpoint of each log for monitors. Nothing of it is secret; put a proxy with TLS before it if you like.")
	listen := set.String("listen", "127.0.0.1:8053", "the `address` to listen at; port 0 takes a free one, and prints which")
	if err := parse(set, args); err != nil {
		return err
	}
	w, k, closeIt, err := start(e, *dir)
	if err != nil {
		return err
	}
	defer closeIt()
	if len(w.Origins()) == 0 {
		return fmt.Errorf("no log is followed: put lines of the form \"log KEY\" into %s/logs", *dir)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "witness %s follows %d logs at http://%s\n", k.Name, len(w.Origins()), listener.Addr())
	report := func(format string, args ...any) {
		fmt.Fprintf(e.stderr, "%s "+format+"\n", append([]any{e.now().UTC().Format(time.RFC3339)}, args...)...)
	}
	return answerUntil(ctx, listener, witness.Handler(w, report))
}

// answerUntil serves until ctx ends, and then lets the requests under way finish.
func answerUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 8 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(stopping)
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return err
}
