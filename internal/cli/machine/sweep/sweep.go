// Package sweep is one pass of the engine over many files: a source names
// them, workers read and scan them, and outcomes come back in the order in
// which they are ready.
//
// It decides nothing about what is found and prints nothing. It opens files
// only through internal/endpoint/files.
package sweep

import (
	"context"
	"errors"
	"io"
	"sync"

	"vitrine/internal/endpoint/files"
	"vitrine/internal/engine"
)

// Scanner scans one object at a time; *engine.Worker is one.
type Scanner interface {
	Scan(ctx context.Context, data []byte) engine.Report
}

// Source calls visit for everything to look at, until visit returns false or
// ctx ends.
type Source func(ctx context.Context, visit func(Item) bool)

// Item is one thing to look at, or one thing that was left out.
type Item struct {
	files.Entry
	Stream io.Reader // not nil: read this; Path is only its name
}

// Outcome is an Item that has been dealt with.
type Outcome struct {
	Item
	Seen   files.Seen    // zero for what the source left out
	Shown  bool          // the engine was given bytes, if only the start
	Report engine.Report // zero unless Shown
}

// Progress is told of the work as it is done, from any goroutine.
type Progress interface {
	Begin(path string)
	Add(bytes int64)
}

// Config says how to sweep.
type Config struct {
	Jobs       int // workers; at least one
	NewScanner func() (Scanner, error)
	MaxSize    int64 // of a file; 0 means any
	MaxCopy    int64 // of what cannot be mapped; 0 means the default of files.View
	Progress   Progress
}

// Start begins a sweep. The channel gives every outcome and is closed when all
// is done, or soon after ctx ends; it must be read until then. The error is
// that of a scanner that could not be made.
func Start(ctx context.Context, c Config, source Source) (<-chan Outcome, error) {
	workers := make([]*worker, max(c.Jobs, 1))
	for i := range workers {
		scanner, err := c.NewScanner()
		if err != nil {
			return nil, err
		}
		workers[i] = &worker{config: c, scanner: scanner, view: files.View{MaxSize: c.MaxSize, MaxCopy: c.MaxCopy}}
	}
	items, outcomes := make(chan Item, 64*len(workers)), make(chan Outcome, 64*len(workers))
	go func() {
		defer close(items)
		source(ctx, func(item Item) bool {
			select {
			case items <- item:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	var done sync.WaitGroup
	for _, w := range workers {
		done.Go(func() { w.run(ctx, items, outcomes) })
	}
	go func() {
		done.Wait()
		close(outcomes)
	}()
	return outcomes, nil
}

type worker struct {
	config  Config
	scanner Scanner
	view    files.View
}

// run deals with items until there are no more. It does not wait for the
// source when ctx ends: that may hang in a read.
func (w *worker) run(ctx context.Context, items <-chan Item, outcomes chan<- Outcome) {
	for {
		select {
		case <-ctx.Done():
			return
		case item, more := <-items:
			if !more || ctx.Err() != nil {
				return
			}
			if outcome, ok := w.deal(ctx, item); ok {
				outcomes <- outcome
			}
		}
	}
}

// deal scans an item that is to be scanned. It is not ok when ctx ended before
// the item was read: then nobody looked at it.
func (w *worker) deal(ctx context.Context, item Item) (outcome Outcome, ok bool) {
	outcome.Item = item
	if item.Kind != files.File {
		return outcome, true
	}
	w.config.Progress.Begin(item.Path)
	use := func(data []byte) {
		outcome.Shown = true
		outcome.Report = w.scanner.Scan(ctx, data)
	}
	if item.Stream != nil {
		outcome.Seen = w.view.Stream(ctx, item.Stream, use)
	} else {
		outcome.Seen = w.view.File(ctx, item.Entry, use)
	}
	w.config.Progress.Add(outcome.Seen.Size)
	if outcome.Seen.Abandoned {
		w.replace()
	}
	stopped := outcome.Seen.Kind == files.Unread && ctx.Err() != nil && errors.Is(outcome.Seen.Problem, ctx.Err())
	return outcome, !stopped
}

// replace makes a new scanner in place of one that was torn out of its work.
// Making one worked at the start; should it fail now, the old one goes on.
func (w *worker) replace() {
	if scanner, err := w.config.NewScanner(); err == nil {
		w.scanner = scanner
	}
}
