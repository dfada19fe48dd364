package tile

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof"
)

// hashedBundle is bundle n as it was fetched, not yet held against the tree.
type hashedBundle struct {
	n       int64
	entries [][]byte
	hashes  []tlog.Hash
	err     error
}

// load fetches a bundle and hashes its entries. It touches nothing of the Reader
// that changes, so several may run at once.
func (r *Reader) load(ctx context.Context, n int64) hashedBundle {
	entries, err := r.bundle(ctx, n)
	hashes := make([]tlog.Hash, len(entries))
	for i, e := range entries {
		hashes[i] = proof.LeafHash(e)
	}
	return hashedBundle{n, entries, hashes, err}
}

// bundles gives the bundles from first up to, not including, end, in order. With
// a read-ahead, those that follow are being fetched while one is looked at. When
// the loop ends, so has every goroutine.
func (r *Reader) bundles(first, end int64) iter.Seq[hashedBundle] {
	return func(yield func(hashedBundle) bool) {
		if r.ahead <= 1 {
			for n := first; n < end && yield(r.load(r.ctx, n)); n++ {
			}
			return
		}
		ctx, cancel := context.WithCancel(r.ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		// Each place in the queue is a bundle that is on its way.
		queue := make(chan chan hashedBundle, r.ahead)
		next := first
		enqueue := func() {
			if next >= end {
				return
			}
			n, place := next, make(chan hashedBundle, 1)
			running.Go(func() { place <- r.load(ctx, n) })
			queue <- place
			next++
		}
		for range r.ahead {
			enqueue()
		}
		for range end - first {
			if !yield(<-<-queue) {
				return
			}
			enqueue()
		}
	}
}
