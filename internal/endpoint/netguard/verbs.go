package netguard

import (
	"context"

	"vitrine/internal/endpoint/control"
)

// TestArgs are the arguments of the verb netguard.test, whose answer is a Path.
type TestArgs struct {
	Target string `json:"target"`
}

// Verbs are what can be asked of the network guard at the guard's socket:
// netguard.test and netguard.list, whose answer is a Status. current gives the
// guard that runs; nil: none does.
func Verbs(current func() *Guard) map[string]control.Verb {
	off := func() error {
		refusal := control.Refuse(control.No, "the network guard is not in force")
		refusal.Hint = "set network.enabled in the configuration, and see vitrine status for what is missing"
		return refusal
	}
	return map[string]control.Verb{
		"netguard.test": {Handle: func(_ context.Context, c control.Call) error {
			var args TestArgs
			if err := c.Decode(&args); err != nil {
				return err
			}
			if args.Target == "" {
				return control.Refuse(control.Usage, "%v", errNoTarget)
			}
			g := current()
			if g == nil {
				return off()
			}
			p, err := g.Test(args.Target)
			if err != nil {
				return control.Refuse(control.Usage, "%v", err)
			}
			return c.Reply(p)
		}},
		"netguard.list": {Handle: func(_ context.Context, c control.Call) error {
			if err := c.Decode(&struct{}{}); err != nil {
				return err
			}
			g := current()
			if g == nil {
				return off()
			}
			return c.Reply(g.Status())
		}},
	}
}
