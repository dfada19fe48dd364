package tile

import (
	"context"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof"
)

// An Entry is an entry of the log that was shown to stand there.
type Entry struct {
	Index int64
	Hash  tlog.Hash // its leaf hash
	Data  []byte    // part of its bundle's memory; clone it to keep it long
}

// Entry gives one entry.
func (r *Reader) Entry(index int64) ([]byte, error) {
	want, err := r.LeafHash(index)
	if err != nil {
		return nil, err
	}
	entries, err := r.bundle(r.ctx, index/Width)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", index, err)
	}
	entry := entries[index%Width]
	if got := proof.LeafHash(entry); got != want {
		return nil, fmt.Errorf("entry %d: its hash is %s, expected %s", index, got, want)
	}
	return entry, nil
}

// Entries gives the entries from index from up to, not including, to. It ends
// with the first error, beside an empty Entry. Bundles are fetched once, in
// order, and hashed once: a complete bundle's root is one hash in the tile two
// steps up, so the 256 hashes between are not fetched at all.
func (r *Reader) Entries(from, to int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if from < 0 || from > to {
			yield(Entry{}, fmt.Errorf("entries %d to %d: expected an ascending range", from, to))
			return
		}
		if err := r.checkSize(to); err != nil {
			yield(Entry{}, fmt.Errorf("entries %d to %d: %w", from, to, err))
			return
		}
		for b := range r.bundles(from/Width, (to+Width-1)/Width) {
			if err := r.check(b); err != nil {
				yield(Entry{}, fmt.Errorf("entries from %d: %w", b.n*Width, err))
				return
			}
			for i, data := range b.entries {
				index := b.n*Width + int64(i)
				if index >= from && index < to && !yield(Entry{index, b.hashes[i], data}, nil) {
					return
				}
			}
		}
	}
}

// bundle fetches bundle n and takes it apart, unchecked.
func (r *Reader) bundle(ctx context.Context, n int64) ([][]byte, error) {
	width := widthAt(Entries, n, r.tree.Size)
	data, full, err := r.get(ctx, Entries, n, width, maxBundle)
	if err != nil {
		return nil, err
	}
	there := width
	if full {
		there = Width
	}
	entries, err := ParseBundle(data, there)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Path(Entries, n, there), err)
	}
	return entries[:width], nil
}

// check holds a bundle that was fetched against the tree.
func (r *Reader) check(b hashedBundle) error {
	if b.err != nil {
		return b.err
	}
	if len(b.hashes) < Width {
		return r.compareLeaves(b.n, b.hashes)
	}
	want, err := r.bundleRoot(b.n)
	if err != nil || treeHash(b.hashes) == want {
		return err
	}
	if err := r.compareLeaves(b.n, b.hashes); err != nil {
		return err
	}
	return fmt.Errorf("%s: its root is not the tree's, although its entries are", Path(Entries, b.n, Width))
}

// bundleRoot gives the hash of the complete subtree over bundle n. The tile of
// level 1 that holds it holds those of its 255 neighbours.
func (r *Reader) bundleRoot(n int64) (tlog.Hash, error) {
	t := tlog.Tile{H: height, L: 1, N: n / Width, W: widthAt(1, n/Width, r.tree.Size)}
	if data, ok := r.kept[t]; ok {
		i := n % Width * tlog.HashSize
		return tlog.Hash(data[i : i+tlog.HashSize]), nil
	}
	hashes, err := r.hashes.ReadHashes([]int64{tlog.StoredHashIndex(height, n)})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

// compareLeaves finds which entry of a bundle is not the one in the tree.
func (r *Reader) compareLeaves(n int64, hashes []tlog.Hash) error {
	indexes := make([]int64, len(hashes))
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, n*Width+int64(i))
	}
	want, err := r.hashes.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i := range hashes {
		if hashes[i] != want[i] {
			return fmt.Errorf("%s: entry %d has hash %s, expected %s", Path(Entries, n, len(hashes)), n*Width+int64(i), hashes[i], want[i])
		}
	}
	return nil
}

// treeHash is the root of a complete tree over hashes, a power of two of them.
func treeHash(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(treeHash(hashes[:half]), treeHash(hashes[half:]))
}
