package fsck

import (
	"errors"
	"fmt"
	"iter"
	"sync"

	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// run checks the edge, and then all that hangs below it, from the first entry
// on.
func (w *walk) run() {
	edges := w.edges()
	if edges == nil {
		w.skip(0, w.Checkpoint.Size)
		return
	}
	w.inOrder(w.leaves(edges))
}

// leaf is the place of one bundle: what it must hash to, and the tile of level 0
// that is beside it. For one at the edge the tile was checked already.
type leaf struct {
	n     int64
	width int
	want  tlog.Hash   // of a full one
	edge  []tlog.Hash // of one at the edge
}

// skip notes entries that cannot be held against anything.
func (w *walk) skip(from, to int64) {
	from = max(from, w.From)
	if w.ctx.Err() == nil && from < to {
		w.count(&w.report.Unchecked, to-from)
	}
}

// leaves goes down from the edge: highest level first, left to right, which is
// the order of the entries.
func (w *walk) leaves(edges []edge) iter.Seq[leaf] {
	return func(yield func(leaf) bool) {
		for level := len(edges) - 1; level >= 0; level-- {
			e := edges[level]
			if level == 0 {
				if len(e.hashes) > 0 && w.needed(0, e.n) {
					yield(leaf{n: e.n, width: len(e.hashes), edge: e.hashes})
				}
				return
			}
			for i, want := range e.hashes {
				if !w.descend(level-1, e.n<<8+int64(i), want, yield) {
					return
				}
			}
		}
	}
}

// needed is false for a tile that holds only entries checked before.
func (w *walk) needed(level int, n int64) bool {
	return min((n+1)<<(8*(level+1)), w.Checkpoint.Size) > w.From
}

// descend goes through a full tile of which the hash is known.
func (w *walk) descend(level int, n int64, want tlog.Hash, yield func(leaf) bool) bool {
	if w.ctx.Err() != nil {
		return false
	}
	if !w.needed(level, n) {
		return true
	}
	if level == 0 {
		return yield(leaf{n: n, width: tile.Width, want: want})
	}
	hashes, name, bad := w.hashes(level, n, tile.Width)
	if bad == nil && treeHash(hashes) != want {
		bad = &Problem{name, Damaged, errors.New("not what the checkpoint vouches for")}
	}
	if bad != nil {
		w.problem(*bad)
		hashes = w.fromBelow(level, n, tile.Width)
		if hashes == nil || treeHash(hashes) != want {
			w.skip(n<<(8*(level+1)), (n+1)<<(8*(level+1)))
			return true
		}
	} else {
		w.count(&w.report.Tiles, 1)
	}
	for i, want := range hashes {
		if !w.descend(level-1, n<<8+int64(i), want, yield) {
			return false
		}
	}
	return true
}

// inOrder checks several leaves at once and takes them in order.
func (w *walk) inOrder(leaves iter.Seq[leaf]) {
	var running sync.WaitGroup
	defer running.Wait()
	queue := make(chan chan *Bundle, w.Workers)
	running.Go(func() {
		defer close(queue)
		var checks sync.WaitGroup
		defer checks.Wait()
		places := make(chan struct{}, w.Workers)
		for l := range leaves {
			place := make(chan *Bundle, 1)
			select {
			case places <- struct{}{}:
			case <-w.ctx.Done():
				return
			}
			checks.Go(func() {
				place <- w.check(l)
				<-places
			})
			select {
			case queue <- place:
			case <-w.ctx.Done():
				return
			}
		}
	})
	for place := range queue {
		if b := <-place; b != nil && w.ctx.Err() == nil {
			w.take(b)
		}
	}
}

func (w *walk) take(b *Bundle) {
	w.count(&w.report.Entries, int64(len(b.Entries))-max(0, w.From-b.First))
	if w.Take != nil {
		w.Take(b)
	}
	if w.Progress != nil {
		w.Progress(b.First+int64(len(b.Entries)), w.Checkpoint.Size)
	}
}

// check holds a bundle and its tile against the tree. It gives the bundle if
// that is good.
func (w *walk) check(l leaf) *Bundle {
	b, name, bad := w.bundle(l.n, l.width)
	good := bad == nil && l.holds(b.Hashes)
	hashes := l.edge
	if hashes == nil {
		hashes = w.tile(l, b, good)
	}
	if !good {
		if bad == nil {
			bad = &Problem{name, Damaged, difference(b, hashes)}
		}
		w.problem(*bad)
		return nil
	}
	w.count(&w.report.Bundles, 1)
	if w.Look != nil {
		w.Look(b)
	}
	return b
}

// tile checks the tile of level 0 beside a bundle, and gives its hashes if they
// are good.
func (w *walk) tile(l leaf, b *Bundle, bundleGood bool) []tlog.Hash {
	hashes, name, bad := w.hashes(0, l.n, l.width)
	if bad == nil && !(bundleGood && equal(hashes, b.Hashes)) && !l.holds(hashes) {
		bad = &Problem{name, Damaged, errors.New("not what the checkpoint vouches for")}
	}
	if bad != nil {
		w.problem(*bad)
		return nil
	}
	w.count(&w.report.Tiles, 1)
	return hashes
}

// holds reports whether hashes of entries are those of the tree.
func (l leaf) holds(hashes []tlog.Hash) bool {
	if l.edge != nil {
		return equal(hashes, l.edge)
	}
	return treeHash(hashes) == l.want
}

func equal(a, b []tlog.Hash) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// difference says which entry of a damaged bundle is the wrong one, if its tile
// is good.
func difference(b *Bundle, want []tlog.Hash) error {
	for i := range want {
		if b.Hashes[i] != want[i] {
			return fmt.Errorf("entry %d is not the one in the tree: its hash is %s, expected %s", b.First+int64(i), b.Hashes[i], want[i])
		}
	}
	return errors.New("not what the checkpoint vouches for")
}
