// Package sorting starts scanners that tell documents from programs, for an
// export from the quarantine: with the rules of quarantine/kinds and no others,
// in the same sandbox as those that look for malware. It reads no content.
package sorting

import (
	"context"
	"fmt"
	"os"
	"strings"

	"vitrine/internal/endpoint/quarantine/kinds"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/endpoint/worker"
)

// New makes a quarantine.Sorter whose scanners are as c says, but for how many
// there are and what they look for. Started, if not nil, is told the processes
// of each before it gets to see a file.
func New(c worker.Config, started func(pids []int)) kinds.Sorter {
	return kinds.Sorter{Start: func(ctx context.Context, rules string) (kinds.Scanner, error) {
		c.Workers, c.Rules = 1, wire.Rules{Paths: []string{rules}}
		pool, err := worker.New(ctx, c)
		if err != nil {
			return nil, err
		}
		// A scanner that cannot load what it should takes the rules of the program in
		// its place: those would find no document anywhere.
		if s := pool.Status(); len(s.Warnings) > 0 || s.Count == 0 {
			pool.Close()
			return nil, fmt.Errorf("the rules could not be loaded: %s", strings.Join(s.Warnings, "; "))
		}
		if started != nil {
			started(pool.Pids())
		}
		return alone{pool}, nil
	}}
}

// alone is a pool of one.
type alone struct{ pool *worker.Pool }

// Scan implements kinds.Scanner.
func (s alone) Scan(ctx context.Context, file *os.File, name string) (verdict.Verdict, error) {
	return s.pool.Scan(ctx, worker.Job{File: file, Name: name, Class: worker.Write})
}

// Close implements kinds.Scanner.
func (s alone) Close() { s.pool.Close() }
