package worker

import (
	"context"
	"os"

	"vitrine/internal/endpoint/wire"
)

// compiled is rules as the first scanner to load them has compiled them, in memory
// that nobody can change any more. Those that start later are ready sooner, and have
// the very same rules, in the very same memory.
type compiled struct {
	file  *os.File // nobody closes it: it goes with the last who knows it
	about wire.Compiled
}

// sealed makes what a scanner has written fit for others; nil: it has written
// nothing.
func sealed(file *os.File, r wire.Ready) *compiled {
	if file == nil || r.Compiled == "" {
		return nil
	}
	if wire.Seal(file) != nil {
		return nil // a scanner might change it yet
	}
	return &compiled{file, wire.Compiled{SHA256: r.Compiled, Count: r.Count, Bundles: r.Bundles}}
}

// anew starts a scanner that loads rules as they are named. One that had much to
// compile has taken more memory for it than it will ever need again: another takes its
// place.
func (p *Pool) anew(ctx context.Context, rules wire.Rules, strict bool) (*worker, error) {
	w, err := p.launch(ctx, rules, nil, strict)
	if err != nil || w.rules == nil || p.config.Now().Sub(w.begun) < slow/4 {
		return w, err
	}
	next, err := p.launch(ctx, rules, w.rules, strict)
	switch {
	case err != nil:
		return w, nil // it can do it as well
	case next.ready.Rules != w.ready.Rules:
		next.end()
		return w, nil
	}
	w.end()
	return next, nil
}
