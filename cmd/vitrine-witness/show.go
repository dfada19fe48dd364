package main

import (
	"context"
	"fmt"
	"strings"

	"vitrine/proof"
)

// show prints what a supervisor would be asked: who am I, what have I seen.
func show(_ context.Context, e env, args []string) error {
	set, dir := flags(e, "show", "Prints the witness's public key and the newest checkpoint it has cosigned of each log. The witness must not be running;\nask a running one over HTTP.")
	if err := parse(set, args); err != nil {
		return err
	}
	w, k, closeIt, err := start(e, *dir)
	if err != nil {
		return err
	}
	defer closeIt()
	fmt.Fprintf(e.stdout, "witness %s\n", k)
	for _, origin := range w.Origins() {
		if err := showLog(e, origin, w.Newest(origin)); err != nil {
			return err
		}
	}
	return nil
}

func showLog(e env, origin string, newest []byte) error {
	if newest == nil {
		_, err := fmt.Fprintf(e.stdout, "log %s: nothing cosigned yet\n", origin)
		return err
	}
	text, _, _ := strings.Cut(string(newest), "\n\n")
	c, err := proof.ParseCheckpoint(text + "\n")
	if err != nil {
		return fmt.Errorf("log %s: %w", origin, err)
	}
	_, err = fmt.Fprintf(e.stdout, "log %s: %d entries, root %s\n", origin, c.Size, c.Root)
	return err
}
