// Package fsck checks a whole log as it lies on a site: every tile and every
// bundle of entries against one checkpoint. It names each file that is missing
// or damaged, whichever side of the tree it is on, and it always ends: it reads
// each file of the tree once, a few twice, and stops at a number of problems.
//
// A tile is held against the hash above it, so what is wrong is known exactly.
// Below a damaged tile it goes on with the hashes of the files there, if these
// give the hash that was wanted.
//
// It verifies no signature: the checkpoint is the caller's to trust. It keeps
// nothing and knows nothing of what entries say.
package fsck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"

	"vitrine/proof"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// Limits on what is reported before the check stops.
const (
	maxProblems   = 64
	maxUnreadable = 4
)

// ErrEnough ends a check that has found so many problems that more say nothing.
var ErrEnough = errors.New("too many problems to go on")

// Config is what to check.
type Config struct {
	Fetch      tile.Fetch // safe for several at once
	Checkpoint proof.Checkpoint

	// From is the number of entries that were checked before. Files with only
	// these are passed over, but for those on the way to later ones.
	From int64

	// Workers is how many files are fetched at once; 0 for twice the processors.
	Workers int

	// Progress, if not nil, is told how many of all entries are done, from one
	// goroutine.
	Progress func(done, all int64)

	// Look, if not nil, is shown each bundle that is good, several at once. Take,
	// if not nil, is shown the same bundles one by one, in order.
	Look, Take func(*Bundle)
}

// Bundle is up to 256 entries, shown to be those of the tree.
type Bundle struct {
	First   int64 // index of the first
	Entries [][]byte
	Hashes  []tlog.Hash
	Seen    any // what Look leaves for Take
}

// Kind says what is wrong with a file.
type Kind uint8

// The kinds of problems.
const (
	Damaged    Kind = iota // not what the checkpoint vouches for
	Missing                // not there
	Unreadable             // could not be fetched: nothing is known of it
)

func (k Kind) String() string { return [...]string{"damaged", "missing", "unreadable"}[k] }

// Problem is a file that is not as it must be.
type Problem struct {
	File string // below the log, such as tile/0/001
	Kind Kind
	Err  error
}

// Report is what was checked and found.
type Report struct {
	Tiles    int64 // files that were good
	Bundles  int64
	Entries  int64 // in good bundles, from Config.From on
	Problems []Problem

	// Unchecked is how many entries lie below damaged tiles and could not be
	// held against anything.
	Unchecked int64
}

// Whole reports whether everything was there and good.
func (r *Report) Whole() bool { return len(r.Problems) == 0 && r.Unchecked == 0 }

// Check reads the log. The error says that it could not be finished: the
// context's, or ErrEnough. What was found until then is in the report.
func Check(ctx context.Context, c Config) (*Report, error) {
	if c.Checkpoint.Size < 0 || c.Checkpoint.Size > proof.MaxTreeSize || c.From < 0 || c.From > c.Checkpoint.Size {
		return nil, fmt.Errorf("check a log of %d entries from %d: no such range", c.Checkpoint.Size, c.From)
	}
	if c.Workers <= 0 {
		c.Workers = 2 * runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &walk{Config: c, ctx: ctx, stop: cancel, report: &Report{}}
	if c.Checkpoint.Size == 0 {
		if c.Checkpoint.Root != proof.EmptyRoot() {
			return w.report, proof.ErrEmptyRoot
		}
		return w.report, nil
	}
	w.run()
	if ctx.Err() != nil {
		return w.report, context.Cause(ctx)
	}
	return w.report, nil
}

// walk is one check.
type walk struct {
	Config
	ctx  context.Context
	stop context.CancelCauseFunc

	mu         sync.Mutex
	report     *Report
	unreadable int
}

// problem notes one, and ends the check if there are too many.
func (w *walk) problem(p Problem) {
	if w.ctx.Err() != nil {
		return // fetches fail because it ends
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Problems = append(w.report.Problems, p)
	if p.Kind == Unreadable {
		w.unreadable++
	}
	if len(w.report.Problems) >= maxProblems || w.unreadable >= maxUnreadable {
		w.stop(ErrEnough)
	}
}

func (w *walk) count(n *int64, by int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n += by
}

// fetch gets a file for width items: the partial one, or the full one once that
// has replaced it.
func (w *walk) fetch(level int, n int64, width int, limit func(int) int64) (data []byte, name string, there int, bad *Problem) {
	name, there = tile.Path(level, n, width), width
	data, err := w.Fetch(w.ctx, name, limit(width))
	if width < tile.Width && errors.Is(err, fs.ErrNotExist) {
		full := tile.Path(level, n, tile.Width)
		if more, fullErr := w.Fetch(w.ctx, full, limit(tile.Width)); fullErr == nil {
			return more, full, tile.Width, nil
		}
	}
	switch {
	case err == nil:
		return data, name, there, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, name, there, &Problem{name, Missing, errors.New("no such file")}
	}
	return nil, name, there, &Problem{name, Unreadable, err}
}

// hashes fetches a tile's hashes, not held against anything.
func (w *walk) hashes(level int, n int64, width int) ([]tlog.Hash, string, *Problem) {
	size := func(width int) int64 { return int64(width) * tlog.HashSize }
	data, name, there, bad := w.fetch(level, n, width, size)
	if bad != nil {
		return nil, name, bad
	}
	if int64(len(data)) != size(there) {
		return nil, name, &Problem{name, Damaged, fmt.Errorf("%d bytes, expected %d", len(data), size(there))}
	}
	list := make([]tlog.Hash, width)
	for i := range list {
		list[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	return list, name, nil
}

// bundle fetches entries, not held against anything.
func (w *walk) bundle(n int64, width int) (*Bundle, string, *Problem) {
	data, name, there, bad := w.fetch(tile.Entries, n, width, func(width int) int64 { return int64(width) * (2 + tile.MaxEntry) })
	if bad != nil {
		return nil, name, bad
	}
	entries, err := tile.ParseBundle(data, there)
	if err != nil {
		return nil, name, &Problem{name, Damaged, err}
	}
	b := &Bundle{First: n * tile.Width, Entries: entries[:width], Hashes: make([]tlog.Hash, width)}
	for i, e := range b.Entries {
		b.Hashes[i] = proof.LeafHash(e)
	}
	return b, name, nil
}
