package worker

import (
	"context"
	"errors"
	"fmt"
	"os"

	"vitrine/internal/endpoint/wire"

	"golang.org/x/sys/unix"
)

// compiled is rules as the first scanner to load them has compiled them, in memory
// that nobody can change any more. Those that start later are ready sooner, and have
// the very same rules.
type compiled struct {
	file  *os.File // nobody closes it: it goes with the last who knows it
	about wire.Compiled
}

// newMemory makes a file in memory that a scanner can write its rules to.
func newMemory() (*os.File, error) {
	fd, err := unix.MemfdCreate("vitrine-rules", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make room for compiled rules: %w", err)
	}
	return os.NewFile(uintptr(fd), "rules"), nil
}

// sealed makes what a scanner has written fit for others; nil: it has written
// nothing.
func sealed(file *os.File, r wire.Ready) *compiled {
	if file == nil || r.Compiled == "" {
		return nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return nil
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		_, failed = unix.FcntlInt(fd, unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	})
	if errors.Join(err, failed) != nil {
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
